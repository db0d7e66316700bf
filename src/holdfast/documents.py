"""What a transaction is given to store: bytes, and what is derived from them before anything is published."""

import functools
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Protocol

from holdfast.blobs.hashing import content_id, content_id_of, pieces_of
from holdfast.blobs.store import CHUNK_BYTES
from holdfast.catalog.contents import INLINE_LIMIT, Content, Rendition
from holdfast.catalog.search_rows import TailRow
from holdfast.errors import IsADirectory, NotFound, Unsupported
from holdfast.host import disk

#: bytes; files up to this size are held in memory while they are prepared
IN_MEMORY_BYTES = 16 * 1024 * 1024
#: what a file is written from: bytes, text (stored as UTF-8), a file on disk, or an open binary file
Data = bytes | str | Path | BinaryIO

#: bytes of a file that its media type is told from
HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Body:
    """Bytes on their way into the store: small ones in memory, large ones as a way to read them again."""

    content_id: str
    #: bytes
    size: int
    media_type: str
    #: yields the bytes from the start, each time it is called
    pieces: Callable[[], Iterator[bytes]] = field(repr=False)
    #: the file on disk that holds just these bytes, if there is one
    path: Path | None = None
    #: yields the bytes from one place to before another, without reading the others; None where all are at hand
    part: Callable[[int, int], Iterator[bytes]] | None = field(default=None, repr=False)

    @property
    def content(self) -> Content:
        return Content(self.content_id, self.size, self.media_type, inline=self.size <= INLINE_LIMIT)

    def between(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`, as far as there are any."""
        end = min(end, self.size)
        if start >= end:
            return b""
        return b"".join(self.part(start, end)) if self.part else self.data()[start:end]

    def data(self) -> bytes:
        """Return all bytes at once."""
        return b"".join(self.pieces())


def body_of_bytes(data: bytes, media_type: str) -> Body:
    """Return the body of bytes in memory."""
    return Body(content_id(data), len(data), media_type, lambda: iter((data,)))


def body_of_file(path: Path, media_type: str) -> Body:
    """Return the body of a file. Up to IN_MEMORY_BYTES it is read once, so that what is hashed is what is converted.

    A larger one is read for its hash now and again when it is stored, which fails if it changed in between.
    """
    if path.stat().st_size <= IN_MEMORY_BYTES:
        return body_of_bytes(path.read_bytes(), media_type)
    digest, size = content_id_of(pieces_of(path))
    return Body(digest, size, media_type, functools.partial(pieces_of, path), path)


def body_of_stream(file: BinaryIO, media_type_of: Callable[[bytes], str]) -> Body:
    """Return the body of an open file, read to its end; above IN_MEMORY_BYTES it waits in a temporary file.

    Raises Unsupported for what gives no bytes.
    """
    head = file.read(IN_MEMORY_BYTES + 1) if hasattr(file, "read") else None
    if not isinstance(head, bytes):
        kind = type(file).__name__
        raise Unsupported(f"{kind} is no file open for bytes", remedy="Give bytes, text, a Path or open(name, 'rb')")
    media_type = media_type_of(head[:HEAD_BYTES])
    if len(head) <= IN_MEMORY_BYTES:
        return body_of_bytes(head, media_type)
    spool = tempfile.NamedTemporaryFile(prefix="holdfast-")  # noqa: SIM115
    while head:
        spool.write(head)
        head = file.read(CHUNK_BYTES)
    spool.flush()
    body = body_of_file(Path(spool.name), media_type)
    weakref.finalize(body, spool.close)
    return body


@contextmanager
def reading_source(path: Path) -> Iterator[None]:
    """Turn what the system says of a file to be read into what a caller can act upon."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"The file {path} does not exist", path=str(path), remedy="Check its name") from error
    except IsADirectoryError as error:
        raise IsADirectory(f"{path} is a directory", path=str(path), remedy="Add it with `holdfast add`") from error
    except OSError as error:
        raise disk.explain(error, str(path)) from error


@dataclass(frozen=True)
class Derived:
    """What was derived from a body: renditions with the bytes that hold them, and search rows."""

    renditions: tuple[tuple[Rendition, Body], ...] = ()
    #: one per chunk, in order; their row_id is 0
    rows: tuple[TailRow, ...] = ()
    #: the embedder whose vectors the rows have; empty where nobody moves a store
    embedder: str = ""

    def rows_for(self, embedder: str) -> tuple[TailRow, ...]:
        """Return the rows for an embedder: without vectors where these are of another one."""
        if self.embedder in ("", embedder):
            return self.rows
        return tuple(replace(row, vector=b"") for row in self.rows)


class Deriver(Protocol):
    """Makes of bytes what search and agents read."""

    def media_type(self, name: str, head: bytes) -> str:
        """Return the media type of a file from its first bytes and its name."""
        ...

    def derive(self, name: str, body: Body) -> Derived:
        """Return the renditions and search rows of a file; nothing for one that has no text. Takes no lock."""
        ...


class Draft:
    """A body under a file name, derived from at most once, when it is first needed."""

    def __init__(self, name: str, body: Body, deriver: Deriver) -> None:
        self.name = name
        self.body = body
        self._deriver = deriver
        self._derived: Derived | None = None

    @classmethod
    def ready(cls, name: str, body: Body, derived: Derived, deriver: Deriver) -> "Draft":
        """Return a draft that was derived elsewhere, in a worker process for instance."""
        draft = cls(name, body, deriver)
        draft._derived = derived
        return draft

    @property
    def derived(self) -> Derived:
        # No `cached_property`: in Python 3.11 it holds one lock for all drafts of the process while one is derived.
        if self._derived is None:
            self._derived = self._deriver.derive(self.name, self.body)
        return self._derived
