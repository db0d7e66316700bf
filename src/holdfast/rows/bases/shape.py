"""The columns that rows of a type have in a table, and rows as such columns.

What a property has stored for it is a column of its own: text, numbers, truths, dates, moments, lists and vectors as
such, decimals and JSON as text. What no column can hold stands in `extra`: that a value was
taken away which rows of before have, and values of properties that the table's shape does not know.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing
from holdfast.index.tables import LENGTH, TERMS, VECTOR
from holdfast.json_values import canonical
from holdfast.rows.schema import values
from holdfast.rows.schema.types import PropertySchema, PropertyType, TypeSchema
from holdfast.rows.stored import StoredRow

if TYPE_CHECKING:
    import pyarrow as pa

KEY, SRC, DST, EXTRA, SEQ = "key", "src", "dst", "extra", "seq"
#: what only searches read
SEARCHED = (TERMS, LENGTH, VECTOR)
#: columns that are of no property
_OTHERS = (KEY, SRC, DST, EXTRA, SEQ, *SEARCHED)
#: says in a column's metadata that its texts are JSON
_JSON = b"holdfast.json"
#: characters of a hash that tell the shapes of one type apart
_DIGITS = 12
_DATE, _MOMENT = PropertyType(kind="date"), PropertyType(kind="datetime")


def column_of(property_id: int) -> str:
    """Return the column of a property."""
    return f"p{property_id}"


def schema_of(kind: TypeSchema) -> "pa.Schema":
    """Return the columns that rows of a type have in a table made today."""
    with importing():
        import pyarrow as pa

    ends = [pa.field(SRC, pa.string()), pa.field(DST, pa.string())] if kind.kind == "edge" else []
    own = [_field(each) for each in kind.properties]
    return pa.schema([pa.field(KEY, pa.string()), *ends, *own, pa.field(EXTRA, pa.string()), pa.field(SEQ, pa.int64())])


def table_name(kind: TypeSchema, more: object = None) -> str:
    """Return the name of the table that holds rows of a type in the columns of today, and what `more` tells of them."""
    # Not the text of the Arrow schema, which another version may print in other words.
    own = [[each.id, str(each.type)] for each in kind.properties]
    said = canonical(own if more is None else [own, more])
    return f"graph-{kind.id}-{hashlib.blake2b(said.encode()).hexdigest()[:_DIGITS]}"


def is_row_column(name: str) -> bool:
    """Return whether a column of a table is one of the rows' own, and not what is derived of them."""
    return name in (KEY, SRC, DST, EXTRA, SEQ) or re.fullmatch(r"p\d+", name) is not None


def ordered_by(columns: list[str]) -> list[str]:
    """Return the columns of a table that ordered copies are made by: a key of an edge begins with its source."""
    return [SRC, DST] if SRC in columns else [KEY]


def indexed_columns(kind: TypeSchema) -> list[str]:
    """Return the columns that rows of a type are looked up by."""
    ends = [SRC, DST] if kind.kind == "edge" else []
    found = [each for each in kind.live if (each.unique or each.index) and is_looked_up(each.type)]
    return [KEY, *ends, *(column_of(each.id) for each in found)]


def is_looked_up(wanted: PropertyType) -> bool:
    """Return whether a column of such values can be looked up in."""
    return wanted.kind not in ("json", "vector", "list")


