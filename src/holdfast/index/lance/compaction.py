"""Making the newest parts of a table one: fewer fragments, one segment of each index, removed rows dropped for good."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Literal

from holdfast import faults
from holdfast.host.importing import importing
from holdfast.index.lance import blocks
from holdfast.index.lance.blocks import Most, to_be_joined
from holdfast.index.lance.errors import writing
from holdfast.index.lance.segments import cover, drop_segments, fragments, segments
from holdfast.index.lance.table import VersionedTable

#: share of a fragment's rows that must have been removed before it is written anew for that alone
REMOVED_SHARE = 0.1
#: rows; fragments of fewer are joined by copying their pages, which for 250,000 rows takes a quarter of the time of
#: writing them anew and 60 MB instead of 430. To read one row each of five fragments takes twice as long as five of one
COPIED_ROWS = 250_000
#: how Lance joins fragments
Mode = Literal["reencode", "try_binary_copy"]
#: what `compact` leaves of a whole table
ONE = Most(1, 1)


def is_compact(table: VersionedTable, version: int) -> bool:
    """Return whether the table is one block, of which no fragment is worth writing anew."""
    rows, written = fragments(table, version), _written(table, version)
    small = {number for number, count in rows.items() if count < blocks.FRAGMENT_ROWS}
    light = {number for number, count in rows.items() if count < COPIED_ROWS and count == written[number]}
    mergeable = any({one, other} <= small or {one, other} <= light for one, other in pairwise(rows))
    thinned = any(count < written[number] * (1 - REMOVED_SHARE) for number, count in rows.items())
    return len(blocks.blocks(table, version)) <= 1 and not mergeable and not thinned


def compact(table: VersionedTable, base: int, most: Most = ONE) -> int:
    """Return a version with the same rows in no more parts than `most` says, the older ones left alone if that will do.

    The fragments that are touched have one segment of each index together afterwards, where they had any.
    """
    if most == ONE and is_compact(table, base):
        return base
    joined = to_be_joined(blocks.blocks(table, base), most)
    chosen = frozenset(number for block in joined for number in block.fragments)
    return _arrange(table, base, chosen) if chosen else base


def _arrange(table: VersionedTable, base: int, chosen: frozenset[int]) -> int:
    """Return a version in which the fragments `chosen`, whole blocks of them, are few and one block."""
    others = fragments(table, base).keys() - chosen
    # Lance merges fragments only where they are covered by the very same segments: those have to go first.
    touched = [segment for segment in segments(table, base) if not segment.fragments & others]
    version = _rewrite(table, drop_segments(table, base, touched), others, blocks.FRAGMENT_ROWS, "reencode")
    # Lance copies only what lost no row, and what it cannot copy it would take the memory to write anew.
    written = _written(table, version)
    kept = others | {number for number, count in fragments(table, version).items() if count != written[number]}
    version = _rewrite(table, version, kept, COPIED_ROWS, "try_binary_copy")
    for column in sorted({segment.column for segment in touched}):
        version = _index_again(table, version, column)
    return version


def _written(table: VersionedTable, version: int) -> dict[int, int]:
    """Return the number of rows that each fragment was written with, removed ones too, by the fragment's number."""
    return {part.fragment_id: part.physical_rows for part in table.open(version).get_fragments()}


def _rewrite(table: VersionedTable, base: int, others: Iterable[int], rows: int, mode: Mode) -> int:
    """Return a version in which fragments of fewer than `rows`, and thinned ones, are joined, all but `others`."""
    with importing():
        from lance import LanceOperation

        with importing():
            from lance.optimize import Compaction

    dataset = table.open_apart(base)
    with writing(table.name):
        plan = Compaction.plan(
            dataset,
            {
                "target_rows_per_fragment": rows,
                "compaction_mode": mode,
                "materialize_deletions_threshold": REMOVED_SHARE,
                "excluded_fragment_ids": sorted(others),
            },
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
