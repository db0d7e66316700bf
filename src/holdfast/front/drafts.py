"""What a caller gives a file to hold: bytes, text, a file on disk, or an open one."""

import functools
from pathlib import Path
from typing import BinaryIO

from holdfast import paths
from holdfast.backend import Backend
from holdfast.documents import HEAD_BYTES, Draft, body_of_file, body_of_stream, reading_source

#: what `write` takes: bytes, text (stored as UTF-8), a file on disk, or an open binary file
Data = bytes | str | Path | BinaryIO


def draft_of(backend: Backend, path: str, data: Data) -> Draft:
    """Return a draft of `data` for the file at `path`; what is on disk is streamed, not held in memory."""
    if isinstance(data, bytes | str):
        return backend.draft(path, data)
    name, deriver = paths.split(path)[1], backend.deriver
    if not isinstance(data, Path):
        return Draft(name, body_of_stream(data, functools.partial(deriver.media_type, name)), deriver)
    with reading_source(data):
        with data.open("rb") as file:
            media_type = deriver.media_type(name, file.read(HEAD_BYTES))
        return Draft(name, body_of_file(data, media_type), deriver)
