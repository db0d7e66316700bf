"""Retiring: rows of contents that no branch head shows go from the live table to the history table.

A note rewritten ten thousand times, or a removed folder, must not slow the search of what is there now. A search at an
older commit reads both tables. A content that comes back is derived anew (publish/committing.py).
"""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from holdfast.backend import Backend
from holdfast.catalog import branches, commits, search_rows, settings, showing
from holdfast.catalog.engine import IN_LIST, Connection, batches
from holdfast.faults import point
from holdfast.index.lance import segments
from holdfast.index.lance.table import VersionedTable, is_one_of
from holdfast.publish.publication import StagingOutdated, begun, retrying
from holdfast.publish.staging import live_among
from holdfast.upkeep.departures import Abandoned, Departed
from holdfast.upkeep.fold import fold

#: the commit up to which what went has been looked at
RETIRED_UNTIL = "retired_until"
#: contents that went and make it worth two new versions of tables
CONTENTS_WORTH_IT = 100
#: rows that are read to see whether it is worth it; what is more is looked at once and for all
ROWS_LOOKED_AT = 1000
#: deleted branches that one look is about
BRANCHES_AT_ONCE = 20
#: contents retired in one publish
CONTENTS_PER_PUBLISH = 5000


def retire(backend: Backend, *, thorough: bool = False) -> int:
    """Retire what went since the last time and no head shows any more; returns how many contents were moved.

    `thorough` compares the whole live table with the heads instead.
    """
    with backend.engine.read() as conn:
        seen, look = showing.newest(conn), _Look.begun(conn)
    found = _in_the_table(backend) if thorough else _departed(backend, look)
    total = 0
    for batch in batches(_hidden(backend, found), CONTENTS_PER_PUBLISH):
        if not retrying(functools.partial(_retire_once, backend, seen, batch), otherwise=lambda: False):
            return total
        total += len(batch)
    with backend.engine.write(durable=False) as conn:
        settings.put(conn, RETIRED_UNTIL, str(seen[0]))
        branches.clear(conn, look.forgotten, backend.clock.now())
    return total


def is_due(conn: Connection, backend: Backend) -> bool:
    """Return whether enough went since the last time: a question that reads a bounded number of rows."""
    look = _Look.begun(conn)
    found: set[str] = set()
    while not look.done and look.looked_at < ROWS_LOOKED_AT:
        found |= look.page(conn)
        if len(found) >= CONTENTS_WORTH_IT:
            return True
    return not look.done


@dataclass
class _Look:
    """A look at all that went since the last one: what ended, and what deleted branches alone showed."""

    walks: list[Departed | Abandoned]
    #: the deleted branches
    forgotten: list[int]

    @staticmethod
    def begun(conn: Connection) -> "_Look":
        until = int(settings.get(conn, RETIRED_UNTIL) or 0)
        walks: list[Departed | Abandoned] = [Departed(until, commits.newest_seq(conn))]
        forgotten = branches.uncleared(conn, BRANCHES_AT_ONCE)
        for branch_id, fork in forgotten:
            # What its base lost after the fork and before the last look was kept for it.
            walks += [Abandoned(branch_id), Departed(fork.seq, until, fork.branch_id)]
        return _Look(walks, [branch_id for branch_id, _ in forgotten])

    @property
    def done(self) -> bool:
        return all(walk.done for walk in self.walks)

    @property
    def looked_at(self) -> int:
        return sum(walk.looked_at for walk in self.walks)

    def page(self, conn: Connection) -> set[str]:
        """Read on, a page at most, and return the contents that were found; some head may show some of them still."""
        return next(walk for walk in self.walks if not walk.done).page(conn)


def _departed(backend: Backend, look: _Look) -> Iterator[set[str]]:
    while not look.done:
        with backend.engine.read() as conn:
            found = look.page(conn)
        yield found


def _in_the_table(backend: Backend) -> Iterator[set[str]]:
    last = ""
    while True:
        with backend.engine.read() as conn:
            found = search_rows.at_place_after(conn, backend.embedder, search_rows.TABLE, last, IN_LIST)
        if not found:
            return
        yield {each.content_id for each in found}
        last = found[-1].content_id


def _hidden(backend: Backend, found: Iterable[set[str]]) -> Iterator[str]:
    """Yield the contents among `found` whose rows are in the live table though no head shows them."""
    yielded: set[str] = set()
    for page in found:
        with backend.engine.read() as conn:
            live = live_among(conn, backend.embedder, page - yielded)
            hidden = live - showing.shown_among(conn, live)
            places = search_rows.places(conn, backend.embedder, hidden)
        in_tail = {content_id for content_id, at in places.items() if at.place == search_rows.TAIL}
        without_rows = {content_id for content_id in in_tail if not places[content_id].chunks}
        if in_tail - without_rows:
            # Left there, they would be folded into the live table later, when nobody looks at them any more.
            fold(backend)
        yield from sorted(hidden - without_rows)
        yielded |= hidden


def _retire_once(backend: Backend, seen: tuple[int, int], contents: list[str]) -> bool:
    live, history = backend.tables.live, backend.tables.history
    with begun(backend, "retire", "upkeep", tables=True) as publication:
        present, past = publication.base(live), publication.base(history)
        with backend.engine.read() as conn:
            if _in_tail(conn, backend, contents):
                raise StagingOutdated
            chunks = _in_live_table(conn, backend, contents)
        if not chunks:
            return True
        # Another process may have retired some of them meanwhile: their rows must not be looked for here again.
        hidden = sorted(chunks)
        publication.pin(history, _with_rows_of(history.table, past, live.table, present, hidden))
        publication.pin(live, live.table.delete_ids(present, hidden))
        point("retire.before_publish")
        with publication.publish() as conn:
            _check_hidden(conn, backend, seen, chunks)
            # In the same transaction: a branch that is made from now on at an older commit must look for them.
            settings.put(conn, settings.RETIRED_AT, str(commits.newest_seq(conn)))
            search_rows.set_place(conn, backend.embedder, search_rows.HISTORY, chunks.items())
    return True


def _check_hidden(conn: Connection, backend: Backend, seen: tuple[int, int], chunks: dict[str, int]) -> None:
    """Raise StagingOutdated unless what was hidden then still is, and its rows are where they were."""
    # A content that somebody made seen again since, by a commit or a branch, must stay where searches look (G4).
    if showing.newest(conn) != seen and showing.shown_among(conn, chunks):
        raise StagingOutdated
    if _in_live_table(conn, backend, chunks) != chunks:
        raise StagingOutdated


def _in_tail(conn: Connection, backend: Backend, contents: list[str]) -> bool:
    found = search_rows.places(conn, backend.embedder, contents).values()
    return any(each.place == search_rows.TAIL and each.chunks for each in found)


def _in_live_table(conn: Connection, backend: Backend, contents: Iterable[str]) -> dict[str, int]:
    """Return how many rows each of `contents` has in the live table, those that have some."""
    found = search_rows.places(conn, backend.embedder, contents).values()
    return {each.content_id: each.chunks for each in found if each.place == search_rows.TABLE}


def _with_rows_of(history: VersionedTable, past: int, live: VersionedTable, present: int, contents: list[str]) -> int:
    """Return a version of the history table that holds the live table's rows of `contents`, indexed."""
    parts = [history.stage(live.rows(present, None, is_one_of("content_id", batch))) for batch in batches(contents)]
    # A content that was retired before and came back still has its old rows there.
    past = history.delete_ids(past, contents)
    for part in parts:
        past = history.attach(past, part)
    return segments.index_text(history, past)
