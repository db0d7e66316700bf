"""What a cache holds of a graph: tables of rows, and what changed from one commit to another."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.catalog.graph import bases, log
from holdfast.catalog.graph.log import LogSpan
from holdfast.errors import HoldfastError
from holdfast.host.importing import importing
from holdfast.rows.bases.reading import LanceBase
from holdfast.rows.differences import GraphSide
from holdfast.rows.finding.tables import table_of
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.stored import StoredRow
from holdfast.tree.snapshot import resolve

if TYPE_CHECKING:
    import pyarrow as pa

#: what rows are told apart by in a cache; no property can be called so
KEY = "_key"
#: changed rows up to which a cache is refreshed; with more it is made anew
REFRESHED = 2_000
#: rows that are put into a cache at once
AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """What became of some rows of one type."""

    kind: TypeSchema
    #: of the rows that changed, also of those that are there no longer
    keys: tuple[str, ...]
    standing: tuple[StoredRow, ...]


def tables(side: GraphSide, kind: TypeSchema) -> "Iterator[pa.Table]":
    """Yield the rows of a type, so many at once, with their keys as `_key`; at least one table, if of no rows."""
    said, base = side.rows.logged(kind.id)
    yield keyed(side, kind, [row for row in said.values() if row is not None])
    if base is None:
        return
    with importing():
        from holdfast.graph.querying.columns import BaseColumns

    assert isinstance(base, LanceBase)
    columns, rest = BaseColumns(side.schema, kind), []
    for part in columns.parts(base.batches(), said):
        if part.table.num_rows:
            yield part.table
        rest += [row for each in part.others for row in base.shown(each)]
        if len(rest) >= AT_ONCE:
            yield keyed(side, kind, rest)
            rest = []
    if rest:
        yield keyed(side, kind, rest)


def keyed(side: GraphSide, kind: TypeSchema, rows: list[StoredRow]) -> "pa.Table":
    """Return rows as a table with their keys; decimals as numbers, with which an engine can calculate."""
    with importing():
        import pyarrow as pa

    found = table_of(side.codecs, kind, rows)
    for each in kind.live:
        if each.type.scalar.kind == "decimal":
            place = found.schema.get_field_index(each.name)
            wanted = pa.list_(pa.float64()) if each.type.item else pa.float64()
            cells = [_number(cell) for cell in found.column(place).to_pylist()]
            found = found.set_column(place, each.name, pa.array(cells, wanted))
    return found.append_column(KEY, pa.array([row.key for row in rows], pa.string()))


def _number(cell: Any) -> Any:
    if isinstance(cell, list):
        return [float(each) for each in cell]
    return None if cell is None else float(cell)


def changed_between(side: GraphSide, commit: int) -> list[ChangedRows] | None:
    """Return what is another at a side than at a commit of its branch; None when it takes less to read all anew."""
    rows = side.rows
    span = LogSpan(rows.branch, min(commit, rows.seq), max(commit, rows.seq))
    with rows.read() as conn:
        try:
            # Of a commit that gc has taken the log does not tell all any more.
            resolve(conn, rows.branch, commit)
        except HoldfastError:
            return None
        if bases.loaded(conn, rows.branch, span.after, span.until):
            return None
        said = log.said(conn, span, REFRESHED + 1)
    if len(said) > REFRESHED:
        return None
    keys: dict[int, dict[str, None]] = {}
    for row in said:
        keys.setdefault(row.type_id, {})[row.key] = None
    return [
        ChangedRows(kind, tuple(keys[kind.id]), tuple(rows.rows(kind.id, keys[kind.id]).values()))
        for kind in side.schema.live
        if kind.id in keys
    ]
