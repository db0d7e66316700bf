"""From bytes to what search and agents read: convert, chunk, embed."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.catalog.contents import MARKDOWN, ROWS_BY
from holdfast.catalog.contents import Rendition as StoredRendition
from holdfast.catalog.search_rows import TailRow
from holdfast.documents import Body, Derived, body_of_bytes
from holdfast.errors import HoldfastError, ProviderFailed, Unsupported
from holdfast.index.embedding.chosen import ChosenEmbedder

if TYPE_CHECKING:
    # Opening a store makes a deriver; only using it is worth the imports.
    from holdfast.index.text.chunking import Chunk
    from holdfast.ingest.conversion.port import ConvertedDocument

log: logging.Logger = logging.getLogger("holdfast.ingest")

#: the media type of bytes that are no document
BINARY = "application/octet-stream"


class DocumentDeriver:
    """A `Deriver` that converts, chunks and embeds.

    `strict` raises what the converter raises, as an `add` wants it; otherwise a file that cannot be converted is kept
    as bytes that search does not find, as a `write` wants it.
    """

    def __init__(self, embedder: ChosenEmbedder, *, strict: bool = False) -> None:
        self._embedder = embedder
        self._strict = strict

    def warm_up(self) -> None:
        """Load the model and the libraries now rather than with the first file."""
        from holdfast.ingest.conversion import convert  # noqa: F401 - imported for its time

        self._embedder.warm_up()

    def media_type(self, name: str, head: bytes) -> str:
        from holdfast.ingest.conversion import media

        try:
            return media.detect(name, head)
        except HoldfastError:
            return BINARY

    def derive(self, name: str, body: Body) -> Derived:
        try:
            rendition = self._convert(name, body)
        except HoldfastError:
            if self._strict:
                raise
            return Derived()
        text = rendition.markdown.encode("utf-8")
        rendered = body if text == _small_data(body) else body_of_bytes(text, "text/markdown")
        stored = ((_stored(body, rendered, rendition), rendered),)
        return Derived(stored, self._rows(body, rendition.markdown), self._embedder.name)

    def _convert(self, name: str, body: Body) -> "ConvertedDocument":
        from holdfast.ingest.conversion.convert import Document, convert

        if body.media_type == BINARY:
            raise Unsupported(f"{name} is not a document", path=name)
        return convert(Document(name, body.path or body.data(), body.media_type))

    def _rows(self, body: Body, markdown: str) -> tuple[TailRow, ...]:
        from holdfast.index.rows import chunk_terms, language_of_chunks
        from holdfast.index.text.chunking import chunk

        chunks = chunk(markdown)
        if not chunks:
            return ()
        language = language_of_chunks(chunks)
        terms = [chunk_terms(c, language) for c in chunks]
        vectors = self._vectors(body.content_id, chunks)
        return tuple(_row(body.content_id, *made) for made in zip(chunks, terms, vectors, strict=True))

    def _vectors(self, content_id: str, chunks: "Sequence[Chunk]") -> list[bytes]:
        """Return the vectors of chunks; none yet when the embedder's endpoint does not answer."""
        from holdfast.index.rows import embedding_text, in_document

        try:
            vectors = in_document(self._embedder.load().encode([embedding_text(each) for each in chunks]))
        except ProviderFailed as error:
            # Found by its words at once, and by its meaning once a job has embedded it (upkeep/waiting.py).
            log.warning("%s waits for its vectors: %s", content_id, error.message)
            return [b""] * len(chunks)
        return [vector.astype("<f4").tobytes() for vector in vectors]


def rows_by() -> str:
    """Return the names and versions of what makes search rows of Markdown now."""
    from holdfast.index.rows import ROWS
    from holdfast.index.text.analysis import ANALYSER
    from holdfast.index.text.chunking import CHUNKER

    return f"{CHUNKER} {ANALYSER} {ROWS}"


def _row(content_id: str, chunk: "Chunk", terms: str, vector: bytes) -> TailRow:
    return TailRow(
        row_id=0,
        content_id=content_id,
        ordinal=chunk.ordinal,
        heading=chunk.heading,
        text=chunk.text,
        terms=terms,
        start=chunk.start,
        end=chunk.end,
        page=chunk.page,
        vector=vector,
    )


def _stored(body: Body, rendered: Body, rendition: "ConvertedDocument") -> StoredRendition:
    facts: dict[str, str | int | Sequence[str] | None] = {
        ROWS_BY: rows_by(),
        "author": rendition.author,
        "created": rendition.created,
        "modified": rendition.modified,
        "pages": rendition.pages,
        "warnings": rendition.warnings,
    }
    return StoredRendition(
        content_id=body.content_id,
        kind=MARKDOWN,
        deriver=rendition.converter,
        deriver_version=rendition.version,
        rendered_id=rendered.content_id,
        title=rendition.title,
        meta={name: value for name, value in facts.items() if value},
    )


def _small_data(body: Body) -> bytes | None:
    return body.data() if body.path is None else None
