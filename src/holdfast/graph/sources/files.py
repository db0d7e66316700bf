"""Files of columns as tables: CSV, Parquet and Arrow, in batches of bounded size."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from holdfast.errors import Unsupported
from holdfast.graph.sources.batches import ROWS, SourceBatch, TableReader, wrong_batch
from holdfast.host.held import held
from holdfast.rows.schema.tabular import BadRow
from holdfast.rows.schema.values import shown

#: bytes of CSV that are read together
_PART = 4 * 1024 * 1024
#: opens a file anew
Opened = Callable[[], AbstractContextManager[BinaryIO]]


def read_batches(reader: TableReader, batches: Iterator[pa.RecordBatch]) -> Iterator[SourceBatch]:
    """Yield the rows of record batches, numbered from 1."""
    row = 1
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS):
            table = pa.Table.from_batches([batch.slice(start, ROWS)])
            yield from reader.read(table, pa.array(np.arange(row, row + table.num_rows)))
            row += table.num_rows


def read_parquet(reader: TableReader, opened: Opened, source: str) -> Iterator[SourceBatch]:
    """Yield the rows of a Parquet file."""
    with told("Parquet", source), opened() as stream:
        yield from read_batches(reader, pq.ParquetFile(stream).iter_batches(batch_size=ROWS))


def read_arrow(reader: TableReader, opened: Opened, source: str) -> Iterator[SourceBatch]:
    """Yield the rows of an Arrow file, in its form for files or for streams."""
    with told("Arrow", source):
        try:
            with opened() as stream:
                file = pa.ipc.open_file(stream)
                yield from read_batches(reader, map(file.get_batch, range(file.num_record_batches)))
                return
        except pa.ArrowInvalid as error:
            if "Not an Arrow file" not in str(error):
                raise
        with opened() as stream:
            yield from read_batches(reader, iter(pa.ipc.open_stream(stream)))


def read_csv(reader: TableReader, opened: Opened, source: str, delimiter: str) -> Iterator[SourceBatch]:
    """Yield the rows of a CSV file, whose first line names the columns; numbered by record, that line being 1.

    A field with nothing in it is not given; with `""` it is an empty text.
    """
    with told("CSV", source):
        yield from _Csv(reader, source, delimiter).read(opened)


class _Csv:
    """Reads one CSV file: all of it as text, so that what is wrong in a column is told row by row."""

    def __init__(self, reader: TableReader, source: str, delimiter: str) -> None:
        self._reader = reader
        self._source = source
        self._delimiter = delimiter
        self._broken: list[Any] = []
        #: the numbers of those that no row comes of any more
        self._skipped: set[int] = set()

    def read(self, opened: Opened) -> Iterator[SourceBatch]:
        """Yield its rows, and with them the records that have other fields than the first line names."""
        with opened() as stream:
            names = self._open(io.BytesIO(stream.read(_PART)), lambda _: "skip").schema.names
        with opened() as stream:
            # The line that names the columns is 1.
            line = 2
            for batch in self._open(stream, self._note, dict.fromkeys(names, pa.string())):
                yield from self._told()
                numbers = _numbers(line, batch.num_rows, self._skipped)
                line = int(numbers[-1]) + 1 if len(numbers) else line
                self._skipped = {number for number in self._skipped if number >= line}
                yield from self._reader.read(pa.Table.from_batches([batch]), pa.array(numbers))
        yield from self._told()

    def _open(self, stream: Any, handler: Any, types: dict[str, pa.DataType] | None = None) -> Any:
        return pcsv.open_csv(
            stream,
            read_options=pcsv.ReadOptions(use_threads=False, block_size=_PART),
            parse_options=pcsv.ParseOptions(
                delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=handler
            ),
            convert_options=pcsv.ConvertOptions(
                column_types=types,
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=False,
                check_utf8=False,
            ),
        )

    def _told(self) -> Iterator[SourceBatch]:
        broken, self._broken = self._broken, []
        if broken:
            yield wrong_batch(self._source, [self._wrong(row) for row in broken])

    def _note(self, row: Any) -> str:
        self._broken.append(row)
        self._skipped.add(row.number)
        return "skip"

    def _wrong(self, row: Any) -> BadRow:
        reason = f"it has {row.actual_columns} fields; the first line names {row.expected_columns}"
        return BadRow(line=row.number or 0, type="", field="", value=shown(row.text), reason=reason)


def _numbers(first: int, rows: int, without: set[int]) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Return the numbers of records, those left out that have no row."""
    numbers = np.arange(first, first + rows + len(without))
    return numbers[~np.isin(numbers, [*without])][:rows] if without else numbers


@held
def told(form: str, source: str) -> Iterator[None]:
    """Say of what cannot be read which file it is."""
    try:
        yield
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        first = str(error).partition("\n")[0][:200]
        raise Unsupported(
            f"{source} cannot be read as {form} ({first})",
            path=source,
            remedy="See whether it is whole, and whether its name says what it is",
        ) from error
