"""Indexing and compacting the search tables once they have grown past stated sizes."""

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from holdfast.backend import Backend
from holdfast.catalog import pins, settings
from holdfast.errors import CorruptStore
from holdfast.faults import point
from holdfast.index.lance import blocks, segments
from holdfast.index.lance.blocks import FRAGMENT_ROWS, Most
from holdfast.index.lance.compaction import compact, is_compact
from holdfast.index.lance.table import VersionedTable
from holdfast.index.tables import SearchTable, SearchTables
from holdfast.publish.publication import StagingOutdated, begun, pinned, retrying
from holdfast.upkeep import allocator

#: rows without a full-text segment that a search may scan: a share of the table, so that while it grows in one add it
#: is indexed a few times and not at every commit, within bounds that keep the scan to some 30 ms
TEXT_SHARE, TEXT_LEAST, TEXT_MOST = 4, 1000, 5000
#: rows from which on vectors and content ids are indexed at all; fewer are scanned in a few milliseconds. A scan takes
#: the time and the memory of all vectors, a kilobyte each, at every search: of 20,000 rows, three times the search
LARGE_TABLE = 5_000
#: rows without a vector segment that a search of a large table may scan
VECTOR_ROWS = 10_000
#: the same of both, and of segments, where a run that added ends: whoever searches next is not to pay for it
SETTLED_TEXT, SETTLED_VECTORS, SETTLED_SEGMENTS = 500, 1000, 4
#: small fragments that a large add may leave, in a table of which one could hold all and in a larger one: every search
#: looks into each
SETTLED_FRAGMENTS, SETTLED_LARGE = 2, 8
#: segments of one index, and small fragments of a table, above which the newest are merged
MANY_SEGMENTS, MANY_FRAGMENTS = 8, 32


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done to a table: its name in reports, and what makes the new version."""

    name: str
    run: Callable[[VersionedTable, int], int]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What upkeep leaves as it is."""

    #: small fragments of a table, and segments of one index
    fragments: int
    segments: int
    #: rows without a segment of full text, given the rows of the table
    text: Callable[[int], int]
    #: rows without a segment of vectors
    vectors: int
    #: whether a look within these bounds leaves nothing to be done at the end of a run
    close: bool = True
    #: the first, of a table that is no larger than one fragment may be, where that is less
    small_fragments: int = MANY_FRAGMENTS

    def fragments_of(self, rows: int) -> int:
        """Return how many small fragments a table of so many rows may have."""
        return min(self.fragments, self.small_fragments) if rows <= FRAGMENT_ROWS else self.fragments

    def most(self, rows: int) -> Most:
        """Return what compaction leaves of a table of so many rows."""
        return Most(self.fragments_of(rows), self.segments)


