"""Questions about commits and the heads of branches."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from holdfast.catalog.branches import Branch, gone
from holdfast.catalog.engine import Connection, Row
from holdfast.errors import Conflict

#: whether `gc --keep` took what a commit shows
_TAKEN = """EXISTS (SELECT 1 FROM branches b WHERE b.branch_id = commits.branch_id AND b.horizon > commits.seq
    AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.branch_id = b.branch_id AND k.seq = commits.seq))"""
_COLUMNS = f"seq, branch_id, parent_seq, merged_seq, at, actor, message, idempotency_key, changes, {_TAKEN}"

#: steps back for which the commits themselves are read
FEW_STEPS = 10
#: where `parent_seq` stands among them
_PARENT = 2
_NEWEST = f"SELECT {_COLUMNS} FROM commits WHERE seq <= :until ORDER BY seq DESC LIMIT :limit"
_LINE = f"""WITH RECURSIVE line(at_seq, depth) AS (
        SELECT CAST(:until AS BIGINT), 1 UNION ALL
        SELECT c.parent_seq, line.depth + 1 FROM line JOIN commits c ON c.seq = line.at_seq
        WHERE c.parent_seq > 0 AND line.depth < :limit)
    SELECT {_COLUMNS} FROM line JOIN commits ON seq = at_seq ORDER BY depth"""


@dataclass(frozen=True, slots=True)
class Commit:
    """One published transaction."""

    #: its place in the order of all commits, and its name
    id: int
    branch_id: int
    #: the commit it was published upon; None for the first
    parent: int | None
    #: the commit of another branch up to which a merge took over what it had; None when it is no merge
    merged: int | None
    #: when it was published
    at: datetime
    #: who did it: `user`, `agent:7`, `job:12`
    actor: str
    message: str
    idempotency_key: str | None
    #: entries begun and ended
    changes: int
    #: whether gc took what it shows: it can be told of, and not be read
    taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommit:
    """A commit to be written."""

    #: the head it is published upon; 0 for the first
    parent: int
    #: the head of the branch that was merged; None when it is no merge
    merged: int | None = None
    #: seconds since the epoch
    at: float
    actor: str
    message: str
    #: of two commits with the same key, the second is answered with the first
    key: str | None = None
    #: how many entries it begins and ends
    changes: int


def head(conn: Connection, branch: Branch) -> int:
    """Return the newest commit's seq on `branch`; raises BranchGone when that was deleted."""
    row = conn.row("SELECT head_seq, deleted FROM branches WHERE branch_id = :branch", {"branch": branch.id})
    if row is not None and row[1] is not None:
        raise gone(conn, branch)
    return int(row[0]) if row else 0


def is_head(conn: Connection, branch: Branch, seq: int) -> bool:
    """Return whether a commit is the newest of a branch that is there."""
    sql = "SELECT 1 FROM branches WHERE branch_id = :branch AND head_seq = :seq AND deleted IS NULL"
    return conn.row(sql, {"branch": branch.id, "seq": seq}) is not None


def by_seq(conn: Connection, seq: int) -> Commit | None:
    """Return one commit."""
    return _found(conn.row(f"SELECT {_COLUMNS} FROM commits WHERE seq = :seq", {"seq": seq}))


def overtaken(conn: Connection, what: str, path: str, seq: int, base: int) -> Conflict:
    """Return the error that says that a commit changed `what` after the one on which a transaction began."""
    found = by_seq(conn, seq)
    who = f"commit {seq}" + (f" by {found.actor} ({found.message or 'no message'})" if found is not None else "")
    return Conflict(
        f"{what} was changed by {who}, after commit {base} on which this transaction began",
        path=path,
    )


def by_key(conn: Connection, branch: Branch, key: str) -> Commit | None:
    """Return the commit on `branch` that carries an idempotency key."""
    sql = f"SELECT {_COLUMNS} FROM commits WHERE branch_id = :branch AND idempotency_key = :key"
    return _found(conn.row(sql, {"branch": branch.id, "key": key}))


def latest_at(conn: Connection, branch: Branch, time: float) -> int | None:
    """Return the seq of the commit whose time is the latest at or before `time` (seconds since the epoch)."""
    for level in branch.levels():
        row = conn.row(
            """SELECT seq FROM commits WHERE branch_id = :branch AND at <= :time AND seq <= :seq
            ORDER BY at DESC, seq DESC LIMIT 1""",
            {"branch": level.branch_id, "seq": level.seq, "time": time},
        )
        if row is not None:
            return int(row[0])
    return None


def newest(conn: Connection, until: int, limit: int) -> list[Commit]:
    """Return the commit `until` and those below it, at most `limit`, each followed by its parent."""
    return [_commit(row) for row in _newest(conn, until, limit)]


