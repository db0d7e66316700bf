"""Which contents lie below a directory: asked of the catalog once, and carried from commit to commit.

Walking a large directory takes longer than the search itself. What a commit changes in it is a few rows, so the set of
an earlier commit is brought to a later one by what came to its directories meanwhile. What left them stays in the set:
where each hit stands is looked up in any case (visible.py). A directory that came or went makes it be asked for anew;
moving or renaming the directory itself changes nothing, since the set is kept by node.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from holdfast.catalog import entries, subtrees
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.index.lance.content_set import ContentSet

#: contents up to which each is named to the tables, which look it up; of more the rows are found out first
FEW_CONTENTS = 500
#: directories whose contents are kept, of the latest searches
_REMEMBERED = 8
#: changed entries up to which a set is carried on; more are as well asked for anew
MOST_CHANGES = 2_000


@dataclass(frozen=True)
class _Known:
    """What lay below a node at one commit."""

    seq: int
    #: node ids of the directory and of those below it
    directories: frozenset[int]
    #: each by its id when they are few
    contents: frozenset[str] | ContentSet

    def with_also(self, seq: int, came: list[str]) -> "_Known":
        """Return the same at a later commit, with the contents that came."""
        if isinstance(self.contents, ContentSet):
            return _Known(seq, self.directories, self.contents.with_also(came))
        return _Known(seq, self.directories, compact(self.contents.union(came)))


class Below:
    """The contents below the directories that were searched lately. Threads may share it."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._known: OrderedDict[tuple[int, int], _Known] = OrderedDict()

    def contents(self, conn: Connection, branch: Branch, seq: int, node: int) -> frozenset[str] | ContentSet:
        """Return the contents below a directory of a branch at the commit `seq`, and perhaps some that no longer are.

        They are given by their ids when they are few.
        """
        key = branch.id, node
        with self._changing:
            known = self._known.get(key)
        carried = self._carried(conn, known, branch, seq, node) if known is not None else None
        found = carried or self._asked(conn, branch, seq, node)
        if known is None or known.seq <= seq:
            # A search in the past does not cost those of the present their set.
            with self._changing:
                self._known[key] = found
                self._known.move_to_end(key)
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return found.contents

    def _asked(self, conn: Connection, branch: Branch, seq: int, node: int) -> _Known:
        directories = subtrees.directories_below(conn, branch, seq, node)
        contents = subtrees.contents_below(conn, branch, seq, node)
        return _Known(seq, frozenset(directories), compact(frozenset(contents)))

    def _carried(self, conn: Connection, known: _Known, branch: Branch, seq: int, node: int) -> _Known | None:
        """Return what is known, brought to the commit `seq`; None when that takes asking anew."""
        if known.seq >= seq:
            return known if known.seq == seq else None
        changed = entries.some_changed_entries(conn, branch, known.seq, seq, MOST_CHANGES + 1)
        if len(changed) > MOST_CHANGES:
            return None
        came = []
        for change in changed:
            if change.content_id is None:
                if change.node_id != node and {change.parent_id, change.node_id} & known.directories:
                    return None
            elif change.parent_id in known.directories and change.from_seq > known.seq:
                came.append(change.content_id)
        return known.with_also(seq, came)


def compact(contents: frozenset[str], few: int | None = None) -> frozenset[str] | ContentSet:
    """Return a set of contents as it is kept: each by its id when they are few."""
    return contents if len(contents) <= (FEW_CONTENTS if few is None else few) else ContentSet.of(contents)
