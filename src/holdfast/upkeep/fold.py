"""Folding the tail into the search table: one append and one index segment, published with the emptied tail.

The seam does not show: the rows are the same before and after, and both sides are scored alike (index/bm25.py).
"""

from collections import Counter

from holdfast.backend import Backend
from holdfast.catalog import search_rows
from holdfast.catalog.engine import Connection
from holdfast.catalog.search_rows import TailRow
from holdfast.faults import point
from holdfast.index.lance import segments
from holdfast.publish.publication import StagingOutdated, begun, retrying


def fold(backend: Backend, *, least: int = 1) -> int:
    """Move the tail into the table when it has at least `least` rows; returns how many rows were moved."""
    return retrying(lambda: _fold_once(backend, least), otherwise=lambda: 0)


def _fold_once(backend: Backend, least: int) -> int:
    if _tail_length(backend) < max(1, least):
        return 0
    live = backend.tables.live
    with begun(backend, "fold", "upkeep", tables=True) as publication:
        base = publication.base(live)
        with backend.engine.read() as conn:
            rows = search_rows.tail_since(conn, backend.embedder, 0)
        if not rows:
            return 0
        appended = live.append(base, rows).version
        # Rows without a segment of their own would be scanned by every search: fold with the index, never without.
        publication.pin(live, segments.index_text(live.table, appended))
        point("fold.before_publish")
        with publication.publish() as conn:
            _take_from_tail(conn, backend, rows)
    return len(rows)


def _take_from_tail(conn: Connection, backend: Backend, rows: list[TailRow]) -> None:
    """Drop rows from the tail, as they are in the table; raises StagingOutdated when some were gone already."""
    if search_rows.drop_tail(conn, backend.embedder, rows[-1].row_id) != len(rows):
        # Garbage collection took them meanwhile: they must not come back.
        raise StagingOutdated
    chunks = Counter(row.content_id for row in rows)
    search_rows.set_place(conn, backend.embedder, search_rows.TABLE, chunks.items())


def _tail_length(backend: Backend) -> int:
    with backend.engine.read() as conn:
        return search_rows.tail_bounds(conn, backend.embedder)[2]
