"""Merging the graphs of two branches: three-way, by the keys of rows and the ids of types.

What one side alone changed is taken; of a row that both changed, each property that one side alone changed. What both
changed differently is a conflict, and so is what only both together break: a unique value, an edge whose node the other
side removed, a number of edges.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from holdfast.errors import HoldfastError, InvalidRow, RowConflict
from holdfast.rows.crossing import RowsAtKeys
from holdfast.rows.differences import GraphSide, by_type, changed, loaded, same
from holdfast.rows.graph_rows import Codecs
from holdfast.rows.integrity import broken, left_behind
from holdfast.rows.lookups import newly_looked_up
from holdfast.rows.overlay import RowOverlay
from holdfast.rows.publishing import NewSchema, RowChange
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.sources import SOURCES, merged, with_sources
from holdfast.rows.stored import ABSENT, StoredRow, alike

Side = Literal["ours", "theirs"]


@dataclass
class RowMerge:
    """A merge of graphs, planned when it is made."""

    #: the newest state that both sides have seen, and the rows of all that are the last such
    base: GraphSide
    common: RowsAtKeys
    ours: GraphSide
    theirs: GraphSide
    #: says what holds in a conflict; None when nobody has said
    choose: Callable[[RowConflict], Side | None]
    #: conflicts that nothing settles, and those that were
    left: list[RowConflict] = field(default_factory=list)
    settled: list[RowConflict] = field(default_factory=list)

    def __post_init__(self) -> None:
        ours, theirs = self.ours.rows, self.theirs.rows
        #: the newest commit that is in the history of both by their forks
        self._fork = ours.branch.common(ours.seq, theirs.branch, theirs.seq)
        self._schema = Codecs(self._merged_schema())
        self._overlay = RowOverlay(ours, self._schema.looked_up)
        there = {each.id for each in self._schema.schema.types}
        for type_id, keys in self._changed_by_theirs.items():
            # What a side took out of the schema for good has rows on the other one that nothing reads any more.
            if type_id in there:
                self._merge_rows(type_id, keys)
        self._check()

    @property
    def changes(self) -> int:
        """How many rows of ours change; a schema counts for one."""
        return len(self._overlay.edits()) + (self._schema.schema != self.ours.schema)

    def change(self) -> RowChange:
        """Return what is to be committed on ours."""
        old, new = self.ours.schema, self._schema.schema
        applied = None
        if new != old:
            values = tuple(newly_looked_up(self.ours.rows, old, new))
            applied = NewSchema(lambda _seq: new.to_json(), values)
        return RowChange(self._overlay, self.ours.rows.branch, self._schema.looked_up, applied)

    # --- the schema

    def _merged_schema(self) -> GraphSchema:
        sides = [{each.id: each for each in side.schema.types} for side in (self.base, self.ours, self.theirs)]
        types = [self._merged_type(*(side.get(type_id) for side in sides)) for type_id in {**sides[1], **sides[2]}]
        merged = GraphSchema(tuple(each for each in types if each is not None))
        self._check_names(merged)
        return merged

    def _merged_type(
        self, base: TypeSchema | None, ours: TypeSchema | None, theirs: TypeSchema | None
    ) -> TypeSchema | None:
        if ours == theirs:
            return ours
        reason = "both changed this type"
        if base in (ours, theirs):
            taken, other = (ours, "theirs") if theirs == base else (theirs, "ours")
            is_gone = base is not None and (taken is None or taken.dropped)
            if base is None or not is_gone or not self._has_changed(other, base.id):
                return taken
            reason = "one took this type out, the other changed rows of it"
        known = ours or theirs
        assert known is not None
        conflict = RowConflict(kind="schema", path=known.name, type=known.name, reason=reason)
        return {"ours": ours, "theirs": theirs, None: ours}[self._choice(conflict)]

    def _has_changed(self, name: str, type_id: int) -> bool:
        """Return whether a side changed rows of a type since what both have seen."""
        side, places = (self.ours, self._changed_by_ours) if name == "ours" else (self.theirs, self._changed_by_theirs)
        keys = places.get(type_id, set())
        before, after = self.common.rows(type_id, keys), side.rows.rows(type_id, keys)
        return any(not same(before.get(key), after.get(key)) for key in keys)

    @cached_property
    def _changed_by_ours(self) -> dict[int, set[str]]:
        return self._changed_by(self.ours)

    @cached_property
    def _changed_by_theirs(self) -> dict[int, set[str]]:
        return self._changed_by(self.theirs)

    def _changed_by(self, side: GraphSide) -> dict[int, set[str]]:
        """Return the keys that may have changed on a side since both forked, by type."""
        return by_type(changed(side, self._fork) | loaded(self.base, side, self._fork))

    def _check_names(self, merged: GraphSchema) -> None:
        names: dict[str, int] = {}
        for each in merged.live:
            if names.setdefault(each.name, each.id) != each.id:
                reason = "each branch has a type of its own by this name"
                self.left.append(RowConflict(kind="schema", path=each.name, type=each.name, reason=reason))

    # --- the rows

    def _merge_rows(self, type_id: int, keys: set[str]) -> None:
        base, ours, theirs = (rows.rows(type_id, keys) for rows in (self.common, self.ours.rows, self.theirs.rows))
        # Each by itself would be a look-up.
        self._overlay.has_read(type_id, {key: ours.get(key) for key in keys})
        for key in sorted(keys):
            b, o, t = base.get(key), ours.get(key), theirs.get(key)
            if same(t, b) or same(o, t):
                continue
            merged = t if same(o, b) else self._merged_row(b, o, t)
            if merged is None and o is not None:
                self._overlay.remove(o)
            elif merged is not None and not same(merged, o):
                self._overlay.put(merged)

    def _merged_row(self, base: StoredRow | None, ours: StoredRow | None, theirs: StoredRow | None) -> StoredRow | None:
        """Return what becomes of a row that both changed."""
        if ours is not None and theirs is not None:
            data = merged_data(base.data if base else None, ours.data, theirs.data)
            if data is not None:
                return StoredRow(ours.type_id, ours.key, ours.src, ours.dst, data)
        conflict = self._conflict(ours, theirs)
        return {"ours": ours, "theirs": theirs, None: ours}[self._choice(conflict)]

    def _conflict(self, ours: StoredRow | None, theirs: StoredRow | None) -> RowConflict:
        row = ours or theirs
        assert row is not None
        kind = self._schema.schema.type_of(row.type_id)
        return RowConflict(
            kind="edited" if ours and theirs else "removed",
            path=f"{kind.name} {row.key}",
            type=kind.name,
            reason="both changed it" if ours and theirs else "one removed it, the other changed it",
            ours=self._told(self.ours, ours),
            theirs=self._told(self.theirs, theirs),
            ancestor=self._told(self.base, self.base.rows.rows(row.type_id, [row.key]).get(row.key)),
        )

    def _told(self, side: GraphSide, row: StoredRow | None) -> dict[str, Any] | None:
        return side.codecs.values(row) if row is not None else None

    def _choice(self, conflict: RowConflict) -> Side | None:
        said = self.choose(conflict)
        (self.left if said is None else self.settled).append(conflict)
        return said

    # --- both together

    def _check(self) -> None:
        """Note what the two sides break together, which neither did alone."""
        if self.left:
            # Against what is unsettled nothing can be held.
            return
        also = list(self._under_new_types())
        for error in (*left_behind(self._overlay, self._schema.schema), *self._broken(also)):
            reason = error.message
            self.left.append(RowConflict(kind="rule", path=error.path, type=error.path.split(" ")[0], reason=reason))

    def _broken(self, also: list[StoredRow]) -> Iterator[HoldfastError]:
        yield from broken(self._overlay, self._schema.schema, also)
        taken = [edit.after for edit in self._overlay.edits() if edit.after is not None]
        for row in [*taken, *also]:
            kind = self._schema.schema.type_of(row.type_id)
            try:
                self._schema.stored(kind, self._schema.values(row))
            except InvalidRow as error:
                yield error

    def _under_new_types(self) -> Iterator[StoredRow]:
        """Yield the rows that ours changed of types that theirs changed: what these ask was not asked of them."""
        old = {each.id: each for each in self.ours.schema.types}
        new = {each.id for each in self._schema.schema.live if old.get(each.id) not in (None, each)}
        for type_id, keys in by_type(changed(self.ours, self._fork)).items():
            if type_id in new:
                yield from self._overlay.rows(type_id, keys).values()


def merged_data(
    base: Mapping[str, Any] | None, ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the data of a row with the values of each side that it alone changed; None when both changed one.

    Of a row that both made anew no value may differ. What it rests on is a set, and never in the way.
    """
    names = {*(base or ()), *ours, *theirs} - {SOURCES}
    values = _merged_values(base or {}, ours, theirs, names)
    if values is None or (base is None and any(not alike(ours.get(n), theirs.get(n)) for n in names)):
        return None
    return with_sources(values, merged(base or {}, ours, theirs))


def _merged_values(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any], names: Iterable[str]
) -> dict[str, Any] | None:
    data: dict[str, Any] = {}
    for name in sorted(names):
        b, o, t = (side.get(name, ABSENT) for side in (base, ours, theirs))
        if not (alike(o, b) or alike(o, t) or alike(t, b)):
            return None
        value = o if alike(t, b) else t
        if value is not ABSENT:
            data[name] = value
    return data
