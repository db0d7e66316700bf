"""Background threads that nothing ends but their owner, and pools that do without threads when there are none.

A thread that dies of an exception leaves its work to nobody, and nobody sees it. Here whatever a turn raises is logged,
kept, and reported to whoever writes it down; the turn is taken again a little later. A thread that is dead all the
same, or could not be started because the system had none to give, is started by the next `ensure`, or by any other of
these threads before its next turn.

When the interpreter exits, the threads are told to end and waited for: Python ends a thread that is inside Lance just
then by unwinding it, which aborts the process.
"""

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Generic, TypeVar

from holdfast.errors import Unsupported
from holdfast.host.flag import LOOK_EVERY, Flag
from holdfast.host.weak import members

T = TypeVar("T")

#: seconds until a turn that failed is taken again: the first time, and at most, as each failure doubles it
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
#: seconds that the exit of the interpreter waits for the turns under way
EXIT_PATIENCE = 30.0
#: seconds after which a helper that has nothing to do is gone, until there is more
IDLE = 60.0

log: logging.Logger = logging.getLogger("holdfast.host.threads")

Report = Callable[[str, BaseException], object]


class SupervisedThread:
    """Takes a turn again and again in a thread, until a turn says that nothing is left, or its owner ends it.

    `turn` returns whether there will be more to do; `wake` makes a turn that sleeps return soon. `report` is told the
    thread's name and the error when turns begin to fail.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], bool],
        *,
        wake: Callable[[], None] = lambda: None,
        report: Report | None = None,
        longest_pause: float = LONGEST_PAUSE,
    ) -> None:
        self._name = name
        self._turn = turn
        self._wake = wake
        self._report = report
        self._longest_pause = longest_pause
        # Re-entrant: a signal handler may come to `ensure` while the thread it interrupts is in there.
        self._guard = threading.RLock()
        self._ending = Flag()
        self._thread: threading.Thread | None = None
        #: whether somebody asked for the thread since the last turn began
        self._wanted = False
        #: whether its owner has waited for its end long enough
        self._abandoned = False
        self._process = os.getpid()
        #: what the last turn raised; None when it went well
        self.trouble: BaseException | None = None

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    @property
    def died(self) -> bool:
        """Whether the thread is gone, or never came, though something is left to do and nobody ended it."""
        return self._thread is not None and not self.running and not self._ending.is_set()

    def ensure(self) -> bool:
        """Have the thread take one more turn, and start it if it is not there; returns whether it is.

        Never raises: without a thread there is `trouble`, and the next call tries again.
        """
        with self._guard:
            if self._ending.is_set() or os.getpid() != self._process:
                return False
            self._wanted = True
            if not self.running:
                self._start()
            return self.running

    def rest(self, seconds: float) -> bool:
        """Wait for so long, unless the thread is to end; returns whether it is."""
        return self._ending.wait(seconds)

    def wait(self, timeout: float) -> None:
        """Wait for the thread to be gone, but no longer."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            thread.join(timeout)

    def end(self, timeout: float | None = None) -> bool:
        """Tell the thread to end, and wait for the turn under way; returns whether it is gone."""
        if os.getpid() != self._process:
            # After a fork the thread is the parent's, and so may be the inside of the event.
            return True
        self._tell()
        thread = self._thread
        if thread is None or not thread.is_alive() or thread is threading.current_thread():
            return True
        thread.join(timeout)
        self._abandoned = thread.is_alive()
        return not self._abandoned

    def attempt(self, work: Callable[[], object]) -> bool:
        """Do in the calling thread what the thread would do; what fails is noted and returned as False."""
        if os.getpid() != self._process:
            # After a fork it is the parent's to do.
            return False
        try:
            work()
        except Exception as error:  # noqa: BLE001 - background work stops nobody, whoever does it
            self.note(error)
            return False
        return True

    def _tell(self) -> None:
        self._ending.set()
        self._wake()

    def _start(self) -> None:
        _started.add(self)
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            self._thread.start()
        except (RuntimeError, MemoryError) as error:
            self.note(error)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        # Whoever was interrupted while it started the thread may have started another one since.
        while not self._ending.is_set() and self._thread is threading.current_thread():
            # The order counts: who asks from here on gets another turn, even if this one finds nothing.
            self._wanted = False
            try:
                revive()
                more = self._turn()
            except BaseException as error:  # noqa: BLE001 - whatever it is, the work is still to be done
                if not self._ending.is_set():
                    self.note(error)
                self._ending.wait(min(pause, self._longest_pause))
                pause = min(self._longest_pause, pause * 2)
                continue
            pause, self.trouble = FIRST_PAUSE, None
            if not more and self._retire():
                return

    def _retire(self) -> bool:
        """Be gone, unless somebody has asked for a turn; in one step, or a request in between would be nobody's."""
        with self._guard:
            if self._wanted:
                return False
            if self._thread is threading.current_thread():
                self._thread = None
            return True

    def note(self, error: BaseException) -> None:
        """Keep an error as `trouble`, log it, and report it if it is another than before."""
        is_new = type(error) is not type(self.trouble)
        self.trouble = error
        if "interpreter shutdown" in str(error):
            # From Python 3.12 on no thread can be started on the way out: that is no trouble.
            return
        # Saying it must not be what ends the thread: without memory it fails too.
        with suppress(Exception):
            log.warning(
                "background work failed and will be tried again (%s): %s: %s", self._name, type(error).__name__, error
            )
            log.debug("where %s failed", self._name, exc_info=error)
            error.__traceback__ = None
            if is_new and self._report is not None:
                self._report(self._name, error)


