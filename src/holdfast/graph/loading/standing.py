"""The rows that stand when a load is staged: what loaded rows are checked against by hashes, and which they replace."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.graph.loading.rows import LoadedRows
from holdfast.host.importing import importing
from holdfast.index.hashing import hashes_of, hashes_of_rows
from holdfast.rows.bases import shape
from holdfast.rows.bases.reading import LanceBase
from holdfast.rows.bases.staging import BaseStaging, StagedBase
from holdfast.rows.committed import CommittedRows
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.stored import StoredRow

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from holdfast.index.hashing import Hashes

#: rows read at once of which hashes are made
HASHED_AT_ONCE = 65_536
#: rows that are compared before all are: mostly one of them tells that a load changes something
PROBED = 100


def stored_hashes(stored: CommittedRows, kind: TypeSchema, column: str, seed: int) -> "tuple[Hashes, Hashes]":
    """Return the hashes of the keys of the rows that stand, and of what they have in a column."""
    with importing():
        import numpy as np

    columns = list(dict.fromkeys([shape.KEY, column]))
    said, reader = stored.logged(kind.id)
    parts = list(_standing(kind, said))
    if isinstance(reader, LanceBase) and column in reader.columns:
        parts += _based(reader, columns, said)
    none = np.zeros(0, np.uint64)
    keys = np.concatenate([none, *(hashes_of(batch.column(shape.KEY), seed) for batch in parts)])
    if column == shape.KEY:
        return keys, keys
    return keys, np.concatenate([none, *(hashes_of(batch.column(column), seed) for batch in parts)])


def among(wanted: "Hashes", there: "Hashes") -> "NDArray[np.bool_]":
    """Return of each hash whether it is one of others; that of a null is none of any."""
    with importing():
        import numpy as np

        with importing():
            import pyarrow as pa

            with importing():
                import pyarrow.compute as pc

    if not len(there) or not len(wanted):
        return np.zeros(len(wanted), np.bool_)
    found: NDArray[np.bool_] = pc.is_in(pa.array(wanted), value_set=pa.array(there)).to_numpy(zero_copy_only=False)
    both: NDArray[np.bool_] = found & (wanted != 0)
    return both


class StandingRows:
    """The rows of one type that stand when rows of it are loaded."""

    def __init__(self, stored: CommittedRows, loaded: LoadedRows, staging: BaseStaging, seed: int) -> None:
        self._stored = stored
        self._loaded = loaded
        self._kind = loaded.kind
        self._staging = staging
        self._seed = seed
        self._base = stored.base(self._kind.id)
        self._said, self._reader = stored.logged(self._kind.id)

    def beside(self) -> StagedBase:
        """Stage those that stay beside the loaded ones, the keys of which they do not have."""
        staging = self._staging
        kept = staging.rewritten_but(self._base, self._reader, self._gone())
        standing = [row for row in self._said.values() if row is not None]
        if standing:
            stays = ~self._are_loaded(shape.encoded_rows(self._kind, standing))
            left = [row for row, stay in zip(standing, stays, strict=True) if stay]
            kept = staging.with_rows(kept, left) if left else kept
        return kept

    def are_as_loaded(self, *, alone: bool) -> bool:
        """Return whether the loaded rows are all there as they are, with `alone` and no others."""
        if self._base is not None and self._base.table != self._staging.name:
            return False
        return self._are_some_as_loaded() and self._are_all_as_loaded(alone=alone)

    def _gone(self) -> "NDArray[np.bool_]":
        """Return of each row of the base, in order, whether a loaded one or the log says something else of it."""
        with importing():
            import numpy as np

        if not isinstance(self._reader, LanceBase):
            return np.zeros(0, np.bool_)
        parts = list(self._reader.batches([shape.KEY], HASHED_AT_ONCE))
        hashes = [hashes_of(batch.column(shape.KEY), self._seed) for batch in parts]
        gone = among(np.concatenate([np.zeros(0, np.uint64), *hashes]), self._loaded.hashes(shape.KEY))
        said = [is_said(batch, self._said) for batch in parts]
        both: NDArray[np.bool_] = gone | np.concatenate([np.zeros(0, np.bool_), *said])
        return both

    def _are_loaded(self, rows: "pa.RecordBatch") -> "NDArray[np.bool_]":
        return among(hashes_of(rows.column(shape.KEY), self._seed), self._loaded.hashes(shape.KEY))

    def _are_some_as_loaded(self) -> bool:
        probed = self._loaded.first(PROBED)
        found = self._stored.rows(self._kind.id, probed.column(shape.KEY).to_pylist())
        if len(found) < probed.num_rows:
            return False
        there = shape.encoded_rows(self._kind, list(found.values()))
        return set(self._hashed(there).tolist()) == set(self._hashed(probed).tolist())

    def _are_all_as_loaded(self, *, alone: bool) -> bool:
        with importing():
            import numpy as np

        none = np.zeros(0, np.uint64)
        # In order, so that few together are found in many without a table of all of them each time.
        loaded = np.sort(np.concatenate([none, *map(self._hashed, self._loaded.written())]))
        same = there = 0
        for rows in self._all():
            found = np.sort(self._hashed(rows))
            places = np.minimum(np.searchsorted(loaded, found), len(loaded) - 1)
            same += int(np.count_nonzero(loaded[places] == found))
            there += len(found)
        return same == len(loaded) and (there == same or not alone)

    def _all(self) -> "Iterator[pa.RecordBatch]":
        yield from _standing(self._kind, self._said)
        if isinstance(self._reader, LanceBase):
            yield from _based(self._reader, None, self._said)

    def _hashed(self, rows: "pa.RecordBatch") -> "Hashes":
        """Return hashes of whole rows, but for the commits that they are of."""
        names = [name for name in shape.schema_of(self._kind).names if name != shape.SEQ]
        return hashes_of_rows((rows.column(name) for name in names), self._seed)


def is_said(rows: "pa.RecordBatch", said: dict[str, StoredRow | None]) -> "NDArray[np.bool_]":
    """Return of each row of a base whether the log says what holds of it."""
    with importing():
        import numpy as np

        with importing():
            import pyarrow as pa

            with importing():
                import pyarrow.compute as pc

    if not said:
        return np.zeros(rows.num_rows, np.bool_)
    known = pa.array(list(said), pa.string())
    found: NDArray[np.bool_] = pc.is_in(rows.column(shape.KEY), value_set=known).to_numpy(zero_copy_only=False)
    return found


def _standing(kind: TypeSchema, said: dict[str, StoredRow | None]) -> "Iterator[pa.RecordBatch]":
    standing = [row for row in said.values() if row is not None]
    if standing:
        yield shape.encoded_rows(kind, standing)


def _based(
    reader: LanceBase, columns: list[str] | None, said: dict[str, StoredRow | None]
) -> "Iterator[pa.RecordBatch]":
    """Yield the rows of a base that hold, since the log says nothing of them."""
    with importing():
        import pyarrow as pa

    for batch in reader.batches(columns, HASHED_AT_ONCE):
        yield batch.filter(pa.array(~is_said(batch, said))) if said else batch
