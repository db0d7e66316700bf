"""The writers' queue of an embedded store: an advisory lock, taken before SQLite's own.

SQLite's busy handler sleeps longer and longer, so under contention it is slow, unfair and gives up with "database is
locked". Here a writer tries for some milliseconds, which is many turns, and then blocks in `flock`, which wakes it at
once. The kernel drops the lock when its holder dies (G10).

Whoever has the turn writes into the file who it is. Nobody waits without end for a holder that was stopped: after a
while it is named in an error. A blocking `flock` cannot be given a time, so it is a thread that blocks; it is left
behind when its writer gives up, and passes the turn on when it gets it at last.
"""

import _thread
import fcntl
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from holdfast import process
from holdfast.errors import Locked, Unsupported

#: seconds between two looks at who has the turn
LOOK_EVERY = 10.0
#: looks that find the same turn of a process that runs, before its waiters give up; one that is stopped gets one
MOST_LOOKS = 30
#: seconds between the first tries, 5 ms in all: a thread costs as much as a turn takes, and is seldom needed; those who
#: block are served in order, those who try are not, so nobody tries for long
SHORT_PAUSES = (0.0, 0.0, *(0.0002,) * 20)
#: bytes of the file that are read: more than who it is and when takes
_NOTE_SIZE = 1024


class Turnstile:
    """Lets one thread of one process through at a time; use as a context manager. Not re-entrant.

    Entering raises Locked, and says who it is, when another process keeps the turn and does not get on.
    """

    def __init__(self, path: Path) -> None:
        # flock belongs to the open file, which all threads here share: they queue on the lock first.
        self._threads = threading.Lock()
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._me = process.current().to_json()
        self._guard = threading.Lock()
        self._waiting: _Waiting | None = None
        #: the turn that somebody here gave up waiting for
        self._stuck: str | None = None
        self._closed = False

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if self._closed:
                raise Unsupported("The store is closed", remedy="Open it again with holdfast.open()")
            if not self._take_at_once():
                self._wait()
            self._note()
        except BaseException:
            self._threads.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def close(self, last: Callable[[], None] = lambda: None) -> None:
        """Wait for the thread here that has the turn, call `last`, and let go of the lock file.

        Whoever comes later gets Unsupported.
        """
        with self._threads:
            if self._closed:
                return
            self._closed = True
            last()
            with self._guard:
                # A thread left behind must not touch the number of a closed file, which may be another's by then.
                self._waiting = None
                os.close(self._file)

    def _take_at_once(self) -> bool:
        with self._guard:
            if self._waiting is not None:
                # The lock is the file's, not the thread's: a second try would succeed together with the first.
                return False
            return any(self._try(pause) for pause in SHORT_PAUSES)

    def _try(self, pause: float) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause)
            return False
        return True

    def _wait(self) -> None:
        waiting = self._waiter()
        try:
            self._wait_for(waiting)
        except BaseException:
            self._give_up(waiting)
            raise
        with self._guard:
            self._waiting = None

    def _waiter(self) -> "_Waiting":
        """Return the thread that blocks: the one that an earlier writer left behind, or a new one."""
        with self._guard:
            if self._waiting is None:
                self._waiting = _Waiting(self._file, self._came)
                self._waiting.start()
            self._waiting.wanted = True
            return self._waiting

    def _wait_for(self, waiting: "_Waiting") -> None:
        turn, looks = self._turn(), 0
        # Whoever was found to stand still need not be waited for again.
        while not waiting.wait(0 if turn == self._stuck else LOOK_EVERY):
            looks, turn = looks + 1 if turn == (now := self._turn()) else 0, now
            holder = _holder(turn)
            if looks >= MOST_LOOKS or (looks and holder is not None and process.is_stopped(holder)):
                self._stuck = turn
                raise self._held_too_long(holder)
            self._stuck = None

    def _came(self, thread: "_Waiting") -> None:
        """Give the turn, which `thread` has now, to whoever waits for it; back if nobody does."""
        with self._guard:
            if self._waiting is thread and thread.wanted:
                thread.hand_over()
            elif self._waiting is thread:
                self._waiting = None
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _give_up(self, waiting: "_Waiting") -> None:
        with self._guard:
            waiting.wanted = False
            if waiting.got:
                # It came at the last moment.
                self._waiting = None
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _note(self) -> None:
        # A disk that is full must not keep anybody from removing something.
        with suppress(OSError):
            os.pwrite(self._file, f"{self._me} {time.time_ns()}\n".encode(), 0)

    def _turn(self) -> str:
        """Return what the one who has the turn wrote: another turn has another text."""
        return os.pread(self._file, _NOTE_SIZE, 0).decode(errors="replace").partition("\n")[0]

    def _held_too_long(self, holder: process.Identity | None) -> Locked:
        if holder is None:
            who, remedy = "another process", "Wait, or end the process that writes to the store"
        elif process.is_stopped(holder):
            who = f"{holder}, which was stopped in the middle of it"
            remedy = f"Let it go on (`kill -CONT {holder.pid}`), or end it (`kill -9 {holder.pid}`): nothing is lost"
        else:
            who, remedy = str(holder), f"Wait for it, or end it (`kill {holder.pid}`): nothing is lost"
        return Locked(f"The store is being written to by {who}", path=str(self._path.parent), remedy=remedy)


class _Waiting:
    """A thread that blocks until the turn comes."""

    def __init__(self, file: int, came: "Callable[[_Waiting], None]") -> None:
        self._file = file
        self._came = came
        # A bare lock and a bare thread: what `threading` puts around them wakes a processor twice more for each turn.
        self._got = threading.Lock()
        self._got.acquire()
        #: whether the turn is the writer's
        self.got = False
        #: whether a writer waits for it
        self.wanted = True

    def start(self) -> None:
        _thread.start_new_thread(self._run, ())

    def wait(self, seconds: float) -> bool:
        """Wait until the turn has come, for so many seconds at most; returns whether it has."""
        return self._got.acquire(timeout=seconds)

    def hand_over(self) -> None:
        """Let the writer go on."""
        self.got = True
        self._got.release()

    def _run(self) -> None:
        # An error means that the file was closed: then nobody waits any more.
        with suppress(OSError):
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._came(self)


def _holder(turn: str) -> process.Identity | None:
    """Return who has a turn; None when that cannot be read."""
    with suppress(ValueError):
        return process.Identity.from_json(turn.rpartition(" ")[0])
    return None
