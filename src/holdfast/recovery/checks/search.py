"""Checks of search: that every visible content is found where a search looks, by as many rows as it has chunks."""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from holdfast.backend import Backend
from holdfast.catalog import branches, commits, contents, pins, search_rows, subtrees
from holdfast.catalog.checking import checks
from holdfast.catalog.engine import CatalogDamaged, Connection, batches
from holdfast.errors import HoldfastError
from holdfast.host.importing import importing
from holdfast.index.lance.errors import reading
from holdfast.index.tables import SearchTable
from holdfast.publish.intention import keeping_versions
from holdfast.publish.publication import pinned
from holdfast.recovery.checks.inspection import LISTED, REPAIR, Inspection, where

#: contents whose rows are counted at a time: what a table of any size costs in memory
COUNTED_AT_ONCE = 100_000
#: contents asked about in one go
PAGE = 500
#: looks at a table that others replace meanwhile
RUNS = 5


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A content with another number of rows in a table than it should have there."""

    content_id: str
    expected: int
    found: int


def check_places(inspection: Inspection) -> None:
    """Check that everything visible at the head is where a search looks, and what the tail holds."""
    backend = inspection.backend
    with backend.engine.read() as conn:
        for content_id in known(conn, unsearchable(conn, backend)):
            inspection.problem("search", f"{where(conn, content_id)} cannot be found by a search", REPAIR)
        if inspection.deep:
            for content_id in known(conn, checks.never_searchable(conn, backend.embedder, LISTED + 1)):
                inspection.problem("search", f"{where(conn, content_id)} was never made searchable", REPAIR)
        for content_id in checks.searchable_unknown(conn, backend.embedder, LISTED + 1):
            inspection.problem("search", f"A search may find the content {content_id}, which is not known", REPAIR)
        for count in checks.tail_off(conn, backend.embedder, LISTED + 1):
            _report(inspection, conn, "the tail", Mismatch(count.content_id, count.expected, count.found))
        totals = search_rows.totals(conn, backend.embedder)
        inspection.checked["searchable"] += sum(found[0] for found in totals.values())


def check_tables(inspection: Inspection) -> None:
    """Check that the pinned versions can be read, and compare their rows with the catalog, both ways."""
    # This may take long, and a version that was replaced is kept for nobody but who has an intent.
    with keeping_versions(inspection.backend, "verify"):
        for table, place in tables(inspection.backend):
            settled(inspection, functools.partial(_check_table, table=table, place=place))


def settled(inspection: Inspection, check: Callable[[Inspection], None]) -> None:
    """Run a check of a table, and once more when the version it looked at was replaced meanwhile, and perhaps removed.

    Where versions cannot be kept, in a store that is opened read-only, this is what tells damage from tidying.
    """
    for _ in range(RUNS):
        attempt = Inspection(inspection.backend, inspection.deep)
        with inspection.backend.engine.read() as conn:
            pinned = pins.fingerprint(conn)
        try:
            check(attempt)
        except CatalogDamaged:
            # That is no matter of this table, and no repair mends it.
            raise
        except HoldfastError as error:
            attempt.problem("table", error.message, REPAIR)
        with inspection.backend.engine.read() as conn:
            if not attempt.problems or pins.fingerprint(conn) == pinned:
                inspection.take(attempt)
                return
    inspection.notes.append(f"A search table was replaced {RUNS} times while it was looked at: look again in calm")


def tables(backend: Backend) -> tuple[tuple[SearchTable, str], ...]:
    """Return the search tables, each with the place that its rows are said to be at."""
    return (backend.tables.live, search_rows.TABLE), (backend.tables.history, search_rows.HISTORY)


def unsearchable(conn: Connection, backend: Backend) -> Iterator[str]:
    """Yield the contents that are visible at a branch's head and not where a search looks."""
    for branch in branches.every(conn):
        head, last = commits.head(conn, branch), ""
        while page := checks.unsearchable(conn, backend.embedder, branch, last, PAGE):
            yield from sorted(subtrees.visible_among(conn, branch, head, page))
            last = page[-1]


