"""Retiring: rows of contents that no branch head shows go from the live table to the history table.

A note rewritten ten thousand times, or a removed folder, must not slow the search of what is there now. A search at an
older commit reads both tables. A content that comes back is derived anew (transaction._check_contents).
"""

import functools

from holdfast.backend import Backend
from holdfast.catalog import commits, entries, search_rows, settings
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.values import ROOT_NODE
from holdfast.faults import point
from holdfast.index import segments
from holdfast.index.table import VersionedTable, is_one_of
from holdfast.upkeep.publish import Overtaken, move_pins, persistently, pinned, staging

#: the commit up to which hidden contents have been retired
RETIRED_UNTIL = "retired_until"
#: files removed or overwritten that make it worth looking for hidden contents
FILES_WORTH_A_LOOK = 100
#: contents retired in one publish
CONTENTS_PER_PUBLISH = 5000


def retire(backend: Backend) -> int:
    """Retire what the head no longer shows; returns how many contents were moved."""
    total = 0
    while True:
        with backend.engine.read() as conn:
            head = commits.head(conn, backend.branch)
            hidden = hidden_contents(conn, backend, head)
        for batch in batches(hidden, CONTENTS_PER_PUBLISH):
            if not persistently(functools.partial(_retire_once, backend, head, batch)):
                return total
            total += len(batch)
        with backend.engine.write(durable=False) as conn:
            settings.put(conn, RETIRED_UNTIL, str(head))
        return total


def is_due(conn: Connection, backend: Backend) -> bool:
    """Return whether enough was removed or overwritten since the last time: a cheap question.

    A directory always is: it may have held any number of files.
    """
    until = int(settings.get(conn, RETIRED_UNTIL) or 0)
    directories, files = entries.removed_since(conn, backend.branch, until, FILES_WORTH_A_LOOK)
    return directories > 0 or files >= FILES_WORTH_A_LOOK


def hidden_contents(conn: Connection, backend: Backend, head: int) -> list[str]:
    """Return the contents whose rows are in the live table though nothing shows them at `head`."""
    visible = entries.subtree_contents(conn, backend.branch, head, ROOT_NODE, limit=2**62)
    there = {found.content_id for found in search_rows.at_place(conn, backend.embedder, search_rows.TABLE)}
    return sorted(there - set(visible))


def _retire_once(backend: Backend, head: int, contents: list[str]) -> bool:
    live, history = backend.tables.live, backend.tables.history
    with staging(backend, "retire") as intent_id:
        with backend.engine.read() as conn:
            old = pinned(conn, backend)
            chunks = _in_live_table(conn, backend, contents)
        # Another process may have retired some of them meanwhile: their rows must not be looked for here again.
        hidden = sorted(chunks)
        past = _with_rows_of(history.table, old[history.name], live.table, old[live.name], hidden)
        present = live.table.delete_ids(old[live.name], hidden)
        point("retire.before_publish")
        with backend.engine.write() as conn:
            # A content that somebody made seen again after `head` must stay where searches look (G4).
            newest = commits.head(conn, backend.branch)
            if newest != head and entries.visible_among(conn, backend.branch, newest, hidden):
                raise Overtaken
            if _in_live_table(conn, backend, hidden) != chunks:
                raise Overtaken
            search_rows.set_place(conn, backend.embedder, search_rows.HISTORY, chunks.items())
            move_pins(conn, backend, intent_id, old, {live.name: present, history.name: past})
    return True


def _in_live_table(conn: Connection, backend: Backend, contents: list[str]) -> dict[str, int]:
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
