"""The indexes of a table, built segment by segment outside any commit path.

An index is one or more segments of one name, each over some of the table's fragments; a query uses all of them and
reads the fragments that none covers. So new rows are found at once (G4), a little slower, and indexing them later
touches only them (G9). Merging builds one segment over everything and lets go of the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from holdfast import faults
from holdfast.host.importing import importing
from holdfast.index.lance.errors import reading, writing
from holdfast.index.lance.table import FIRST_VERSION, VersionedTable

#: Lance splits `terms` at white space and changes nothing: analysis.py has done all there is to do.
TEXT_OPTIONS: dict[str, Any] = {
    "base_tokenizer": "whitespace",
    "lower_case": False,
    "stem": False,
    "ascii_folding": False,
    "remove_stop_words": False,
    "with_position": False,
    "max_token_length": None,
}
#: rows per partition of a vector index: few enough to scan, enough to train on
ROWS_PER_PARTITION = 1000
#: vectors that each partition's middle is found from. Lance's own 256 take four times as long for 250 partitions, more
#: the more there are, and find no more of the nearest rows
VECTORS_PER_PARTITION = 64
#: how Lance ends a reading of a full-text index of which not all stayed in the cache
_NOT_KEPT = "prewarm completed without publishing"
#: vectors other than zero; fewer are scanned, not indexed
LEAST_VECTORS = 256
#: partitions of a vector index, at most
MAX_PARTITIONS = 4096


@dataclass(frozen=True)
class Segment:
    """One segment of an index."""

    #: the column that is indexed; also the index's name
    column: str
    #: names its folder below `_indices/`
    uuid: str
    #: numbers of the fragments it was built over, some of which may be gone
    fragments: frozenset[int]


def segments(table: VersionedTable, version: int, column: str = "") -> list[Segment]:
    """Return the index segments at `version`, oldest first, of one column or of all."""
    with reading(table.name, version):
        return [
            Segment(index.name, str(part.uuid), frozenset(part.fragment_ids))
            for index in table.open(version).describe_indices()
            for part in index.segments
            if not column or index.name == column
        ]


def read_indexes(table: VersionedTable, version: int) -> None:
    """Read every index at `version` from the disk, as searches do; raises CorruptStore when one cannot be."""
    with reading(table.name, version):
        dataset = table.open_cold(version)
        for segment in segments(table, version):
            try:
                dataset.prewarm_index(segment.column, index_segments=[segment.uuid])
            except RuntimeError as error:
                # It could all be read, and not all be kept: the cache is too small, or another thread filled it.
                if _NOT_KEPT not in str(error):
                    raise


def fragments(table: VersionedTable, version: int) -> dict[int, int]:
    """Return the number of rows of each fragment at `version`, by the fragment's number."""
    with reading(table.name, version):
        return {fragment.fragment_id: fragment.count_rows() for fragment in table.open(version).get_fragments()}


def unindexed_rows(table: VersionedTable, version: int, column: str) -> int:
    """Return how many rows at `version` the index of `column` does not cover."""
    covered = _covered(segments(table, version, column))
    return sum(rows for number, rows in fragments(table, version).items() if number not in covered)


def index_text(table: VersionedTable, base: int, *, merge: bool = False) -> int:
    """Return a version whose full-text index covers every row; with `merge`, in one segment."""
    return index(table, base, table.shape.text, merge=merge)


def index_ids(table: VersionedTable, base: int, *, merge: bool = False) -> int:
    """Return a version whose index of the key covers every row; with `merge`, in one segment."""
    return index(table, base, table.shape.key, merge=merge)


def index_vectors(table: VersionedTable, base: int, *, merge: bool = False) -> int:
    """Return a version whose vector index covers every row; with `merge`, in one segment.

    The index is IVF_SQ. Measured on 60,000 chunks of documentation and code, 64 partitions: it is built in 1.2 s, where
    IVF_PQ takes 20 s, takes a quarter of the vectors' size, and with the settings of lookup.py finds 0.95 or more of
    the true 50 nearest in about 3 ms, where IVF_PQ finds 0.79.
    """
    return index(table, base, table.shape.vector, merge=merge)


def index_nothing(table: VersionedTable) -> int:
    """Return a version of the empty table with a full-text index: it says how rows that no segment covers are split."""
    return build(table, FIRST_VERSION, table.shape.text, [], [])


