"""Making the vectors of rows that wait for them, because the embedder did not answer when they were written.

Such rows are found by their words from the commit on. A job makes their vectors later, a publish for each group:
an attempt that was killed has made some of them, and the next goes on with the others.
"""

from collections.abc import Callable
from functools import partial

from holdfast.backend import Backend
from holdfast.catalog import search_rows
from holdfast.catalog.engine import Connection
from holdfast.catalog.search_rows import Searchable, TailRow
from holdfast.errors import Conflict
from holdfast.faults import point
from holdfast.index.lance.segments import index_text
from holdfast.index.tables import SearchTables
from holdfast.publish.publication import Publication, StagingOutdated, begun, retrying
from holdfast.upkeep.revectoring import rows_now, with_vectors

#: contents whose vectors are made and published together
GROUP_CONTENTS = 50


def embed_waiting(backend: Backend, check: Callable[[], None] | None = None) -> int:
    """Make all vectors that rows wait for; returns of how many contents. `check` is called between groups.

    Raises ProviderFailed while the embedder does not answer; what was made by then is kept.
    """
    made = 0
    while True:
        if check is not None:
            check()
        done = retrying(partial(_make_some, backend), otherwise=_give_up)
        if not done:
            return made
        made += done
        backend.hooks.announce_published()


def _make_some(backend: Backend) -> int:
    """Make the vectors of a group, and publish them; returns of how many contents."""
    with backend.engine.read() as conn:
        backend.follow(conn)
        present = backend.tables.current
        waiting = search_rows.some_waiting(conn, present.embedder, GROUP_CONTENTS)
    if not waiting:
        return 0
    ids = [each.content_id for each in waiting]
    in_tables = any(each.place != search_rows.TAIL for each in waiting)
    with begun(backend, "embed", "upkeep", tables=in_tables) as publication:
        made = with_vectors(backend, backend.chosen.load(), rows_now(backend, present, ids))
        _stage(publication, present, waiting, made)
        point("waiting.before_publish")
        with publication.publish() as conn:
            found = search_rows.places(conn, present.embedder, ids)
            if backend.tables.current is not present or found != {each.content_id: each for each in waiting}:
                raise StagingOutdated
            _write(conn, present.embedder, waiting, made)
    return len(ids)


def _stage(publication: Publication, tables: SearchTables, waiting: list[Searchable], made: list[TailRow]) -> None:
    """Put the rows that are in tables anew."""
    for table, place in ((tables.live, search_rows.TABLE), (tables.history, search_rows.HISTORY)):
        here = sorted(each.content_id for each in waiting if each.place == place)
        rows = [row for row in made if row.content_id in here]
        if rows:
            without = table.table.delete_ids(publication.base(table), here)
            publication.pin(table, index_text(table.table, table.append(without, rows).version))


def _write(conn: Connection, embedder: str, waiting: list[Searchable], made: list[TailRow]) -> None:
    """Put the rows that are in the tail anew, and say that none of these waits."""
    in_tail = [each for each in waiting if each.place == search_rows.TAIL]
    ids = {each.content_id for each in in_tail}
    search_rows.forget(conn, embedder, ids)
    search_rows.append_tail(conn, embedder, [row for row in made if row.content_id in ids])
    search_rows.set_place(conn, embedder, search_rows.TAIL, [(each.content_id, each.chunks) for each in in_tail])
    search_rows.wait_no_more(conn, embedder, [each.content_id for each in waiting])


def _give_up() -> int:
    raise Conflict("Rows that wait for their vectors were changed all the time", remedy="The job tries again")
