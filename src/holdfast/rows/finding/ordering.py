"""Rows of a type in an order: of key, or of a property and then of key."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import islice

from holdfast.errors import Unsupported
from holdfast.rows.schema import values
from holdfast.rows.schema.codec import held_value
from holdfast.rows.schema.types import PropertySchema, TypeSchema
from holdfast.rows.stored import StoredRow


@dataclass(frozen=True, slots=True)
class RowOrder:
    """In which order rows are given; those without a value come last, and equal ones in order of key."""

    #: None for the order of key alone
    by: PropertySchema | None
    #: whether the greatest comes first
    is_descending: bool

    def first(self, rows: Iterable[StoredRow], after: StoredRow | None, limit: int | None) -> Iterator[StoredRow]:
        """Yield the first `limit` rows that come after one."""
        key = cmp_to_key(self._compare)
        rest = rows if after is None else (row for row in rows if self._compare(row, after) > 0)
        if limit is None:
            return iter(sorted(rest, key=key))
        return islice(iter(heapq.nsmallest(limit, rest, key=key)), limit)

    def _compare(self, one: StoredRow, other: StoredRow) -> int:
        if self.by is not None:
            a, b = (held_value(self.by, row.data) for row in (one, other))
            if a is None or b is None:
                if (a is None) is not (b is None):
                    return 1 if a is None else -1
            elif found := self._values(self.by, a, b):
                return -found if self.is_descending else found
        return (one.key > other.key) - (one.key < other.key)

    def _values(self, by: PropertySchema, a: object, b: object) -> int:
        one, other = values.comparable(by.type, a), values.comparable(by.type, b)
        return int(one > other) - int(one < other)


def order_of(kind: TypeSchema, said: str) -> RowOrder:
    """Return the order that a name says, `-name` for the greatest first; raises NotFound or Unsupported."""
    if not said:
        return RowOrder(None, False)
    by = kind.property_named(said.removeprefix("-"))
    if by.type.kind == "json":
        raise Unsupported(f"{by.name} has no order: it is {by.type}", path=by.name, remedy="Order by another property")
    return RowOrder(by, said.startswith("-"))
