"""Preparing one file: read it once, derive all that is stored of it, contain what goes wrong."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import overload

from holdfast.blobs.hashing import content_id_of
from holdfast.blobs.store import CHUNK_BYTES
from holdfast.documents import IN_MEMORY_BYTES, Body, Deriver, body_of_bytes
from holdfast.errors import HoldfastError
from holdfast.ingest.conversion import media
from holdfast.ingest.conversion.convert import default_registry
from holdfast.ingest.conversion.port import Document
from holdfast.ingest.items import FailedFile, Item, Outcome, Prepared, stamp_of
from holdfast.ingest.sources.opened_files import opened, pieces

#: bytes; larger files are not carried along but read again when they are stored
CARRIED_BYTES = 1024 * 1024
#: nanoseconds; a file changed so shortly before it was read may change again without its time telling
FRESH_NS = 20_000_000
#: times that a file which changes while it is read is tried
TRIES = 2


class _Changed(Exception):
    """The file is not the one that was opened any more, or grew meanwhile."""


@dataclass(frozen=True)
class _Read:
    """A file as it was read."""

    body: Body
    #: device, inode, size and time of what was read
    identity: tuple[int, int, int, int]

    @property
    def stamp(self) -> str | None:
        mtime_ns = self.identity[3]
        return stamp_of(self.identity[2], mtime_ns) if time.time_ns() - mtime_ns > FRESH_NS else None


@overload
def prepare(deriver: Deriver, item: Item) -> Outcome: ...
@overload
def prepare(deriver: Deriver, item: Item, only: Callable[[str], bool]) -> Outcome | None: ...
def prepare(deriver: Deriver, item: Item, only: Callable[[str], bool] | None = None) -> Outcome | None:
    """Return all that is stored of one file, or why it cannot be; never raises for what the file holds.

    With `only`, returns None, nothing converted, for a file whose media type it does not want.
    """
    began = time.perf_counter()
    outcome = _contained(deriver, item, only or (lambda _: True))
    return outcome and replace(outcome, seconds=time.perf_counter() - began)


def _contained(deriver: Deriver, item: Item, wanted: Callable[[str], bool]) -> Outcome | None:
    try:
        for _ in range(TRIES):
            try:
                read = _read(item)
                return _prepare(deriver, item, read) if wanted(read.body.media_type) else None
            except _Changed:
                continue
        return FailedFile(
            "changed", f"{item.name} changed while it was read, {TRIES} times; add it again when it is still"
        )
    except HoldfastError as error:
        return FailedFile(error.code, str(error))
    except OSError as error:
        return FailedFile("unreadable", f"{item.name} cannot be read: {error.strerror or error}")
    except MemoryError:
        return FailedFile("out_of_memory", f"{item.name} took more memory than one file may")
    except Exception as error:  # noqa: BLE001 - one file's surprise must not end the batch (G11)
        return FailedFile("conversion_failed", f"{item.name} could not be prepared: {type(error).__name__}: {error}")


def refusal(item: Item) -> FailedFile | None:
    """Return why a file would certainly be refused, from its first bytes and its name alone."""
    try:
        default_registry().pick(Document(item.name, item.source, _media_type(item, item.source)))
    except HoldfastError as error:
        return FailedFile(error.code, str(error))
    return None


def _prepare(deriver: Deriver, item: Item, read: _Read) -> Prepared:
    body = read.body
    derived = deriver.derive(item.name, body)
    # A large file was read more than once: what was hashed must be what was converted.
    if body.path is not None and _identity(item.source.lstat()) != read.identity:
        raise _Changed
    data = body.data() if body.size <= CARRIED_BYTES else None
    if not derived.renditions:
        return Prepared(
            content_id=body.content_id, size=body.size, media_type=body.media_type, data=data, stamp=read.stamp
        )
    ((rendition, rendered),) = derived.renditions
    own = rendered.content_id == body.content_id
    return Prepared(
        content_id=body.content_id,
        size=body.size,
        media_type=body.media_type,
        data=data,
        stamp=read.stamp,
        rendition=rendition,
        rendered=None if own else rendered.data(),
        rows=derived.rows,
        embedder=derived.embedder,
    )


def _read(item: Item) -> _Read:
    with opened(item.source, item.identity) as file:
        before = _identity(os.fstat(file.fileno()))
        if before[2] > IN_MEMORY_BYTES:
            media_type = _media_type(item, item.source)
            digest, size = content_id_of(iter(partial(file.read, CHUNK_BYTES), b""))
            body = Body(digest, size, media_type, lambda: pieces(item.source, item.identity), item.source)
        else:
            data = file.read()
            body = body_of_bytes(data, _media_type(item, data))
        after = _identity(os.fstat(file.fileno()))
    if before != after or body.size != before[2]:
        raise _Changed
    return _Read(body, before)


def _media_type(item: Item, source: Path | bytes) -> str:
    return item.media_type or media.detect(item.name, source)


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
