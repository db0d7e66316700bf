"""The changes of a transaction to the graph: an overlay over the committed rows, and what it looked at of them."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.catalog.branches import Branch
from holdfast.catalog.graph.log import End
from holdfast.rows.committed import CommittedRows
from holdfast.rows.finding.matching import RowFilter
from holdfast.rows.stored import StoredRow, lookup_text


@dataclass(frozen=True, slots=True)
class RowEdit:
    """What a transaction makes of one row."""

    before: StoredRow | None
    after: StoredRow | None

    @property
    def row(self) -> StoredRow:
        """The row it is about, whichever side has it."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def is_change(self) -> bool:
        """Whether anything is another afterwards."""
        if self.after is None or self.before is None:
            return self.after is not self.before
        return not self.after.same_as(self.before)


@dataclass(slots=True)
class Looked:
    """What a transaction looked at of the graph: if somebody else changes any of it first, it cannot be committed."""

    #: by type
    keys: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: nodes whose edges were asked for, by type of edge and end
    ends: dict[tuple[int, End], set[str]] = field(default_factory=lambda: defaultdict(set))
    #: by property, as they are looked up
    values: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: types of which all rows were asked for
    types: set[int] = field(default_factory=set)

    def among_types(self) -> set[int]:
        """Return every type of which anything was looked at."""
        return self.types | self.keys.keys() | {type_id for type_id, _ in self.ends}