def encoded_rows(kind: TypeSchema, rows: Sequence[StoredRow]) -> "pa.RecordBatch":
    """Return rows as a table of today holds them."""
    with importing():
        import pyarrow as pa

        from holdfast.rows.arrow import stored

    schema = schema_of(kind)
    columns: dict[str, Any] = {
        KEY: [row.key for row in rows],
        EXTRA: [_extra(kind, row.data) for row in rows],
        SEQ: [row.seq for row in rows],
    }
    if kind.kind == "edge":
        columns |= {SRC: [row.src for row in rows], DST: [row.dst for row in rows]}
    for each in kind.properties:
        columns[column_of(each.id)] = stored.column(each.type, [row.data.get(str(each.id)) for row in rows])
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def decoded_rows(
    type_id: int, rows: "pa.Table | pa.RecordBatch", commit_of: Callable[[int], int] = int
) -> Iterator[StoredRow]:
    """Yield the rows that some columns of a table hold, `commit_of` told what stands for the commit of each."""
    named = {name: rows[name].to_pylist() for name in rows.schema.names}
    nothing = [None] * rows.num_rows
    own = [(name[1:], _plain(rows.schema.field(name), said)) for name, said in named.items() if name not in _OTHERS]
    sources, targets = named.get(SRC, nothing), named.get(DST, nothing)
    for i, key in enumerate(named[KEY]):
        data = {name: said[i] for name, said in own if said[i] is not None}
        if named[EXTRA][i] is not None:
            data |= json.loads(named[EXTRA][i])
        yield StoredRow(type_id, key, sources[i], targets[i], data, commit_of(named[SEQ][i]))


def quoted(text: str) -> str:
    """Return a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def literal(column: "pa.Field[Any]", value: Any) -> str | None:
    """Return a stored value as SQL has it; None when no value of the column is equal to it."""
    with importing():
        import pyarrow as pa

    if isinstance(value, str) and pa.types.is_string(column.type) and not (column.metadata or {}).get(_JSON):
        return quoted(value)
    if isinstance(value, str) and (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)):
        return _moment(column, value)
    if isinstance(value, bool):
        return str(value).lower() if pa.types.is_boolean(column.type) else None
    if isinstance(value, int) and pa.types.is_integer(column.type):
        # The least of all has a sign that SQL takes for a minus before a number which is too large.
        return str(value) if value > -(2**63) else f"({value + 1} - 1)"
    if isinstance(value, int | float) and pa.types.is_floating(column.type):
        return f"CAST('{float(value)!r}' AS DOUBLE)"
    return None


def _moment(column: "pa.Field[Any]", text: str) -> str | None:
    with importing():
        import pyarrow as pa

    is_date = pa.types.is_date(column.type)
    try:
        known = values.encoded(_DATE if is_date else _MOMENT, text)
    except values.Refused:
        return None
    return f"CAST('{known}' AS DATE)" if is_date else f"arrow_cast('{known}', 'Timestamp(Microsecond, Some(\"UTC\"))')"


def _field(each: PropertySchema) -> "pa.Field[Any]":
    with importing():
        import pyarrow as pa

        from holdfast.rows.arrow.stored import arrow_type

    said = {_JSON: b"1"} if each.type.scalar.kind == "json" else None
    return pa.field(column_of(each.id), arrow_type(each.type), metadata=said)


def _extra(kind: TypeSchema, data: Mapping[str, Any]) -> str | None:
    known = {str(each.id) for each in kind.properties}
    rest = {name: value for name, value in data.items() if value is None or name not in known}
    return canonical(rest) if rest else None


def _plain(column: "pa.Field[Any]", said: Iterable[Any]) -> list[Any]:
    if (column.metadata or {}).get(_JSON):
        return [_parsed(value) for value in said]
    return list(said) if _is_plain(column) else [_stored(value) for value in said]


def _is_plain(column: "pa.Field[Any]") -> bool:
    """Return whether JSON has the values of a column as Python has them."""
    with importing():
        import pyarrow as pa

    is_one = (pa.types.is_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    return any(is_so(column.type) for is_so in is_one)


def _stored(value: Any) -> Any:
    if isinstance(value, date):
        return values.encoded(_MOMENT if isinstance(value, datetime) else _DATE, value)
    return [_stored(each) for each in value] if isinstance(value, list) else value


def _parsed(value: Any) -> Any:
    if isinstance(value, list):
        return [_parsed(each) for each in value]
    return None if value is None else json.loads(value)