def known(conn: Connection, ids: Iterable[str]) -> Iterator[str]:
    """Yield those contents that the catalog has: of the others it is told that they are missing, which is enough."""
    for batch in batches(ids):
        there = contents.known_among(conn, batch)
        yield from (content_id for content_id in batch if content_id in there)


def damaged_files(table: SearchTable, version: int) -> list[str]:
    """Return the files that reading a version needs and that are not there, or are empty."""
    from holdfast.index.lance.files import alive_files, all_files
    from holdfast.index.lance.segments import segments

    there = dict(all_files(table.table))
    damaged = {name for name in alive_files(table.table, [version]) if not there.get(name)}
    # What an index consists of is known from its folder alone.
    folders = {f"_indices/{segment.uuid}" for segment in segments(table.table, version)}
    return sorted(damaged | {folder for folder in folders if not any(name.startswith(folder) for name in there)})


def mismatches(conn: Connection, backend: Backend, table: SearchTable, place: str, version: int) -> Iterator[Mismatch]:
    """Yield the contents whose rows in a table are not as many as the catalog says, for one snapshot of both.

    In the history table, rows of contents that are live again do no harm and are passed over.
    """
    for low, high in ranges(table.table.count(version)):
        expected = checks.chunks_between(conn, backend.embedder, place, low, high)
        found = _rows_between(table, version, low, high)
        for content_id in sorted(expected.keys() | found.keys()):
            wanted, there = expected.get(content_id, 0), found.get(content_id, 0)
            if wanted != there and not (place == search_rows.HISTORY and _is_live(conn, backend, content_id)):
                yield Mismatch(content_id, wanted, there)


def _check_table(inspection: Inspection, *, table: SearchTable, place: str) -> None:
    backend = inspection.backend
    # What was opened before must not hide what has become of it since.
    table.table.forget()
    with backend.engine.read() as conn:
        version = pinned(conn, table)
        for name in damaged_files(table, version):
            inspection.problem("table", f"The file {name} of the search table {table.name} is missing or empty", REPAIR)
        for mismatch in mismatches(conn, backend, table, place, version):
            _report(inspection, conn, f"the table {table.name}", mismatch)
        if inspection.deep:
            read_all(table, version)
        inspection.checked[f"rows in {table.name}"] += table.table.count(version)


def read_all(table: SearchTable, version: int) -> None:
    """Read every row and every index of a version from the disk; raises CorruptStore when one cannot be."""
    from holdfast.index.lance import segments

    with reading(table.name, version):
        for _ in table.table.open_cold(version).scanner().to_batches():
            pass
    segments.read_indexes(table.table, version)


def _report(inspection: Inspection, conn: Connection, place: str, mismatch: Mismatch) -> None:
    inspection.problem(
        "search",
        f"{where(conn, mismatch.content_id)} has {mismatch.found} search rows in {place} instead of"
        f" {mismatch.expected}",
        REPAIR,
    )


def _is_live(conn: Connection, backend: Backend, content_id: str) -> bool:
    at = search_rows.places(conn, backend.embedder, [content_id]).get(content_id)
    return at is not None and at.place in search_rows.LIVE


def ranges(rows: int) -> Iterator[tuple[str, str]]:
    """Cut the content ids, which are evenly spread, into ranges of about COUNTED_AT_ONCE rows at most."""
    parts = min(256, rows // COUNTED_AT_ONCE + 1)
    edges = [f"{256 * part // parts:02x}" for part in range(parts)]
    edges[0] = ""
    yield from zip(edges, [*edges[1:], "g"], strict=True)


def _rows_between(table: SearchTable, version: int, low: str, high: str) -> Counter[str]:
    with importing():
        import pyarrow.compute as pc

    found: Counter[str] = Counter()
    with reading(table.name, version):
        scanner = table.table.open(version).scanner(
            columns=["content_id"], filter=f"content_id >= '{low}' AND content_id < '{high}'"
        )
        for batch in scanner.to_batches():
            counts: Any = pc.value_counts(batch.column(0))
            for item in counts:
                found[item["values"].as_py()] += item["counts"].as_py()
    return found
