"""The rows of one type in a load: staged as they come, and what is kept in memory to check them by."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing
from holdfast.index.hashing import hashes_of
from holdfast.index.lance.table import FIRST_VERSION, StagedRows
from holdfast.json_values import canonical
from holdfast.rows.bases import shape
from holdfast.rows.bases.reading import load_mark
from holdfast.rows.bases.staging import BaseStaging, StagedBase
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.sources import SOURCES

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.index.hashing import Hashes
    from holdfast.rows.arrow.tables import EncodedTable

#: rows that are written to the disk together
ROWS_AT_ONCE = 250_000
#: rows that are read again together
READ_AT_ONCE = 65_536


def as_batch(
    kind: TypeSchema, rows: "EncodedTable", covers: int, sources: Sequence[list[dict[str, Any]] | None] | None = None
) -> "pa.RecordBatch":
    """Return encoded rows in the columns of their table, as those of a load staged at a commit.

    `sources` are what each row rests on, as it is stored.
    """
    with importing():
        import pyarrow as pa

    schema = shape.schema_of(kind)
    columns: dict[str, Any] = {shape.KEY: rows.key, shape.SRC: rows.src, shape.DST: rows.dst}
    columns |= {shape.column_of(int(name)): cells for name, cells in rows.columns.items()}
    columns[shape.EXTRA] = _extra(kind, rows, sources)
    columns[shape.SEQ] = pa.repeat(load_mark(covers), len(rows))
    arrays = [columns.get(field.name, pa.nulls(len(rows), field.type)) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _extra(
    kind: TypeSchema, rows: "EncodedTable", sources: Sequence[list[dict[str, Any]] | None] | None
) -> "pa.Array[Any]":
    with importing():
        import pyarrow as pa

    # What rows of before have by default is taken from a row of today that has no value.
    asked = [each for each in kind.live if each.initial is not None and rows.columns[str(each.id)].null_count]
    if not asked and sources is None:
        return pa.nulls(len(rows), pa.string())
    missing = [(str(each.id), rows.columns[str(each.id)].is_null().to_pylist()) for each in asked]
    said: list[dict[str, Any]] = [{name: None for name, is_null in missing if is_null[row]} for row in range(len(rows))]
    for each, resting in zip(said, sources or (), strict=False):
        if resting:
            each[SOURCES] = resting
    return pa.array([canonical(each) if each else None for each in said], pa.string())


class LoadedRows:
    """The rows of one type."""

    def __init__(self, staging: BaseStaging | None, kind: TypeSchema, seed: int) -> None:
        self.kind = kind
        self.count: int = 0
        self._staging = staging
        self._seed = seed
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._staged: list[StagedRows] = []
        self._parts: dict[str, list[Hashes]] = {column: [] for column in self._hashed()}

    def add(self, batch: "pa.RecordBatch") -> None:
        """Take rows."""
        for column, parts in self._parts.items():
            parts.append(hashes_of(batch.column(column), self._seed))
        self.count += batch.num_rows
        if self._staging is None:
            return
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        if self._waiting_rows >= ROWS_AT_ONCE:
            self._write()

    def hashes(self, column: str) -> "Hashes":
        """Return the hashes of all values of a column that is checked, in the order of the rows."""
        with importing():
            import numpy as np

        parts = self._parts[column]
        if len(parts) > 1:
            parts[:] = [np.concatenate(parts)]
        return parts[0] if parts else np.zeros(0, np.uint64)

    @cached_property
    def sorted_keys(self) -> "Hashes":
        """The hashes of the keys, in order."""
        with importing():
            import numpy as np

        return np.sort(self.hashes(shape.KEY))

    def texts(self, column: str, rows: Sequence[int]) -> list[Any]:
        """Return what some rows have in a column, by their places; of a dry run, what number they are."""
        if self._staging is None:
            return [f"row {row + 1}" for row in rows]
        texts: list[Any] = self._written.take(list(rows), columns=[column])[column].to_pylist()
        return texts

    def first(self, most: int) -> "pa.RecordBatch":
        """Return the first rows as they are stored, of none that are none, and `most` of them at most."""
        return next(self.written(most)).slice(0, most)

    def written(self, at_once: int = READ_AT_ONCE) -> "Iterator[pa.RecordBatch]":
        """Yield all rows as they are stored, but for what is searched of them."""
        yield from self._written.scanner(columns=shape.schema_of(self.kind).names, batch_size=at_once).to_batches()

    @cached_property
    def _written(self) -> Any:
        assert self._staging is not None
        table = self._staging.table
        return table.open(table.attach(FIRST_VERSION, self.staged()))

    def staged(self) -> StagedRows:
        """Return all rows, durable in files that no version refers to."""
        self._write()
        fragments = tuple(each for part in self._staged for each in part.fragments)
        files = tuple(each for part in self._staged for each in part.files)
        return StagedRows(fragments, files, sum(part.rows for part in self._staged))

    def over(self, before: StagedBase) -> StagedBase:
        """Return a version with the rows beside others."""
        assert self._staging is not None
        staged = self.staged()
        version = self._staging.table.attach(before.version, staged)
        return StagedBase(before.table, version, before.rows + staged.rows)

    def _write(self) -> None:
        if self._waiting and self._staging is not None:
            self._staged.append(self._staging.stage(self._waiting))
        self._waiting, self._waiting_rows = [], 0

    def _hashed(self) -> list[str]:
        ends = [shape.SRC, shape.DST] if self.kind.kind == "edge" else []
        unique = [shape.column_of(each.id) for each in self.kind.live if each.unique and shape.is_looked_up(each.type)]
        return [shape.KEY, *ends, *unique]
