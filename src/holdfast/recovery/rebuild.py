"""Rebuilding search rows from contents: a few of them, or a whole table that cannot be read any more.

What is rebuilt is a new version of the table, published like every other: readers go on with the pinned one until then.
A table that cannot be read is begun anew under its own name; what stood there is set aside if not even its first
version can be opened (index/table.py), so nothing is deleted that somebody might want to look at.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from holdfast.backend import Backend
from holdfast.catalog import contents, intents, pins, search_rows
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.search_rows import TailRow
from holdfast.errors import Conflict, HoldfastError
from holdfast.faults import point
from holdfast.index.tables import SearchTable
from holdfast.recovery.bytes_again import derive
from holdfast.recovery.check_search import damaged_files, read_all, version_of
from holdfast.staging import abandon, begin

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


def rebuild_table(backend: Backend, table: SearchTable, place: str) -> Rebuilt:
    """Make a table anew from all contents whose rows should be there, and pin it."""
    for _ in range(RUNS):
        with backend.engine.read() as conn:
            pinned = _pinned(conn, backend, table)
            ids = [found.content_id for found in search_rows.at_place(conn, backend.embedder, place) if found.chunks]
        with _Publication(backend, table, place, anew=True) as publication:
            base = table.table.create()
            rebuilt = publication.append(base, ids)
            if publication.publish(pinned, rebuilt):
                return rebuilt
    raise _overtaken(table)


def rebuild_rows(backend: Backend, table: SearchTable, place: str, ids: Iterable[str]) -> Rebuilt:
    """Replace the rows of some contents in a readable table, wherever they were; unknown contents only lose theirs."""
    whole = Rebuilt()
    for batch in batches(ids, CONTENTS_AT_ONCE):
        found = _rebuild_batch(backend, table, place, batch)
        whole.chunks.update(found.chunks)
        whole.failed.update(found.failed)
    return whole


def _rebuild_batch(backend: Backend, table: SearchTable, place: str, ids: list[str]) -> Rebuilt:
    for _ in range(RUNS):
        with backend.engine.read() as conn:
            pinned = version_of(conn, backend, table)
            known = contents.known_among(conn, ids)
        with _Publication(backend, table, place) as publication:
            base = table.table.delete_ids(pinned, ids)
            rebuilt = publication.append(base, [content_id for content_id in ids if content_id in known])
            if publication.publish(pinned, rebuilt, unknown=frozenset(ids) - known):
                return rebuilt
    raise _overtaken(table)


class _Publication:
    """One new version of a table, under an intent that ends with it."""

    def __init__(self, backend: Backend, table: SearchTable, place: str, *, anew: bool = False) -> None:
        self._anew = anew
        self._backend = backend
        self._table = table
        self._place = place
        self._version = 0

    def __enter__(self) -> "_Publication":
        self._intent_id = begin(self._backend, "repair", "repair", blobs=[], tables=True)
        return self

    def __exit__(self, *_: object) -> None:
        abandon(self._backend, self._intent_id)

    def append(self, base: int, ids: Iterable[str]) -> Rebuilt:
        """Append the rows of contents, derived anew, to the version `base`."""
        rebuilt, self._version = Rebuilt(), base
        for batch in batches(ids, CONTENTS_AT_ONCE):
            rows = [row for content_id in batch for row in self._rows_of(content_id, rebuilt)]
            if rows:
                self._version = self._table.append(self._version, rows).version
        return rebuilt

    def publish(self, pinned: int | None, rebuilt: Rebuilt, unknown: frozenset[str] = frozenset()) -> bool:
        """Pin the new version; False when somebody else pinned one meanwhile, so that all has to be done again."""
        from holdfast.index.segments import index_text

        backend, version = self._backend, index_text(self._table.table, self._version)
        point("repair.before_publish")
        now = backend.clock.now()
        with backend.engine.write() as conn:
            if _pinned(conn, backend, self._table) != pinned:
                return False
            if contents.known_among(conn, rebuilt.chunks) != rebuilt.chunks.keys():
                return False
            search_rows.forget(conn, backend.embedder, [*rebuilt.chunks, *unknown])
            search_rows.set_place(conn, backend.embedder, self._place, rebuilt.chunks.items())
            pins.move(conn, backend.branch, self._table.name, version, now)
            if self._anew:
                # Nobody can read those any more, and what they need must not be looked for.
                pins.forget_former(conn, self._table.name)
            if not intents.finish(conn, self._intent_id, intents.COMMITTED, now):
                raise Conflict("The repair was taken for dead", remedy="Run `holdfast repair` again")
        return True

    def _rows_of(self, content_id: str, rebuilt: Rebuilt) -> Iterator[TailRow]:
        try:
            with self._backend.engine.read() as conn:
                derived = derive(self._backend, conn, self._backend.content(conn, content_id))
        except HoldfastError as error:
            rebuilt.failed[content_id] = error.message
            return
        rebuilt.chunks[content_id] = len(derived.rows)
        yield from derived.rows


def _pinned(conn: Connection, backend: Backend, table: SearchTable) -> int | None:
    found = pins.current(conn, backend.branch, (table.name,)).get(table.name)
    return found.version if found else None


def _overtaken(table: SearchTable) -> Conflict:
    return Conflict(
        f"The search table {table.name} was changed {RUNS} times while it was being repaired",
        path=table.name,
        remedy="Run `holdfast repair` when the store is less busy",
    )
