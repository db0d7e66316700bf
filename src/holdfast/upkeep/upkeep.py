"""When upkeep runs: after commits and once a minute in a long-lived process, and on request.

One thread per store, started by its first commit. A short-lived process does what is due when it closes the store.
"""

import functools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from holdfast import process
from holdfast.backend import Backend
from holdfast.catalog import search_rows
from holdfast.errors import HoldfastError
from holdfast.upkeep import indexes, retire
from holdfast.upkeep.fold import fold

#: seconds between two sweeps, and between two rounds when nothing was committed
PERIOD = 60.0
#: seconds to wait after a commit, so that a burst of them is one round
CALM = 0.25

log = logging.getLogger("holdfast.upkeep")


@dataclass
class OptimizeReport:
    """What `optimize` did."""

    #: rows moved from the tail into the table
    folded: int = 0
    #: contents whose rows went to the history table
    retired: int = 0
    #: what was indexed, merged or compacted, in words
    steps: list[str] = field(default_factory=list)


def optimize(backend: Backend) -> OptimizeReport:
    """Do all upkeep now, whether or not it is due."""
    return OptimizeReport(fold(backend), retire.retire(backend, thorough=True), indexes.tend(backend, thorough=True))


class Sweep(Protocol):
    """Removes what dead writers staged (recovery/sweep.py)."""

    def __call__(self, *, tables: bool = True) -> object:
        """Sweep; without `tables`, leave what takes the time of importing Lance for later."""
        ...


class Upkeep:
    """Does what is due, in the background."""

    def __init__(self, backend: Backend, fold_rows: int, sweep: Sweep) -> None:
        self._backend = backend
        self._fold_rows = fold_rows
        self._sweep = sweep
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._committed = False
        self._deaths = process.deaths_seen()

    def notice(self) -> None:
        """Take note of a commit; called after every publish, so it must cost nothing."""
        self._committed = True
        self._wake.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None and not self._stop.is_set():
                    thread = threading.Thread(target=self._run, name="holdfast-upkeep", daemon=True)
                    # Kept once it runs: where no thread can be started, the next commit tries again.
                    thread.start()
                    self._thread = thread

    def mind_the_dead(self) -> None:
        """Sweep before the first write after this process has seen a peer die; called before every publish."""
        seen = process.deaths_seen()
        if seen != self._deaths:
            self._deaths = seen
            self._safely(functools.partial(self._sweep, tables=False))

    def close(self) -> None:
        """End the thread, then do what a long-lived process would have done by now."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        if self._committed:
            self._safely(self.round)
            self._safely(self._sweep)

    def round(self) -> None:
        """Do what is due. When nothing is, this is a few small queries, and Lance is not imported."""
        with self._backend.engine.read() as conn:
            tail = search_rows.tail_bounds(conn, self._backend.embedder)[2]
            hidden = retire.is_due(conn, self._backend)
        if tail >= self._fold_rows:
            fold(self._backend)
        if hidden:
            retire.retire(self._backend)
        if indexes.is_due(self._backend):
            indexes.tend(self._backend)

    def _run(self) -> None:
        next_sweep = time.monotonic() + PERIOD
        while not self._stop.is_set():
            woken = self._wake.wait(max(0.0, next_sweep - time.monotonic()))
            if self._stop.wait(CALM if woken else 0):
                return
            self._wake.clear()
            self._safely(self.round)
            if time.monotonic() >= next_sweep:
                self._safely(self._sweep)
                next_sweep = time.monotonic() + PERIOD

    def _safely(self, work: Callable[[], object]) -> None:
        """Run upkeep so that its failure stops nobody: it is logged, and tried again at the next round."""
        try:
            work()
        except (HoldfastError, OSError) as error:
            log.warning("upkeep failed and will be tried again: %s", error)
