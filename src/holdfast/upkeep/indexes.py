"""Indexing and compacting the search tables once they have grown past stated sizes."""

import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from holdfast.backend import Backend
from holdfast.catalog import pins, settings
from holdfast.faults import point
from holdfast.index import segments
from holdfast.index.compaction import compact
from holdfast.index.table import VersionedTable
from holdfast.index.tables import SearchTable
from holdfast.upkeep import memory
from holdfast.upkeep.publish import Overtaken, at_pinned, move_pins, persistently, pinned, staging

#: rows without a full-text segment that a search may scan: a share of the table, so that while it grows in one add it
#: is indexed a few times and not at every commit, within bounds that keep the scan to some 30 ms
TEXT_SHARE, TEXT_LEAST, TEXT_MOST = 4, 1000, 5000
#: rows from which on vectors and content ids are indexed at all; fewer are scanned faster than an index is kept
LARGE_TABLE = 20_000
#: rows without a vector segment that a search of a large table may scan
VECTOR_ROWS = 10_000
#: segments of one index, and fragments of a table, above which they are merged
MANY_SEGMENTS, MANY_FRAGMENTS = 8, 32


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done to a table: its name in reports, and what makes the new version."""

    name: str
    run: Callable[[VersionedTable, int], int]


def tend(backend: Backend, *, thorough: bool = False) -> list[str]:
    """Bring the indexes of both search tables up to date where it is due; returns what was done, in words.

    `thorough` does not wait for the stated sizes.
    """
    done: list[str] = []
    while True:
        with backend.engine.read() as conn:
            looked_at = pins.fingerprint(conn)
        before = len(done)
        for table in (backend.tables.live, backend.tables.history):
            _tend_table(backend, table, thorough, done)
        if len(done) == before:
            break
    with backend.engine.write(durable=False) as conn:
        settings.put(conn, settings.TENDED, looked_at)
    return done


def _tend_table(backend: Backend, table: SearchTable, thorough: bool, done: list[str]) -> None:
    while (step := _next_step(backend, table, thorough, done)) is not None:
        done.append(f"{step.name} of {table.name}")
        done_now = persistently(functools.partial(_do, backend, table, step))
        memory.give_back()
        if not done_now:
            return


def is_due(backend: Backend) -> bool:
    """Return whether a table was changed since its indexes were last looked at: a cheap question."""
    with backend.engine.read() as conn:
        return settings.get(conn, settings.TENDED) != pins.fingerprint(conn)


def _do(backend: Backend, table: SearchTable, step: Step) -> bool:
    with staging(backend, "index") as intent_id:
        with backend.engine.read() as conn:
            old = pinned(conn, backend)
        version = step.run(table.table, old[table.name])
        point("index.before_publish")
        with backend.engine.write() as conn:
            move_pins(conn, backend, intent_id, old, {table.name: version})
    return True


def _next_step(backend: Backend, table: SearchTable, thorough: bool, done: list[str]) -> Step | None:
    """Return the first step that is due and was not done in this run."""
    with suppress(Overtaken):
        for step in at_pinned(backend, table.name, lambda version: _due(table.table, version, thorough)):
            if f"{step.name} of {table.name}" not in done:
                return step
    return None


def _due(table: VersionedTable, version: int, thorough: bool) -> list[Step]:
    rows = table.count(version)
    return [step for step, due in _steps(table, version, rows, thorough) if due] if rows else []


def _steps(table: VersionedTable, version: int, rows: int, thorough: bool) -> list[tuple[Step, bool]]:
    parts = len(segments.fragments(table, version))
    large = rows >= LARGE_TABLE
    scanned = 0 if thorough else min(TEXT_MOST, max(TEXT_LEAST, rows // TEXT_SHARE))
    return [
        (Step("compaction", compact), parts > (1 if thorough else MANY_FRAGMENTS)),
        *_index_steps(table, version, table.shape.text, segments.index_text, scanned),
        *(_index_steps(table, version, table.shape.key, segments.index_ids, VECTOR_ROWS) if large else []),
        *(_index_steps(table, version, table.shape.vector, segments.index_vectors, VECTOR_ROWS) if large else []),
    ]


def _index_steps(
    table: VersionedTable, version: int, column: str, index: Callable[..., int], allowed: int
) -> list[tuple[Step, bool]]:
    missing = segments.unindexed_rows(table, version, column)
    many = len(segments.segments(table, version, column)) > MANY_SEGMENTS
    return [
        (Step(f"merging the {column} index", lambda t, v: index(t, v, merge=True)), many),
        (Step(f"indexing {column}", index), missing > allowed),
    ]
