"""What a fork does to connections: the child begins with none.

SQLite keeps an account of what its process has locked of each file. A child inherits the account without the locks: a
connection that it opens is taken for one that holds them already, and the parent, which sees nobody, removes the log
that the child goes on writing to. So what nobody uses at the moment of a fork is closed before it, and opened again by
whoever needs it next. What is in use is the parent's: the child leaves it alone, and cannot open that catalog.
"""

import os
import sqlite3
import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from holdfast.errors import Unsupported
from holdfast.host.weak import members

#: milliseconds that a fork waits for readers in other threads; it goes on without them after that
PATIENCE_MS = 1000

#: a file, whatever it is called
_File = tuple[int, int]


class RestingEngine(Protocol):
    """What opens connections."""

    def rest(self) -> None:
        """Close every connection that nobody uses."""
        ...


class Raw(sqlite3.Connection):
    """SQLite's handle, as one that can be found again at a fork."""

    #: the thread that uses it; None while nobody does
    user: int | None = None
    #: whether it is a handle of the process that this one was forked from
    inherited = False
    file: _File

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _connections.add(self)


_engines: "weakref.WeakSet[RestingEngine]" = weakref.WeakSet()
_connections: "weakref.WeakSet[Raw]" = weakref.WeakSet()
#: what this process inherited, kept for ever
_inherited: list[Raw] = []


def register(engine: RestingEngine) -> None:
    """Have the engine rest before every fork."""
    _engines.add(engine)


def connect(path: Path, address: str, **how: Any) -> Raw:
    """Open SQLite's file; raises Unsupported when its account in this process is that of the parent."""
    with suppress(FileNotFoundError):
        if _file(path) in {raw.file for raw in _inherited}:
            raise Unsupported(
                f"Another thread used {path} at the moment when this process was forked, so it cannot be opened here",
                remedy="Fork before the store is opened, or start processes with multiprocessing's 'spawn'",
            )
    raw = sqlite3.connect(address, uri=True, factory=Raw, **how)
    raw.file = _file(path)
    return raw


def _file(path: Path) -> _File:
    found = path.stat()
    return found.st_dev, found.st_ino


def _open_ones() -> list[Raw]:
    return [raw for raw in members(_connections) if _is_open(raw)]


def _is_open(raw: Raw) -> bool:
    with suppress(sqlite3.ProgrammingError):
        raw.in_transaction  # noqa: B018 - it raises for a connection that was closed
        return True
    return False


def _before() -> None:
    """Close what can be closed, and wait a little for what other threads use."""
    for _ in range(PATIENCE_MS):
        for engine in members(_engines):
            engine.rest()
        left = _open_ones()
        if not any(raw.user not in (None, threading.get_ident()) for raw in left):
            break
        time.sleep(0.001)
    if left:
        # Needed in the child, where an import may never end: another thread of the parent may be in the middle of one.
        with suppress(ImportError):
            import _ctypes  # noqa: F401


def _in_child() -> None:
    """Keep what was in use from being used, and from being closed when this process ends."""
    for raw in _open_ones():
        raw.inherited = True
        _inherited.append(raw)
        with suppress(ImportError):
            import _ctypes

            # Closing one in the middle of a write would change the index of a log that the parent still writes.
            _ctypes.Py_INCREF(raw)


os.register_at_fork(before=_before, after_in_child=_in_child)
