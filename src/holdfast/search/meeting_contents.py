"""Which contents have properties that meet a condition: asked of the catalog once, and carried from commit to commit.

What a commit changes is a few rows, so the set of an earlier commit is brought to a later one by what came meanwhile.
What left it stays in the set: each hit's place is looked at in any case (visible.py).
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from holdfast.catalog import entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.properties import matching
from holdfast.catalog.properties.conditions import Condition
from holdfast.index.lance.content_set import ContentSet
from holdfast.search.directory_contents import MOST_CHANGES, compact

#: contents up to which each is named to the tables: a filter is asked for again and again, and where the rows of its
#: contents are is found out once
NAMED = 32
#: conditions whose contents are kept, of the latest searches
_REMEMBERED = 16


@dataclass(frozen=True)
class _Met:
    """What met a condition at one commit; None when the catalog cannot be asked so."""

    seq: int
    contents: frozenset[str] | ContentSet


class Meeting:
    """The contents that meet the conditions which were searched by lately. Threads may share it."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._known: OrderedDict[tuple[int, Condition], _Met] = OrderedDict()

    def contents(
        self, conn: Connection, branch: Branch, seq: int, condition: Condition
    ) -> frozenset[str] | ContentSet | None:
        """Return the contents that meet a condition at the commit `seq`, and perhaps some that no longer do.

        None when that cannot be told: the condition is met without properties too.
        """
        key = branch.id, condition
        with self._changing:
            known = self._known.get(key)
        found = self._carried(conn, known, branch, seq, condition) if known is not None else None
        if found is None:
            asked = matching.contents_where(conn, branch, seq, condition)
            if asked is None:
                return None
            found = _Met(seq, compact(frozenset(asked), NAMED))
        if known is None or known.seq <= seq:
            # A search in the past does not cost those of the present their set.
            with self._changing:
                self._known[key] = found
                self._known.move_to_end(key)
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return found.contents

    def _carried(self, conn: Connection, known: _Met, branch: Branch, seq: int, condition: Condition) -> _Met | None:
        """Return what is known, brought to the commit `seq`; None when that takes asking anew."""
        if known.seq >= seq:
            return known if known.seq == seq else None
        changed = entries.some_changed_entries(conn, branch, known.seq, seq, MOST_CHANGES + 1)
        if len(changed) > MOST_CHANGES:
            return None
        began = [each for each in changed if each.from_seq > known.seq and each.content_id and each.properties_id]
        met = matching.among(conn, condition, {each.properties_id for each in began if each.properties_id})
        came = [each.content_id for each in began if each.content_id and each.properties_id in met]
        if isinstance(known.contents, ContentSet):
            return _Met(seq, known.contents.with_also(came))
        return _Met(seq, compact(known.contents.union(came), NAMED))
