"""Questions about which commits can be read: those from a branch's horizon on, and the older ones that are kept.

What `gc` takes of a commit is what it shows. Its row stays: the log is whole, parents lead through it, and its
idempotency key is answered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.catalog import branches
from holdfast.catalog.branches import Branch, Fork
from holdfast.catalog.engine import Connection, rows_among, run_among
from holdfast.catalog.values import FOREVER
from holdfast.errors import CommitTaken

#: branches that deletion leaves something of, or that are there
_PRESENT = "emptied IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A branch as retention looks at it."""

    branch: Branch
    head: int
    is_there: bool
    #: whether nothing shows what it shows: it was deleted, so was all that was made of it, and its rows are put away
    is_over: bool
    #: the oldest commit that was left with all that follow; 0 when all were
    horizon: int
    #: rows that ended up to this commit were looked at
    thinned_until: int

    @property
    def fork(self) -> int:
        """The commit that it was made at; 0 for `main`."""
        return self.branch.forks[0].seq if self.branch.forks else 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of entries that may go."""

    entry_id: int
    branch_id: int
    node_id: int
    #: what the file holds; None for a directory
    content_id: str | None
    from_seq: int
    to_seq: int


@dataclass(frozen=True, slots=True)
class HangingRow:
    """A row of entries below a directory."""

    name: str
    to_seq: int
    row: Row


def is_kept(conn: Connection, branch_id: int, seq: int) -> bool:
    """Return whether a commit of a branch can be read."""
    past = conn.row(
        "SELECT 1 FROM branches WHERE branch_id = :branch AND horizon > :seq", {"branch": branch_id, "seq": seq}
    )
    return past is None or _is_kept_before(conn, branch_id, seq)


def check(conn: Connection, branch_id: int, seq: int) -> None:
    """Raise CommitTaken when a commit of a branch cannot be read any more."""
    if not is_kept(conn, branch_id, seq):
        raise taken(conn, branch_id, seq)


def check_line(conn: Connection, branch: Branch, seq: int) -> None:
    """Raise CommitTaken when a branch cannot be read any more as it was at a commit of its line."""
    if seq:
        level = branch.levels(seq)[0]
        check(conn, level.branch_id, min(seq, level.seq))


def check_work(conn: Connection, branch: Branch, seq: int) -> None:
    """Raise as `check_line` does for whoever is at work on a branch, but BranchGone when that was deleted."""
    try:
        check_line(conn, branch, seq)
    except CommitTaken:
        branches.check(conn, branch)
        raise


def check_after(conn: Connection, branch: Branch, after: int) -> None:
    """Raise CommitTaken unless all that a branch's line ended after a commit is still told."""
    for window in branch.windows(after, FOREVER):
        row = conn.row("SELECT horizon FROM branches WHERE branch_id = :branch", {"branch": window["branch"]})
        if row is not None and (row[0] or 0) > window["after"]:
            raise taken(conn, window["branch"], max(window["after"], 1))


def oldest_told(conn: Connection, branch_id: int) -> int:
    """Return the commit of a branch that is the oldest with all that follow; 0 when none was taken."""
    row = conn.row("SELECT horizon FROM branches WHERE branch_id = :branch", {"branch": branch_id})
    return int(row[0] or 0) if row else 0


def shown_at(conn: Connection, branch: Branch, from_seq: int, to_seq: int) -> int | None:
    """Return the oldest commit of a branch's line in [from_seq, to_seq) that can be read."""
    for level in reversed(branch.levels(to_seq - 1)):
        row = conn.row(
            """SELECT min(c.seq) FROM commits c JOIN branches b ON b.branch_id = c.branch_id
            WHERE c.seq >= :start AND c.seq <= :seq AND +c.branch_id = :branch AND (coalesce(b.horizon, 0) <= c.seq
                OR EXISTS (SELECT 1 FROM kept k WHERE k.branch_id = c.branch_id AND k.seq = c.seq))""",
            {"start": from_seq, "seq": level.seq, "branch": level.branch_id},
        )
        if row is not None and row[0] is not None:
            return int(row[0])
    return None


def taken(conn: Connection, branch_id: int, seq: int) -> CommitTaken:
    """Return the error that says that a commit was taken."""
    row = conn.row("SELECT name, horizon, thinned, deleted FROM branches WHERE branch_id = :b", {"b": branch_id})
    assert row is not None
    name, horizon, thinned, deleted = row
    on = f", last on {datetime.fromtimestamp(thinned, UTC):%Y-%m-%d}" if thinned is not None else ""
    if deleted is not None:
        what = f"Commit {seq} of the branch {name}, which was deleted, was taken by gc{on}"
        return CommitTaken(what, path=str(seq), remedy="A tag that is made before a branch is deleted keeps a commit")
    what = f"Commit {seq} was taken by gc --keep{on}; the oldest that is kept of {name}, with all since, is {horizon}"
    remedy = f"Name commit {horizon} or a later one; a tag that is made in time keeps one"
    return CommitTaken(what, path=str(seq), remedy=remedy)


