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
from typing import Any

from holdfast.catalog.engine import Connection, Params, Row, rows_among
from holdfast.catalog.values import FOREVER

#: stands in statements for what leaves out the nodes of nearer levels; the table of entries is called `e` there
UNCOVERED = "{uncovered}"


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

    def rows(self, conn: Connection, seq: int, sql: str, params: Params) -> list[Row]:
        """Return what a statement with `:branch`, `:seq` and UNCOVERED finds at commit `seq`, on all levels."""
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
def _at_depth(text: str, depth: int) -> str:
    covered = "".join(
        f" AND NOT EXISTS (SELECT 1 FROM entries n WHERE n.branch_id = :nearer{place} AND n.node_id = e.node_id)"
        for place in range(depth)
    )
    return text.replace(UNCOVERED, covered)


# --- the table of branches


def create(conn: Connection, branch: Branch, head: int) -> None:
    """Write a branch whose newest commit is `head`; 0 when it has none yet."""
    conn.run(
        "INSERT INTO branches (branch_id, name, head_seq) VALUES (:id, :name, :head)",
        {"id": branch.id, "name": branch.name, "head": head},
    )


def get(conn: Connection, branch_id: int) -> Branch | None:
    """Return the branch with an id."""
    row = conn.row("SELECT branch_id, name FROM branches WHERE branch_id = :id", {"id": branch_id})
    return Branch(*row) if row else None


def every(conn: Connection) -> list[Branch]:
    """Return all branches, the oldest first."""
    return [Branch(*row) for row in conn.rows("SELECT branch_id, name FROM branches ORDER BY branch_id")]
