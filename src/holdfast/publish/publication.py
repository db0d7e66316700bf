"""The one protocol: begin, stage, publish. Whatever changes a store goes through a `Publication`.

    with begun(backend, "fold", "upkeep", tables=True) as publication:   # begin: an intent names what is being staged
        base = publication.base(live)                                    # stage: where no reader looks, under no lock
        publication.pin(live, live.append(base, rows).version)
        with publication.publish() as conn:                              # publish: one short SQL transaction
            search_rows.set_place(conn, ...)                             #     whose COMMIT is the commit point

A change becomes visible in `Publication.publish`, and nowhere else. Until its COMMIT nothing refers to what was staged;
after it, everything that is referred to is durable already. A publication that is left in any other way is abandoned:
its intent ends, and what was staged is litter for the sweep.

There are two kinds. The change of a tree (`publish/committing.py`) writes entries and makes a commit the head; what
it appends to the search table stands on whatever version is pinned when its turn comes. The maintenance of tables
(upkeep, repair, gc) pins versions that stand on the ones they were built on, or not at all.

What was staged may no longer fit when its turn comes: a pin has moved, a content is gone. That is found in the publish
and has one signal, `StagingOutdated`, and one rule, `retrying`: begin a new publication, at most ATTEMPTS times.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from holdfast.backend import Backend
from holdfast.catalog import contents, pins
from holdfast.catalog.engine import Connection
from holdfast.catalog.search_rows import TailRow
from holdfast.documents import Body
from holdfast.errors import CorruptStore
from holdfast.faults import point
from holdfast.host.held import held
from holdfast.index.tables import GRAPH, SearchTable, SearchTables, TableAppend
from holdfast.publish import intention, settling

T = TypeVar("T")

#: publications of one change before it is given up; each but the first needs a race lost against somebody else's
ATTEMPTS = 10


class StagingOutdated(Exception):
    """Raised when what was staged no longer fits the store; the change is then staged once more by `retrying`.

    `needed` are contents that must be derived anew.
    """

    def __init__(self, needed: Iterable[str] = ()) -> None:
        super().__init__()
        self.needed: frozenset[str] = frozenset(needed)


def retrying(attempt: Callable[[], T], otherwise: Callable[[], T]) -> T:
    """Return what `attempt` returns; it is called again after StagingOutdated, and ATTEMPTS times at most.

    After that, return what `otherwise` returns: it may leave the change for later, or raise Conflict.
    """
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except StagingOutdated:
            continue
    return otherwise()


class Publication:
    """What is staged for one publish, under an intent if it needs one, and the publish itself."""

    def __init__(self, backend: Backend, intent_id: str | None, beside: SearchTables | None = None) -> None:
        self._backend = backend
        self._intent_id = intent_id
        #: the embedder whose rows searches looked at when it began
        self.embedder: str = backend.embedder
        self._beside = beside
        #: versions of tables that were built upon, by table; None for a table that had none
        self._bases: dict[str, int | None] = {}
        #: versions that are to be pinned
        self._versions: dict[SearchTable, int] = {}
        #: tables whose former versions nobody can read any more
        self._anew: set[SearchTable] = set()
        self._appends: dict[SearchTable, TableAppend] = {}
        #: contents that must be known when this is published
        self._relied: set[str] = set()
        self._withdrawn = False
        #: whether its intent has ended, or there is none
        self.ended: bool = intent_id is None

    # --- stage

    def base(self, table: SearchTable) -> int:
        """Return the pinned version of a table, to build upon: the publish is refused once another one is pinned.

        Raises CorruptStore when there is none.
        """
        found = self.base_if_any(table)
        if found is None:
            raise _unpinned(table)
        return found

    def base_if_any(self, table: SearchTable) -> int | None:
        """Return the pinned version of a table as `base` does, and None when there is none."""
        with self._backend.engine.read() as conn:
            found = pins.current(conn, (table.name,)).get(table.name)
        self._bases[table.name] = found.version if found else None
        return self._bases[table.name]

    def pin(self, table: SearchTable, version: int) -> None:
        """Have the publish pin a version of a table."""
        self._versions[table] = version

    def pin_anew(self, table: SearchTable, version: int) -> None:
        """Have the publish pin a version that was made from nothing, and forget those before it, as they are lost."""
        self._anew.add(table)
        self.pin(table, version)

    def append(self, table: SearchTable, rows: list[TailRow]) -> None:
        """Stage rows, for the publish to append to whatever version of a table is pinned by then (`pin_appends`)."""
        with self._backend.engine.read() as conn:
            base = pinned(conn, table)
        self._appends[table] = table.append(base, rows)

    def rely_on(self, ids: Iterable[str]) -> None:
        """Have the publish refused unless these contents are known."""
        self._relied.update(ids)

    # --- publish

    @held
    def publish(self) -> Iterator[Connection]:
        """Make what was staged visible, with the rows written in the block: its COMMIT is the commit point.

        Raises StagingOutdated when what was staged no longer fits, as the block may do, and Conflict when the intent
        was taken over meanwhile. Nothing is published then, nor when the block raises anything else.
        """
        point("publish.before_lock")
        for settled in (False, True):
            with self._backend.engine.write() as conn:
                # Settled once and not for ever: a relaxed process that never rests leaves another mark each time.
                if settled or not settling.is_unsettled(self._backend, conn):
                    point("publish.before_write")
                    self._check(conn)
                    self._move_pins(conn)
                    settling.mark(self._backend, conn, self._intent_id)
                    yield conn
                    if self._intent_id is not None:
                        now = self._backend.clock.now()
                        intention.finish(conn, self._intent_id, now, published=not self._withdrawn)
                    point("publish.before_commit")
                    break
            settling.settle(self._backend)
        self.ended = True

    def pin_appends(self, conn: Connection) -> None:
        """Pin what was appended, inside the publish."""
        for table, append in self._appends.items():
            current = pinned(conn, table)
            # Another writer's append was published meanwhile: ours is committed again on top of it. That is a few
            # milliseconds of metadata, done here in the writer's turn so that it cannot be overtaken once more.
            if append.base != current and settling.is_unsettled(self._backend, conn):
                raise StagingOutdated
            version = append.version if append.base == current else table.rebase(current, append)
            self._move_pin(conn, table, version)

    def withdraw(self) -> None:
        """Publish nothing after all, inside the publish: what was staged is litter."""
        self._withdrawn = True

    def _check(self, conn: Connection) -> None:
        self._check_embedder(conn)
        # A small commit asks for neither: it is to cost no more than its own rows.
        if self._bases:
            current = {name: pin.version for name, pin in pins.current(conn, tuple(self._bases)).items()}
            if any(current.get(name) != base for name, base in self._bases.items()):
                raise StagingOutdated
        if self._relied and self._relied - contents.known_among(conn, self._relied):
            raise StagingOutdated

    def _check_embedder(self, conn: Connection) -> None:
        """Raise StagingOutdated when the store moved to another embedder since this began: its rows are of the former.

        Another thread of this process may have turned to that while this was staged, so tables are looked at, too.
        """
        self._backend.follow(conn)
        known = {*self._backend.tables.names, *(self._beside.names if self._beside else ())}
        used = {table.name for table in (*self._versions, *self._appends)}
        if self._backend.embedder != self.embedder or not used <= known:
            raise StagingOutdated

    def _move_pins(self, conn: Connection) -> None:
        for table, version in self._versions.items():
            if version != self._bases.get(table.name) or table in self._anew:
                self._move_pin(conn, table, version)
            if table in self._anew:
                pins.forget_former(conn, table.name)

    def _move_pin(self, conn: Connection, table: SearchTable, version: int) -> None:
        pins.move(conn, table.name, version, self._backend.clock.now())


@held
def begun(
    backend: Backend,
    kind: str,
    actor: str,
    *,
    blobs: Iterable[Body] = (),
    tables: bool | SearchTables = False,
    graph: bool = False,
) -> Iterator[Publication]:
    """Begin a publication: write an intent, and store the `blobs` that it names.

    With `tables` it names the search tables too, and those of another embedder when they are given; with `graph` those
    of the graph.

    Where neither is staged there is nothing that a crash could leave, and no intent. Left without a publish, the intent
    is abandoned.
    """
    bodies = {body.content_id: body for body in blobs}
    beside = tables if isinstance(tables, SearchTables) else None
    names = {*(backend.tables.names if tables else ()), *(beside.names if beside else ())}
    named = (*sorted(names), *((GRAPH,) if graph else ()))
    if not bodies and not named:
        yield Publication(backend, None)
        return
    with intention.intending(backend, kind, actor, blobs=sorted(bodies), tables=named) as intent_id:
        for content_id in sorted(bodies):
            backend.blobs.put(content_id, bodies[content_id].pieces())
        publication = Publication(backend, intent_id, beside)
        yield publication
        if not publication.ended:
            intention.abandon(backend, intent_id)


def pinned(conn: Connection, table: SearchTable) -> int:
    """Return the version of a search table that is to be read; raises CorruptStore when none is pinned."""
    found = pins.current(conn, (table.name,)).get(table.name)
    if found is None:
        raise _unpinned(table)
    return found.version


def _unpinned(table: SearchTable) -> CorruptStore:
    return CorruptStore(f"No version of the search table {table.name} is pinned", path=table.name)
