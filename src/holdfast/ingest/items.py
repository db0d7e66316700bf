"""One file on its way through an add: what was found, and what became of it when it was prepared."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from holdfast.catalog.contents import Rendition
from holdfast.catalog.search_rows import TailRow
from holdfast.documents import Body, Derived, Deriver, Draft
from holdfast.errors import Conflict
from holdfast.ingest.sources.opened_files import pieces

#: bytes kept in memory for each search row beside its text
ROW_BYTES = 1536


@dataclass(frozen=True, slots=True)
class Item:
    """A file to add."""

    #: place in scan order, without gaps
    order: int
    #: where its bytes are
    source: Path
    #: where it came from, as the entry will say: an absolute path or a URL
    origin: str
    #: where it goes in the store
    path: str
    #: bytes, when it was scanned
    size: int
    #: nanoseconds since the epoch, when it was scanned
    mtime_ns: int
    #: what its bytes are; None when that is told from them and its name
    media_type: str | None = None
    #: the content that stood at its path when it was looked at; None when nothing did
    standing: str | None = None
    #: device and inode, when it was scanned; None for what Holdfast itself put there
    identity: tuple[int, int] | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def stamp(self) -> str:
        """What is compared to see that the source is unchanged since."""
        return stamp_of(self.size, self.mtime_ns)


def stamp_of(size: int, mtime_ns: int) -> str:
    """Return the stamp of a file of `size` bytes, last changed `mtime_ns` nanoseconds after the epoch."""
    return f"{size}:{mtime_ns}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """All that is stored of one file, but for the bytes of a large one: those are read again from its source."""

    content_id: str
    #: bytes
    size: int
    media_type: str
    #: the bytes themselves; None when they are many
    data: bytes | None
    #: None when the file changed so recently that its time cannot tell whether it will change again
    stamp: str | None
    #: None when there is nothing to read in it
    rendition: Rendition | None = None
    #: the rendition's bytes; None when they are those of the file
    rendered: bytes | None = None
    rows: tuple[TailRow, ...] = ()
    #: the embedder whose vectors the rows have
    embedder: str = ""
    #: that preparing it took
    seconds: float = 0.0
    #: whether the store has the content and all that is derived from it
    known: bool = False

    @property
    def weight(self) -> int:
        """Return about how many bytes this takes in memory."""
        text = len(self.rendered or b"") or len(self.data or b"")
        return len(self.data or b"") + 3 * text + ROW_BYTES * len(self.rows)

    def draft(self, item: Item, deriver: Deriver) -> Draft:
        """Return the draft to publish."""
        body = self._body(item)
        if self.known:
            return Draft(item.name, body, deriver)
        return Draft.ready(item.name, body, self.derived(body), deriver)

    def derived(self, body: Body) -> Derived:
        """Return what was derived from the file, whose bytes are `body`."""
        if self.rendition is None:
            return Derived((), self.rows, self.embedder)
        rendered = body if self.rendered is None else _markdown(self.rendition.rendered_id, self.rendered)
        return Derived(((self.rendition, rendered),), self.rows, self.embedder)

    def _body(self, item: Item) -> Body:
        if self.data is None:
            again = functools.partial(_pieces_again, item, self.content_id)
            return Body(self.content_id, self.size, self.media_type, again, item.source)
        data = self.data
        return Body(self.content_id, self.size, self.media_type, lambda: iter((data,)))


def _pieces_again(item: Item, content_id: str) -> Iterator[bytes]:
    """Yield a source's bytes for storing; raises Conflict naming the content when they cannot be read any more."""
    try:
        yield from pieces(item.source, item.identity)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Conflict(f"{item.source} could not be read a second time: {reason}", path=content_id) from error


def _markdown(rendered_id: str, data: bytes) -> Body:
    return Body(rendered_id, len(data), "text/markdown", lambda: iter((data,)))


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be prepared."""

    code: str
    reason: str
    #: that were spent on it
    seconds: float = 0.0


Outcome = Prepared | FailedFile
