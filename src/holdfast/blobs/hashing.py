"""Content ids: the BLAKE3 hash of the bytes, in hex."""

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

import blake3

from holdfast.blobs.store import CHUNK_BYTES
from holdfast.errors import Conflict, CorruptStore


def content_id(data: bytes) -> str:
    """Return the id of `data`."""
    return blake3.blake3(data).hexdigest()


def content_id_of(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Return the id and the size in bytes of a stream."""
    hasher, size = blake3.blake3(), 0
    for chunk in chunks:
        hasher.update(chunk)
        size += len(chunk)
    return hasher.hexdigest(), size


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes in pieces of at most CHUNK_BYTES."""
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def checked(expected: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield `chunks`, and raise Conflict at their end when they are not the bytes of the id `expected`.

    A file is hashed first and stored later; one that changed in between must not be stored under the old hash.
    """
    if (yield from _hashed(chunks)) != expected:
        raise Conflict("The source changed while it was being read", path=expected, remedy="Add it again")


def verified(expected: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield stored `chunks`, and raise CorruptStore at their end when they are not what was stored as `expected`."""
    if (yield from _hashed(chunks)) != expected:
        raise CorruptStore(
            f"The content {expected} is damaged",
            path=expected,
            remedy="See which files hold it with `holdfast verify --deep`, and run `holdfast repair`",
        )


def _hashed(chunks: Iterable[bytes]) -> Generator[bytes, None, str]:
    """Yield `chunks`; returns the id of what they are together."""
    hasher = blake3.blake3()
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk
    return hasher.hexdigest()
