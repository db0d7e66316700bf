"""Rows one by one, as a table: of types that Arrow has none for, and of lines that have to be looked at."""

import pyarrow as pa

from holdfast.errors import InvalidRow
from holdfast.rows.arrow.stored import column
from holdfast.rows.arrow.tables import EncodedTable
from holdfast.rows.schema.codec import EncodedRow, RowCodec
from holdfast.rows.schema.tabular import BadRow
from holdfast.rows.sources import SOURCES


def encoded_rows(codec: RowCodec, found: list[EncodedRow], bad: list[BadRow], refused: int) -> EncodedTable:
    """Return a table of rows, with what is to be said of others."""
    edges = codec.kind.kind == "edge"
    return EncodedTable(
        key=pa.array([row.key for row in found], pa.string()),
        src=pa.array([row.src for row in found], pa.string()) if edges else None,
        dst=pa.array([row.dst for row in found], pa.string()) if edges else None,
        columns={
            str(each.id): column(each.type, [row.data.get(str(each.id)) for row in found]) for each in codec.kind.live
        },
        bad=bad,
        refused=refused,
        sources=_sources(found),
    )


def _sources(found: list[EncodedRow]) -> pa.Array | None:
    noted = [row.data.get(SOURCES) for row in found]
    return pa.array(noted, pa.string()) if any(noted) else None


def bad_row(line: int, type_name: str, error: InvalidRow) -> BadRow:
    """Return what is said of the row in a line."""
    return BadRow(line=line, type=type_name, field=error.field, value=error.value, reason=error.reason)
