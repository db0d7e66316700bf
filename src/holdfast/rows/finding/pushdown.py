"""What a filter of rows asks of the table of a base, in Lance's SQL: all rows that meet it, and perhaps others.

A row with something in `extra` may hold other values than its columns say, so it is always looked at.
"""

import math
from typing import TYPE_CHECKING, Any

from holdfast.filters import COMPARISONS
from holdfast.host.importing import importing
from holdfast.json_values import WHOLE
from holdfast.rows.bases import shape
from holdfast.rows.finding.matching import AllOfRow, AnyOfRow, NotOfRow, RowFilter, RowNode, RowTest
from holdfast.rows.schema.codec import FROM
from holdfast.rows.schema.types import PropertySchema, ValueKind

if TYPE_CHECKING:
    import pyarrow as pa

#: whose columns hold values in an order and an equality of SQL that are those of the values
_PUSHED: frozenset[ValueKind] = frozenset({"text", "file", "enum", "int", "float", "bool", "date", "datetime"})
_WRITTEN = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}


def predicate_of(wanted: RowFilter, columns: "pa.Schema") -> str | None:
    """Return the predicate that rows of a table which meet a filter meet; None when nothing can be asked of it."""
    found = _asked(wanted.root, columns) if wanted.root is not None else None
    return None if found is None else f"({found}) OR {shape.EXTRA} IS NOT NULL"


def _asked(node: RowNode, columns: "pa.Schema") -> str | None:
    if isinstance(node, RowTest):
        return _end(node) if node.property is None else _property(node, node.property, columns)
    if isinstance(node, NotOfRow):
        return _negated(node.part, columns)
    parts = [_asked(part, columns) for part in node.parts]
    if isinstance(node, AllOfRow):
        return " AND ".join(f"({part})" for part in parts if part is not None) or None
    assert isinstance(node, AnyOfRow)
    return " OR ".join(f"({part})" for part in parts if part is not None) if None not in parts else None


def _negated(part: RowNode, columns: "pa.Schema") -> str | None:
    """Return what stands for that something is missing; other negations are evaluated row by row."""
    if not isinstance(part, RowTest) or part.operator != "$exists" or part.property is None:
        return None
    name = shape.column_of(part.property.id)
    return f"{name} IS NULL" if name in columns.names and part.property.initial is None else None


def _end(test: RowTest) -> str | None:
    if test.operator == "$exists":
        return None
    column = shape.SRC if test.end == FROM else shape.DST
    return f"{column} IN ({', '.join(shape.quoted(each) for each in test.wanted)})" if test.wanted else "false"


def _property(test: RowTest, asked: PropertySchema, columns: "pa.Schema") -> str | None:
    name = shape.column_of(asked.id)
    # Where nothing is held the value is the one that the property came with.
    if name not in columns.names or asked.initial is not None:
        return None
    if test.operator == "$exists":
        return f"{name} IS NOT NULL"
    if asked.type.kind not in _PUSHED:
        return None
    if test.operator in COMPARISONS:
        return _compared(test.operator, test.wanted[0], columns.field(name))
    return _equal(test, columns.field(name))


def _compared(operator: str, limit: Any, column: "pa.Field[object]") -> str | None:
    written = _WRITTEN[operator]
    if isinstance(limit, float) and _whole(column):
        # Lance would cut the fraction off: above 9.5 is what is at least 10.
        whole, limit = limit.is_integer(), math.ceil(limit) if operator in ("$gt", "$gte") else math.floor(limit)
        written = written if whole else f"{written[0]}="
    if isinstance(limit, int) and not isinstance(limit, bool) and limit not in WHOLE:
        return None
    literal = shape.literal(column, limit)
    return None if literal is None else f"{column.name} {written} {literal}"


def _equal(test: RowTest, column: "pa.Field[object]") -> str | None:
    values = [each for each in test.wanted if each is not None]
    # A base may have been made when the property was of whole numbers.
    written = [
        shape.literal(column, int(each) if isinstance(each, float) and each.is_integer() and _whole(column) else each)
        for each in values
    ]
    if None in written and not _whole(column):
        return None
    parts = [f"{column.name} IN ({', '.join(said)})"] if (said := [each for each in written if each]) else []
    parts += [f"{column.name} IS NULL"] if len(values) < len(test.wanted) else []
    return " OR ".join(parts) or "false"


def _whole(column: "pa.Field[object]") -> bool:
    with importing():
        import pyarrow as pa

    return bool(pa.types.is_integer(column.type))
