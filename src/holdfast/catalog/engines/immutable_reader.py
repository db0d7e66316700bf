"""Reading a catalog beside which SQLite finds no place for its shared memory: a full disk, a folder without the rights.

A store that was closed in good order has its whole catalog in one file, which SQLite can be told to take as immutable:
it then looks at no lock and no log. That is true only while nobody writes. So each such reading has the writers' turn,
shared with other readers, and looks whether a log waits; a writer waits for the end of it, as for another writer.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from holdfast.host import disk
from holdfast.host.held import held

#: what SQLite answers when it cannot make its shared memory
_NO_PLACE = ("SQLITE_IOERR_SHM", "SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_READONLY")


@held
def reading(path: Path, turn: Path, refused: sqlite3.Error) -> Iterator[sqlite3.Connection]:
    """Open the catalog at `path` for one reading, though SQLite `refused` to; raises `refused` when that cannot help.

    `turn` is the writers' turnstile.
    """
    if not _name(refused).startswith(_NO_PLACE):
        raise refused
    with _no_writer(turn):
        if _holds(path.with_name(path.name + "-wal")):
            raise refused
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        raw = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        try:
            yield raw
        finally:
            raw.close()


def is_full(error: sqlite3.Error, path: Path) -> bool:
    """Return whether `error` means that the disk of the catalog at `path` has no space left."""
    name = _name(error)
    if name == "SQLITE_CANTOPEN":
        with suppress(OSError):
            files = os.statvfs(path.parent)
            return files.f_files > 0 and files.f_favail == 0
    return name in ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "") or ""


def _holds(file: Path) -> bool:
    with suppress(FileNotFoundError):
        return file.stat().st_size > 0
    return False


@held
def _no_writer(turn: Path) -> Iterator[None]:
    if not turn.exists():
        # Whoever writes makes it first: in this place nobody has.
        yield
        return
    with disk.locked(turn, fcntl.LOCK_SH):
        yield
