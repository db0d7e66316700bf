"""Folding the tail into the search table: one append and one index segment, published with the emptied tail.

The seam does not show: the rows are the same before and after, and both sides are scored alike (index/bm25.py).
"""

from holdfast.backend import Backend
from holdfast.catalog import search_rows
from holdfast.faults import point
from holdfast.index.lance import segments
from holdfast.upkeep.publish import Overtaken, move_pins, persistently, pinned, staging


def fold(backend: Backend, *, least: int = 1) -> int:
    """Move the tail into the table when it has at least `least` rows; returns how many rows were moved."""
    moved = 0

    def run() -> bool:
        nonlocal moved
        moved = _fold_once(backend, least)
        return moved > 0

    return moved if persistently(run) else 0


def _fold_once(backend: Backend, least: int) -> int:
    if _tail_length(backend) < max(1, least):
        return 0
    live = backend.tables.live
    with staging(backend, "fold") as intent_id:
        with backend.engine.read() as conn:
            old = pinned(conn, backend)
            rows = search_rows.tail_since(conn, backend.embedder, 0)
        if not rows:
            raise Overtaken
        appended = live.append(old[live.name], rows).version
        # Rows without a segment of their own would be scanned by every search: fold with the index, never without.
        version = segments.index_text(live.table, appended)
        point("fold.before_publish")
        with backend.engine.write() as conn:
            until = rows[-1].row_id
            if search_rows.drop_tail(conn, backend.embedder, until) != len(rows):
                # Garbage collection took some of the rows meanwhile: they must not come back.
                raise Overtaken
            chunks: dict[str, int] = {}
            for row in rows:
                chunks[row.content_id] = chunks.get(row.content_id, 0) + 1
            search_rows.set_place(conn, backend.embedder, search_rows.TABLE, chunks.items())
            move_pins(conn, backend, intent_id, old, {live.name: version})
    return len(rows)


def _tail_length(backend: Backend) -> int:
    with backend.engine.read() as conn:
        return search_rows.tail_bounds(conn, backend.embedder)[2]
