"""Search rows with other vectors: text, headings and terms are carried over; what an embedder makes is made anew."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from holdfast.backend import Backend
from holdfast.catalog import contents, search_rows
from holdfast.catalog.moving import tail_rows
from holdfast.catalog.search_rows import TailRow
from holdfast.errors import HoldfastError
from holdfast.index.embedding.embedder import Embedder
from holdfast.index.tables import SearchTables
from holdfast.publish.publication import pinned

#: rows of contents, in order
RowsByContent = Mapping[str, list[TailRow]]


def rows_now(backend: Backend, tables: SearchTables, ids: Iterable[str]) -> dict[str, list[TailRow]]:
    """Return the rows of contents wherever they are, by content; to be called while an intent keeps the versions."""
    with backend.engine.read() as conn:
        places = search_rows.places(conn, tables.embedder, ids)
        versions = {table.name: pinned(conn, table) for table in tables.both}
        in_tail = tail_rows(conn, tables.embedder, [i for i, at in places.items() if at.place == search_rows.TAIL])
    found: dict[str, list[TailRow]] = defaultdict(list)
    for row in in_tail:
        found[row.content_id].append(row)
    for table, place in ((tables.live, search_rows.TABLE), (tables.history, search_rows.HISTORY)):
        here = sorted(i for i, at in places.items() if at.place == place and at.chunks)
        if here:
            for row in table.rows_of(versions[table.name], here):
                found[row.content_id].append(row)
    return {content_id: sorted(rows, key=lambda row: row.ordinal) for content_id, rows in found.items()}


def with_vectors(backend: Backend, embedder: Embedder, found: RowsByContent) -> list[TailRow]:
    """Return the rows of contents with the vectors that an embedder makes of them; asks it for all at once."""
    from holdfast.index.rows import embedding_text_of, in_document

    texts = [
        embedding_text_of(_about(backend, content_id) if row.start and not row.ordinal else "", row.heading, row.text)
        for content_id, rows in found.items()
        for row in rows
    ]
    vectors = embedder.encode(texts)
    made, at = [], 0
    for rows in found.values():
        drawn = in_document(vectors[at : at + len(rows)])
        made += [replace(row, vector=vector.astype("<f4").tobytes()) for row, vector in zip(rows, drawn, strict=True)]
        at += len(rows)
    return made


def _about(backend: Backend, content_id: str) -> str:
    """Return what the front matter of a content says it is about, which no row of its holds."""
    from holdfast.index.text.chunking import chunk

    try:
        with backend.engine.read() as conn:
            rendition = contents.rendition(conn, content_id)
            if rendition is None:
                return ""
            content = backend.content(conn, rendition.rendered_id)
        markdown = b"".join(backend.stream(content)).decode("utf-8", "replace")
    except HoldfastError:
        # What is damaged is repair's to tell of.
        return ""
    chunks = chunk(markdown)
    return chunks[0].about if chunks else ""
