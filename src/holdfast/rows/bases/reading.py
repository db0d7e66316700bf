"""Reading the rows that a base holds, by look-ups in the indexes of its version."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import batches
from holdfast.catalog.graph import bases
from holdfast.catalog.graph.bases import Base
from holdfast.catalog.graph.log import End
from holdfast.index.lance.errors import reading
from holdfast.index.lance.table import VersionedTable, is_one_of
from holdfast.index.tables import GraphTable
from holdfast.rows.bases import shape
from holdfast.rows.stored import Predicate, StoredRow

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.index.ordered import OrderedCopy

#: keys looked up at once
KEYS_AT_ONCE = 2000
#: edges of the same sources that are passed over to find one by its key
MOST_OF_SOURCES = 5000
#: rows read at once where all are
ROWS_AT_ONCE = 8192
#: rows looked for at once where they are wanted in order
FOUND_AT_ONCE = 500


def open_base(backend: Backend, branch: Branch, base: Base) -> "LanceBase":
    """Return a reader of the rows that a base holds, as the branch sees it."""

    def loaded_by(covers: int) -> int:
        with backend.engine.read() as conn:
            # Where nobody knows any more which commit it was, it came after this one.
            return bases.load_of(conn, branch, base, covers) or covers

    return LanceBase(base, backend.tables.graph(base.table), loaded_by)


def load_mark(covers: int) -> int:
    """Return what rows have as their commit that a load brings which is staged at the commit `covers`.

    The number of its own commit is known only when it is published.
    """
    return -1 - covers


class LanceBase:
    """The rows of one base: looked up in the ordered copies of its version where there are any."""

    def __init__(self, base: Base, table: GraphTable, loaded_by: Callable[[int], int]) -> None:
        self._base = base
        self._table_of = table
        self._loaded_by = loaded_by
        self._loads: dict[int, int] = {}

    def rows(self, keys: Iterable[str]) -> Iterator[StoredRow]:
        """Yield those of `keys` that are there, in no order."""
        for some in batches(keys, KEYS_AT_ONCE):
            found = self._copied(shape.KEY, some) or self._copied_by_source(some)
            yield from found or self._where(is_one_of(shape.KEY, some))

    def touching(self, end: End, nodes: Iterable[str]) -> Iterator[StoredRow]:
        """Yield the edges that have one of `nodes` at an `end`, in no order."""
        for some in batches(nodes, KEYS_AT_ONCE):
            yield from self._copied(end, some) or self._where(is_one_of(end, some))

    def across(self, begin: End, nodes: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the key and the other end of each edge that has one of `nodes` at the end `begin`, in no order."""
        columns = [shape.KEY, shape.SRC, shape.DST]
        for some in batches(nodes, KEYS_AT_ONCE):
            copy = self._copy(begin)
            found = copy.rows(some, columns=columns) if copy else None
            for part in [self._found(is_one_of(begin, some), columns)] if found is None else found:
                other = part.column(shape.DST if begin == shape.SRC else shape.SRC)
                yield from zip(part.column(shape.KEY).to_pylist(), other.to_pylist(), strict=True)

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
            yield from self.shown(batch)

    def sorted(self) -> Iterator[StoredRow]:
        """Yield all rows in order of key, sorted on the disk where memory does not do."""
        with reading(self._table.name, self._base.version):
            scanner = self._dataset.scanner(columns=self._of_rows, order_by=[shape.KEY], batch_size=ROWS_AT_ONCE)
            for batch in scanner.to_batches():
                yield from self.shown(batch)

    def matching(self, predicate: Predicate) -> Iterator[StoredRow]:
        """Yield the rows that may meet a filter, in no order."""
        asked = predicate(self._table.shape.schema)
        with reading(self._table.name, self._base.version):
            for batch in self._dataset.scanner(
                columns=self._of_rows, filter=asked, batch_size=ROWS_AT_ONCE
            ).to_batches():
                yield from self.shown(batch)

    def in_order(self, predicate: Predicate, after: str) -> Iterator[StoredRow]:
        """Yield the rows with keys after `after` that may meet a filter, in order of key, as they are asked for."""
        asked = predicate(self._table.shape.schema)
        while True:
            keys = self._first_keys(f"{shape.KEY} > {shape.quoted(after)}" + (f" AND ({asked})" if asked else ""))
            yield from sorted(self.rows(keys), key=lambda row: row.key)
            if len(keys) < FOUND_AT_ONCE:
                return
            after = keys[-1]

    def _first_keys(self, predicate: str) -> list[str]:
        with reading(self._table.name, self._base.version):
            found = self._dataset.scanner(
                columns=[shape.KEY], filter=predicate, order_by=[shape.KEY], limit=FOUND_AT_ONCE
            ).to_table()
        keys: list[str] = found[shape.KEY].to_pylist()
        return keys

    def count(self) -> int:
        """Return how many rows there are."""
        return self._base.rows

    @property
    def columns(self) -> list[str]:
        """The columns of its table."""
        names: list[str] = self._table.shape.schema.names
        return names

    def batches(self, columns: list[str] | None = None, rows_at_once: int = ROWS_AT_ONCE) -> "Iterator[pa.RecordBatch]":
        """Yield all rows in order, or some columns of them, as they are stored."""
        with reading(self._table.name, self._base.version):
            scanner = self._dataset.scanner(
                columns=columns or self._of_rows, batch_size=rows_at_once, scan_in_order=True
            )
            yield from scanner.to_batches()

    @property
    def _table(self) -> VersionedTable:
        return self._table_of.table

    @cached_property
    def _of_rows(self) -> list[str]:
        return [name for name in self.columns if name not in shape.SEARCHED]

    @cached_property
    def _dataset(self) -> Any:
        return self._table.open(self._base.version)

    def _copy(self, column: str) -> "OrderedCopy | None":
        return self._table_of.copy(self._base.version, column, self._base.rows)

    def _copied(self, column: str, texts: list[str], most: int | None = None) -> Iterator[StoredRow] | None:
        """Return the rows that have one of some texts; None where no copy is ordered so, or for more than `most`."""
        copy = self._copy(column)
        found = copy.rows(texts, most=most) if copy else None
        return None if found is None else chain.from_iterable(map(self.shown, found))

    def _copied_by_source(self, keys: list[str]) -> Iterator[StoredRow] | None:
        """Return the edges of some keys, which name their sources; None as of `_copied`."""
        if self._copy(shape.SRC) is None:
            return None
        sources = list(dict.fromkeys(json.loads(key)[0] for key in keys))
        found, wanted = self._copied(shape.SRC, sources, MOST_OF_SOURCES), set(keys)
        return None if found is None else (row for row in found if row.key in wanted)

    def _where(self, predicate: str) -> Iterator[StoredRow]:
        return self.shown(self._found(predicate))

    def _found(self, predicate: str, columns: list[str] | None = None) -> "pa.Table":
        with reading(self._table.name, self._base.version):
            found: pa.Table = self._dataset.to_table(columns=columns or self._of_rows, filter=predicate)
        return found

    def shown(self, rows: "pa.Table | pa.RecordBatch") -> Iterator[StoredRow]:
        """Yield the rows that some columns of the table hold, each with the commit that it is of."""
        return shape.decoded_rows(self._base.type_id, rows, self._commit)

    def _commit(self, seq: int) -> int:
        return seq if seq >= 0 else self._load(seq)

    def _load(self, mark: int) -> int:
        if mark not in self._loads:
            self._loads[mark] = self._loaded_by(-1 - mark)
        return self._loads[mark]
