"""Moving a store to another embedder: its rows are made beside the old ones, and one commit turns searches to them.

Until then searches, adds and folds go on with the rows of the present embedder, and know nothing of the others. What
is made is published group by group, each with the rows of the catalog that say so: a move that was killed at any
instant has made some groups, and the next one goes on with the others. What changes meanwhile is found by comparing
what the catalog says of both embedders, until there is no difference in the transaction that turns. The rows of all
commits are made anew, so older ones are searched with the new ones too; what is left of the old ones is gc's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from holdfast.backend import Backend
from holdfast.catalog import moving, search_rows, settings
from holdfast.catalog.engine import Connection
from holdfast.catalog.graph import bases
from holdfast.catalog.moving import Unlike
from holdfast.errors import Conflict
from holdfast.faults import point
from holdfast.index.embedding.chosen import ChosenEmbedder
from holdfast.index.embedding.embedder import Embedder
from holdfast.index.tables import SearchTables
from holdfast.publish.publication import StagingOutdated, begun, retrying
from holdfast.upkeep import graph_remaking, indexes
from holdfast.upkeep.revectoring import rows_now, with_vectors

#: bounds of what is made and published together: contents, and search rows unless one content has more
GROUP_CONTENTS, GROUP_ROWS = 200, 1000
#: contents that are forgotten in one SQL transaction
FORGOTTEN_AT_ONCE = 5000
#: looks at what is different that find something, after which a move is left for later
MOST_ROUNDS = 1000


@dataclass(frozen=True)
class Moved:
    """What came of a move."""

    #: contents whose rows were made by this run
    made: int
    #: whether it was asked to stop before searches turned
    interrupted: bool = False


@dataclass(frozen=True)
class Move:
    """A move to one embedder."""

    backend: Backend
    to: ChosenEmbedder

    @property
    def tables(self) -> SearchTables:
        """The tables of the rows to come."""
        return self.backend.tables.of(self.to.name, self.to.dimensions)

    @property
    def stored(self) -> settings.StoredEmbedder:
        """What the catalog keeps of the embedder."""
        return settings.StoredEmbedder(self.to.name, self.to.address, self.to.dimensions)


def move(
    backend: Backend,
    to: ChosenEmbedder,
    *,
    progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Moved:
    """Make the rows of another embedder and turn searches to them; `progress` is told contents made, and in all.

    To go on with a move that was stopped or killed, call it again. Moving to the present embedder ends one that is
    under way, and notes where it is loaded from now. Raises Conflict when somebody moves the store elsewhere.
    """
    new = Move(backend, to)
    if to.name == backend.embedder:
        _stay(new)
        return Moved(0)
    _begin(new)
    embedder, made = to.load(), 0
    for _ in range(MOST_ROUNDS):
        for group in _groups(new):
            if stop is not None and stop():
                return Moved(made, interrupted=True)
            retrying(partial(_make, new, embedder, group), otherwise=_give_up)
            made += len(group)
            if progress is not None:
                progress(made, made + _left(new))
        indexes.tend_tables(backend, new.tables, bounds=indexes.SETTLED)
        looked = graph_remaking.remake_all(backend, to, stop)
        if looked is None:
            return Moved(made, interrupted=True)
        if retrying(partial(_turn, new, looked), otherwise=_give_up):
            return Moved(made)
    return _give_up()


def _stay(new: Move) -> None:
    """Note where the present embedder is, and that the store moves nowhere."""
    with new.backend.engine.write() as conn:
        new.backend.follow(conn)
        if new.backend.embedder != new.to.name:
            raise Conflict("The store has moved to another embedder meanwhile", path=new.to.name, remedy="Try again")
        settings.put_embedder(conn, new.stored)
        settings.move_to(conn, None)
    with new.backend.engine.read() as conn:
        new.backend.follow(conn)


def _begin(new: Move) -> None:
    """Make the tables and note the move, unless that was done before."""
    with new.backend.engine.read() as conn:
        under_way = settings.moving_to(conn)
    if under_way is not None and under_way.name == new.to.name:
        return
    _clear(new)
    with begun(new.backend, "reindex", "upkeep", tables=new.tables) as publication:
        for table in new.tables.both:
            publication.base_if_any(table)
            # Empty, whatever an earlier move made.
            publication.pin(table, table.table.create())
        point("moving.before_begin")
        with publication.publish() as conn:
            while moving.forget_some(conn, new.to.name, FORGOTTEN_AT_ONCE):
                continue
            settings.move_to(conn, new.stored)


def _clear(new: Move) -> None:
    """Drop what an earlier move to this embedder, or away from it, has left in the catalog."""
    while True:
        with new.backend.engine.write(durable=False) as conn:
            if not moving.forget_some(conn, new.to.name, FORGOTTEN_AT_ONCE):
                return


def _groups(new: Move) -> Iterator[list[Unlike]]:
    """Yield the contents whose rows are to be made, each group looked for when it is its turn."""
    for ask in (moving.unlike_after, moving.gone_after):
        last = ""
        while True:
            with new.backend.engine.read() as conn:
                found = ask(conn, new.backend.embedder, new.to.name, last, GROUP_CONTENTS)
            if not found:
                break
            group = _bounded(found)
            yield group
            last = group[-1].content_id


def _bounded(found: list[Unlike]) -> list[Unlike]:
    """Return the first of some contents, as many as have few enough rows together, and one at least."""
    rows = 0
    for number, each in enumerate(found):
        rows += each.chunks or 0
        if number and rows > GROUP_ROWS:
            return found[:number]
    return found


def _make(new: Move, embedder: Embedder, group: list[Unlike]) -> None:
    """Make the rows of some contents, and publish them."""
    backend, ids = new.backend, [each.content_id for each in group]
    present = backend.tables.current
    if present.embedder == new.to.name:
        # Somebody else, who made the same move, was through first.
        return
    with begun(backend, "reindex", "upkeep", tables=new.tables) as publication:
        with backend.engine.read() as conn:
            before = _standing(conn, present, ids)
        made = with_vectors(backend, embedder, rows_now(backend, present, ids))
        stale = sorted(each.content_id for each in group if each.has_rows)
        for table, is_past in ((new.tables.live, False), (new.tables.history, True)):
            base = publication.base(table)
            rows = [row for row in made if before[row.content_id][1] == is_past]
            without = table.table.delete_ids(base, stale)
            publication.pin(table, table.append(without, rows).version if rows else without)
        point("moving.before_publish")
        with publication.publish() as conn:
            _check(conn, new)
            if _standing(conn, present, ids) != before:
                raise StagingOutdated
            _write(conn, new, ids, before)


def _write(conn: Connection, new: Move, ids: list[str], standing: dict[str, tuple[int, bool]]) -> None:
    """Say of contents where their rows are."""
    search_rows.forget(conn, new.to.name, ids)
    for place, is_past in ((search_rows.TABLE, False), (search_rows.HISTORY, True)):
        here = [(i, chunks) for i, (chunks, past) in standing.items() if past == is_past]
        search_rows.set_place(conn, new.to.name, place, here)


def _standing(conn: Connection, tables: SearchTables, ids: list[str]) -> dict[str, tuple[int, bool]]:
    """Return of contents how many rows they have of the present embedder, and whether these are in the history."""
    found = search_rows.places(conn, tables.embedder, ids)
    return {each.content_id: (each.chunks, each.place == search_rows.HISTORY) for each in found.values()}


def _check(conn: Connection, new: Move) -> None:
    """Raise Conflict when the store is no longer on its way to this embedder."""
    here = settings.embedder(conn)
    if here is not None and here.name == new.to.name:
        raise StagingOutdated
    now = settings.moving_to(conn)
    if now is None or now.name != new.to.name:
        raise Conflict(
            f"The store is not moving to {new.to.name} any more: somebody ended that, or moves it elsewhere",
            path=new.to.name,
            remedy=f"To go on all the same: holdfast reindex --embedder {new.to.address}",
        )


def _turn(new: Move, looked: int) -> bool:
    """Turn searches to the new rows, if they are all there; returns whether they were.

    `looked` is the number of the newest base of the graph up to which all are there for the new embedder.
    """
    backend, now = new.backend, new.backend.embedder
    if now == new.to.name:
        return True
    # It may be gone by now: nobody could search or write.
    new.to.load()
    with begun(backend, "reindex", "upkeep", tables=new.tables) as publication:
        for table in new.tables.both:
            publication.base(table)
        point("moving.before_turn")
        with publication.publish() as conn:
            _check(conn, new)
            if _is_unlike(conn, new, looked):
                publication.withdraw()
                return False
            settings.put_embedder(conn, new.stored)
            settings.move_to(conn, None)
            # A load that was staged for the embedder of before may come in yet, and a schema that has more searched.
            settings.put(conn, settings.GRAPH_LOOKED, settings.SCHEMA_APPLIED)
    point("moving.after_turn")
    with backend.engine.read() as conn:
        backend.follow(conn)
    return True


def _is_unlike(conn: Connection, new: Move, looked: int) -> bool:
    """Return whether something that searches find is not there for the new embedder yet."""
    now, then = new.backend.embedder, new.to.name
    if moving.unlike_after(conn, now, then, "", 1) or moving.gone_after(conn, now, then, "", 1):
        return True
    return bases.newest_id(conn) != looked


def _left(new: Move) -> int:
    """Return about how many contents are still to be made."""
    with new.backend.engine.read() as conn:
        now, then = (search_rows.totals(conn, name) for name in (new.backend.embedder, new.to.name))
    return max(0, sum(number for number, _ in now.values()) - sum(number for number, _ in then.values()))


def _give_up() -> NoReturn:
    raise Conflict(
        "The store was changed all the time while its rows were being made anew",
        remedy="Run it again when the store is less busy: what was made is kept",
    )
