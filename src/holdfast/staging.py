"""Stage: write what is new where no reader looks, under an intent, before the publish refers to it.

Small things need no staging: bytes up to 64 KiB and a few search rows go into the catalog in the publish itself. Larger
bytes become blobs, and many search rows a detached version of the search table.
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from holdfast import process
from holdfast.backend import Backend
from holdfast.catalog import contents, intents, pins, search_rows
from holdfast.catalog.contents import Content, Rendition
from holdfast.catalog.engine import Connection
from holdfast.catalog.search_rows import TailRow
from holdfast.documents import Body, Draft
from holdfast.faults import point
from holdfast.index.tables import TableAppend

#: search rows of one commit that may go to the tail; more are appended to the table directly
TAIL_ROWS_PER_COMMIT = 256
#: seconds that an intent of a process on another host is left alone after its last sign of life
INTENT_LEASE = 3600.0


class Restage(Exception):
    """A turn of the protocol that nobody outside sees: what was staged no longer fits the head.

    `needed` are contents that must be derived anew.
    """

    def __init__(self, needed: Iterable[str] = ()) -> None:
        super().__init__()
        self.needed = frozenset(needed)


@dataclass
class Staged:
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


@contextmanager
def stage(backend: Backend, drafts: Iterable[Draft], actor: str) -> Iterator[Staged]:
    """Stage drafts for one publish, and end the intent if the publish does not come.

    Yields what the publish needs. Leaving with an error marks the intent swept after removing what it staged.
    """
    staged = Staged()
    bodies = _plan(backend, drafts, staged)
    large = {content.content_id for content, data in staged.contents if data is None}
    many = len(staged.tail_rows) > TAIL_ROWS_PER_COMMIT
    if large or many:
        staged.intent_id = begin(backend, "publish", actor, blobs=sorted(large), tables=many)
    try:
        for content_id in sorted(large):
            backend.blobs.put(content_id, bodies[content_id].pieces())
        if many:
            _stage_append(backend, staged)
        yield staged
    except BaseException:
        if staged.intent_id is not None:
            abandon(backend, staged.intent_id)
        raise


def begin(backend: Backend, kind: str, actor: str, *, blobs: list[str], tables: bool) -> str:
    """Write an intent and return its id."""
    point("intent.before_begin")
    intent_id, now = uuid.uuid4().hex, backend.clock.now()
    named = {"blobs": blobs, "tables": list(backend.tables.names) if tables else []}
    # Not durable: an intent guards against a process's death, and a power cut ends every process that could matter.
    with backend.engine.write(durable=False) as conn:
        owner = process.current().to_json()
        intents.begin(conn, intent_id, kind, actor, owner, named, now, now + INTENT_LEASE)
    try:
        point("intent.after_begin")
    except BaseException:
        abandon(backend, intent_id)
        raise
    return intent_id


def abandon(backend: Backend, intent_id: str) -> None:
    """Say that an intent's owner gave up: what it staged is litter from now on, for gc to collect."""
    with backend.engine.write(durable=False) as conn:
        intents.finish(conn, intent_id, intents.SWEPT, backend.clock.now())


def _plan(backend: Backend, drafts: Iterable[Draft], staged: Staged) -> dict[str, Body]:
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


def _stage_append(backend: Backend, staged: Staged) -> None:
    table = backend.tables.live
    with backend.engine.read() as conn:
        base = pins.current(conn, backend.branch, (table.name,))[table.name].version
    rows, staged.tail_rows = staged.tail_rows, []
    staged.append = table.append(base, rows)
