"""The vectors of rows: each distinct text is embedded once, and texts without words have a vector of zeros."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from holdfast.catalog.engine import batches

if TYPE_CHECKING:
    from holdfast.index.embedding.embedder import Embedder

#: texts that are embedded at once
TEXTS_AT_ONCE = 4096


def embedded(embedder: "Embedder", texts: Iterable[str]) -> dict[str, bytes]:
    """Return the vector of each text, as little-endian float32."""
    wanted = list(dict.fromkeys(texts))
    return {text: vector for some in batches(wanted, TEXTS_AT_ONCE) for text, vector in _encoded(embedder, some)}


def _encoded(embedder: "Embedder", texts: list[str]) -> Iterator[tuple[str, bytes]]:
    asked = [text for text in texts if text.strip()]
    vectors = embedder.encode(asked).astype("<f4") if asked else ()
    found = {text: vector.tobytes() for text, vector in zip(asked, vectors, strict=True)}
    nothing = bytes(4 * embedder.dimensions)
    return ((text, found.get(text, nothing)) for text in texts)
