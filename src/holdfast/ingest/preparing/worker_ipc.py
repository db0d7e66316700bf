"""What goes through the pipe between the add and its workers: plain tuples, which pickle ten times as fast as objects.

Search rows go as columns, their vectors as one run of bytes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from holdfast.catalog.contents import Rendition
from holdfast.catalog.search_rows import TailRow
from holdfast.ingest.items import FailedFile, Item, Outcome, Prepared

_COLUMNS = ("ordinal", "heading", "text", "terms", "start", "end", "page")


def pack_item(item: Item) -> tuple[Any, ...]:
    """Return an item as a plain tuple."""
    return (
        item.order,
        str(item.source),
        item.origin,
        item.path,
        item.size,
        item.mtime_ns,
        item.media_type,
        None,
        item.identity,
    )


def unpack_item(packed: tuple[Any, ...]) -> Item:
    """Return the item that `pack_item` packed."""
    order, source, *rest = packed
    return Item(order, Path(source), *rest)


def pack(outcome: Outcome) -> tuple[Any, ...]:
    """Return an outcome as a plain tuple."""
    if isinstance(outcome, FailedFile):
        return outcome.code, outcome.reason, outcome.seconds
    return (
        outcome.content_id,
        outcome.size,
        outcome.media_type,
        outcome.data,
        outcome.stamp,
        _pack_rendition(outcome.rendition),
        outcome.rendered,
        _pack_rows(outcome.rows),
        outcome.embedder,
        outcome.seconds,
    )


def unpack(packed: tuple[Any, ...]) -> Outcome:
    """Return the outcome that `pack` packed."""
    if len(packed) == 3:
        return FailedFile(*packed)
    content_id, size, media_type, data, stamp, rendition, rendered, rows, embedder, seconds = packed
    return Prepared(
        content_id=content_id,
        size=size,
        media_type=media_type,
        data=data,
        stamp=stamp,
        rendition=rendition and Rendition(*rendition),
        rendered=rendered,
        rows=_unpack_rows(content_id, *rows),
        embedder=embedder,
        seconds=seconds,
    )


def _pack_rendition(rendition: Rendition | None) -> tuple[Any, ...] | None:
    if rendition is None:
        return None
    return (
        rendition.content_id,
        rendition.kind,
        rendition.deriver,
        rendition.deriver_version,
        rendition.rendered_id,
        rendition.title,
        rendition.meta,
    )


def _pack_rows(rows: Sequence[TailRow]) -> tuple[list[list[Any]], bytes]:
    columns = [[getattr(row, name) for row in rows] for name in _COLUMNS]
    return columns, b"".join(row.vector for row in rows)


def _unpack_rows(content_id: str, columns: list[list[Any]], vectors: bytes) -> tuple[TailRow, ...]:
    count = len(columns[0])
    width = len(vectors) // count if count else 0
    return tuple(
        TailRow(
            row_id=0,
            content_id=content_id,
            ordinal=ordinal,
            heading=heading,
            text=text,
            terms=terms,
            start=start,
            end=end,
            page=page,
            vector=vectors[at * width : (at + 1) * width],
        )
        for at, (ordinal, heading, text, terms, start, end, page) in enumerate(zip(*columns, strict=True))
    )
