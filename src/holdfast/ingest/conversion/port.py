"""The converter port: a document goes in, its Markdown rendition comes out."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from holdfast.errors import ConversionFailed
from holdfast.ingest.conversion.limits import ConversionLimits


@dataclass(frozen=True)
class Document:
    """One document to convert: a file on disk or bytes in memory."""

    #: what the document is called, as shown in errors and titles; a path relative to its source is best
    name: str
    #: where the bytes are
    source: Path | bytes
    #: what the bytes are, as decided by `media.detect`
    media_type: str

    def size(self) -> int:
        """Return the length in bytes; raises ConversionFailed when the file cannot be read."""
        return source_size(self.source, self.name)

    def read(self) -> bytes:
        """Return all bytes; raises ConversionFailed when the file cannot be read."""
        return read_head(self.source, self.name, -1)


@dataclass(frozen=True, kw_only=True)
class ConvertedDocument:
    """The Markdown form of a document, with what the document says about itself."""

    #: the text; lines end with a line feed, no NUL occurs
    markdown: str
    #: from the document's metadata, else its first heading, else None: the caller then falls back to the file name
    title: str | None = None
    #: names of the authors, joined by a comma and a space
    author: str | None = None
    #: when the document says it was made: ISO 8601
    created: str | None = None
    #: when the document says it was last changed: ISO 8601
    modified: str | None = None
    #: pages or slides, where the format has them; each then begins with a line `<!-- page N -->`
    pages: int | None = None
    #: name of the converter that made it
    converter: str = ""
    #: version of the converter that made it
    version: str = ""
    #: what was lost or guessed on the way, one sentence each
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What made this rendition: two renditions of one content with the same key are the same."""
        return f"{self.converter}/{self.version}"


class Converter(Protocol):
    """Turns documents of some media types into Markdown.

    `holdfast.testing.ConverterSuite` states what every converter keeps.
    """

    @property
    def name(self) -> str:
        """A short stable name, part of the rendition's key."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same bytes could come out differently; part of the rendition's key."""
        ...

    def accepts(self, media_type: str) -> bool:
        """Tell whether documents of this media type can be converted."""
        ...

    def convert(self, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        """Return the Markdown of `document`.

        Raises ConversionFailed when it is damaged or encrypted, TooLarge when it passes a limit.
        """
        ...


def source_size(source: Path | bytes, name: str) -> int:
    """Return the length of `source` in bytes."""
    if isinstance(source, bytes):
        return len(source)
    try:
        return source.stat().st_size
    except OSError as error:
        raise unreadable(name, error) from error


def read_head(source: Path | bytes, name: str, count: int) -> bytes:
    """Return the first `count` bytes of `source`, all of them when `count` is negative."""
    if isinstance(source, bytes):
        return source if count < 0 else source[:count]
    try:
        # A named pipe that was put where a document was is not waited for.
        with open(source, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:
            return file.read(count)
    except OSError as error:
        raise unreadable(name, error) from error


def unreadable(name: str, error: OSError) -> ConversionFailed:
    """Return the error for a file that the operating system refuses to read."""
    reason = error.strerror or str(error)
    return ConversionFailed(
        f"{name} cannot be read: {reason}", path=name, remedy="Make the file readable, or leave it out"
    )
