"""Branches: lines of commits with a head of their own, and the lineage of each: what it sees of the others.

Every question about the tree takes the `Branch` it is asked of. No other module knows what follows.

A branch is made as one row; nothing is copied. It sees its base as that was at the fork, that one's base as it was at
its own fork, and so on: a *level* for each of them, the branch itself first. Before a branch changes a node of its base
for the first time, it *adopts* the node: the base's row becomes a row of its own, true since it was true there. So a
node is answered by the nearest level that has any row of it, and a question along a lineage is the question of one
branch, asked of each level and leaving out what a nearer one has rows of.

`main` is a lineage of one level, and is asked what would be asked if there were no branches.
"""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from holdfast.catalog import settings
from holdfast.catalog.engine import Connection, Params, Row, rows_among
from holdfast.catalog.values import FOREVER
from holdfast.errors import BranchGone

#: stands in statements for what leaves out the nodes of nearer levels; the table of entries is called `e` there
UNCOVERED = "{uncovered}"
#: where `from_seq` stands among the columns of an entry
FROM_SEQ = 9


@dataclass(frozen=True, slots=True)
class Fork:
    """The branch below another one, and the last of its commits that is seen."""

    branch_id: int
    seq: int


@dataclass(frozen=True, slots=True)
class Level:
    """One branch of a lineage, seen as it was at commit `seq`."""

    branch_id: int
    seq: int
    #: branches whose rows come before its own
    nearer: tuple[int, ...] = ()

    def sql(self, text: str) -> str:
        """Return a statement that says UNCOVERED as it is put to this level."""
        return _at_depth(text, len(self.nearer))

    @property
    def params(self) -> dict[str, int]:
        """The parameters `branch` and `seq`, and those of what is left out."""
        covering = {f"nearer{place}": branch for place, branch in enumerate(self.nearer)}
        return {"branch": self.branch_id, "seq": self.seq, **covering}


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of commits with a head of its own."""

    id: int
    name: str
    #: what it was made from, and that one in turn, nearest first; none for `main`
    forks: tuple[Fork, ...] = ()
    #: whether it was made at a commit that shows what no head showed any more, so that searches read the past too
    of_past: bool = False

    def levels(self, seq: int = FOREVER) -> list[Level]:
        """Return the levels that are seen at commit `seq`, nearest first."""
        if not self.forks:
            return [Level(self.id, seq)]
        found: list[Level] = []
        for place, branch_id in enumerate((self.id, *(fork.branch_id for fork in self.forks))):
            until = min(seq, self.forks[place - 1].seq) if place else seq
            # A commit up to the fork is older than the branch, and none of its rows had been adopted then.
            if place == len(self.forks) or until > self.forks[place].seq:
                found.append(Level(branch_id, until, tuple(level.branch_id for level in found)))
        return found

    def windows(self, after: int, until: int) -> list[dict[str, int]]:
        """Return `branch`, `after` and `until` for each level that has commits in (after, until], nearest first."""
        levels = self.levels(until)
        starts = [*(level.seq for level in levels[1:]), 0]
        return [
            {"branch": level.branch_id, "after": max(after, start), "until": level.seq}
            for level, start in zip(levels, starts, strict=True)
            if max(after, start) < level.seq
        ]

    def common(self, seq: int, other: "Branch", other_seq: int) -> int:
        """Return the last commit that is seen both here at `seq` and on `other` at `other_seq`, as the forks say."""
        seen = {level.branch_id: level.seq for level in other.levels(other_seq)}
        both = (min(level.seq, seen[level.branch_id]) for level in self.levels(seq) if level.branch_id in seen)
        return next(both, 0)

    def shows(self, branch_id: int, seq: int) -> bool:
        """Return whether the commit `seq`, of the branch with that id, is in its history, as far as its forks say."""
        return any(level.branch_id == branch_id and seq <= level.seq for level in self.levels())

    def row(self, conn: Connection, seq: int, sql: str, params: Params) -> Row | None:
        """Return the row that a statement as for `rows` finds, of which there is one at most on all levels.

        The statement gives the row that ends first after `:seq`, which counts where it has begun by then.
        """
        if not self.forks:
            row = conn.row(_at_depth(sql, 0), {**params, "branch": self.id, "seq": seq})
            return row if row is None or row[FROM_SEQ] <= seq else None
        depth, levels = _numbered(self, seq)
        return conn.row(_on_levels(sql, depth), {**params, **levels})

    def rows(self, conn: Connection, seq: int, sql: str, params: Params) -> list[Row]:
        """Return what a statement with `:branch`, `:seq` and UNCOVERED finds at commit `seq`, on all levels."""
        if not self.forks:
            return conn.rows(_at_depth(sql, 0), {**params, "branch": self.id, "seq": seq})
        found: list[Row] = []
        for level in self.levels(seq):
            found += conn.rows(level.sql(sql), {**params, **level.params})
        return found

    def rows_among(
        self, conn: Connection, seq: int, sql: str, values: Iterable[Any], params: Params | None = None
    ) -> Iterator[Row]:
        """Yield what a statement as for `rows` finds that also says `IN (:ids)`, asked about any number of values."""
        levels = self.levels(seq)
        asked = values if len(levels) == 1 else list(values)
        for level in levels:
            yield from rows_among(conn, level.sql(sql), asked, {**(params or {}), **level.params})


#: the branch every store begins with
MAIN = Branch(1, "main")


@functools.cache
def _at_depth(text: str, depth: int, nearer: str = "nearer") -> str:
    covered = "".join(
        f" AND NOT EXISTS (SELECT 1 FROM entries n WHERE n.branch_id = :{nearer}{place} AND n.node_id = e.node_id)"
        for place in range(depth)
    )
    return text.replace(UNCOVERED, covered)


@functools.lru_cache(maxsize=1024)
def _numbered(branch: Branch, seq: int) -> tuple[int, dict[str, int]]:
    """Return how many levels are seen at a commit, and their parameters, numbered; a store is asked the same often."""
    levels = branch.levels(seq)
    named = {f"branch{place}": level.branch_id for place, level in enumerate(levels)}
    return len(levels), named | {f"seq{place}": level.seq for place, level in enumerate(levels)}


@functools.cache
def _on_levels(text: str, depth: int) -> str:
    """Return one statement that asks what `text` asks of so many levels; their parameters are numbered."""
    asked = []
    for place in range(depth):
        one = text.replace(":branch", f":branch{place}").replace(":seq", f":seq{place}")
        one = _at_depth(one, place, "branch")
        asked.append(f"SELECT * FROM ({one}) AS level{place} WHERE from_seq <= :seq{place}")
    return " UNION ALL ".join(asked)


# --- the table of branches


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchInfo:
    """A branch as it is listed."""

    id: int
    name: str
    #: the newest commit that it shows
    head: int
    #: the commit it was made at; None for `main`
    fork: int | None
    #: the branch that this commit is of, by its name today, or when it was deleted; None for `main`
    base: str | None
    #: whether that one was deleted since; another one may have its name now
    base_deleted: bool
    #: who made it
    actor: str
    created: datetime


def create_main(conn: Connection, actor: str, at: float) -> None:
    """Write the branch that every store begins with; it has no commit yet."""
    conn.run(
        """INSERT INTO branches (branch_id, name, head_seq, actor, created, of_past)
        VALUES (:id, :name, 0, :actor, :at, :past)""",
        {"id": MAIN.id, "name": MAIN.name, "actor": actor, "at": at, "past": False},
    )


def create(conn: Connection, name: str, base: Branch, seq: int, actor: str, at: float) -> Branch:
    """Write a branch called `name` that begins at the commit `seq` of `base`, and return it.

    The caller has looked that no other is called so.
    """
    forks = tuple(Fork(level.branch_id, level.seq) for level in base.levels(seq))
    past = _is_past(conn, forks[0])
    # Not numbered by the database: a row stays for ever, so that no number comes twice.
    row = conn.row(
        """INSERT INTO branches (branch_id, name, base_branch_id, fork_seq, head_seq, actor, created, of_past)
        VALUES ((SELECT max(branch_id) + 1 FROM branches), :name, :base, :seq, :seq, :actor, :at, :past)
        RETURNING branch_id""",
        {"name": name, "base": forks[0].branch_id, "seq": seq, "actor": actor, "at": at, "past": past},
    )
    assert row is not None
    return Branch(row[0], name, forks, past)


def _is_past(conn: Connection, fork: Fork) -> bool:
    """Return whether rows of what is shown at a fork may have been put away in the history table."""
    row = conn.row("SELECT head_seq, deleted, of_past FROM branches WHERE branch_id = :id", {"id": fork.branch_id})
    assert row is not None
    if row[2] or (row[0] == fork.seq and row[1] is None):
        # What a head shows, another one may show as well.
        return bool(row[2])
    return fork.seq <= int(settings.get(conn, settings.RETIRED_AT) or 0)


def get(conn: Connection, branch_id: int) -> Branch | None:
    """Return the branch with an id, a deleted one too."""
    row = conn.row("SELECT branch_id, name, of_past FROM branches WHERE branch_id = :id", {"id": branch_id})
    return _branch(row, _forks(conn, row[0])) if row else None


def named(conn: Connection, name: str) -> Branch | None:
    """Return the branch that is called `name` today."""
    sql = "SELECT branch_id, name, of_past FROM branches WHERE name = :name AND deleted IS NULL"
    row = conn.row(sql, {"name": name})
    return _branch(row, _forks(conn, row[0])) if row else None


def every(conn: Connection) -> list[Branch]:
    """Return all branches, the oldest first."""
    rows = conn.rows("SELECT branch_id, name, of_past FROM branches WHERE deleted IS NULL ORDER BY branch_id")
    return [_branch(row, _forks(conn, row[0])) for row in rows]


_INFO = """SELECT b.branch_id, b.name, b.head_seq, b.fork_seq, base.name, base.deleted, b.actor, b.created
    FROM branches b LEFT JOIN branches base ON base.branch_id = b.base_branch_id"""


def listed(conn: Connection) -> list[BranchInfo]:
    """Return all branches as they are listed, in order of name."""
    return [_info(row) for row in conn.rows(f"{_INFO} WHERE b.deleted IS NULL ORDER BY b.name")]


def count(conn: Connection) -> int:
    """Return how many branches there are."""
    row = conn.row("SELECT count(*) FROM branches WHERE deleted IS NULL")
    return int(row[0]) if row else 0


def info(conn: Connection, name: str) -> BranchInfo | None:
    """Return the branch that is called `name` today as it is listed."""
    row = conn.row(f"{_INFO} WHERE b.name = :name AND b.deleted IS NULL", {"name": name})
    return _info(row) if row else None


def rename(conn: Connection, branch: Branch, name: str) -> None:
    """Call a branch `name`; the caller has looked that no other is called so."""
    conn.run("UPDATE branches SET name = :name WHERE branch_id = :id", {"id": branch.id, "name": name})


def delete(conn: Connection, branch: Branch, at: float) -> None:
    """Say of a branch that it was deleted; its rows stay."""
    conn.run("UPDATE branches SET deleted = :at WHERE branch_id = :id", {"id": branch.id, "at": at})
    # Those below it may have been deleted before and have waited for it.
    for branch_id in (branch.id, *(fork.branch_id for fork in branch.forks)):
        forgotten = conn.run(
            """UPDATE branches SET forgotten = :at WHERE branch_id = :id AND deleted IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM branches f WHERE f.base_branch_id = :id AND f.forgotten IS NULL)""",
            {"id": branch_id, "at": at},
        )
        if not forgotten:
            return


def uncleared(conn: Connection, limit: int) -> list[tuple[int, Fork]]:
    """Return branches that are forgotten and whose rows nobody has looked at since, each with its fork."""
    rows = conn.rows(
        """SELECT branch_id, base_branch_id, fork_seq FROM branches
        WHERE forgotten IS NOT NULL AND cleared IS NULL ORDER BY branch_id LIMIT :limit""",
        {"limit": limit},
    )
    return [(row[0], Fork(row[1], row[2])) for row in rows]


def clear(conn: Connection, ids: Iterable[int], at: float) -> None:
    """Say of forgotten branches that what they alone showed was looked at."""
    sql = "UPDATE branches SET cleared = :at WHERE branch_id = :id"
    conn.run_many(sql, [{"id": branch_id, "at": at} for branch_id in ids])


def check(conn: Connection, branch: Branch) -> None:
    """Raise BranchGone when a branch was deleted. `main` never is."""
    if not is_there(conn, branch):
        raise gone(conn, branch)


def is_there(conn: Connection, branch: Branch) -> bool:
    """Return whether a branch is there, and was not deleted."""
    sql = "SELECT 1 FROM branches WHERE branch_id = :id AND deleted IS NULL"
    return not branch.forks or conn.row(sql, {"id": branch.id}) is not None


def gone(conn: Connection, branch: Branch) -> BranchGone:
    """Return the error that says that a branch was deleted, by the name that it had last."""
    name = (get(conn, branch.id) or branch).name
    return BranchGone(f"The branch {name} was deleted", path=name)


def _branch(row: Row, forks: tuple[Fork, ...]) -> Branch:
    branch_id, name, past = row
    return Branch(branch_id, name, forks, bool(past))


def _forks(conn: Connection, branch_id: int) -> tuple[Fork, ...]:
    """Return the lineage of a branch."""
    # A base is older than what was made of it; one that is not, in a damaged catalog, would lead round for ever.
    sql = "SELECT base_branch_id, fork_seq FROM branches WHERE branch_id = :id AND base_branch_id < branch_id"
    found: list[Fork] = []
    while (row := conn.row(sql, {"id": found[-1].branch_id if found else branch_id})) is not None:
        found.append(Fork(*row))
    return tuple(found)


def _info(row: Row) -> BranchInfo:
    branch_id, name, head, fork, base, base_deleted, actor, created = row
    return BranchInfo(
        id=branch_id,
        name=name,
        head=head,
        fork=fork,
        base=base,
        base_deleted=base_deleted is not None,
        actor=actor,
        created=datetime.fromtimestamp(created, UTC),
    )
