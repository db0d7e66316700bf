"""Search rows made up for tests."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from holdfast.index.lance.table import VersionedTable
from holdfast.index.rows import rows_of, search_shape
from holdfast.index.text.chunking import Chunk

DIMENSIONS = 16


def vectors(count: int, seed: int = 0) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    found = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    unit: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def content(content_id: str, texts: list[str], seed: int = 0) -> pa.Table:
    """Return the rows of a content with a chunk per text."""
    chunks = [
        Chunk(ordinal=ordinal, text=text, heading="", start=0, end=len(text), page=None)
        for ordinal, text in enumerate(texts)
    ]
    return rows_of([(content_id, chunks)], vectors(len(texts), seed))


def word(content_id: str) -> str:
    """Return the word that only the content of this id says: letters only, so that it is one term."""
    return "".join("abcdefghij"[int(letter)] if letter.isdigit() else letter for letter in content_id.replace("-", "x"))


def many(name: str, contents: int, chunks: int = 1, text: str = "common") -> pa.Table:
    """Return the rows of contents name-0, name-1, ..., each of whose chunks says its content's `word` too."""
    made = [
        (
            f"{name}-{number}",
            [
                Chunk(ordinal=o, text=f"{text} {word(f'{name}-{number}')}", heading="", start=0, end=5, page=None)
                for o in range(chunks)
            ],
        )
        for number in range(contents)
    ]
    return rows_of(made, vectors(contents * chunks, len(name)))


def search_table(folder: Path) -> VersionedTable:
    return VersionedTable(folder / "tables" / "search", search_shape(DIMENSIONS), durable=False)
