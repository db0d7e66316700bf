"""Ordered copies: the rows of a table once more, in the order of the hashes of a column, in a file mapped into memory.

A look-up of some rows by their values takes microseconds there, and in a Lance table, which reads each column of each
row by itself, a tenth of a millisecond a row. A copy is derived: it may be removed at any time.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing
from holdfast.index.hashing import hashes_of

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.index.hashing import Hashes

#: the column of the hashes, which a table has none of its own of this name
HASH = "#"
#: what hashes begin with; they are on the disk
SEED = 0
#: in the file's metadata: how many rows there are, and how the file is made
ROWS, MADE = b"holdfast.rows", b"holdfast.ordered"
#: how files are made today
MADE_SO = b"1"


class NotOrdered(Exception):
    """A file is no ordered copy, or one that was made in another way."""


class OrderedCopy:
    """A copy at `path` of all of so many rows, by the values of a column of texts."""

    def __init__(self, path: Path, column: str, rows: int) -> None:
        with importing():
            import numpy as np
            import pyarrow as pa

        try:
            file = pa.ipc.open_file(pa.memory_map(str(path)))
            said = file.schema.metadata or {}
            self._parts = [file.get_batch(number) for number in range(file.num_record_batches)]
        except pa.ArrowInvalid as error:
            raise NotOrdered(str(error)) from None
        if said.get(MADE) != MADE_SO or said.get(ROWS) != str(rows).encode() or column not in file.schema.names:
            raise NotOrdered(f"{path.name} is not a copy of {rows} rows")
        self._column = column
        self._names = [name for name in file.schema.names if name != HASH]
        self._hashes: list[Hashes] = [part.column(HASH).to_numpy() for part in self._parts]
        self._firsts = np.array([hashes[0] for hashes in self._hashes], np.uint64)

    def rows(
        self, texts: Sequence[str], *, columns: list[str] | None = None, most: int | None = None
    ) -> "list[pa.RecordBatch] | None":
        """Return the rows that have one of some texts, or some columns of them; None when there are more than `most`.

        The columns have to include the one that the copy is ordered by.
        """
        with importing():
            import pyarrow as pa
            import pyarrow.compute as pc

        found: list[pa.RecordBatch] = []
        wanted = pa.array(texts, pa.string())
        for part, places in self._places(wanted):
            if most is not None and (most := most - len(places)) < 0:
                return None
            taken = part.select(columns or self._names).take(pa.array(places))
            # Another text may have the same hash.
            found.append(taken.filter(pc.is_in(taken.column(self._column), value_set=wanted)))
        return found

    def _places(self, wanted: "pa.Array[Any]") -> "list[tuple[pa.RecordBatch, Any]]":
        with importing():
            import numpy as np

        hashes = np.unique(hashes_of(wanted, SEED))
        numbers = np.searchsorted(self._firsts, hashes, "right") - 1
        found = []
        for number in np.unique(numbers[numbers >= 0]).tolist():
            there, asked = self._hashes[number], hashes[numbers == number]
            begins, ends = (np.searchsorted(there, asked, side) for side in ("left", "right"))
            sizes = ends - begins
            # From each beginning on as many places as there are rows.
            places = np.repeat(begins - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
            if len(places):
                found.append((self._parts[number], places))
        return found