def _is_kept_before(conn: Connection, branch_id: int, seq: int) -> bool:
    sql = "SELECT 1 FROM kept WHERE branch_id = :branch AND seq = :seq"
    return conn.row(sql, {"branch": branch_id, "seq": seq}) is not None


# --- deciding what is kept


def lines(conn: Connection, *, soon: bool = False) -> list[Line]:
    """Return the branches that have rows, deleted ones too, the oldest first; with `soon`, as if all were put away."""
    over = "forgotten" if soon else "cleared"
    rows = conn.rows(
        f"""SELECT branch_id, name, base_branch_id, fork_seq, of_past, head_seq, deleted, {over}, horizon,
            thinned_until FROM branches WHERE {_PRESENT} ORDER BY branch_id"""
    )
    forks: dict[int, tuple[Fork, ...]] = {}
    for branch_id, _, base, fork, *_ in rows:
        forks[branch_id] = () if base is None else (Fork(base, fork), *forks.get(base, ()))
    return [
        Line(
            branch=Branch(row[0], row[1], forks[row[0]], bool(row[4])),
            head=row[5],
            is_there=row[6] is None,
            is_over=row[7] is not None,
            horizon=row[8] or 0,
            thinned_until=row[9] or 0,
        )
        for row in rows
    ]


def kept(conn: Connection) -> dict[int, set[int]]:
    """Return the commits before their branch's horizon that can be read, by branch."""
    found: dict[int, set[int]] = {}
    for branch_id, seq in conn.rows("SELECT branch_id, seq FROM kept"):
        found.setdefault(branch_id, set()).add(seq)
    return found


def nth_newest(conn: Connection, line: Line, n: int) -> int:
    """Return the oldest of the `n` newest commits that were made on a branch; 0 when there are no more than that."""
    row = conn.row(
        """WITH RECURSIVE line(at_seq, depth) AS (
            SELECT CAST(:head AS BIGINT), CAST(1 AS BIGINT) UNION ALL
            SELECT c.parent_seq, line.depth + 1 FROM line JOIN commits c ON c.seq = line.at_seq
            WHERE c.parent_seq > :fork AND line.depth < :n)
        SELECT at_seq FROM line WHERE depth = :n""",
        {"head": line.head, "fork": line.fork, "n": n},
    )
    return int(row[0]) if row is not None and row[0] > line.fork else 0


def oldest_since(conn: Connection, line: Line, time: float) -> int:
    """Return the oldest commit that was made on a branch at or after `time`, or its newest when all are older."""
    row = conn.row(
        "SELECT min(seq) FROM commits WHERE branch_id = :branch AND at >= :time",
        {"branch": line.branch.id, "time": time},
    )
    return int(row[0]) if row is not None and row[0] is not None else line.head


def newest_time(conn: Connection) -> float:
    """Return when the newest commit of the store was made, in seconds since the epoch."""
    row = conn.row("SELECT at FROM commits WHERE seq = (SELECT max(seq) FROM commits)")
    return float(row[0]) if row else 0.0


def tagged(conn: Connection) -> list[tuple[int, int]]:
    """Return (branch, commit) of every tag."""
    rows = conn.rows("SELECT c.branch_id, c.seq FROM tags t JOIN commits c ON c.seq = t.commit_seq")
    return [(row[0], row[1]) for row in rows]


def merges(conn: Connection) -> list[tuple[int, int, int, int]]:
    """Return (branch, commit, branch that was merged, its commit) of every merge, oldest first."""
    rows = conn.rows(
        """SELECT c.branch_id, c.seq, source.branch_id, source.seq FROM commits c
        JOIN commits source ON source.seq = c.merged_seq WHERE c.merged_seq > 0"""
    )
    return sorted(((row[0], row[1], row[2], row[3]) for row in rows), key=lambda merge: merge[1])


def decide(conn: Connection, line: Line, horizon: int, thinned_until: int, at: float) -> None:
    """Say from which commit on all of a branch are left, and up to which its ended rows were looked at."""
    conn.run(
        """UPDATE branches SET horizon = :horizon, thinned_until = :until, thinned = :at
        WHERE branch_id = :branch""",
        {"branch": line.branch.id, "horizon": horizon, "until": thinned_until, "at": at},
    )


def keep(conn: Connection, branch_id: int, more: Iterable[int], fewer: Iterable[int]) -> None:
    """Say of more commits before a branch's horizon that they can be read, and of others that they cannot any more."""
    sql = "INSERT INTO kept (branch_id, seq) VALUES (:branch, :seq)"
    conn.run_many(sql, [{"branch": branch_id, "seq": seq} for seq in more])
    run_among(conn, "DELETE FROM kept WHERE branch_id = :branch AND seq IN (:ids)", fewer, {"branch": branch_id})


