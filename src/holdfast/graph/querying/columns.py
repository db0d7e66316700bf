"""Rows of a base as a cache has them, column by column; what no column tells is left to be read row by row."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.graph.querying.contents import AT_ONCE, KEY
from holdfast.rows.arrow import stored
from holdfast.rows.bases import shape
from holdfast.rows.schema.codec import FROM, TO
from holdfast.rows.schema.types import GraphSchema, PropertySchema, PropertyType, TypeSchema

_TEXT = PropertyType(kind="text")
#: whose texts in a key are values, or are cast to some
_KEYS = ("text", "enum", "int")


@dataclass(frozen=True, slots=True)
class PartOfBase:
    """Some rows of a base."""

    table: pa.Table
    #: rows that are to be read one by one
    others: tuple[pa.RecordBatch, ...]


class BaseColumns:
    """Reads the columns of the bases of one type."""

    def __init__(self, schema: GraphSchema, kind: TypeSchema) -> None:
        self._kind = kind
        self._ends: list[tuple[str, str, PropertyType | None]] = []
        if kind.kind == "edge":
            nodes = zip((FROM, TO), (shape.SRC, shape.DST), schema.endpoints(kind), strict=True)
            self._ends = [(name, column, _key_type(node)) for name, column, node in nodes]

    def parts(self, batches: Iterable[pa.RecordBatch], known: Collection[str]) -> Iterator[PartOfBase]:
        """Yield the rows of a base without those whose keys are known."""
        keys, waiting, rows = pa.array(list(known), pa.string()), [], 0
        for batch in batches:
            waiting.append(batch)
            rows += batch.num_rows
            if rows >= AT_ONCE:
                yield self._part(pa.Table.from_batches(waiting), keys)
                waiting, rows = [], 0
        if waiting:
            yield self._part(pa.Table.from_batches(waiting), keys)

    def _part(self, rows: pa.Table, known: pa.Array) -> PartOfBase:
        if len(known):
            rows = rows.filter(pc.invert(pc.is_in(rows[shape.KEY], value_set=known)))
        plain = rows[shape.EXTRA].is_null()
        told, others = rows.filter(plain), rows.filter(pc.invert(plain))
        try:
            return PartOfBase(self._shown(told), tuple(others.to_batches()))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            # A column that was made when the property was of another type.
            return PartOfBase(rows.slice(0, 0), tuple(rows.to_batches()))

    def _shown(self, rows: pa.Table) -> pa.Table:
        columns = {name: _end(rows[column], wanted) for name, column, wanted in self._ends}
        columns |= {each.name: _cells(rows, each) for each in self._kind.live}
        return pa.table({**columns, KEY: rows[shape.KEY]})


def _key_type(node: TypeSchema) -> PropertyType | None:
    """Return what the key of a node is in a column of ends; None for one that is read row by row."""
    if len(node.keys) > 1:
        return _TEXT
    return node.keys[0].type if node.keys[0].type.kind in _KEYS else None


def _end(keys: pa.ChunkedArray, wanted: PropertyType | None) -> pa.ChunkedArray:
    if wanted is None:
        raise pa.ArrowNotImplementedError("a key of this type is read row by row")
    return keys.cast(stored.arrow_type(wanted))


def _cells(rows: pa.Table, asked: PropertySchema) -> pa.ChunkedArray:
    kind, name = stored.arrow_type(asked.type), shape.column_of(asked.id)
    if name in rows.schema.names:
        found = rows[name]
        if found.type != kind:
            raise pa.ArrowNotImplementedError("a column of another type is read row by row")
    else:
        found = pa.chunked_array([pa.nulls(rows.num_rows, kind)])
    if asked.initial is not None and found.null_count:
        filling = stored.column(asked.type, [asked.initial])[0]
        found = pc.fill_null(found, filling)
    if asked.type.scalar.kind == "decimal":
        found = found.cast(pa.list_(pa.float64()) if asked.type.item else pa.float64())
    return found
