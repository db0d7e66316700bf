"""Rows as tables of Arrow: a column for each property, by name; of edges `from` and `to` too."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from holdfast.catalog.graph.log import End
from holdfast.host.importing import importing
from holdfast.rows.graph_rows import Codecs
from holdfast.rows.schema import values
from holdfast.rows.schema.codec import FROM, TO, held_value, key_value
from holdfast.rows.schema.types import PropertyType, TypeSchema
from holdfast.rows.stored import StoredRow

if TYPE_CHECKING:
    import pyarrow as pa

_TEXT = PropertyType(kind="text")
ENDS: tuple[End, End] = ("src", "dst")


def table_of(codecs: Codecs, kind: TypeSchema, rows: Iterable[StoredRow]) -> "pa.Table":
    """Return rows of a type as a table: keys of several properties and JSON as texts, and decimals too."""
    with importing():
        import pyarrow as pa

        from holdfast.rows.arrow.stored import column

    there = list(rows)
    columns: dict[str, Any] = {}
    if kind.kind == "edge":
        for name, node, end in zip((FROM, TO), codecs.schema.endpoints(kind), ENDS, strict=True):
            keys = [_stored_key(node, row.end(end)) for row in there]
            columns[name] = column(node.keys[0].type if len(node.keys) == 1 else _TEXT, keys)
    for each in kind.live:
        columns[each.name] = column(each.type, [held_value(each, row.data) for row in there])
    return pa.table(columns)


def _stored_key(node: TypeSchema, key: str | None) -> Any:
    """Return what is stored for the key of a node; the whole of it as text where it has several properties."""
    return key if len(node.keys) > 1 else values.encoded(node.keys[0].type, key_value(node, key))