def count_between(conn: Connection, line: Line, start: int, end: int) -> int:
    """Return how many commits of a branch there are from `start` to before `end`."""
    row = conn.row(
        "SELECT count(*) FROM commits WHERE seq >= :start AND seq < :end AND +branch_id = :branch",
        {"branch": line.branch.id, "start": start, "end": end},
    )
    return int(row[0]) if row else 0


# --- taking what is not


_ROW = "e.entry_id, e.branch_id, e.node_id, e.content_id, e.from_seq, e.to_seq"


def ended(conn: Connection, after: tuple[int, int], until: int, limit: int) -> list[Row]:
    """Return at most `limit` rows of all branches that ended up to a commit, by (end, row), after `after`."""
    rows = conn.rows(
        f"""SELECT {_ROW} FROM entries e WHERE e.to_seq >= :seq AND e.to_seq <= :until AND e.to_seq < {FOREVER}
            AND (e.to_seq > :seq OR e.entry_id > :entry)
        ORDER BY e.to_seq, e.entry_id LIMIT :limit""",
        {"seq": after[0], "entry": after[1], "until": until, "limit": limit},
    )
    return [Row(*row) for row in rows]


def of_branch(conn: Connection, branch_id: int, after: tuple[int, int], limit: int) -> list[Row]:
    """Return at most `limit` rows of a branch, by (node, end), after `after`."""
    rows = conn.rows(
        f"""SELECT {_ROW} FROM entries e WHERE e.branch_id = :branch AND e.node_id >= :node
            AND (e.node_id > :node OR e.to_seq > :seq)
        ORDER BY e.node_id, e.to_seq LIMIT :limit""",
        {"branch": branch_id, "node": after[0], "seq": after[1], "limit": limit},
    )
    return [Row(*row) for row in rows]


def below(conn: Connection, branch_id: int, parent: int, after: tuple[str, int], limit: int) -> list[HangingRow]:
    """Return at most `limit` rows of a branch directly under a node, of any time, by (name, end), after `after`."""
    rows = conn.rows(
        f"""SELECT e.name, e.to_seq, {_ROW} FROM entries e
        WHERE e.branch_id = :branch AND e.parent_id = :parent AND e.name >= :name
            AND (e.name > :name OR e.to_seq > :seq)
        ORDER BY e.name, e.to_seq LIMIT :limit""",
        {"branch": branch_id, "parent": parent, "name": after[0], "seq": after[1], "limit": limit},
    )
    return [HangingRow(row[0], row[1], Row(*row[2:])) for row in rows]


def rows_of_nodes(conn: Connection, branch_ids: Iterable[int], nodes: Iterable[int]) -> list[Row]:
    """Return every row that some branches have of nodes."""
    asked = list(nodes)
    sql = f"SELECT {_ROW} FROM entries e WHERE e.branch_id = :branch AND e.node_id IN (:ids)"
    return [Row(*row) for branch_id in branch_ids for row in rows_among(conn, sql, asked, {"branch": branch_id})]


def take(conn: Connection, rows: Iterable[Row]) -> int:
    """Drop rows of entries; returns how many were there."""
    return run_among(conn, "DELETE FROM entries WHERE entry_id IN (:ids)", [row.entry_id for row in rows])


def take_digests(conn: Connection, nodes: Iterable[int]) -> None:
    """Drop the abstracts and overviews of directories."""
    run_among(conn, "DELETE FROM folder_digests WHERE node_id IN (:ids)", nodes)


def looked_at(conn: Connection, branch_id: int, until: int) -> None:
    """Say up to which commit the ended rows of a branch were looked at."""
    sql = "UPDATE branches SET thinned_until = :until WHERE branch_id = :branch AND thinned_until < :until"
    conn.run(sql, {"branch": branch_id, "until": until})


def emptied(conn: Connection, branch_id: int, at: float) -> None:
    """Say of a deleted branch that nothing is left of it but its name and its commits."""
    conn.run("UPDATE branches SET emptied = :at WHERE branch_id = :branch", {"branch": branch_id, "at": at})


def holding(conn: Connection, ids: Iterable[str]) -> dict[str, int]:
    """Return how many rows of entries hold each of some contents, those of archives that name it counted too."""
    found: dict[str, int] = {}
    for sql in (
        "SELECT content_id, count(*) FROM entries WHERE content_id IN (:ids) GROUP BY content_id",
        "SELECT messages_id, count(*) FROM archives WHERE messages_id IN (:ids) GROUP BY messages_id",
        "SELECT transcript_id, count(*) FROM archives WHERE transcript_id IN (:ids) GROUP BY transcript_id",
    ):
        for content_id, count in rows_among(conn, sql, list(ids)):
            found[content_id] = found.get(content_id, 0) + count
    return found
