"""A whole graph as one file: its types in the first line, then its rows, the same bytes for the same graph."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.host import disk
from holdfast.json_values import canonical
from holdfast.rows.differences import GraphSide
from holdfast.rows.graph_rows import TYPE
from holdfast.rows.schema import values
from holdfast.rows.schema.codec import FROM, TO, held_value, key_value
from holdfast.rows.schema.documents import schema_said
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.sources import SOURCES, held, shape
from holdfast.rows.stored import StoredRow

#: what the first line has besides the schema: the format of the file, and how many rows of each type follow
MARK, SCHEMA, ROWS = "holdfast_graph", "schema", "rows"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What an export wrote."""

    #: rows by name of type
    rows: dict[str, int]
    #: the commit that they stand at
    commit: int


def export(side: GraphSide, path: Path) -> ExportReport:
    """Write a graph into a file, which is there as a whole or as it was before."""
    kinds = in_order(side.schema)
    rows = {kind.name: side.rows.count(kind.id) for kind in kinds}
    said = schema_said(side.schema, kinds)
    first = json.dumps({MARK: FORMAT, ROWS: rows, SCHEMA: said}, ensure_ascii=False)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(first + "\n")
            for kind in kinds:
                file.writelines(_line(side.schema, kind, row) for row in side.rows.sorted(kind.id))
        disk.fsync_file(draft)
        draft.replace(path)
        disk.fsync_dir(path.absolute().parent)
    except OSError as error:
        raise disk.explain(error, str(path)) from error
    finally:
        draft.unlink(missing_ok=True)
    return ExportReport(rows=rows, commit=side.rows.seq)


def in_order(schema: GraphSchema) -> list[TypeSchema]:
    """Return the types, those of nodes first, by their names."""
    return sorted(schema.live, key=lambda kind: (kind.kind == "edge", kind.name))


def _line(schema: GraphSchema, kind: TypeSchema, row: StoredRow) -> str:
    said = {TYPE: kind.name, **dict(_ends(schema, kind, row))}
    for each in kind.live:
        value = held_value(each, row.data)
        if value is not None:
            said[each.name] = value
    # Two files of one path and content are one source where nobody knows these files.
    sources = sorted({canonical(shape(each)) for each in held(row.data)})
    if sources:
        said[SOURCES] = [json.loads(each) for each in sources]
    return canonical(said) + "\n"


def _ends(schema: GraphSchema, kind: TypeSchema, row: StoredRow) -> Iterator[tuple[str, Any]]:
    if kind.kind == "edge":
        for name, node, key in zip((FROM, TO), schema.endpoints(kind), (row.src, row.dst), strict=True):
            yield name, _key(node, key)


def _key(node: TypeSchema, key: str | None) -> Any:
    value = key_value(node, key)
    parts = [value] if len(node.keys) == 1 else value
    stored = [values.encoded(each.type, part) for each, part in zip(node.keys, parts, strict=True)]
    return stored[0] if len(stored) == 1 else stored