class Helpers:
    """A pool of threads; what no thread can be had for is done at once by whoever asks.

    Not a `ThreadPoolExecutor`: an interrupt inside its `submit` leaves locks taken that all executors share.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._tasks: SimpleQueue[Task[Any] | None] = SimpleQueue()
        self._threads = [SupervisedThread(f"{name}_{n}", self._turn, wake=self._stop) for n in range(threads)]
        self._closed = self._stopping = False

    def begin(self, work: Callable[[], T], then: Callable[[], object] = lambda: None) -> "Task[T]":
        """Begin `work`, and call `then` when it is done; raises Unsupported once the pool was closed."""
        if self._closed:
            raise Unsupported("The store is closed", remedy="Open it again with holdfast.open()")
        task = Task(work, then, self._staffed)
        # Before the threads are asked for: one that is about to retire takes another turn.
        self._tasks.put(task)
        if not self._staffed():
            # It stands in the queue all the same, where a thread may find it later: that one does nothing.
            task.run()
        return task

    def close(self, *, wait: bool) -> None:
        """Take no more work, and wait for what is under way if told to."""
        self._closed = True
        for each in self._threads:
            each._tell()
        for each in self._threads if wait else ():
            each.end()

    def __enter__(self) -> "Helpers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            with suppress(Empty):
                while True:
                    self._tasks.get_nowait()
        self.close(wait=True)

    def _staffed(self) -> bool:
        # Each is asked, for there may be work for all of them.
        return True in [each.ensure() for each in self._threads]

    def _stop(self) -> None:
        self._stopping = True
        self._tasks.put(None)

    def _turn(self) -> bool:
        with suppress(Empty):
            while (task := self._tasks.get(timeout=IDLE)) is not None:
                task.run()
                # What it holds must not be held until there is more to do.
                del task
        if self._stopping:
            # It was for another thread, or will be.
            self._tasks.put(None)
        return False


class Task(Generic[T]):
    """Work that is done once, whoever comes to it first."""

    def __init__(self, work: Callable[[], T], then: Callable[[], object], staffed: Callable[[], bool]) -> None:
        self._work: Callable[[], T] | None = work
        self._then = then
        self._staffed = staffed
        self._taken = threading.Lock()
        self._ended = Flag()
        self._value: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do it, unless somebody does."""
        if not self._taken.acquire(blocking=False):
            return
        work, self._work = self._work, None
        try:
            self._value = work()  # type: ignore[misc]
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asks for the result
            self._error = error
        self._ended.set()
        self._then()

    def done(self) -> bool:
        """Return whether there is a result."""
        return self._ended.is_set()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the result, for `timeout` seconds at most, or raise what the work raised."""
        until = float("inf") if timeout is None else time.monotonic() + timeout
        while not self._ended.wait(max(0.0, min(LOOK_EVERY, until - time.monotonic()))):
            if time.monotonic() >= until:
                raise TimeoutError
            if not self._staffed():
                # The threads were ended, or are the parent's.
                self.run()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


#: threads that run, or have
_started: "weakref.WeakSet[SupervisedThread]" = weakref.WeakSet()


def revive() -> None:
    """Start every thread of this process that is gone though its work is not done."""
    for each in members(_started):
        if each.died:
            each.ensure()


def _end_all() -> None:
    ours = [each for each in members(_started) if each.running and not each._abandoned]
    for each in ours:
        each._tell()
    until = time.monotonic() + EXIT_PATIENCE
    for each in ours:
        each.end(max(0.0, until - time.monotonic()))


atexit.register(_end_all)