def partitions_for(rows: int) -> int:
    """Return how many partitions a vector index over so many rows has."""
    return max(1, min(MAX_PARTITIONS, rows // ROWS_PER_PARTITION))


def cover(table: VersionedTable, base: int, column: str, numbers: Iterable[int], drop: list[Segment]) -> int:
    """Do as `build` does, unless the vectors are too few to train an index on: then return `base`."""
    wanted = list(numbers)
    if column == table.shape.vector and not _has_enough_vectors(table, base, wanted):
        return base
    return build(table, base, column, wanted, drop)


def build(table: VersionedTable, base: int, column: str, cover: Iterable[int], drop: list[Segment]) -> int:
    """Return a version with a new segment of `column` over the fragments `cover`, and without those in `drop`."""
    with importing():
        from lance import LanceOperation

    numbers = sorted(cover)
    with writing(table.name):
        faults.point("table.before_index")
        segment = _build_uncommitted(table, base, column, numbers)
        faults.point("table.before_index_fsync")
        table.make_durable(index_files(table, segment.uuid))
    removed = [_described(table, base, old) for old in drop]
    return table.commit(base, LanceOperation.CreateIndex(new_indices=[segment], removed_indices=removed))


def drop_segments(table: VersionedTable, base: int, drop: list[Segment]) -> int:
    """Return a version without the segments in `drop`; the rows they cover are found without an index."""
    with importing():
        from lance import LanceOperation

    removed = [_described(table, base, old) for old in drop]
    return table.commit(base, LanceOperation.CreateIndex(new_indices=[], removed_indices=removed)) if drop else base


def index_files(table: VersionedTable, uuid: str) -> list[str]:
    """Return the files of a segment, relative to the table."""
    folder = table.path / "_indices" / uuid
    return [str(file.relative_to(table.path)) for file in sorted(folder.rglob("*")) if file.is_file()]


def index(table: VersionedTable, base: int, column: str, *, merge: bool = False) -> int:
    """Return a version whose index of `column` covers every row; with `merge`, in one segment."""
    there = segments(table, base, column)
    present = frozenset(fragments(table, base))
    missing = present - _covered(there)
    if merge and (len(there) > 1 or missing):
        return cover(table, base, column, present, there)
    return cover(table, base, column, missing, []) if missing else base


def _covered(there: list[Segment]) -> frozenset[int]:
    return frozenset().union(*(segment.fragments for segment in there))


def _build_uncommitted(table: VersionedTable, base: int, column: str, numbers: list[int]) -> Any:
    dataset = table.open_apart(base)
    kind, options = _kind(table, base, column, numbers)
    segment = dataset.create_index_uncommitted(column, kind, name=column, fragment_ids=numbers, replace=True, **options)
    if kind == "INVERTED":
        # Without this the segment has no token list and every query fails; the other kinds refuse the call.
        dataset.merge_index_metadata(segment.uuid, index_type=kind)
    return segment


def _kind(table: VersionedTable, base: int, column: str, numbers: list[int]) -> tuple[str, dict[str, Any]]:
    if column == table.shape.text:
        return "INVERTED", TEXT_OPTIONS
    if column != table.shape.vector:
        return "BTREE", {}
    sizes = fragments(table, base)
    partitions = partitions_for(sum(sizes[number] for number in numbers))
    return "IVF_SQ", {"metric": "cosine", "num_partitions": partitions, "sample_rate": VECTORS_PER_PARTITION}


def _has_enough_vectors(table: VersionedTable, version: int, numbers: list[int]) -> bool:
    """Return whether enough vectors have a direction; texts in a script unknown to the model have none."""
    with importing():
        import numpy as np

    dataset = table.open(version)
    count = 0
    with reading(table.name, version):
        parts = [dataset.get_fragment(number) for number in numbers]
        for batch in dataset.scanner(columns=[table.shape.vector], fragments=parts).to_batches() if parts else ():
            vectors = batch.column(0)
            rows = vectors.flatten().to_numpy().reshape(len(vectors), -1)
            count += int(np.count_nonzero(np.any(rows, axis=1)))
            if count >= LEAST_VECTORS:
                return True
    return False


def _described(table: VersionedTable, version: int, segment: Segment) -> Any:
    """Return a segment as Lance wants it named when it is to be let go."""
    with importing():
        from lance.dataset import Index

    dataset = table.open(version)
    field = dataset.schema.get_field_index(segment.column)
    # Lance's annotation asks for a bitmap and its code takes any set of numbers.
    fragments_covered: Any = set(segment.fragments)
    return Index(segment.uuid, segment.column, [field], dataset.version, fragments_covered, 0)
