"""The writers' queue of an embedded store: an advisory lock, taken before SQLite's own.

SQLite's busy handler sleeps longer and longer, so under contention it is slow, unfair and gives up with "database is
locked". Here a writer tries for some milliseconds, which is many turns, and then blocks in `flock`, which wakes it at
once. The kernel drops the lock when its holder dies (G10).

Whoever has the turn writes into the file who it is. Nobody waits without end for a holder that was stopped: after a
while it is named in an error. A blocking `flock` cannot be given a time, so it is a thread that blocks, on an open file
of its own; it is left behind when its writer gives up, and lets go of the turn when it gets it at last.
"""

import _thread
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from holdfast.catalog.engines import lifetime
from holdfast.errors import Locked
from holdfast.host import disk, process
from holdfast.host.held import held

#: seconds between two looks at who has the turn
LOOK_EVERY = 10.0
#: looks that find the same turn of a process that runs, before its waiters give up; one that is stopped gets one
MOST_LOOKS = 30
#: seconds between the first tries, 5 ms in all: a thread costs as much as a turn takes, and is seldom needed; those who
#: block are served in order, those who try are not, so nobody tries for long
SHORT_PAUSES = (0.0, 0.0, *(0.0002,) * 20)
#: bytes of the file that are read: more than who it is and when takes
_NOTE_SIZE = 1024
_FLAGS = os.O_RDWR | os.O_CREAT