class RowOverlay:
    """The rows that a transaction sees: those of the commit it began on, under its own changes."""

    def __init__(self, base: CommittedRows, looked_up: Callable[[int], Iterable[int]]) -> None:
        self.base = base
        self.looked: Looked = Looked()
        #: the properties of a type whose rows are found by value
        self._looked_up = looked_up
        #: what was read of the base, by type and key; None for a row that it does not have
        self._read: dict[int, dict[str, StoredRow | None]] = defaultdict(dict)
        #: by type and key
        self._edits: dict[int, dict[str, RowEdit]] = defaultdict(dict)
        #: keys of edited edges by type, end and node
        self._edges: dict[tuple[int, End, str], set[str]] = defaultdict(set)
        #: keys of edited rows by property and value, as it is looked up
        self._valued: dict[tuple[int, str], set[str]] = defaultdict(set)

    # --- reading

    @property
    def seq(self) -> int:
        """The commit that the transaction began on."""
        return self.base.seq

    @property
    def branch(self) -> Branch:
        """The branch that it is on."""
        return self.base.branch

    def rows(self, type_id: int, keys: Iterable[str]) -> dict[str, StoredRow]:
        """Return those of `keys` that stand, by key."""
        wanted = list(dict.fromkeys(keys))
        edits = self._edits[type_id]
        edited = {key: edits[key].after for key in wanted if key in edits}
        rest = [key for key in wanted if key not in edited]
        found = {key: row for key, row in edited.items() if row is not None}
        if rest:
            self.looked.keys[type_id].update(rest)
            found |= self._based(type_id, rest)
        return found

    def row(self, type_id: int, key: str) -> StoredRow | None:
        """Return one row, if it stands."""
        return self.rows(type_id, [key]).get(key)

    def touching(self, type_id: int, end: End, nodes: Iterable[str]) -> list[StoredRow]:
        """Return the edges of a type that have one of `nodes` at an `end`, in order of key."""
        wanted = list(dict.fromkeys(nodes))
        self.looked.ends[type_id, end].update(wanted)
        found = {row.key: row for row in self.base.touching(type_id, end, wanted)}
        for node in wanted:
            for key in self._edges.get((type_id, end, node), ()):
                _put_over(found, key, self._edits[type_id][key].after)
        return sorted(found.values(), key=lambda row: row.key)

    def across(self, type_id: int, begin: End, nodes: Iterable[str]) -> set[str]:
        """Return the nodes at the other ends of the edges of a type that have one of `nodes` at the end `begin`."""
        return {node for row in self.touching(type_id, begin, nodes) if (node := row.across(begin)) is not None}

    def with_value(self, type_id: int, property_id: int, value: Any) -> list[StoredRow]:
        """Return the rows of a type that have a value (JSON) of a property that is looked up, in order of key."""
        text, edits = lookup_text(value), self._edits[type_id]
        self.looked.values[property_id].add(text)
        based = self.base.with_value(type_id, property_id, value)
        # Somebody else may give these another value, and say nothing of this one.
        self.looked.keys[type_id].update(row.key for row in based)
        found = {row.key: row for row in based if row.key not in edits}
        for key in self._valued[property_id, text]:
            after = edits[key].after
            if after is not None and after.data.get(str(property_id)) == value:
                found[key] = after
        return sorted(found.values(), key=lambda row: row.key)

    def every(self, type_id: int) -> Iterator[StoredRow]:
        """Yield all rows of a type, in no order."""
        self.looked.types.add(type_id)
        edited = dict(self._edits[type_id])
        yield from (edit.after for edit in edited.values() if edit.after is not None)
        yield from (row for row in self.base.every(type_id) if row.key not in edited)

    def matching(self, wanted: RowFilter) -> Iterator[StoredRow]:
        """Yield the rows that meet a filter, in no order."""
        self.looked.types.add(wanted.kind.id)
        edited = dict(self._edits[wanted.kind.id])
        yield from (edit.after for edit in edited.values() if edit.after is not None and wanted.holds(edit.after))
        yield from (row for row in self.base.matching(wanted) if row.key not in edited)

    def in_order(self, wanted: RowFilter, after: str) -> Iterator[StoredRow]:
        """Yield the rows with keys after `after` that meet a filter, in order of key, as they are asked for."""
        self.looked.types.add(wanted.kind.id)
        edited = dict(self._edits[wanted.kind.id])
        found = [edit.after for key, edit in sorted(edited.items()) if edit.after is not None and key > after]
        based = (row for row in self.base.in_order(wanted, after) if row.key not in edited)
        return heapq.merge(filter(wanted.holds, found), based, key=lambda row: row.key)

    def count(self, type_id: int) -> int:
        """Return how many rows of a type there are."""
        self.looked.types.add(type_id)
        edits = self._edits[type_id].values()
        return self.base.count(type_id) + sum((edit.after is not None) - (edit.before is not None) for edit in edits)

    def has_read(self, type_id: int, found: Mapping[str, StoredRow | None]) -> None:
        """Take note of what the base has of some rows, None for one that it does not have: they are not asked for."""
        self._read[type_id].update(found)

    # --- changing

    def put(self, row: StoredRow) -> None:
        """Have a row stand, in the place of the one with its key."""
        self._edit(row, row)

    def remove(self, row: StoredRow) -> None:
        """Have a row stand no longer."""
        self._edit(row, None)

    def edits(self) -> list[RowEdit]:
        """Return what is another afterwards, by type in the order in which it was first changed."""
        return [edit for edits in self._edits.values() for edit in edits.values() if edit.is_change]

    def _based(self, type_id: int, keys: list[str]) -> dict[str, StoredRow]:
        """Return those of `keys` that stand in the base, each asked for once."""
        read = self._read[type_id]
        if unread := [key for key in keys if key not in read]:
            found = self.base.rows(type_id, unread)
            read.update((key, found.get(key)) for key in unread)
        return {key: row for key in keys if (row := read[key]) is not None}

    def _edit(self, row: StoredRow, after: StoredRow | None) -> None:
        edits = self._edits[row.type_id]
        known = edits.get(row.key)
        if known is None:
            self.looked.keys[row.type_id].add(row.key)
            known = RowEdit(self._based(row.type_id, [row.key]).get(row.key), None)
        edits[row.key] = RowEdit(known.before, after)
        ends: tuple[tuple[End, str | None], ...] = (("src", row.src), ("dst", row.dst))
        for end, node in ends:
            if node is not None:
                self._edges[row.type_id, end, node].add(row.key)
        for property_id in self._looked_up(row.type_id):
            if after is not None and (value := after.data.get(str(property_id))) is not None:
                self._valued[property_id, lookup_text(value)].add(row.key)


def _put_over(found: dict[str, StoredRow], key: str, after: StoredRow | None) -> None:
    if after is None:
        found.pop(key, None)
    else:
        found[key] = after
