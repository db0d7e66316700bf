"""The rows of the search table: one per chunk, keyed by content and ordinal, never by path (G5)."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing
from holdfast.index.lance.table import TableShape
from holdfast.index.text.analysis import terms_for
from holdfast.index.text.chunking import Chunk, without_page_markers, without_targets
from holdfast.index.text.languages import DEFAULT, language_of

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.index.embedding.embedder import Vectors

#: Name and version of what is embedded and looked through of a passage. Rows made under another name are made again.
ROWS = "holdfast-rows/2"
#: how much of the document's own direction is added to that of each of its passages
DOCUMENT_SHARE = 0.5
#: chunks of a document by which its language is told
FIRST_CHUNKS = 4
#: columns that a hit is made of; the others serve only to find it
HIT_COLUMNS = ["content_id", "ordinal", "heading", "text", "start", "end", "page"]


def search_shape(dimensions: int) -> TableShape:
    """Return the shape of a search table whose vectors have so many dimensions."""
    with importing():
        import pyarrow as pa

    schema = pa.schema(
        [
            pa.field("content_id", pa.string(), nullable=False),
            pa.field("ordinal", pa.int32(), nullable=False),
            pa.field("heading", pa.string(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            # What full text searches: see analysis.py.
            pa.field("terms", pa.string(), nullable=False),
            # How many terms there are: BM25 needs their mean over the table, and must not read every row for it.
            pa.field("length", pa.int32(), nullable=False),
            pa.field("start", pa.int32(), nullable=False),
            pa.field("end", pa.int32(), nullable=False),
            pa.field("page", pa.int32(), nullable=True),
            pa.field("vector", pa.list_(pa.float32(), dimensions), nullable=False),
        ]
    )
    return TableShape(schema, key="content_id", text="terms", vector="vector")


def embedding_text(chunk: Chunk) -> str:
    """Return what is embedded for a chunk: what its front matter says it is about, its headings, and its text."""
    return embedding_text_of(chunk.about, chunk.heading, chunk.text)


def embedding_text_of(about: str, heading: str, text: str) -> str:
    """Return what is embedded for a passage that is known by its parts."""
    return "\n".join(part for part in (about, heading, _read_aloud(text)) if part)


def chunk_terms(chunk: Chunk, language: str = DEFAULT) -> str:
    """Return what full text looks through for a chunk: the terms of the same, by the language of its document."""
    return terms_for(f"{chunk.about}\n{chunk.heading}", _as_read(chunk), language)


def language_of_chunks(chunks: Sequence[Chunk]) -> str:
    """Return the language of a document, by what stands at its beginning."""
    return language_of("\n".join(_as_read(chunk) for chunk in chunks[:FIRST_CHUNKS]))


def _as_read(chunk: Chunk) -> str:
    """Return the text of a chunk as a reader sees it: without page markers, and without where its links lead."""
    return _read_aloud(chunk.text)


def _read_aloud(text: str) -> str:
    return without_targets(without_page_markers(text))


def in_document(vectors: "Vectors") -> "Vectors":
    """Return the vectors of a document's passages, each drawn towards what the whole document is about."""
    with importing():
        import numpy as np

    if len(vectors) < 2:
        return vectors
    mean = vectors.mean(axis=0)
    drawn = vectors + mean * (DOCUMENT_SHARE / max(float(np.linalg.norm(mean)), 1e-9))
    lengths = np.linalg.norm(drawn, axis=1, keepdims=True)
    # A passage without words has no direction, and gets none.
    has_words = vectors.any(axis=1, keepdims=True) & (lengths > 0)
    out: Vectors = np.divide(drawn, lengths, out=np.zeros_like(vectors), where=has_words)
    return out


def rows_of(contents: Iterable[tuple[str, Sequence[Chunk]]], vectors: "Vectors") -> "pa.Table":
    """Return the search rows of several contents in one table; `vectors` has a row per chunk, in the order given."""
    with importing():
        import pyarrow as pa

    shape = search_shape(vectors.shape[1])
    rows, terms = [], []
    for content_id, chunks in contents:
        language = language_of_chunks(chunks)
        rows += [(content_id, chunk) for chunk in chunks]
        terms += [chunk_terms(chunk, language) for chunk in chunks]
    columns: dict[str, Any] = {
        "content_id": [content_id for content_id, _ in rows],
        "terms": terms,
        "length": [len(text.split()) for text in terms],
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1]),
    }
    for name in ("ordinal", "heading", "text", "start", "end", "page"):
        columns[name] = [getattr(chunk, name) for _, chunk in rows]
    return pa.table({name: columns[name] for name in shape.schema.names}, schema=shape.schema)
