"""Reading the rows that a base holds, by look-ups in the indexes of its version."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import batches
from holdfast.catalog.graph import bases
from holdfast.catalog.graph.bases import Base
from holdfast.catalog.graph.log import End
from holdfast.index.lance.errors import reading
from holdfast.index.lance.table import VersionedTable, is_one_of
from holdfast.rows.bases import shape
from holdfast.rows.stored import BaseReader, StoredRow

if TYPE_CHECKING:
    import pyarrow as pa

#: keys looked up at once
KEYS_AT_ONCE = 2000
#: rows read at once where all are
ROWS_AT_ONCE = 8192


def open_base(backend: Backend, branch: Branch, base: Base) -> BaseReader:
    """Return a reader of the rows that a base holds, as the branch sees it."""

    def loaded_by(covers: int) -> int:
        with backend.engine.read() as conn:
            # Where nobody knows any more which commit it was, it came after this one.
            return bases.load_of(conn, branch, base, covers) or covers

    return LanceBase(base, backend.tables.graph(base.table).table, loaded_by)


def load_mark(covers: int) -> int:
    """Return what rows have as their commit that a load brings which is staged at the commit `covers`.

    The number of its own commit is known only when it is published.
    """
    return -1 - covers


class LanceBase:
    """The rows of one base."""

    def __init__(self, base: Base, table: VersionedTable, loaded_by: Callable[[int], int]) -> None:
        self._base = base
        self._table = table
        self._loaded_by = loaded_by
        self._loads: dict[int, int] = {}

    def rows(self, keys: Iterable[str]) -> Iterator[StoredRow]:
        """Yield those of `keys` that are there, in no order."""
        return self._among(shape.KEY, keys)

    def touching(self, end: End, nodes: Iterable[str]) -> Iterator[StoredRow]:
        """Yield the edges that have one of `nodes` at an `end`, in no order."""
        return self._among(end, nodes)

    def with_value(self, property_id: int, values: Sequence[Any]) -> Iterator[StoredRow]:
        """Yield the rows that have one of `values` (JSON) of a property, in no order."""
        column = shape.column_of(property_id)
        if column not in self._table.shape.schema.names:
            return
        said = self._table.shape.schema.field(column)
        asked = [text for value in values if (text := shape.literal(said, value)) is not None]
        if asked:
            yield from self._where(f"{column} IN ({', '.join(asked)})")

    def every(self) -> Iterator[StoredRow]:
        """Yield all rows, in no order."""
        for batch in self.batches():
            yield from self._shown(batch)

    def count(self) -> int:
        """Return how many rows there are."""
        return self._base.rows

    @property
    def columns(self) -> list[str]:
        """The columns of its table."""
        names: list[str] = self._table.shape.schema.names
        return names

    def batches(self, columns: list[str] | None = None) -> "Iterator[pa.RecordBatch]":
        """Yield all rows in order, or some columns of them, as they are stored."""
        with reading(self._table.name, self._base.version):
            scanner = self._dataset.scanner(columns=columns, batch_size=ROWS_AT_ONCE, scan_in_order=True)
            yield from scanner.to_batches()

    @cached_property
    def _dataset(self) -> Any:
        return self._table.open(self._base.version)

    def _among(self, column: str, texts: Iterable[str]) -> Iterator[StoredRow]:
        for some in batches(texts, KEYS_AT_ONCE):
            yield from self._where(is_one_of(column, some))

    def _where(self, predicate: str) -> Iterator[StoredRow]:
        with reading(self._table.name, self._base.version):
            found = self._dataset.to_table(filter=predicate)
        return self._shown(found)

    def _shown(self, rows: "pa.Table | pa.RecordBatch") -> Iterator[StoredRow]:
        for row in shape.decoded_rows(self._base.type_id, rows):
            yield row if row.seq >= 0 else replace(row, seq=self._load(row.seq))

    def _load(self, mark: int) -> int:
        if mark not in self._loads:
            self._loads[mark] = self._loaded_by(-1 - mark)
        return self._loads[mark]
