"""The parts that every room above works with, opened once per store."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Protocol

from holdfast.blobs.hashing import verified
from holdfast.blobs.store import BlobStore
from holdfast.catalog import audit, contents, settings
from holdfast.catalog.contents import Content
from holdfast.catalog.engine import Connection, Engine, unshareable
from holdfast.documents import (
    HEAD_BYTES,
    Body,
    Data,
    Deriver,
    Draft,
    body_of_bytes,
    body_of_file,
    body_of_stream,
    reading_source,
)
from holdfast.errors import CorruptStore, HoldfastError, Unsupported
from holdfast.hooks import Hooks
from holdfast.host import process
from holdfast.host.clock import Clock
from holdfast.host.doorway import Doorway
from holdfast.index.embedding.chosen import STANDARD, ChosenEmbedder
from holdfast.index.tables import Tables

#: seconds in which trouble of one kind, in one process, is written down once
HOUR = 3600.0


class Renewing(Protocol):
    """Renews leases in the background, each at a third of its time to live, until it is removed or lost."""

    def add(self, lease: Any) -> None:
        """Begin to renew a lease."""
        ...

    def remove(self, lease: Any) -> None:
        """Renew a lease no longer."""
        ...

    def close(self) -> object:
        """Renew nothing any more."""
        ...


@dataclass(kw_only=True)
class Backend:
    """A store's catalog, blobs and tables, and what a process needs to work with them."""

    engine: Engine
    blobs: BlobStore
    tables: Tables
    clock: Clock
    #: the embedder whose search rows searches look at
    chosen: ChosenEmbedder = STANDARD
    #: makes renditions and search rows; imports the heavy parts when first called
    deriver: Deriver
    #: makes the deriver of another embedder
    derivers: Callable[[ChosenEmbedder], Deriver] | None = None
    #: whether a commit is on the disk when it returns; a relaxed process does not wait for that
    durable: bool = True
    #: where the store is, as `open` takes it
    address: str = ""
    #: who commits are attributed to when a transaction does not say
    actor: str = "user"
    #: who has a say in publishes, and who is told of them
    hooks: Hooks = field(default_factory=Hooks)
    #: keeps the intents of this process from looking like a dead one's to those who cannot see it; None renews nothing
    renewing: Renewing | None = None
    #: passed by the groups of an add, which append to the search table; closed by upkeep, whose work on a version of it
    #: is lost when another one is published meanwhile
    appending: Doorway = field(default_factory=Doorway)
    #: what is kept open that can be made anew at any time, by name; goes with the store
    derived: dict[str, Any] = field(default_factory=dict)

    def __reduce__(self) -> NoReturn:
        raise unshareable()

    @property
    def embedder(self) -> str:
        """The name that the rows are kept under which searches look at."""
        return self.tables.current.embedder

    def stored_embedder(self) -> settings.StoredEmbedder:
        """Return what the catalog keeps of the embedder."""
        return settings.StoredEmbedder(self.chosen.name, self.chosen.address, self.chosen.dimensions)

    def follow(self, conn: Connection) -> bool:
        """Turn to the embedder that the store has moved to by now; returns whether that is another one."""
        now = settings.embedder(conn)
        if now is None or (now.name == self.embedder and now.address == self.chosen.address):
            return False
        moved = now.name != self.embedder
        self.chosen = self.chosen.at(now.name, now.address, now.dimensions)
        if self.derivers is not None:
            self.deriver = self.derivers(self.chosen)
        self.tables.turn_to(now.name, now.dimensions)
        return moved

    def note_trouble(self, thread: str, error: BaseException) -> None:
        """Write down that work in the background fails, at most once an hour, for whoever looks from another process.

        Where it cannot be written there is nothing more to do: the log has it.
        """
        now = self.clock.now()
        what = f"{thread.removeprefix('holdfast-')} of {process.current()}: {type(error).__name__}"
        with suppress(HoldfastError, OSError), self.engine.write(durable=False) as conn:
            audit.write(conn, now, audit.TROUBLE, f"{what} in hour {now // HOUR:.0f}", f"{what}: {error}")

    def draft(self, path: str, data: Data, media_type: str | None = None) -> Draft:
        """Return a draft of `data`, text as UTF-8, for the file at `path`; raises Unsupported for anything else."""
        name = path.rpartition("/")[2]
        if isinstance(data, Path):
            with reading_source(data):
                with data.open("rb") as file:
                    kind = media_type or self.deriver.media_type(name, file.read(HEAD_BYTES))
                return Draft(name, body_of_file(data, kind), self.deriver)
        if not isinstance(data, bytes | str):
            body = body_of_stream(data, lambda head: media_type or self.deriver.media_type(name, head))
            return Draft(name, body, self.deriver)
        try:
            raw = data.encode("utf-8") if isinstance(data, str) else data
        except UnicodeEncodeError as error:
            raise Unsupported(f"The text for {path} is not valid Unicode", path=path, remedy="Give bytes") from error
        return Draft(name, body_of_bytes(raw, media_type or self.deriver.media_type(name, raw)), self.deriver)

    def stored_body(self, content: Content) -> Body:
        """Return a stored content as a body."""
        blobs, name = self.blobs, content.content_id
        # A part of a blob cannot be held against its hash; `verify` reads it all.
        part = None if content.inline else lambda start, end: blobs.stream(name, start, end)
        return Body(name, content.size, content.media_type, lambda: self.stream(content), part=part)

    def stream(self, content: Content) -> Iterator[bytes]:
        """Yield the bytes of a stored content; raises CorruptStore when they are missing or not what was stored."""
        if not content.inline:
            yield from verified(content.content_id, self.blobs.stream(content.content_id))
            return
        with self.engine.read() as conn:
            data = contents.inline_data(conn, content.content_id)
        if data is None:
            raise missing(content.content_id)
        yield from verified(content.content_id, (data,))

    def content(self, conn: Connection, content_id: str) -> Content:
        """Return what the catalog knows of a content; raises CorruptStore when it should be there and is not."""
        found = contents.get(conn, content_id)
        if found is None:
            raise missing(content_id)
        return found


def missing(content_id: str) -> CorruptStore:
    """Return the error that says a content is gone from the catalog."""
    return CorruptStore(f"The content {content_id} is missing from the catalog", path=content_id)
