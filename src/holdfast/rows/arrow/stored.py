"""What is stored for values as columns of Arrow, and back as JSON."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from holdfast.json_values import canonical
from holdfast.rows.schema import values
from holdfast.rows.schema.types import PropertyType, ValueKind

_TYPES: dict[ValueKind, pa.DataType] = {
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", "UTC"),
}


def arrow_type(kind: PropertyType) -> pa.DataType:
    """Return the type of a column with what is stored for the values of a property; JSON is text there."""
    if kind.kind == "vector":
        return pa.list_(pa.float32(), kind.dimensions)
    if kind.item:
        return pa.list_(arrow_type(kind.item))
    return _TYPES.get(kind.kind, pa.string())


def column(kind: PropertyType, stored: Iterable[Any]) -> pa.Array:
    """Return a column of what is stored for some values, None for none."""
    return pa.array([None if each is None else _cell(kind, each) for each in stored], arrow_type(kind))


def _cell(kind: PropertyType, stored: Any) -> Any:
    if kind.item:
        return [_cell(kind.item, each) for each in stored]
    if kind.kind == "json":
        return canonical(stored)
    return values.decoded(kind, stored) if kind.kind in ("date", "datetime") else values.settled(kind, stored)


def stored_values(kind: PropertyType, cells: pa.Array) -> list[Any]:
    """Return what is stored for the values of a column, as JSON; of one that was narrower too."""
    return [None if each is None else _stored(kind, each) for each in cells.to_pylist()]


def _stored(kind: PropertyType, cell: Any) -> Any:
    if kind.item:
        return [_stored(kind.item, each) for each in cell]
    if kind.kind == "json":
        return json.loads(cell)
    return values.encoded(kind, cell) if isinstance(cell, date | datetime) else values.settled(kind, cell)