class Turnstile:
    """Lets one thread of one process through at a time: `with turnstile.turn()`. Not re-entrant."""

    def __init__(self, path: Path) -> None:
        # flock belongs to the open file, which all threads here share: they queue on the lock first.
        self._threads = threading.Lock()
        self._path = path
        self._file = disk.LockedFile(path, _FLAGS)
        self._me = process.current().to_json()
        #: who waits, or was left behind by an earlier writer
        self._waiting: Waiting | None = None
        #: the turn that somebody here gave up waiting for
        self._stuck: str | None = None
        #: the thread that has the turn, or waits for it on behalf of the others
        self._inside: int | None = None
        self._closed = False

    @held
    def turn(self) -> Iterator[None]:
        """Have the turn for the block; raises Locked, and says who it is, when another process does not get on."""
        with self._threads:
            if self._closed:
                raise lifetime.closed()
            file = self._file
            self._inside = threading.get_ident()
            try:
                if any(self._try(pause) for pause in SHORT_PAUSES):
                    self._note()
                    yield
                    return
            finally:
                self._inside = None
                # After a fork the child has none; unlocking what was not locked is nothing.
                if file.number is not None:
                    fcntl.flock(file.number, fcntl.LOCK_UN)
            while True:
                waiting = self._waiting = self._waiter()
                self._inside = threading.get_ident()
                try:
                    waiting.wanted = True
                    if self._wait_for(waiting):
                        self._note()
                        yield
                        return
                finally:
                    self._inside = number = None
                    waiting.wanted = False
                    if waiting.came:
                        number, waiting.file.number = waiting.file.number, None
                    if number is not None:
                        os.close(number)

    def between_turns(self, action: Callable[[], None]) -> None:
        """Call `action` when no thread of this process has the turn; not at all when it is this one that has it."""
        if self._inside != threading.get_ident():
            with self._threads:
                action()

    def close(self, last: Callable[[], None] = lambda: None) -> None:
        """Wait for the thread here that has the turn, call `last`, and let go of the lock file.

        Whoever comes later gets Unsupported.
        """
        with self._threads:
            self._closed = True
            last()
            number, self._file.number = self._file.number, None
            if number is not None:
                os.close(number)

    def _try(self, pause: float) -> bool:
        try:
            fcntl.flock(self._number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(pause)
            return False
        return True

    def _waiter(self) -> "Waiting":
        """Return the one that an earlier writer left behind, if it blocks, or a new one."""
        left = self._waiting
        return left if left is not None and left.blocks and not left.came else Waiting(self._path)

    def _wait_for(self, waiting: "Waiting") -> bool:
        """Wait for the turn; returns whether it is there: what was left behind may have let go of it just before."""
        waiting.start()
        turn, looks = self._turn(), 0
        # Whoever was found to stand still need not be waited for again.
        while not waiting.wait(0 if turn == self._stuck else LOOK_EVERY):
            looks, turn = looks + 1 if turn == (now := self._turn()) else 0, now
            holder = _holder(turn)
            if looks >= MOST_LOOKS or (looks and holder is not None and process.is_stopped(holder)):
                self._stuck = turn
                raise self._held_too_long(holder)
            self._stuck = None
        return waiting.file.number is not None

    @property
    def _number(self) -> int:
        if self._file.number is None:
            raise lifetime.forked()
        return self._file.number

    def _note(self) -> None:
        # A disk that is full must not keep anybody from removing something.
        with suppress(OSError):
            os.pwrite(self._number, f"{self._me} {time.time_ns()}\n".encode(), 0)

    def _turn(self) -> str:
        """Return what the one who has the turn wrote: another turn has another text."""
        return os.pread(self._number, _NOTE_SIZE, 0).decode(errors="replace").partition("\n")[0]

    def _held_too_long(self, holder: process.Identity | None) -> Locked:
        if holder is None:
            who, remedy = "another process", "Wait, or end the process that writes to the store"
        elif process.is_stopped(holder):
            who = f"{holder}, which was stopped in the middle of it"
            remedy = f"Let it go on (`kill -CONT {holder.pid}`), or end it (`kill -9 {holder.pid}`): nothing is lost"
        else:
            who, remedy = str(holder), f"Wait for it, or end it (`kill {holder.pid}`): nothing is lost"
        return Locked(f"The store is being written to by {who}", path=str(self._path.parent), remedy=remedy)


class Waiting:
    """A thread that blocks until the turn comes, on an open file of its own."""

    def __init__(self, path: Path) -> None:
        #: to be closed by whoever takes its number: the writer when it has had the turn, or the thread
        self.file: disk.LockedFile = disk.LockedFile(path, _FLAGS)
        # A bare lock and a bare thread: what `threading` puts around them wakes a processor twice more for each turn.
        self._woken = threading.Lock()
        self._woken.acquire()
        #: whether a writer waits for it, or has the turn by it
        self.wanted = False
        #: whether the thread is there
        self.blocks: bool = False
        #: whether it has got the turn
        self.came: bool = False

    def start(self) -> None:
        """Begin to wait, unless it does already."""
        if not self.blocks:
            _thread.start_new_thread(self._run, (self.file.number,))

    def wait(self, seconds: float) -> bool:
        """Wait until the turn has come, for so many seconds at most; returns whether it has."""
        return self._woken.acquire(timeout=seconds)

    def _run(self, number: int | None) -> None:
        assert number is not None
        self.blocks = True
        # An error means a fork, whose child has closed the file.
        with suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_EX)
        # First this, then the question: the writer, who gives up in the other order, or the thread sees of the other.
        self.came = True
        if not self.wanted:
            mine, self.file.number = self.file.number, None
            if mine is not None:
                os.close(mine)
        self._woken.release()


def stopped_holder(path: Path) -> process.Identity | None:
    """Return who has the turn at the turnstile `path` and was stopped; None when nobody has it, or gets on."""
    try:
        with disk.locked(path, fcntl.LOCK_SH | fcntl.LOCK_NB):
            return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        holder = _holder(path.read_text("utf-8", "replace").partition("\n")[0])
    return holder if holder is not None and process.is_stopped(holder) else None


def _holder(turn: str) -> process.Identity | None:
    """Return who has a turn; None when that cannot be read."""
    with suppress(ValueError):
        return process.Identity.from_json(turn.rpartition(" ")[0])
    return None
