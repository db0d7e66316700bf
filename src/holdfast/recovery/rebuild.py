"""Rebuilding search rows from contents: a few of them, or a whole table that cannot be read any more.

What is rebuilt is a new version of the table, published like every other: readers go on with the pinned one until then.
A table that cannot be read is begun anew under its own name; what stood there is set aside if not even its first
version can be opened (index/lance/table.py), so nothing is deleted that somebody might want to look at.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from holdfast.backend import Backend, missing
from holdfast.catalog import contents, intents, pins, search_rows
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.search_rows import TailRow
from holdfast.documents import Derived
from holdfast.errors import Conflict, HoldfastError
from holdfast.faults import point
from holdfast.index.tables import SearchTable
from holdfast.publish.intention import abandon, intending
from holdfast.publish.staging import live_among
from holdfast.recovery.checks.search import damaged_files, read_all, version_of
from holdfast.recovery.content_recovery import Rederive

#: contents whose rows are held in memory at a time
CONTENTS_AT_ONCE = 200
#: runs that lose races against other writers, before repair gives up
RUNS = 5


@dataclass
class Rebuilt:
    """Rows of some contents, derived anew."""

    #: chunks by content
    chunks: dict[str, int] = field(default_factory=dict)
    #: contents that could not be derived from, with the reason
    failed: dict[str, str] = field(default_factory=dict)


def is_readable(backend: Backend, table: SearchTable) -> bool:
    """Return whether the pinned version of a table can be read to its last row."""
    table.table.forget()
    try:
        with backend.engine.read() as conn:
            version = version_of(conn, backend, table)
        if damaged_files(table, version):
            return False
        read_all(table, version)
    except HoldfastError:
        return False
    return True


def rebuild_table(backend: Backend, table: SearchTable, place: str, rederive: Rederive) -> Rebuilt:
    """Make a table anew from all contents whose rows should be there, and pin it."""
    for _ in range(RUNS):
        with backend.engine.read() as conn:
            pinned = _pinned(conn, backend, table)
            ids = [found.content_id for found in search_rows.at_place(conn, backend.embedder, place) if found.chunks]
        rebuilt = Rebuilt()
        with _Publication(backend, table, place, anew=True) as publication:
            version = publication.begin(table.table.create())
            for batch in batches(ids, CONTENTS_AT_ONCE):
                derived = dict(_derived(backend, batch, rederive, rebuilt))
                version = publication.append(version, [row for found in derived.values() for row in found.rows])
                rebuilt.chunks.update({content_id: len(found.rows) for content_id, found in derived.items()})
            if publication.publish(pinned, rebuilt.chunks):
                return rebuilt
    raise _overtaken(table)


def rebuild_rows(backend: Backend, table: SearchTable, place: str, ids: Iterable[str], rederive: Rederive) -> Rebuilt:
    """Replace the rows of some contents in a readable table, wherever they were; unknown contents only lose theirs."""
    whole = Rebuilt()
    for batch in batches(ids, CONTENTS_AT_ONCE):
        with backend.engine.read() as conn:
            known = contents.known_among(conn, batch)
        wanted = [content_id for content_id in batch if content_id in known]
        derived = dict(_derived(backend, wanted, rederive, whole))
        replace_rows(backend, table, place, batch, derived)
        whole.chunks.update({content_id: len(found.rows) for content_id, found in derived.items()})
    return whole


def replace_rows(
    backend: Backend,
    table: SearchTable,
    place: str,
    ids: Collection[str],
    derived: Mapping[str, Derived],
    kind: str = "repair",
    *,
    only_live: bool = False,
) -> None:
    """Take the rows of contents out of the tail and a readable table, and put what was derived of them into the table.

    Their renditions become the newest ones. All of it is one publish, under an intent of `kind`. A content that the
    catalog does not know any more only loses its rows. With `only_live`, those that meanwhile are no longer where a
    search at the head looks stay as they are. Raises Conflict after too many races lost.
    """
    for _ in range(RUNS):
        with backend.engine.read() as conn:
            pinned = version_of(conn, backend, table)
            meant = live_among(conn, backend.embedder, ids) if only_live else set(ids)
            known = contents.known_among(conn, meant)
        there = {content_id: found for content_id, found in derived.items() if content_id in known}
        with _Publication(backend, table, place, kind, there.values()) as publication:
            base = table.table.delete_ids(pinned, sorted(meant))
            publication.append(base, [row for found in there.values() for row in found.rows])
            chunks = {content_id: len(found.rows) for content_id, found in there.items()}
            if publication.publish(pinned, chunks, unknown=frozenset(meant - known)):
                return
    raise _overtaken(table)


class _Publication:
    """One new version of a table, and renditions, under an intent that ends with it."""

    def __init__(
        self,
        backend: Backend,
        table: SearchTable,
        place: str,
        kind: str = "repair",
        derived: Iterable[Derived] = (),
        *,
        anew: bool = False,
    ) -> None:
        self._anew = anew
        self._backend = backend
        self._table = table
        self._place = place
        self._kind = kind
        self._version = 0
        renditions = [pair for found in derived for pair in found.renditions]
        self._renditions = [rendition for rendition, _ in renditions]
        self._bodies = {body.content_id: body for _, body in renditions}

    def __enter__(self) -> "_Publication":
        with self._backend.engine.read() as conn:
            known = contents.known_among(conn, self._bodies)
        self._new = [body for content_id, body in self._bodies.items() if content_id not in known]
        blobs = {body.content_id: body for body in self._new if not body.content.inline}
        with ExitStack() as stack:
            held = intending(self._backend, self._kind, self._kind, blobs=sorted(blobs), tables=True)
            self._intent_id = stack.enter_context(held)
            for content_id in sorted(blobs):
                self._backend.blobs.put(content_id, blobs[content_id].pieces())
            # No more than a formality when it was finished by the publish.
            stack.callback(abandon, self._backend, self._intent_id)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def begin(self, version: int) -> int:
        """Take the version that is to be published unless rows are appended to it; returns it."""
        self._version = version
        return version

    def append(self, base: int, rows: Sequence[TailRow]) -> int:
        """Append rows to the version `base`; returns the version that is to be published."""
        self._version = self._table.append(base, rows).version if rows else base
        return self._version

    def publish(self, pinned: int | None, chunks: Mapping[str, int], unknown: frozenset[str] = frozenset()) -> bool:
        """Pin the new version; False when the ground has moved meanwhile, so that all has to be done again."""
        from holdfast.index.lance.segments import index_text

        backend, version = self._backend, index_text(self._table.table, self._version)
        point("repair.before_publish")
        now = backend.clock.now()
        with backend.engine.write() as conn:
            if _pinned(conn, backend, self._table) != pinned:
                return False
            relied = (chunks.keys() | self._bodies.keys()) - {body.content_id for body in self._new}
            if contents.known_among(conn, relied) != relied:
                return False
            search_rows.forget(conn, backend.embedder, [*chunks, *unknown])
            search_rows.set_place(conn, backend.embedder, self._place, chunks.items())
            self._write_renditions(conn, now)
            pins.move(conn, self._table.name, version, now)
            if self._anew:
                # Nobody can read those any more, and what they need must not be looked for.
                pins.forget_former(conn, self._table.name)
            if not intents.finish(conn, self._intent_id, intents.COMMITTED, now):
                raise Conflict(f"The {self._kind} was taken for dead", remedy=f"Run `holdfast {self._kind}` again")
        return True

    def _write_renditions(self, conn: Connection, now: float) -> None:
        contents.insert(conn, [(body.content, body.data() if body.content.inline else None) for body in self._new])
        for rendition in self._renditions:
            contents.renew_rendition(conn, rendition, now)


def _derived(
    backend: Backend, ids: Iterable[str], rederive: Rederive, rebuilt: Rebuilt
) -> Iterator[tuple[str, Derived]]:
    """Yield what is derived anew from each content; those that fail are noted."""
    found = []
    with backend.engine.read() as conn:
        for content_id in ids:
            content = contents.get(conn, content_id)
            if content is None:
                rebuilt.failed[content_id] = missing(content_id).message
            else:
                found.append(content)
    for content, made in rederive(found):
        if isinstance(made, HoldfastError):
            rebuilt.failed[content.content_id] = made.message
        else:
            yield content.content_id, made


def _pinned(conn: Connection, backend: Backend, table: SearchTable) -> int | None:
    found = pins.current(conn, (table.name,)).get(table.name)
    return found.version if found else None


def _overtaken(table: SearchTable) -> Conflict:
    return Conflict(
        f"The search table {table.name} was changed {RUNS} times while its rows were being made again",
        path=table.name,
        remedy="Repeat the command when the store is less busy",
    )