#: while a store is being changed
USUAL = Bounds(
    MANY_FRAGMENTS,
    MANY_SEGMENTS,
    lambda rows: min(TEXT_MOST, max(TEXT_LEAST, rows // TEXT_SHARE)),
    VECTOR_ROWS,
    close=False,
)
#: where a run ends
SETTLED = Bounds(MANY_FRAGMENTS, SETTLED_SEGMENTS, lambda _: SETTLED_TEXT, SETTLED_VECTORS)
#: where a large add ends, which took longer than compacting a small table does
ADDED = replace(SETTLED, fragments=SETTLED_LARGE, small_fragments=SETTLED_FRAGMENTS)
#: for `optimize`
THOROUGH = Bounds(1, 1, lambda _: 0, 0)


def tend(backend: Backend, *, bounds: Bounds = USUAL) -> list[str]:
    """Bring the indexes of both search tables within `bounds`; returns what was done, in words."""
    done: list[str] = []
    while True:
        with backend.engine.read() as conn:
            looked_at = pins.fingerprint(conn)
        before = len(done)
        tend_tables(backend, backend.tables.current, bounds=bounds, done=done)
        if len(done) == before:
            break
    with backend.engine.write(durable=False) as conn:
        settings.put(conn, settings.TENDED, settings.settled(looked_at) if bounds.close else looked_at)
    return done


def tend_tables(backend: Backend, tables: SearchTables, *, bounds: Bounds, done: list[str] | None = None) -> None:
    """Bring the indexes of two search tables within `bounds`; adds what was done to `done`."""
    for table in tables.both:
        _tend_table(backend, table, bounds, [] if done is None else done)


def _tend_table(backend: Backend, table: SearchTable, bounds: Bounds, done: list[str]) -> None:
    while (step := _next_step(backend, table, bounds, done)) is not None:
        done.append(f"{step.name} of {table.name}")
        with backend.appending.closed():
            done_now = retrying(functools.partial(_do, backend, table, step), otherwise=lambda: False)
        allocator.give_back()
        if not done_now:
            return


def is_due(backend: Backend, *, closely: bool = False) -> bool:
    """Return whether a table was changed since its indexes were last looked at, `closely` or not: a cheap question."""
    with backend.engine.read() as conn:
        noted, now = settings.get(conn, settings.TENDED), pins.fingerprint(conn)
    return noted != settings.settled(now) and (closely or noted != now)


def _do(backend: Backend, table: SearchTable, step: Step) -> bool:
    with begun(backend, "index", "upkeep", tables=backend.tables.of_table(table)) as publication:
        publication.pin(table, step.run(table.table, publication.base(table)))
        point("index.before_publish")
        with publication.publish():
            # Nothing changes but the pin.
            return True


def _next_step(backend: Backend, table: SearchTable, bounds: Bounds, done: list[str]) -> Step | None:
    """Return the first step that is due and was not done in this run."""
    due = retrying(functools.partial(_due_at_pinned, backend, table, bounds), otherwise=list[Step])
    return next((step for step in due if f"{step.name} of {table.name}" not in done), None)


def _due_at_pinned(backend: Backend, table: SearchTable, bounds: Bounds) -> list[Step]:
    """Return what is due at the pinned version; raises StagingOutdated where that is gone, since another is pinned."""
    with backend.engine.read() as conn:
        version = pinned(conn, table)
    try:
        return _due(table.table, version, bounds)
    except CorruptStore as error:
        with backend.engine.read() as conn:
            if pinned(conn, table) == version:
                raise
        raise StagingOutdated from error


def _due(table: VersionedTable, version: int, bounds: Bounds) -> list[Step]:
    rows = table.count(version)
    return [step for step, due in _steps(table, version, rows, bounds) if due] if rows else []


def _steps(table: VersionedTable, version: int, rows: int, bounds: Bounds) -> list[tuple[Step, bool]]:
    steps = [
        (
            Step("compaction", functools.partial(compact, most=bounds.most(rows))),
            _has_many(table, version, rows, bounds),
        ),
        _index_step(table, version, table.shape.text, bounds.text(rows)),
    ]
    if rows >= LARGE_TABLE:
        steps += [
            _index_step(table, version, column, bounds.vectors) for column in (table.shape.key, table.shape.vector)
        ]
    return steps


def _has_many(table: VersionedTable, version: int, rows: int, bounds: Bounds) -> bool:
    """Return whether a search has to look into more parts of the table than it is to."""
    if bounds is THOROUGH:
        return not is_compact(table, version)
    small = sum(block.small for block in blocks.blocks(table, version))
    parts = Counter(segment.column for segment in segments.segments(table, version) if segment.fragments)
    return small > bounds.fragments_of(rows) or max(parts.values(), default=0) > bounds.segments


def _index_step(table: VersionedTable, version: int, column: str, allowed: int) -> tuple[Step, bool]:
    missing = segments.unindexed_rows(table, version, column)
    return Step(f"indexing {column}", functools.partial(segments.index, column=column)), missing > allowed
