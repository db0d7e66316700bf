"""Making ordered copies, in little memory: rows are dealt out by their hashes, and each deal is put in order."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.faults import point
from holdfast.host import disk
from holdfast.host.importing import importing
from holdfast.index.hashing import hashes_of
from holdfast.index.ordered import HASH, MADE, MADE_SO, ROWS, SEED

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.index.hashing import Hashes

#: rows that are put in order at once
ROWS_AT_ONCE = 500_000
#: deals at most; more files than that are not held open
MOST_DEALS = 64
#: what the names of files begin with that are under way
UNDER_WAY = ".making-"


def make_copy(source: "Iterable[pa.RecordBatch]", column: str, path: Path, rows: int) -> None:
    """Write an ordered copy of so many rows by a column of texts to `path`: all of it, or nothing.

    Raises StorageFailed when the disk refuses.
    """
    bits = min(MOST_DEALS - 1, max(0, rows - 1) // ROWS_AT_ONCE).bit_length()
    making = path.with_name(f"{UNDER_WAY}{uuid.uuid4().hex}")
    deals = [making.with_name(f"{making.name}-{number}") for number in range(2**bits)]
    try:
        columns = _deal(source, column, deals, bits)
        if columns is not None:
            _write(making, columns, rows, deals)
            disk.fsync_file(making)
            point("ordered.before_rename")
            making.replace(path)
    except OSError as error:
        raise disk.explain(error, str(path)) from error
    finally:
        for file in (making, *deals):
            file.unlink(missing_ok=True)


def _deal(source: "Iterable[pa.RecordBatch]", column: str, deals: list[Path], bits: int) -> "pa.Schema | None":
    """Write rows with their hashes to the file of each deal, and return the columns; None when there are no rows."""
    with importing():
        import pyarrow as pa

    columns: pa.Schema | None = None
    with ExitStack() as opened:
        writers: list[Any] = []
        for batch in source:
            hashes = hashes_of(batch.column(column), SEED)
            columns = columns or batch.schema.append(pa.field(HASH, pa.uint64()))
            hashed = pa.RecordBatch.from_arrays([*batch.columns, pa.array(hashes)], schema=columns)
            writers = writers or [opened.enter_context(pa.ipc.new_stream(str(deal), columns)) for deal in deals]
            for number, part in _dealt(hashed, hashes, bits):
                writers[number].write_batch(part)
    return columns


def _dealt(batch: "pa.RecordBatch", hashes: "Hashes", bits: int) -> "Iterator[tuple[int, pa.RecordBatch]]":
    """Yield the rows of each deal: deals are ranges of hashes."""
    with importing():
        import numpy as np
        import pyarrow as pa

    if not bits:
        yield 0, batch
        return
    numbers = hashes >> np.uint64(64 - bits)
    ordered = batch.take(pa.array(np.argsort(numbers, kind="stable")))
    ends = np.cumsum(np.bincount(numbers.astype(np.int64), minlength=2**bits)).tolist()
    for number, (begin, end) in enumerate(pairwise([0, *ends])):
        if end > begin:
            yield number, ordered.slice(begin, end - begin)


def _write(path: Path, columns: "pa.Schema", rows: int, deals: list[Path]) -> None:
    with importing():
        import pyarrow as pa

    said = columns.with_metadata({MADE: MADE_SO, ROWS: str(rows)})
    with pa.ipc.new_file(str(path), said) as file:
        for deal in deals:
            # Read and not mapped: what is mapped counts as memory of the process.
            with pa.OSFile(str(deal)) as dealt, pa.ipc.open_stream(dealt) as stream:
                batch = _in_order(stream.read_all())
            deal.unlink()
            if batch is not None:
                file.write_batch(batch)


def _in_order(dealt: "pa.Table") -> "pa.RecordBatch | None":
    with importing():
        import numpy as np
        import pyarrow as pa

    if not dealt.num_rows:
        return None
    order = np.argsort(dealt.column(HASH).to_numpy(), kind="stable")
    found: list[pa.RecordBatch] = dealt.combine_chunks().take(pa.array(order)).to_batches()
    return found[0]
