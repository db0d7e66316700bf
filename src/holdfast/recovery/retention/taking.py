"""Taking the rows that no kept commit shows, a page at a time: others write in between, and a kill loses nothing.

Rows that ended are read in the order in which they ended, from where the last look left off. What hangs below a
directory that was removed stands in the catalog as it stood: it goes before the last row of the directory does, so that
whoever is killed finds the way to it again. Of a deleted branch every row is looked at.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from holdfast.backend import Backend
from holdfast.catalog.engine import Connection
from holdfast.catalog.graph import leftovers
from holdfast.catalog.history import retention
from holdfast.catalog.history.retention import HangingRow, Line, Row
from holdfast.catalog.values import FOREVER
from holdfast.faults import point
from holdfast.recovery.retention.deciding import Decision

#: rows looked at in one turn
PAGE = 500


@dataclass
class Taking:
    """A walk over all that may go after a decision."""

    backend: Backend
    decision: Decision
    dry_run: bool
    #: the commit up to which upkeep has looked at what ended: it must find what ended later
    retired_until: int
    #: rows taken, or that would be
    rows: int = 0
    #: deleted branches of which nothing is left
    branches: int = 0
    #: how many of the rows held each content
    contents: Counter[str] = field(default_factory=Counter)
    #: branches of which nothing stays
    _leaving: set[int] = field(default_factory=set)
    #: rows that a dry run has counted
    _counted: set[int] = field(default_factory=set)

    def run(self) -> None:
        """Take all that no kept commit shows."""
        self._take_ended()
        for line in self.decision.lines.values():
            if line.is_over:
                self._take_branch(line)

    # --- of branches that are there

    def _take_ended(self) -> None:
        due = {branch_id: until for branch_id, until in self._ends() if self._begin(branch_id) < until}
        if not due:
            return
        last, end = (min(map(self._begin, due)) + 1, 0), max(due.values())
        while True:
            with self.backend.engine.read() as conn:
                page = retention.ended(conn, last, end, PAGE)
            self._take([row for row in page if row.branch_id in due and self._is_free(row, due[row.branch_id])])
            # Of the last commit of a full page there may be more.
            done = end if len(page) < PAGE else page[-1].to_seq - 1
            self._note(due, done)
            if len(page) < PAGE:
                return
            last = (page[-1].to_seq, page[-1].entry_id)

    def _ends(self) -> Iterator[tuple[int, int]]:
        for branch_id, horizon in self.decision.horizons.items():
            if not self.decision.lines[branch_id].is_over:
                yield branch_id, min(horizon, self.retired_until)

    def _begin(self, branch_id: int) -> int:
        return self.decision.looked_at[branch_id]

    def _note(self, due: dict[int, int], done: int) -> None:
        if not self.dry_run:
            with self.backend.engine.write(durable=False) as conn:
                for branch_id, until in due.items():
                    retention.looked_at(conn, branch_id, min(done, until))

    def _is_free(self, row: Row, until: int) -> bool:
        return row.to_seq <= until and not self._is_adopted(row) and not self._is_shown(row)

    def _is_adopted(self, row: Row) -> bool:
        """Return whether a row covers one of the branch's base, which would be seen without it."""
        return row.from_seq <= self.decision.lines[row.branch_id].fork

    def _is_shown(self, row: Row) -> bool:
        kept = self.decision.kept.get(row.branch_id, [])
        place = bisect_left(kept, row.from_seq)
        return place < len(kept) and kept[place] < row.to_seq

    # --- of deleted branches

    def _take_branch(self, line: Line) -> None:
        branch_id, horizon = line.branch.id, self.decision.horizons.get(line.branch.id, 0)
        if horizon and self._begin(branch_id) >= horizon:
            return
        kept, last = bool(self.decision.kept.get(branch_id)), (0, 0)
        if not kept:
            self._leaving.add(branch_id)
        while True:
            with self.backend.engine.read() as conn:
                page = retention.of_branch(conn, branch_id, last, PAGE)
            if kept:
                self._drop([row for row in page if not (self._is_adopted(row) or self._is_shown(row))])
            else:
                self._drop_last(line, page)
            if len(page) < PAGE:
                break
            last = (page[-1].node_id, page[-1].to_seq)
        self.branches += not kept
        if not self.dry_run:
            if not kept:
                self._forget_graph(line)
            with self.backend.engine.write(durable=False) as conn:
                retention.looked_at(conn, branch_id, horizon)
                if not kept:
                    retention.emptied(conn, branch_id, self.backend.clock.now())

    def _forget_graph(self, line: Line) -> None:
        """Take the rows of the graph of a branch of which nothing stays."""
        is_left = True
        while is_left:
            point("retention.before_step")
            with self.backend.engine.write(durable=False) as conn:
                is_left = leftovers.forget_rows(conn, line.branch, PAGE)
            point("retention.after_step")

    def _drop_last(self, line: Line, page: list[Row]) -> None:
        """Take rows of a branch of which nothing stays, and what its directories were the last to say of its bases."""
        directories = {row.node_id for row in page if row.content_id is None}
        others = self._others(directories, set())
        for node in directories:
            self._take_below_forks(line.branch.id, node, others.get(node, []))
        self._drop(page)

    # --- taking

    def _take(self, rows: list[Row]) -> None:
        """Take rows that ended, and what hangs below the directories of which they are the last."""
        own = {row.entry_id for row in rows}
        directories = [row for row in rows if row.content_id is None]
        others = self._others([row.node_id for row in directories], own)
        stays = set()
        for row in directories:
            shown = others.get(row.node_id, [])
            # What began below it after it was shown last hangs there, and is shown by none.
            since = max((each.to_seq for each in shown if each.branch_id == row.branch_id), default=0)
            above = [each for each in shown if each.branch_id != row.branch_id]
            # A branch that was made of this one may have brought it back, and shows what hangs below it here.
            if since < FOREVER and (
                self._is_seen(row.branch_id, above) or not self._take_below(row.branch_id, row.node_id, since)
            ):
                stays.add((row.branch_id, row.node_id))
            if not since:
                self._take_below_forks(row.branch_id, row.node_id, shown)
        self._drop([row for row in rows if (row.branch_id, row.node_id) not in stays])

    def _is_seen(self, branch_id: int, shown: Iterable[Row]) -> bool:
        """Return whether the rows of a branch below a directory are seen, when some rows show the directory."""
        return any(self._sees(each.branch_id, branch_id) for each in shown)

    def _sees(self, branch_id: int, other: int) -> bool:
        """Return whether a branch is another one, or was made of it."""
        forks = self.decision.lines[branch_id].branch.forks
        return branch_id == other or any(fork.branch_id == other for fork in forks)

    def _take_below_forks(self, branch_id: int, node: int, shown: list[Row]) -> None:
        """Take a directory and what hangs below it of the branches below one that was the last to show it there."""
        for fork in self.decision.lines[branch_id].branch.forks:
            if fork.branch_id not in self.decision.lines or self._is_seen(fork.branch_id, shown):
                continue
            if self._take_below(fork.branch_id, node):
                with self.backend.engine.read() as conn:
                    rows = retention.of_branch(conn, fork.branch_id, (node, 0), PAGE)
                horizon = self.decision.horizons.get(fork.branch_id, 0)
                self._drop([row for row in rows if row.node_id == node and self._is_free(row, horizon)])

    def _take_below(self, branch_id: int, top: int, since: int = 0) -> bool:
        """Take what hangs below a directory and began after it stood there last; False when some of it stays.

        Some does where another branch has brought it back: that has rows of it, which say what was below.
        """
        order, clean = self._hidden(branch_id, top, since), dict[int, bool]()
        for parent, node in reversed(order):
            left = False
            for page in self._children(branch_id, node, since if node == top else 0):
                free = self._unshared(branch_id, [child.row for child in page])
                free = [row for row in free if clean.get(row.node_id, True)]
                left = left or len(free) < len(page)
                self._drop(free)
            clean[node] = not left
            if left:
                clean[parent] = False
        return clean[top]

    def _hidden(self, branch_id: int, top: int, since: int) -> list[tuple[int, int]]:
        """Return (parent, node) of a directory and of those that hang below it, each after what it is in."""
        order, seen = [(0, top)], {top}
        for _, node in order:
            for page in self._children(branch_id, node, since if node == top else 0):
                rows = [child.row for child in page if child.row.content_id is None]
                others = self._others([row.node_id for row in rows], {row.entry_id for row in rows})
                hidden = [row.node_id for row in rows if not self._is_seen(branch_id, others.get(row.node_id, []))]
                below = [each for each in hidden if each not in seen]
                seen.update(below)
                order += [(node, each) for each in below]
        return order

    def _children(self, branch_id: int, node: int, since: int) -> Iterator[list[HangingRow]]:
        last = ("", 0)
        while True:
            with self.backend.engine.read() as conn:
                page = retention.below(conn, branch_id, node, last, PAGE)
            yield [child for child in page if child.row.from_seq >= since]
            if len(page) < PAGE:
                return
            last = (page[-1].name, page[-1].to_seq)

    def _unshared(self, branch_id: int, rows: list[Row]) -> list[Row]:
        """Return the rows that no branch which was made of this one has adopted, and that cover none of a base."""
        others = [each for each in self._staying() if each != branch_id and self._sees(each, branch_id)]
        with self.backend.engine.read() as conn:
            shared = {row.node_id for row in retention.rows_of_nodes(conn, others, [row.node_id for row in rows])}
        return [row for row in rows if row.node_id not in shared and not self._is_adopted(row)]

    def _is_past(self, row: Row) -> bool:
        """Return whether no kept commit shows a row; it may stay all the same, to cover one of a base."""
        horizon = self.decision.horizons.get(row.branch_id, 0)
        ended = bool(horizon) and (row.to_seq <= horizon or self.decision.lines[row.branch_id].is_over)
        return ended and not self._is_shown(row)

    def _others(self, nodes: Iterable[int], rows: set[int]) -> dict[int, list[Row]]:
        """Return the rows besides these by which some branch shows nodes, by node."""
        asked, others = list(nodes), dict[int, list[Row]]()
        if asked:
            with self.backend.engine.read() as conn:
                for row in retention.rows_of_nodes(conn, self._staying(), asked):
                    if row.entry_id not in rows and row.entry_id not in self._counted and not self._is_past(row):
                        others.setdefault(row.node_id, []).append(row)
        return others

    def _staying(self) -> list[int]:
        return [branch_id for branch_id in self.decision.lines if branch_id not in self._leaving]

    def _drop(self, rows: list[Row]) -> None:
        if self.dry_run:
            rows = [row for row in rows if row.entry_id not in self._counted]
            self._counted.update(row.entry_id for row in rows)
            self.contents.update(row.content_id for row in rows if row.content_id is not None)
            self.rows += len(rows)
        elif rows:
            point("retention.before_step")
            with self.backend.engine.write(durable=False) as conn:
                taken = retention.take(conn, rows)
                self._drop_digests(conn, rows)
            point("retention.after_step")
            # Some hung below a directory, and went with it.
            self.rows += taken

    def _drop_digests(self, conn: Connection, rows: list[Row]) -> None:
        nodes = {row.node_id for row in rows if row.content_id is None}
        if nodes:
            there = {row.node_id for row in retention.rows_of_nodes(conn, self.decision.lines, nodes)}
            retention.take_digests(conn, nodes - there)
