"""The port for bytes kept under their hash."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

#: bytes read or written at a time; what a blob of any size costs in memory
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """One blob as the store lists it."""

    content_id: str
    #: bytes
    size: int
    #: seconds since the epoch
    modified: float


class BlobStore(Protocol):
    """Immutable bytes by content id (BLAKE3 in hex). `holdfast.testing.BlobStoreSuite` says how one must behave."""

    def put(self, content_id: str, chunks: Iterable[bytes]) -> None:
        """Store the bytes, durable when it returns; storing the same again is harmless.

        The caller vouches that `content_id` is their hash. Raises StorageFailed or ReadOnly, with nothing stored.
        """
        ...

    def settle(self, content_id: str) -> None:
        """Make a blob that is there durable, as `put` would have; one that is not there is no error."""
        ...

    def stream(self, content_id: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `end`, at most CHUNK_BYTES at a time; raises CorruptStore when missing."""
        ...

    def has(self, content_id: str) -> bool:
        """Return whether the blob is there."""
        ...

    def size(self, content_id: str) -> int | None:
        """Return the blob's size in bytes, or None when it is not there."""
        ...

    def remove(self, content_id: str) -> None:
        """Remove the blob; one that is not there is no error. Raises StorageFailed or ReadOnly."""
        ...

    def list(self) -> Iterator[BlobInfo]:
        """Yield every blob, in no order, without holding them all."""
        ...

    def sweep_temporary(self, keep: Collection[str]) -> int:
        """Remove what interrupted puts left, but for those of the contents in `keep`; returns how many files.

        The caller vouches that nobody puts anything else meanwhile.
        """
        ...


def read_all(store: BlobStore, content_id: str) -> bytes:
    """Return a whole blob."""
    return b"".join(store.stream(content_id))
