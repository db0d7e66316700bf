"""Rebuilding search rows from contents: a few of them, or a whole table that cannot be read any more.

What is rebuilt is a new version of the table, published like every other: readers go on with the pinned one until then.
A table that cannot be read is begun anew under its own name; what stood there is set aside if not even its first
version can be opened (index/lance/table.py), so nothing is deleted that somebody might want to look at.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from holdfast.backend import Backend, missing
from holdfast.catalog import contents, search_rows
from holdfast.catalog.contents import Rendition
from holdfast.catalog.engine import Connection, batches
from holdfast.documents import Body, Derived
from holdfast.errors import Conflict, HoldfastError
from holdfast.faults import point
from holdfast.index.tables import SearchTable
from holdfast.publish.publication import ATTEMPTS, StagingOutdated, begun, pinned, retrying
from holdfast.publish.staging import live_among
from holdfast.recovery.checks.search import damaged_files, read_all
from holdfast.recovery.content_recovery import Rederive

#: contents whose rows are held in memory at a time
CONTENTS_AT_ONCE = 200


@dataclass
class Rebuilt:
    """Rows of some contents, derived anew."""

    #: chunks by content
    chunks: dict[str, int] = field(default_factory=dict)
    #: contents that could not be derived from, with the reason
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """Contents whose search rows are replaced by others in a table, wherever they were."""

    table: SearchTable
    #: where its rows are said to be
    place: str
    ids: Collection[str]
    #: what was derived anew, by content
    derived: Mapping[str, Derived]
    #: of the intent
    kind: str = "repair"
    #: whether contents stay as they are that are no longer where a search at the head looks
    only_live: bool = False

    def concerned(self, backend: Backend) -> tuple[set[str], set[str]]:
        """Return the contents that lose their rows now, and those among them that the catalog has."""
        with backend.engine.read() as conn:
            meant = live_among(conn, backend.embedder, self.ids) if self.only_live else set(self.ids)
            return meant, contents.known_among(conn, meant)


def is_readable(backend: Backend, table: SearchTable) -> bool:
    """Return whether the pinned version of a table can be read to its last row."""
    table.table.forget()
    try:
        with backend.engine.read() as conn:
            version = pinned(conn, table)
        if damaged_files(table, version):
            return False
        read_all(table, version)
    except HoldfastError:
        return False
    return True


def rebuild_table(backend: Backend, table: SearchTable, place: str, rederive: Rederive) -> Rebuilt:
    """Make a table anew from all contents whose rows should be there, and pin it."""
    return retrying(lambda: _rebuild_once(backend, table, place, rederive), otherwise=lambda: _give_up(table))


def _rebuild_once(backend: Backend, table: SearchTable, place: str, rederive: Rederive) -> Rebuilt:
    rebuilt = Rebuilt()
    with begun(backend, "repair", "repair", tables=True) as publication:
        publication.base_if_any(table)
        with backend.engine.read() as conn:
            ids = [found.content_id for found in search_rows.at_place(conn, backend.embedder, place) if found.chunks]
        version, waiting = table.table.create(), set[str]()
        for batch in batches(ids, CONTENTS_AT_ONCE):
            derived = dict(_derived(backend, batch, rederive, rebuilt))
            version = _appended(table, version, derived.values(), publication.embedder)
            rebuilt.chunks.update(_chunks(derived))
            waiting |= _waiting(derived, publication.embedder)
        publication.pin_anew(table, _indexed(table, version))
        publication.rely_on(rebuilt.chunks)
        point("repair.before_publish")
        with publication.publish() as conn:
            search_rows.forget(conn, backend.embedder, rebuilt.chunks)
            search_rows.set_place(conn, backend.embedder, place, rebuilt.chunks.items())
            search_rows.wait_for_vectors(conn, backend.embedder, waiting)
    return rebuilt


def rebuild_rows(backend: Backend, table: SearchTable, place: str, ids: Iterable[str], rederive: Rederive) -> Rebuilt:
    """Replace the rows of some contents in a readable table, wherever they were; unknown contents only lose theirs."""
    whole = Rebuilt()
    for batch in batches(ids, CONTENTS_AT_ONCE):
        with backend.engine.read() as conn:
            known = contents.known_among(conn, batch)
        wanted = [content_id for content_id in batch if content_id in known]
        derived = dict(_derived(backend, wanted, rederive, whole))
        replace_rows(backend, Replacement(table=table, place=place, ids=batch, derived=derived))
        whole.chunks.update(_chunks(derived))
    return whole


def replace_rows(backend: Backend, new: Replacement) -> None:
    """Take the rows of contents out of the tail and a readable table, and put what was derived of them into the table.

    Their renditions become the newest ones. All of it is one publish. A content that the catalog does not know any more
    only loses its rows. Raises Conflict after too many races lost.
    """
    retrying(lambda: _replace_once(backend, new), otherwise=lambda: _give_up(new.table))


def _replace_once(backend: Backend, new: Replacement) -> None:
    meant, known = concerned = new.concerned(backend)
    derived = {content_id: found for content_id, found in new.derived.items() if content_id in known}
    chunks, renditions = _chunks(derived), _Renditions.of(backend, derived.values())
    with begun(backend, new.kind, new.kind, blobs=renditions.blobs, tables=True) as publication:
        base = publication.base(new.table)
        if new.concerned(backend) != concerned:
            raise StagingOutdated
        without = new.table.table.delete_ids(base, sorted(meant))
        publication.pin(
            new.table, _indexed(new.table, _appended(new.table, without, derived.values(), publication.embedder))
        )
        publication.rely_on(chunks.keys() | renditions.relied)
        point("repair.before_publish")
        with publication.publish() as conn:
            search_rows.forget(conn, backend.embedder, [*chunks, *(meant - known)])
            search_rows.set_place(conn, backend.embedder, new.place, chunks.items())
            search_rows.wait_for_vectors(conn, backend.embedder, _waiting(derived, publication.embedder))
            renditions.write(conn, backend.clock.now())


@dataclass(frozen=True)
class _Renditions:
    """Renditions that become the newest ones, and the bytes they are stored in."""

    renditions: list[Rendition]
    #: bodies that the catalog does not have
    new: list[Body]
    #: contents that it has already
    relied: set[str]

    @staticmethod
    def of(backend: Backend, derived: Iterable[Derived]) -> "_Renditions":
        pairs = [pair for found in derived for pair in found.renditions]
        bodies = {body.content_id: body for _, body in pairs}
        with backend.engine.read() as conn:
            known = contents.known_among(conn, bodies)
        new = [body for content_id, body in bodies.items() if content_id not in known]
        return _Renditions([rendition for rendition, _ in pairs], new, known)

    @property
    def blobs(self) -> list[Body]:
        return [body for body in self.new if not body.content.inline]

    def write(self, conn: Connection, now: float) -> None:
        contents.insert(conn, [(body.content, body.data() if body.content.inline else None) for body in self.new])
        for rendition in self.renditions:
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


def _appended(table: SearchTable, base: int, derived: Iterable[Derived], embedder: str) -> int:
    """Return a version of a table with the rows that were derived, on top of the version `base`."""
    rows = [row for found in derived for row in found.rows_for(embedder)]
    return table.append(base, rows).version if rows else base


def _indexed(table: SearchTable, version: int) -> int:
    from holdfast.index.lance.segments import index_text

    return index_text(table.table, version)


def _waiting(derived: Mapping[str, Derived], embedder: str) -> set[str]:
    """Return the contents whose rows have no vectors yet."""
    return {row.content_id for found in derived.values() for row in found.rows_for(embedder) if not row.vector}


def _chunks(derived: Mapping[str, Derived]) -> dict[str, int]:
    return {content_id: len(found.rows) for content_id, found in derived.items()}


def _give_up(table: SearchTable) -> NoReturn:
    raise Conflict(
        f"The search table {table.name} was changed {ATTEMPTS} times while its rows were being made again",
        path=table.name,
        remedy="Repeat the command when the store is less busy",
    )
