"""What a filter asks of the rows of a type: each value checked against its property, and told with its place."""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from holdfast.errors import InvalidRow, NotFound
from holdfast.filters import (
    COMPARISONS,
    Filter,
    FilterAll,
    FilterAny,
    FilterNot,
    FilterTest,
    Where,
    parsed_filter,
    refused,
)
from holdfast.rows.finding.matching import AllOfRow, AnyOfRow, NotOfRow, RowFilter, RowNode, RowTest
from holdfast.rows.graph_rows import Codecs
from holdfast.rows.schema import values
from holdfast.rows.schema.codec import FROM, TO
from holdfast.rows.schema.types import PropertySchema, PropertyType, TypeSchema, ValueKind
from holdfast.rows.schema.values import Refused

#: whose values have an order
_ORDERED: frozenset[ValueKind] = frozenset({"text", "file", "int", "float", "decimal", "date", "datetime"})
_NUMBERS: frozenset[ValueKind] = frozenset({"int", "float", "decimal"})


def row_filter(codecs: Codecs, kind: TypeSchema, where: Where | None) -> RowFilter:
    """Return what a filter asks of the rows of a type; raises Unsupported, InvalidRow or NotFound, with the place."""
    return RowFilter(kind, _Reading(codecs, kind).read(parsed_filter(where)) if where else None)


def names_in(where: Where) -> set[str]:
    """Return the names of the properties that a filter asks about."""
    return set(_names(parsed_filter(where))) if where else set()


class _Reading:
    """One filter, held against the properties of one type."""

    def __init__(self, codecs: Codecs, kind: TypeSchema) -> None:
        self._codecs = codecs
        self._kind = kind

    def read(self, each: Filter) -> RowNode:
        """Return what a filter asks of rows."""
        if isinstance(each, FilterTest):
            return self._test(each)
        if isinstance(each, FilterNot):
            return NotOfRow(self.read(each.part))
        parts = tuple(self.read(part) for part in each.parts)
        return AnyOfRow(parts) if isinstance(each, FilterAny) else AllOfRow(parts, each.together)

    def _test(self, test: FilterTest) -> RowTest:
        if self._kind.kind == "edge" and test.name in (FROM, TO):
            return self._endpoint(test)
        try:
            asked = self._kind.property_named(test.name)
        except NotFound as error:
            raise NotFound(f"{error.message}, in {test.place}", path=error.path, remedy=error.remedy) from None
        if test.operator == "$exists":
            return RowTest(asked, "", "$exists", ())
        if test.operator in COMPARISONS:
            return RowTest(asked, "", test.operator, (self._limit(test, asked),))
        wanted = test.operand if test.operator == "$in" else [test.operand]
        return RowTest(asked, "", test.operator, tuple(self._value(test, asked, each) for each in wanted))

    def _endpoint(self, test: FilterTest) -> RowTest:
        if test.operator in COMPARISONS:
            message = f"{test.operator} cannot be asked of {test.name}, which is the key of a node"
            raise refused(message, test.place, "Ask for it with $eq or $in")
        codec = self._codecs.of(self._codecs.schema.endpoints(self._kind)[test.name == TO])
        wanted = [] if test.operator == "$exists" else test.operand if test.operator == "$in" else [test.operand]
        return RowTest(None, test.name, test.operator, tuple(codec.key_of(each) for each in wanted))

    def _value(self, test: FilterTest, asked: PropertySchema, value: Any) -> Any:
        if value is None:
            return None
        kind = asked.type
        # A list is asked for as a whole, or by one of its items.
        by_item = kind.item is not None and not isinstance(value, list | tuple)
        return self._encoded(test, asked, kind.item if by_item and kind.item else kind, value)

    def _limit(self, test: FilterTest, asked: PropertySchema) -> Any:
        kind = asked.type.scalar
        if kind.kind not in _ORDERED:
            message = f"{test.operator} cannot be asked of {asked.name}: it is {asked.type}, which has no order"
            raise refused(message, test.place, "Ask for it with $eq, $in or $exists")
        value = test.operand
        if kind.kind in _NUMBERS and _is_finite_number(value):
            # Beyond what the property can be too: nothing is above it then, or everything.
            return Decimal(str(value)) if kind.kind == "decimal" else value
        return values.comparable(kind, self._encoded(test, asked, kind, value))

    def _encoded(self, test: FilterTest, asked: PropertySchema, kind: PropertyType, value: Any) -> Any:
        try:
            return values.encoded(kind, value)
        except Refused as refusal:
            given, place = values.shown(value), f"{self._kind.name}.{asked.name}"
            raise InvalidRow(
                f"{place} cannot be {given}: {refusal}, in {test.place}",
                path=test.place,
                remedy=f"Ask for a value of the type {asked.type}",
                field=asked.name,
                value=given,
                reason=str(refusal),
            ) from None


def _is_finite_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _names(each: Filter) -> Iterable[str]:
    if isinstance(each, FilterTest):
        yield each.name
    elif isinstance(each, FilterNot):
        yield from _names(each.part)
    elif isinstance(each, FilterAll | FilterAny):
        for part in each.parts:
            yield from _names(part)