def _newest(conn: Connection, until: int, limit: int) -> list[Row]:
    rows = conn.rows(_NEWEST, {"until": until, "limit": limit})
    # Unless other branches had a commit in between, the one before is the parent, and no more need be asked.
    if any(below[0] != row[_PARENT] for row, below in pairwise(rows)):
        return _line(conn, until, limit)
    return rows


def _line(conn: Connection, until: int, limit: int) -> list[Row]:
    return conn.rows(_LINE, {"until": until, "limit": limit})


def newest_of_all(conn: Connection, below: int, limit: int) -> list[Commit]:
    """Return the newest commits of all branches that come before `below`, at most `limit`."""
    sql = f"SELECT {_COLUMNS} FROM commits WHERE seq < :below ORDER BY seq DESC LIMIT :limit"
    return [_commit(row) for row in conn.rows(sql, {"below": below, "limit": limit})]


def following(conn: Connection, branch: Branch, after: int, until: int, limit: int) -> list[Commit]:
    """Return the commits in (after, until] of a branch's own line, each after its parent, at most `limit`."""
    found: list[Commit] = []
    for window in reversed(branch.windows(after, until)):
        rows = conn.rows(
            # `+branch_id`: in order of the commits themselves, and no sorting of all that the branch has.
            f"""SELECT {_COLUMNS} FROM commits WHERE seq > :after AND seq <= :until AND +branch_id = :branch
            ORDER BY seq LIMIT :limit""",
            {"limit": limit - len(found), **window},
        )
        found += [_commit(row) for row in rows]
    return found


def ancestor(conn: Connection, seq: int, back: int) -> int | None:
    """Return the commit that is `back` parents below `seq`; None when there are not as many."""
    if back <= FEW_STEPS:
        rows = _newest(conn, seq, back + 1)
        return int(rows[back][0]) if len(rows) > back else None
    return _far_ancestor(conn, seq, back)


def _far_ancestor(conn: Connection, seq: int, back: int) -> int | None:
    row = conn.row(
        """WITH RECURSIVE line(at_seq, depth) AS (
            SELECT CAST(:seq AS BIGINT), CAST(0 AS BIGINT) UNION ALL
            SELECT c.parent_seq, line.depth + 1 FROM line JOIN commits c ON c.seq = line.at_seq
            WHERE c.parent_seq > 0 AND line.depth < :back)
        SELECT at_seq FROM line WHERE depth = :back""",
        {"seq": seq, "back": back},
    )
    return int(row[0]) if row else None


def newest_seq(conn: Connection) -> int:
    """Return the newest commit of the store, of whatever branch; 0 without one."""
    row = conn.row("SELECT max(seq) FROM commits")
    return int(row[0] or 0) if row else 0


def count(conn: Connection) -> int:
    """Return how many commits the store holds."""
    row = conn.row("SELECT count(*) FROM commits")
    return int(row[0]) if row else 0


def publish(conn: Connection, branch: Branch, new: NewCommit) -> Commit:
    """Write a commit on top of its parent and make it the head of `branch`."""
    # Named one by one: `asdict` copies each value, which takes as long as the statement.
    values = {
        "branch": branch.id,
        "parent": new.parent,
        "merged": new.merged,
        "at": new.at,
        "actor": new.actor,
        "message": new.message,
        "key": new.key,
        "changes": new.changes,
    }
    row = conn.row(
        """INSERT INTO commits (branch_id, parent_seq, merged_seq, at, actor, message, idempotency_key, changes)
        VALUES (:branch, :parent, :merged, :at, :actor, :message, :key, :changes) RETURNING seq""",
        values,
    )
    assert row is not None
    conn.run("UPDATE branches SET head_seq = :seq WHERE branch_id = :branch", {"seq": row[0], "branch": branch.id})
    return _commit((row[0], *values.values(), False))


def note_jobs(conn: Connection, seq: int, ids: list[int | None]) -> None:
    """Keep which jobs a commit enqueued, in order: whoever repeats it under its key is told them again."""
    conn.run("UPDATE commits SET jobs = :jobs WHERE seq = :seq", {"jobs": json.dumps(ids), "seq": seq})


def jobs_of(conn: Connection, seq: int) -> list[int | None]:
    """Return the jobs that a commit with an idempotency key enqueued, in order."""
    row = conn.row("SELECT jobs FROM commits WHERE seq = :seq", {"seq": seq})
    return json.loads(row[0]) if row and row[0] else []


def _found(row: Row | None) -> Commit | None:
    return _commit(row) if row else None


def _commit(row: Row) -> Commit:
    seq, branch, parent, merged, at, actor, message, key, changes, taken = row
    return Commit(
        id=seq,
        branch_id=branch,
        parent=parent or None,
        merged=merged,
        at=datetime.fromtimestamp(at, UTC),
        actor=actor,
        message=message,
        idempotency_key=key,
        changes=changes,
        taken=bool(taken),
    )
