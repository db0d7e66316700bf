"""Stage: write what is new where no reader looks, under an intent, before the publish refers to it.

Small things need no staging: bytes up to 64 KiB and a few search rows go into the catalog in the publish itself. Larger
bytes become blobs, and many search rows a detached version of the search table.

An intent is somebody's for as long as its `Intention` is held. One that could not be ended (the disk was full, a signal
came in between) is nobody's from the moment its owner lets go of that: the next sweep of this process ends it.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from holdfast.backend import Backend
from holdfast.catalog import contents, intents, pins, search_rows
from holdfast.catalog.contents import Content, Rendition
from holdfast.catalog.engine import Connection
from holdfast.catalog.search_rows import TailRow
from holdfast.documents import Body, Draft
from holdfast.errors import HoldfastError, ReadOnly, StorageFailed
from holdfast.faults import point
from holdfast.host import process
from holdfast.index.tables import TableAppend

#: search rows of one commit that may go to the tail; more are appended to the table directly
TAIL_ROWS_PER_COMMIT = 256
#: seconds that an intent of a process which cannot be seen from here is left alone after its last sign of life
INTENT_LEASE = 3600.0

log = logging.getLogger("holdfast.publish.staging")

#: what this process is staging. Weak, so that it tells the truth whatever exception came at whatever instant.
_held: "WeakValueDictionary[str, Intention]" = WeakValueDictionary()


class StagingOutdated(Exception):
    """A turn of the protocol that nobody outside sees: what was staged no longer fits the head.

    `needed` are contents that must be derived anew.
    """

    def __init__(self, needed: Iterable[str] = ()) -> None:
        super().__init__()
        self.needed = frozenset(needed)


@dataclass
class StagedCommit:
    """What one publish will refer to, all of it durable or about to be written by the publish itself."""

    #: contents to insert, with their bytes when inline
    contents: list[tuple[Content, bytes | None]] = field(default_factory=list)
    renditions: list[Rendition] = field(default_factory=list)
    tail_rows: list[TailRow] = field(default_factory=list)
    append: TableAppend | None = None
    #: (content, chunks) that become searchable
    searchable: dict[str, int] = field(default_factory=dict)
    #: contents that the catalog had already, upon which the publish relies
    relied: set[str] = field(default_factory=set)
    intent_id: str | None = None

    @property
    def blobs(self) -> list[str]:
        return [content.content_id for content, data in self.contents if data is None]


@dataclass(frozen=True)
class Intention:
    """An intent of this process, which is its own until nobody refers to this object any more."""

    intent_id: str
    backend: Backend
    #: seconds between two signs of life are a third of this
    ttl: float = INTENT_LEASE

    def renew(self) -> bool:
        """Write a sign of life; False when the intent was ended, or taken over."""
        with self.backend.engine.write(durable=False) as conn:
            return intents.renew(conn, self.intent_id, self.backend.clock.now() + self.ttl)


@dataclass(frozen=True)
class _Pulse:
    """What keeps the lease of an intent alive, without keeping it held."""

    intent_id: str
    ttl: float = INTENT_LEASE

    def renew(self) -> bool:
        """Renew the lease if somebody still holds the intent; False when it needs no renewing any more."""
        held = _held.get(self.intent_id)
        return held is not None and held.renew()


def is_held(intent_id: str) -> bool:
    """Return whether somebody in this process is staging under an intent."""
    return intent_id in _held


@contextmanager
def stage(backend: Backend, drafts: Iterable[Draft], actor: str) -> Iterator[StagedCommit]:
    """Stage drafts for one publish, and end the intent if the publish does not come.

    Yields what the publish needs. Leaving with an error ends the intent.
    """
    staged = StagedCommit()
    bodies = _plan(backend, drafts, staged)
    # What was there already may have been put by a process that does not wait for the disk.
    for content_id in sorted(staged.relied & bodies.keys()):
        if not bodies[content_id].content.inline:
            backend.blobs.settle(content_id)
    large = {content.content_id for content, data in staged.contents if data is None}
    many = len(staged.tail_rows) > TAIL_ROWS_PER_COMMIT
    if not large and not many:
        yield staged
        return
    with intending(backend, "publish", actor, blobs=sorted(large), tables=many) as staged.intent_id:
        for content_id in sorted(large):
            backend.blobs.put(content_id, bodies[content_id].pieces())
        if many:
            _stage_append(backend, staged)
        yield staged


@contextmanager
def intending(
    backend: Backend, kind: str, actor: str, *, blobs: Iterable[str] = (), tables: bool = False
) -> Iterator[str]:
    """Hold an intent that names `blobs`, and the search tables if it is to; yields its id, for the publish to end it.

    Left with an error, the intent is ended as swept: what was staged is litter from then on.
    """
    held = _begin(backend, kind, actor, {"blobs": list(blobs), "tables": list(backend.tables.names) if tables else []})
    pulse = _Pulse(held.intent_id)
    try:
        point("intent.after_begin")
        if backend.renewing is not None:
            backend.renewing.add(pulse)
        yield held.intent_id
    except BaseException:
        abandon(backend, held.intent_id)
        raise
    finally:
        # Said here too: whoever keeps the exception keeps all that its frames refer to.
        _held.pop(held.intent_id, None)
        if backend.renewing is not None:
            backend.renewing.remove(pulse)


@contextmanager
def keeping_versions(backend: Backend, kind: str) -> Iterator[None]:
    """Keep all versions of the search tables that are pinned meanwhile, for a reader that takes long.

    Where nothing can be written, they are not kept: who reads there has to look whether the pins have moved.
    """
    with ExitStack() as stack:
        with suppress(ReadOnly, StorageFailed):
            intent_id = stack.enter_context(intending(backend, kind, kind, tables=True))
            stack.callback(abandon, backend, intent_id)
        yield


def _begin(backend: Backend, kind: str, actor: str, named: dict[str, Any]) -> Intention:
    point("intent.before_begin")
    held, now = Intention(uuid.uuid4().hex, backend), backend.clock.now()
    # Before the row is written: a sweep must never see it as nobody's.
    _held[held.intent_id] = held
    # Not durable: an intent guards against a process's death, and a power cut ends every process that could matter.
    with backend.engine.write(durable=False) as conn:
        # Whatever version its owner builds upon is this pin's, or one that comes later.
        named["pin"] = pins.newest(conn)
        owner = process.current().to_json()
        new = intents.NewIntent(
            intent_id=held.intent_id,
            kind=kind,
            actor=actor,
            owner=owner,
            staged=named,
            started=now,
            lease_until=now + INTENT_LEASE,
        )
        intents.begin(conn, new)
    return held


def abandon(backend: Backend, intent_id: str) -> None:
    """Say that an intent's owner gave up, if that can be written: else whoever sweeps finds that nobody holds it."""
    try:
        point("intent.before_abandon")
        with backend.engine.write(durable=False) as conn:
            intents.finish(conn, intent_id, intents.SWEPT, backend.clock.now())
    except (HoldfastError, OSError) as error:
        log.warning("an intent could not be ended, and is left to the next sweep: %s", error)


