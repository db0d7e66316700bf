"""The writers' queue of an embedded store: a blocking advisory lock, taken before SQLite's own.

SQLite's busy handler sleeps and tries again, so under contention it is slow, unfair and gives up with "database is
locked". A blocking `flock` wakes the next writer at once, and the kernel drops it when its holder dies (G10).
"""

import fcntl
import os
import threading
from pathlib import Path
from types import TracebackType


class Turnstile:
    """Lets one thread of one process through at a time; use as a context manager. Not re-entrant."""

    def __init__(self, path: Path) -> None:
        # flock belongs to the open file, which all threads here share: they queue on the lock first.
        self._threads = threading.Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._threads.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def close(self) -> None:
        """Let go of the lock file."""
        os.close(self._file)
