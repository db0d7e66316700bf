"""Filters of rows, held against the properties of one type: whether a row meets one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

from holdfast.filters import COMPARISONS
from holdfast.rows.schema import values
from holdfast.rows.schema.codec import FROM, held_value
from holdfast.rows.schema.types import PropertySchema, PropertyType, TypeSchema
from holdfast.rows.stored import StoredRow, alike

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"$gt": gt, "$gte": ge, "$lt": lt, "$lte": le}


@dataclass(frozen=True, slots=True)
class RowTest:
    """What is asked of one property of a row, or of an edge's endpoint."""

    #: None for an endpoint
    property: PropertySchema | None
    #: of an endpoint: `from` or `to`
    end: str
    operator: str
    #: what is stored for the values that are asked for; None for none. Of a comparison one, that can be compared
    wanted: tuple[Any, ...]

    def holds(self, row: StoredRow) -> bool:
        """Return whether a row meets it."""
        if self.property is None:
            return self.operator == "$exists" or row.end("src" if self.end == FROM else "dst") in self.wanted
        held = held_value(self.property, row.data)
        if self.operator == "$exists":
            return held is not None
        if self.operator in COMPARISONS:
            return any(self.compares(item) for item in self.items(held))
        return any(self._is_value(held, each) for each in self.wanted)

    def items(self, held: Any) -> Iterable[Any]:
        """Return what a comparison looks at of what is held: each item of a list."""
        assert self.property is not None
        if held is None:
            return ()
        return held if self.property.type.item else (held,)

    def compares(self, item: Any) -> bool:
        """Return whether one value keeps to a comparison."""
        assert self.property is not None
        return _COMPARE[self.operator](values.comparable(self.property.type.scalar, item), self.wanted[0])

    def _is_value(self, held: Any, wanted: Any) -> bool:
        assert self.property is not None
        if held is None or wanted is None:
            return held is wanted
        kind = self.property.type
        if kind.item and not isinstance(wanted, list):
            return any(_equal(kind.item, each, wanted) for each in held)
        return _equal(kind, held, wanted)


@dataclass(frozen=True, slots=True)
class RowFilter:
    """What is asked of the rows of one type: `root` is None where nothing is."""

    kind: TypeSchema
    root: "RowNode | None"

    def holds(self, row: StoredRow) -> bool:
        """Return whether a row meets it."""
        return self.root is None or _holds(self.root, row)

    def equalities(self) -> Mapping[str, Any]:
        """Return the one value that rows must have, by id of property, or by `from` and `to`."""
        found: dict[str, Any] = {}
        for test in _conjuncts(self.root):
            if test.operator == "$eq" and test.wanted[0] is not None:
                found[test.end or str(test.property.id if test.property else "")] = test.wanted[0]
        return found


@dataclass(frozen=True, slots=True)
class AllOfRow:
    """All of these hold."""

    parts: "tuple[RowNode, ...]"
    #: whether all comparisons are of one item, where a list is compared
    together: bool = False


@dataclass(frozen=True, slots=True)
class AnyOfRow:
    """At least one of these holds."""

    parts: "tuple[RowNode, ...]"


@dataclass(frozen=True, slots=True)
class NotOfRow:
    """Something does not hold."""

    part: "RowNode"


RowNode = RowTest | AllOfRow | AnyOfRow | NotOfRow


def _equal(kind: PropertyType, held: Any, wanted: Any) -> bool:
    if kind.kind == "json":
        return alike(held, wanted)
    return bool(values.comparable(kind, held) == values.comparable(kind, wanted))


def _holds(node: RowNode, row: StoredRow) -> bool:
    if isinstance(node, RowTest):
        return node.holds(row)
    if isinstance(node, NotOfRow):
        return not _holds(node.part, row)
    if isinstance(node, AnyOfRow):
        return any(_holds(part, row) for part in node.parts)
    if node.together:
        return _together(node.parts, row)
    return all(_holds(part, row) for part in node.parts)


def _together(parts: tuple[RowNode, ...], row: StoredRow) -> bool:
    """Return whether all that is asked of one property holds, all comparisons of one item where it is a list."""
    compared = [part for part in parts if isinstance(part, RowTest) and part.operator in COMPARISONS]
    rest = [part for part in parts if part not in compared]
    if compared and not _some_item(compared, row):
        return False
    return all(_holds(part, row) for part in rest)


def _some_item(compared: list[RowTest], row: StoredRow) -> bool:
    asked = compared[0].property
    assert asked is not None
    held = held_value(asked, row.data)
    return any(all(test.compares(item) for test in compared) for item in compared[0].items(held))


def _conjuncts(node: RowNode | None) -> Iterable[RowTest]:
    if isinstance(node, RowTest):
        yield node
    elif isinstance(node, AllOfRow):
        for part in node.parts:
            yield from _conjuncts(part)
