"""Staging a new base of a type: a version of its table that nobody reads until a row of graph_bases says so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from holdfast.catalog.engine import batches
from holdfast.catalog.graph.bases import Base
from holdfast.host.importing import importing
from holdfast.index.embedding.chosen import STANDARD, ChosenEmbedder
from holdfast.index.lance.blocks import Most, blocks
from holdfast.index.lance.compaction import compact
from holdfast.index.lance.segments import index
from holdfast.index.lance.table import FIRST_VERSION, StagedRows, VersionedTable, is_one_of
from holdfast.index.tables import Tables
from holdfast.rows.bases import shape
from holdfast.rows.bases.reading import KEYS_AT_ONCE, ROWS_AT_ONCE, LanceBase
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.searched.columns import SearchColumns
from holdfast.rows.stored import BaseReader, StoredRow

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

#: rows of a base that are marked as removed one by one; to replace more it is written anew
FEW_REPLACED = 20_000
#: small fragments of a table, and blocks of it with index segments of their own, that a new base may leave
PARTS = Most(8, 6)


@dataclass(frozen=True, slots=True)
class StagedBase:
    """A version of a table, with all rows of a type and their indexes."""

    table: str
    version: int
    rows: int

    def as_base(self, kind: TypeSchema, *, seq: int, covers: int, loaded: bool) -> Base:
        """Return it as what is read from the commit `seq` on."""
        return Base(
            type_id=kind.id,
            seq=seq,
            covers=covers,
            loaded=loaded,
            table=self.table,
            version=self.version,
            rows=self.rows,
        )


class BaseStaging:
    """Makes the next base of one type of the rows of the one before, if there is one."""

    def __init__(self, tables: Tables, kind: TypeSchema, chosen: ChosenEmbedder = STANDARD) -> None:
        self.kind = kind
        self._search = SearchColumns(kind, chosen)
        #: vectors that need not be made, by the text that they are of
        self.known: Mapping[str, bytes] = {}
        self.name: str = self._search.table_name
        found = tables.graph(self.name)
        found.create(self._search.schema())
        self.table: VersionedTable = found.table

    def rewritten(self, before: Base | None, reader: BaseReader | None, but: Iterable[str]) -> StagedBase:
        """Stage the rows of a base without those of some keys, in the columns of today, without indexes yet."""
        gone = set(but)
        if before is None or reader is None:
            return StagedBase(self.name, FIRST_VERSION, 0)
        if before.table == self.name and len(gone) > FEW_REPLACED and isinstance(reader, LanceBase):
            return self.with_batches(StagedBase(self.name, FIRST_VERSION, 0), _without(reader.batches(), gone))
        if before.table == self.name:
            found = sum(1 for _ in reader.rows(gone))
            return StagedBase(
                self.name, self._without(before.version, gone) if found else before.version, before.rows - found
            )
        kept = (row for row in reader.every() if row.key not in gone)
        return self.with_rows(StagedBase(self.name, FIRST_VERSION, 0), kept)

    def rewritten_but(self, before: Base | None, reader: BaseReader | None, gone: "NDArray[np.bool_]") -> StagedBase:
        """Do as `rewritten` does without the rows of which `gone`, in the order of the base, is true."""
        if before is None or reader is None or gone.all():
            return StagedBase(self.name, FIRST_VERSION, 0)
        number = int(gone.sum())
        if not isinstance(reader, LanceBase) or before.table != self.name:
            kept = (row for row, is_gone in zip(reader.every(), gone, strict=True) if not is_gone)
            return self.with_rows(StagedBase(self.name, FIRST_VERSION, 0), kept)
        if number > FEW_REPLACED:
            return self.with_batches(StagedBase(self.name, FIRST_VERSION, 0), _chosen(reader.batches(), ~gone))
        keys = (key for batch in _chosen(reader.batches([shape.KEY]), gone) for key in batch.column(0).to_pylist())
        return StagedBase(self.name, self._without(before.version, keys), before.rows - number)

    def with_rows(self, staged: StagedBase, rows: Iterable[StoredRow]) -> StagedBase:
        """Stage rows beside those that are staged."""
        return self.with_batches(staged, (shape.encoded_rows(self.kind, some) for some in batches(rows, ROWS_AT_ONCE)))

    def with_batches(self, staged: StagedBase, new: "Iterator[pa.RecordBatch]") -> StagedBase:
        """Stage rows that are columns already beside those that are staged; what `new` raises is raised."""
        rows = self.stage(new)
        return replace(staged, version=self.table.attach(staged.version, rows), rows=staged.rows + rows.rows)

    def stage(self, new: "Iterable[pa.RecordBatch]") -> StagedRows:
        """Write rows that are columns already, with what is searched of them; what `new` raises is raised."""
        with importing():
            import pyarrow as pa

        feed = _Feed(self._searchable(new))
        try:
            return self.table.stage(pa.RecordBatchReader.from_batches(self._search.schema(), feed))
        except Exception:
            # Lance has of it no more than a text.
            if feed.failed is not None:
                raise feed.failed from None
            raise

    def _searchable(self, new: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Yield rows with their search columns, so few at a time that their vectors take little memory."""
        if not self._search:
            yield from new
            return
        for batch in new:
            for first in range(0, batch.num_rows, ROWS_AT_ONCE):
                yield self._search.added(batch.slice(first, ROWS_AT_ONCE), self.known)

    def indexed(self, staged: StagedBase) -> StagedBase:
        """Have every row of what is staged found by an index, and no look-up go into many parts."""
        version = staged.version
        if not staged.rows:
            return staged
        for column in (*shape.indexed_columns(self.kind), *self._search.names):
            version = index(self.table, version, column)
        if self._has_many_parts(version):
            version = compact(self.table, version, PARTS)
        return replace(staged, version=version)

    def _without(self, version: int, keys: Iterable[str]) -> int:
        for some in batches(keys, KEYS_AT_ONCE):
            version = self.table.delete(version, is_one_of(shape.KEY, some))
        return version

    def _has_many_parts(self, version: int) -> bool:
        there = blocks(self.table, version)
        return len(there) > PARTS.blocks or sum(block.small for block in there) > PARTS.small


def _without(batches: "Iterator[pa.RecordBatch]", keys: set[str]) -> "Iterator[pa.RecordBatch]":
    """Yield rows but those of some keys."""
    with importing():
        import pyarrow as pa

    for batch in batches:
        kept = batch.filter(pa.array([key not in keys for key in batch.column(shape.KEY).to_pylist()]))
        if kept.num_rows:
            yield kept


def _chosen(batches: "Iterator[pa.RecordBatch]", wanted: "NDArray[np.bool_]") -> "Iterator[pa.RecordBatch]":
    """Yield the rows, one after the other, of which `wanted` is true."""
    with importing():
        import pyarrow as pa

    first = 0
    for batch in batches:
        kept = batch.filter(pa.array(wanted[first : first + batch.num_rows]))
        first += batch.num_rows
        if kept.num_rows:
            yield kept


class _Feed:
    """Hands batches on, and keeps what stopped them."""

    def __init__(self, source: "Iterator[pa.RecordBatch]") -> None:
        self._source = source
        self.failed: BaseException | None = None

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> "pa.RecordBatch":
        try:
            return next(self._source)
        except StopIteration:
            raise
        except BaseException as error:
            self.failed = error
            raise
