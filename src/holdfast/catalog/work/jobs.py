"""Questions about jobs: the durable queue, its leases and what became of each job."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from holdfast.catalog import branches
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, Row, in_list
from holdfast.catalog.work.enqueueing import NewJob
from holdfast.host.clock import utc

QUEUED, WAITING, RUNNING = "queued", "waiting", "running"
DONE, SKIPPED, FAILED, CANCELLED, SUPERSEDED = "done", "skipped", "failed", "cancelled", "superseded"
#: states a job does not leave by itself
ENDED = (DONE, SKIPPED, FAILED, CANCELLED, SUPERSEDED)
UNENDED = (QUEUED, WAITING, RUNNING)
STATES = (*UNENDED, *ENDED)
JobState = Literal["queued", "waiting", "running", "done", "skipped", "failed", "cancelled", "superseded"]

_COLUMNS = """job_id, kind, payload, state, priority, run_at, key, after_job, attempts, max_attempts, token, owner,
    lease_until, enqueued, started, ended, error, result, branch_id"""
#: the places of times among them
_TIMES = (5, 12, 13, 14, 15)
_UNSTARTED = "key IS NOT NULL AND state IN ('queued', 'waiting')"
#: the last character: what begins with a text comes before the text with it
LAST = "\U0010ffff"
_BEGINS = "substr(key, 1, CAST(:length AS INTEGER)) = :prefix"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work that takes effect once."""

    #: its place in the order in which all jobs were enqueued
    id: int
    #: which handler runs it: `memory`, `abstract`, ...
    kind: str
    payload: dict[str, Any]
    state: JobState
    #: higher is begun first
    priority: int
    #: not begun before this
    run_at: datetime
    #: two unstarted jobs never have the same
    key: str | None
    #: the job that must have ended first
    after: int | None
    #: times it was begun
    attempts: int
    max_attempts: int
    #: names the present lease; whoever publishes must show it
    token: str | None
    #: the process identity of who holds the lease, as JSON
    owner: str | None
    #: when the lease ends unless it is renewed
    lease_until: datetime | None
    enqueued: datetime
    started: datetime | None
    ended: datetime | None
    #: why it failed, was skipped, or why its last attempt failed
    error: str | None
    result: dict[str, Any] | None
    #: the branch that it changes
    branch_id: int

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


def enqueue(conn: Connection, branch: Branch, new: NewJob, now: float) -> int:
    """Write a job that changes a branch and return its id; with a key that an unstarted job there has, that job's id.

    Raises BranchGone when the branch was deleted.
    """
    branches.check(conn, branch)
    there = unstarted_with_key(conn, branch.id, new.key) if new.key is not None else None
    if there is not None and not new.supersede:
        return there
    if there is not None:
        _end_unstarted(conn, there, SUPERSEDED, now)
    row = conn.row(
        """INSERT INTO jobs
            (branch_id, kind, payload, state, priority, run_at, key, after_job, max_attempts, enqueued)
        VALUES (:branch, :kind, :payload, :state, :priority, :run_at, :key, :after, :attempts, :now)
        RETURNING job_id""",
        {
            "branch": branch.id,
            "kind": new.kind,
            "payload": json.dumps(new.payload),
            "priority": new.priority,
            "key": new.key,
            "state": WAITING if new.after is not None and _is_under_way(conn, new.after) else QUEUED,
            "run_at": now if new.run_at is None else new.run_at,
            "after": new.after,
            "attempts": new.attempts,
            "now": now,
        },
    )
    assert row is not None
    return int(row[0])


def unstarted_with_key(conn: Connection, branch_id: int, key: str) -> int | None:
    """Return the id of the job with `key` on a branch that has not been begun."""
    sql = f"SELECT job_id FROM jobs WHERE {_UNSTARTED} AND key = :key AND branch_id = :branch"
    row = conn.row(sql, {"key": key, "branch": branch_id})
    return int(row[0]) if row else None


