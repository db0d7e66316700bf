"""Merging small fragments and dropping removed rows for good, on a chain of detached versions."""

from typing import Any

from holdfast import faults
from holdfast.host.importing import importing
from holdfast.index.lance.errors import writing
from holdfast.index.lance.segments import cover, drop_segments, fragments, segments
from holdfast.index.lance.table import VersionedTable

#: rows; fragments of fewer are merged with their neighbours
FRAGMENT_ROWS = 50_000
#: share of a fragment's rows that must have been removed before it is written anew for that alone
REMOVED_SHARE = 0.1


def compact(table: VersionedTable, base: int) -> int:
    """Return a version with the same rows in fewer fragments, indexed as before; `base` if nothing is to be done."""
    worth = _worth_rewriting(table, base)
    if not worth:
        return base
    # Lance merges fragments only where they are covered by the very same segments: those have to go first.
    touched = [segment for segment in segments(table, base) if segment.fragments & worth]
    bare = drop_segments(table, base, touched)
    version = _rewrite(table, bare)
    if version == bare:
        return base
    for column in sorted({segment.column for segment in touched}):
        version = _index_again(table, version, column)
    return version


def _worth_rewriting(table: VersionedTable, version: int) -> set[int]:
    """Return the numbers of the fragments that are too small, if there are two, or that lost too many rows."""
    rows = fragments(table, version)
    physical = {part.fragment_id: part.physical_rows for part in table.open(version).get_fragments()}
    small = {number for number, count in rows.items() if count < FRAGMENT_ROWS}
    thinned = {number for number, count in rows.items() if count < physical[number] * (1 - REMOVED_SHARE)}
    return (small if len(small) > 1 else set()) | thinned


def _rewrite(table: VersionedTable, base: int) -> int:
    with importing():
        from lance import LanceOperation

        with importing():
            from lance.optimize import Compaction

    dataset = table.open_apart(base)
    with writing(table.name):
        plan = Compaction.plan(
            dataset,
            {"target_rows_per_fragment": FRAGMENT_ROWS, "materialize_deletions_threshold": REMOVED_SHARE},
        )
        faults.point("table.before_fragments")
        # Compaction.commit would go to the linear head, be refused, and delete the new files.
        results: list[Any] = [task.execute(dataset) for task in plan.tasks]
        faults.point("table.before_fragment_fsync")
        table.make_durable(_new_files(results))
    if not results:
        return base
    groups = [LanceOperation.RewriteGroup(result.original_fragments, result.new_fragments) for result in results]
    return table.commit(base, LanceOperation.Rewrite(groups, []))


def _new_files(results: list[Any]) -> list[str]:
    return [f"data/{file.path}" for result in results for part in result.new_fragments for file in part.files]


def _index_again(table: VersionedTable, version: int, column: str) -> int:
    """Give the rows that lost their index, and any that had none, a segment of their own."""
    kept = frozenset().union(*(segment.fragments for segment in segments(table, version, column)))
    return cover(table, version, column, fragments(table, version).keys() - kept, [])