def _plan(backend: Backend, drafts: Iterable[Draft], staged: StagedCommit) -> dict[str, Body]:
    """Decide what is new; derive from it. Returns the bodies by content id."""
    by_id = {draft.body.content_id: draft for draft in drafts}
    with backend.engine.read() as conn:
        live = live_among(conn, backend.embedder, by_id)
        known = contents.known_among(conn, by_id)
    bodies: dict[str, Body] = {}
    for content_id, draft in by_id.items():
        bodies[content_id] = draft.body
        if content_id in live:
            staged.relied.add(content_id)
            continue
        derived = draft.derived
        staged.searchable[content_id] = len(derived.rows)
        staged.tail_rows.extend(derived.rows)
        for rendition, body in derived.renditions:
            staged.renditions.append(rendition)
            bodies.setdefault(body.content_id, body)
    if rendered := bodies.keys() - by_id.keys():
        with backend.engine.read() as conn:
            known |= contents.known_among(conn, rendered)
    staged.relied |= known
    for content_id, body in bodies.items():
        if content_id not in known:
            content = body.content
            staged.contents.append((content, body.data() if content.inline else None))
    return bodies


def live_among(conn: Connection, embedder: str, ids: Iterable[str]) -> set[str]:
    """Return which contents have their rows where a search at the head looks."""
    found = search_rows.places(conn, embedder, ids)
    return {content_id for content_id, at in found.items() if at.place in search_rows.LIVE}


def _stage_append(backend: Backend, staged: StagedCommit) -> None:
    table = backend.tables.live
    with backend.engine.read() as conn:
        base = pins.current(conn, (table.name,))[table.name].version
    rows, staged.tail_rows = staged.tail_rows, []
    staged.append = table.append(base, rows)