def claimable(conn: Connection, kinds: Sequence[str], now: float, limit: int) -> list[tuple[int, str, int]]:
    """Return (job id, kind, attempts) of the jobs to begin next, in order."""
    marks, params = in_list(kinds)
    rows = conn.rows(
        f"SELECT job_id, kind, attempts FROM jobs WHERE state = 'queued' AND run_at <= :now AND kind IN ({marks})"
        " ORDER BY priority DESC, job_id LIMIT :limit",
        {**params, "now": now, "limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def next_due(conn: Connection, kinds: Sequence[str]) -> float | None:
    """Return when the first queued job may begin, in seconds since the epoch."""
    marks, params = in_list(kinds)
    row = conn.row(f"SELECT min(run_at) FROM jobs WHERE state = 'queued' AND kind IN ({marks})", params)
    return row[0] if row else None


def claim(conn: Connection, ids: Sequence[int], token: str, owner: str, now: float, lease_until: float) -> list[Job]:
    """Lease queued jobs under `token` and return them in the order of `ids`."""
    marks, params = in_list(ids)
    rows = conn.rows(
        "UPDATE jobs SET state = 'running', token = :token, owner = :owner, lease_until = :lease, started = :now,"
        f" attempts = attempts + 1 WHERE job_id IN ({marks}) AND state = 'queued' RETURNING {_COLUMNS}",
        {**params, "token": token, "owner": owner, "lease": lease_until, "now": now},
    )
    place = {job_id: number for number, job_id in enumerate(ids)}
    return sorted(map(_job, rows), key=lambda job: place[job.id])


def holds(conn: Connection, job_id: int, token: str) -> bool:
    """Return whether the lease that `token` names is still the job's."""
    row = conn.row(
        "SELECT 1 FROM jobs WHERE job_id = :id AND token = :token AND state = 'running'", {"id": job_id, "token": token}
    )
    return row is not None


def renew(conn: Connection, job_id: int, token: str, lease_until: float) -> None:
    """Prolong a lease, if it still is the job's."""
    conn.run(
        "UPDATE jobs SET lease_until = :lease WHERE job_id = :id AND token = :token AND state = 'running'",
        {"id": job_id, "token": token, "lease": lease_until},
    )


def finish(
    conn: Connection,
    job: Job,
    state: str,
    now: float,
    *,
    error: str | None = None,
    result: dict[str, Any] | None = None,
) -> bool:
    """End a leased job; False when the lease is no longer the job's."""
    ended = conn.run(
        """UPDATE jobs SET state = :state, ended = :now, error = :error, result = :result, token = NULL, owner = NULL,
            lease_until = NULL
        WHERE job_id = :id AND token = :token AND state = 'running'""",
        {
            **_lease(job),
            "state": state,
            "now": now,
            "error": error,
            "result": None if result is None else json.dumps(result),
        },
    )
    if ended:
        _let_go_on(conn, job.id)
    return bool(ended)


def put_back(
    conn: Connection,
    job: Job,
    now: float,
    *,
    run_at: float | None = None,
    error: str | None = None,
    counted: bool = True,
) -> bool:
    """Queue a leased job again; with `counted` False the attempt is taken as not begun.

    When its key was wanted again meanwhile, it gives way to the newer job that waits under it, and ends as superseded.
    """
    twin = _twin(conn, job)
    if twin is not None and twin > job.id:
        return finish(conn, job, SUPERSEDED, now, error=error)
    if twin is not None:
        _end_unstarted(conn, twin, SUPERSEDED, now)
    return bool(
        conn.run(
            """UPDATE jobs SET state = 'queued', run_at = :run_at, error = coalesce(:error, error), token = NULL,
                owner = NULL, lease_until = NULL, attempts = attempts - :back
            WHERE job_id = :id AND token = :token AND state = 'running'""",
            {
                **_lease(job),
                "run_at": now if run_at is None else run_at,
                "error": error,
                "back": 0 if counted else 1,
            },
        )
    )


def _lease(job: Job) -> dict[str, Any]:
    return {"id": job.id, "token": job.token}


def cancel(conn: Connection, job_id: int, now: float) -> bool:
    """End a job that has not ended; whoever runs it can publish nothing any more. False when it had ended."""
    cancelled = conn.run(
        """UPDATE jobs SET state = 'cancelled', ended = :now, token = NULL, owner = NULL, lease_until = NULL
        WHERE job_id = :id AND state IN ('queued', 'waiting', 'running')""",
        {"id": job_id, "now": now},
    )
    if cancelled:
        _let_go_on(conn, job_id)
    return bool(cancelled)


def end_branch(conn: Connection, branch: Branch, now: float) -> None:
    """Cancel all jobs of a branch that was deleted; whoever runs one can publish nothing any more."""
    # The condition that the index is partial by, word for word.
    sql = "SELECT job_id FROM jobs WHERE branch_id > 1 AND ended IS NULL AND branch_id = :branch"
    rows = conn.rows(sql, {"branch": branch.id})
    error = branches.gone(conn, branch)
    why = [{"id": row[0], "error": f"{error.code}: {error.message}"} for row in rows]
    conn.run_many("UPDATE jobs SET error = :error WHERE job_id = :id", why)
    for row in rows:
        cancel(conn, row[0], now)


def retry(conn: Connection, job_id: int, now: float) -> int | None:
    """Queue a job that ended without effect, all attempts before it; it waits if the job before it is under way.

    Returns the id of the job that will run: another one when its key is taken; None when there is nothing to retry.
    Raises BranchGone when its branch was deleted.
    """
    job = get(conn, job_id)
    if job is None or job.state not in (FAILED, SKIPPED, CANCELLED, SUPERSEDED):
        return None
    if (branch := branches.get(conn, job.branch_id)) is not None:
        branches.check(conn, branch)
    if job.key is not None and (there := unstarted_with_key(conn, job.branch_id, job.key)) is not None:
        return there
    state = WAITING if job.after is not None and _is_under_way(conn, job.after) else QUEUED
    conn.run(
        """UPDATE jobs SET state = :state, attempts = 0, run_at = :now, ended = NULL, started = NULL
        WHERE job_id = :id""",
        {"id": job_id, "now": now, "state": state},
    )
    return job_id


def get(conn: Connection, job_id: int) -> Job | None:
    """Return one job."""
    row = conn.row(f"SELECT {_COLUMNS} FROM jobs WHERE job_id = :id", {"id": job_id})
    return _job(row) if row else None


def get_many(conn: Connection, ids: Sequence[int]) -> dict[int, Job]:
    """Return jobs by id, at most IN_LIST of them; one that is not there is left out."""
    marks, params = in_list(ids)
    rows = conn.rows(f"SELECT {_COLUMNS} FROM jobs WHERE job_id IN ({marks})", params)
    return {job.id: job for job in map(_job, rows)}


def running(conn: Connection) -> list[Job]:
    """Return the jobs that are leased."""
    return [_job(row) for row in conn.rows(f"SELECT {_COLUMNS} FROM jobs WHERE state = 'running'")]


def running_by_kind(conn: Connection) -> dict[str, int]:
    """Return how many jobs of each kind are leased."""
    rows = conn.rows("SELECT kind, count(*) FROM jobs WHERE state = 'running' GROUP BY kind")
    return {row[0]: row[1] for row in rows}


def newest(
    conn: Connection, states: Iterable[str], kind: str | None = None, *, before: int | None = None, limit: int = 100
) -> list[Job]:
    """Return at most `limit` jobs in any of `states`, of one kind, with an id below `before`, newest first."""
    # Each state is a range of an index of its own, of which no more than `limit` rows are read.
    column, prefix = ("state || ''", "") if kind is None else ("kind || '/' || state", f"{kind}/")
    parts, params = [], {f"s{i}": prefix + state for i, state in enumerate(dict.fromkeys(states))}
    for name in params:
        asked = f"SELECT {_COLUMNS} FROM jobs WHERE ({column}) = :{name} AND job_id < :before"
        parts.append(f"SELECT * FROM ({asked} ORDER BY job_id DESC LIMIT :limit) AS {name}")
    rows = conn.rows(
        f"{' UNION ALL '.join(parts)} ORDER BY job_id DESC LIMIT :limit",
        {**params, "before": 2**63 - 1 if before is None else before, "limit": limit},
    )
    return [_job(row) for row in rows]


def failed(conn: Connection, limit: int) -> list[Job]:
    """Return the latest jobs that failed, newest first."""
    return newest(conn, [FAILED], limit=limit)


def counts(conn: Connection) -> dict[str, int]:
    """Return how many jobs there are in each state that any is in."""
    parts = (f"SELECT '{state}', count(*) FROM jobs WHERE state = '{state}'" for state in UNENDED)
    ended = "SELECT state, count(*) FROM jobs WHERE ended IS NOT NULL GROUP BY state"
    return {row[0]: row[1] for row in conn.rows(" UNION ALL ".join([*parts, ended])) if row[1]}


def oldest_unended(conn: Connection) -> Job | None:
    """Return the job that has waited longest to end."""
    # The sum keeps SQLite from walking all jobs from the first: the partial indexes hold only the few that matter.
    parts = " UNION ALL ".join(
        f"SELECT min(job_id + 0) AS first FROM jobs WHERE state = '{state}'" for state in UNENDED
    )
    row = conn.row(f"SELECT min(first) FROM ({parts}) AS firsts")
    return get(conn, row[0]) if row and row[0] is not None else None


def under_way(conn: Connection, kinds: Sequence[str], now: float) -> bool:
    """Return whether a job of `kinds` runs, may begin, or was begun and will be again."""
    marks, params = in_list(kinds)
    running = conn.row(f"SELECT 1 FROM jobs WHERE state = 'running' AND kind IN ({marks}) LIMIT 1", params)
    return running is not None or (
        conn.row(
            f"""SELECT 1 FROM jobs WHERE state = 'queued' AND kind IN ({marks}) AND (run_at <= :now OR attempts > 0)
            LIMIT 1""",
            {**params, "now": now},
        )
        is not None
    )


def unended_with_prefix(conn: Connection, prefix: str) -> list[int]:
    """Return the ids of jobs that have not ended whose key begins with `prefix`."""
    rows = conn.rows(
        f"""SELECT job_id FROM jobs WHERE {_UNSTARTED} AND key >= :prefix AND key < :end AND {_BEGINS}
        UNION ALL SELECT job_id FROM jobs WHERE state = 'running' AND {_BEGINS}""",
        {"prefix": prefix, "end": f"{prefix}{LAST}", "length": len(prefix)},
    )
    return [row[0] for row in rows]


def forget_ended(conn: Connection, before: float) -> int:
    """Drop jobs that ended before `before`, but none that failed or was skipped; returns how many."""
    # A memory job that was skipped waits for a model to be configured, however long that takes.
    return conn.run(
        "DELETE FROM jobs WHERE ended < :before AND state NOT IN ('failed', 'skipped')",
        {"before": before},
    )


def _is_under_way(conn: Connection, job_id: int) -> bool:
    row = conn.row("SELECT state FROM jobs WHERE job_id = :id", {"id": job_id})
    return row is not None and row[0] not in ENDED


def _twin(conn: Connection, job: Job) -> int | None:
    """Return the job that waits under the key of a leased one; two that ran at once may both be put back."""
    row = conn.row("SELECT key FROM jobs WHERE job_id = :id AND token = :token", _lease(job))
    return None if row is None or row[0] is None else unstarted_with_key(conn, job.branch_id, row[0])


def _end_unstarted(conn: Connection, job_id: int, state: str, now: float) -> None:
    conn.run(
        "UPDATE jobs SET state = :state, ended = :now WHERE job_id = :id", {"id": job_id, "state": state, "now": now}
    )
    _let_go_on(conn, job_id)


def _let_go_on(conn: Connection, ended: int) -> None:
    """Queue the jobs that waited for this one: they wait for its end, not for its success."""
    conn.run("UPDATE jobs SET state = 'queued' WHERE state = 'waiting' AND after_job = :id", {"id": ended})


def _job(row: Row) -> Job:
    values = list(row)
    values[2] = json.loads(row[2])
    values[17] = None if row[17] is None else json.loads(row[17])
    for place in _TIMES:
        values[place] = None if row[place] is None else utc(row[place])
    return Job(*values)
