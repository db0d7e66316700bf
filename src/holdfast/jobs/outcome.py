"""Ending attempts that did not end by their own publish: done, to be tried again, given up, taken from the dead."""

import random
from dataclasses import dataclass
from typing import Any

from holdfast import process
from holdfast.backend import Backend
from holdfast.catalog import audit, jobs
from holdfast.catalog.engine import Connection
from holdfast.catalog.jobs import Job
from holdfast.errors import HoldfastError, ProviderFailed
from holdfast.faults import point
from holdfast.jobs.kinds import Backoff

#: characters of a cause that are kept
CAUSE_CHARACTERS = 2000
#: seconds that a job rests at most because a provider asked for it
LONGEST_ASKED = 3600.0


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended whose effect, if it had one, is the catalog's alone."""

    job: Job
    #: done | skipped | failed; `queued` is another try, or `failed` when there were enough
    state: str
    error: str | None = None
    result: dict[str, Any] | None = None
    #: seconds to rest before another try
    rest: float = 0.0
    #: False when the attempt was broken off through no fault of the job's
    counted: bool = True


def write(backend: Backend, outcomes: list[Outcome]) -> None:
    """Write how attempts ended, in one durable commit; those whose lease is gone are passed over."""
    if not outcomes:
        return
    point("jobs.before_finish")
    with backend.engine.write() as conn:
        for outcome in outcomes:
            _write_one(conn, outcome, backend.clock.now())
    point("jobs.after_finish")


def after_error(job: Job, error: BaseException, backoff: Backoff, rng: random.Random) -> Outcome:
    """Return the outcome of an attempt that raised: another try, as long as any is left."""
    asked = min(error.retry_after or 0.0, LONGEST_ASKED) if isinstance(error, ProviderFailed) else 0.0
    return Outcome(job, jobs.QUEUED, cause(error), rest=max(asked, backoff.seconds(job.attempts, rng)))


def cause(error: BaseException) -> str:
    """Return what an error says, on one line of bounded length."""
    text = f"{error.code}: {error}" if isinstance(error, HoldfastError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:CAUSE_CHARACTERS]


def take_over(backend: Backend) -> int:
    """Queue again the jobs whose worker died, or whose lease ran out unrenewed; returns how many.

    A worker of this host is known to be dead or alive, so its jobs are taken up at once; of another host only its
    lease can tell.
    """
    with backend.engine.read() as conn:
        now = backend.clock.now()
        fates = {owner: _is_dead(owner) for owner in {job.owner for job in jobs.running(conn)}}
        lost = [job for job in jobs.running(conn) if fates[job.owner] or (job.lease_until or 0.0) < now]
    if not lost:
        return 0
    with backend.engine.write() as conn:
        for job in lost:
            _write_one(conn, Outcome(job, jobs.QUEUED, f"its worker ({_name(job.owner)}) died or fell silent"), now)
            subject = f"job {job.job_id} attempt {job.attempts} token {job.token}"
            audit.write(conn, now, "take_over", subject, f"{job.kind}: worker {_name(job.owner)} is gone")
    return len(lost)


def _write_one(conn: Connection, outcome: Outcome, now: float) -> None:
    job = outcome.job
    assert job.token is not None
    if outcome.state != jobs.QUEUED:
        jobs.finish(conn, job.job_id, job.token, outcome.state, now, error=outcome.error, result=outcome.result)
    elif outcome.counted and job.attempts >= job.max_attempts:
        why = f"given up after {job.attempts} attempts; the last: {outcome.error}"
        jobs.finish(conn, job.job_id, job.token, jobs.FAILED, now, error=why)
    else:
        run_at = now + outcome.rest
        jobs.put_back(conn, job.job_id, job.token, run_at, error=outcome.error, counted=outcome.counted)


def _is_dead(owner: str | None) -> bool:
    try:
        return bool(process.is_dead(process.Identity.from_json(owner or "")))
    except ValueError:
        return False


def _name(owner: str | None) -> str:
    try:
        return str(process.Identity.from_json(owner or ""))
    except ValueError:
        return "unknown"
