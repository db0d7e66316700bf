"""Ordered copies of the graph's bases: what branches read at their heads is looked up in them, and nothing rests on it.

A base is read without a copy as well, more slowly. So a copy is made after its base was published, at leisure; one that
no head reads any more is removed, as is what a process left that died over making one.
"""

import fcntl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.backend import Backend
from holdfast.catalog import settings
from holdfast.catalog.graph import bases
from holdfast.catalog.graph.bases import Base
from holdfast.host import disk
from holdfast.index.lance.errors import reading
from holdfast.index.lance.table import VersionedTable
from holdfast.index.ordering import make_copy
from holdfast.index.tables import ORDERED
from holdfast.rows.bases.shape import is_row_column, ordered_by

if TYPE_CHECKING:
    import pyarrow as pa

#: rows of a base from which on it has copies
LEAST_ROWS = 1000
#: bytes that one copy may have: of a larger base there is none
MOST_BYTES = 2 << 30
#: branches whose bases of one type have copies, those that were published last
MOST_BRANCHES = 4
#: rows that are read together
_ROWS_AT_ONCE = 65_536
#: the newest base when all were last looked at
_COPIED = "graph_copied"


def is_due(backend: Backend) -> bool:
    """Return whether a base was published since all were looked at: a cheap question."""
    with backend.engine.read() as conn:
        return bases.newest_id(conn) > int(settings.get(conn, _COPIED) or 0)


def tend(backend: Backend) -> int:
    """Make the copies that are missing and remove those that nobody needs; returns how many were made."""
    folder = backend.tables.root / ORDERED
    with backend.engine.read() as conn:
        if not bases.newest_id(conn) and not folder.is_dir():
            return 0
    disk.make_dir(folder)
    # Where another process is at it, it does what is to be done.
    with suppress(BlockingIOError), disk.locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        with backend.engine.read() as conn:
            newest, wanted = bases.newest_id(conn), _wanted(bases.at_heads(conn))
        made = _tend(backend, folder, wanted)
        with backend.engine.write(durable=False) as conn:
            settings.put(conn, _COPIED, str(newest))
        return made
    return 0


def _wanted(there: list[Base]) -> list[Base]:
    """Return the bases that are to have copies, of those that heads read."""
    of_type: dict[int, list[Base]] = {}
    for base in sorted(there, key=lambda base: -base.seq):
        of_type.setdefault(base.type_id, []).append(base)
    return [base for some in of_type.values() for base in some[:MOST_BRANCHES] if base.rows >= LEAST_ROWS]


def _tend(backend: Backend, folder: Path, wanted: list[Base]) -> int:
    asked = [
        (base, column, backend.tables.graph(base.table).copy_at(base.version, column))
        for base in wanted
        for column in ordered_by(backend.tables.graph(base.table).table.shape.schema.names)
    ]
    keep = {path for _, _, path in asked}
    for file in folder.iterdir():
        if file not in keep:
            file.unlink(missing_ok=True)
    missing = [each for each in asked if not each[2].exists()]
    for base, column, path in missing:
        make_copy(_rows(backend.tables.graph(base.table).table, base), column, path, base.rows)
    return sum(path.exists() for _, _, path in missing)


def _rows(table: VersionedTable, base: Base) -> "Iterator[pa.RecordBatch]":
    """Yield the rows of a base, or none when they are too many bytes."""
    with reading(table.name, base.version):
        dataset = table.open_apart(base.version)
        columns = [name for name in dataset.schema.names if is_row_column(name)]
        scanner = dataset.scanner(columns=columns, batch_size=_ROWS_AT_ONCE, batch_readahead=2)
        for number, batch in enumerate(scanner.to_batches()):
            if not number and batch.nbytes / batch.num_rows * base.rows > MOST_BYTES:
                return
            yield batch
