"""When upkeep runs: after commits and once a minute in a long-lived process, and on request.

One thread per store, started by its first commit. A short-lived process does what is due when it closes the store.
"""

import functools
import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

from holdfast.backend import Backend
from holdfast.catalog import search_rows
from holdfast.host import process
from holdfast.host.flag import Flag
from holdfast.host.threads import SupervisedThread

#: seconds between two sweeps, and between two rounds when nothing was committed
PERIOD = 60.0
#: seconds to wait after a commit, so that a burst of them is one round
CALM = 0.25


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
    from holdfast.upkeep import graph_copies, graph_fold, indexes, retire
    from holdfast.upkeep.fold import fold

    folded, retired = fold(backend), retire.retire(backend, thorough=True)
    rows = graph_fold.fold_graph(backend, thorough=True)
    steps = [f"folding of {rows} rows of the graph"] if rows else []
    made = graph_copies.tend(backend)
    steps += [f"ordering of the graph in {made} copies"] if made else []
    return OptimizeReport(folded, retired, steps + indexes.tend(backend, bounds=indexes.THOROUGH))


class Sweep(Protocol):
    """Removes what dead writers staged (recovery/sweep.py)."""

    def __call__(self, *, tables: bool = True) -> object:
        """Sweep; without `tables`, leave what takes the time of importing Lance for later."""
        ...


class Collect(Protocol):
    """Removes files of tables that nobody needs (recovery/gc.py)."""

    def __call__(self) -> object:
        """Collect."""
        ...


class Upkeep:
    """Does what is due, in the background."""

    def __init__(self, backend: Backend, fold_rows: int, sweep: Sweep, collect: Collect) -> None:
        self._backend = backend
        self._fold_rows = fold_rows
        self._sweep = sweep
        self._collect = collect
        self._working = threading.Lock()
        self._wake = Flag()
        self._next_sweep = 0.0
        self._thread = SupervisedThread(
            "holdfast-upkeep", self._turn, wake=self._wake.set, report=backend.note_trouble, longest_pause=PERIOD
        )
        self._committed = False
        self._deaths = process.deaths_seen()

    def notice(self) -> None:
        """Take note of a commit; called after every publish, so it must cost nothing."""
        self._committed = True
        self._wake.set()
        self._thread.ensure()

    def sweep_after_deaths(self) -> None:
        """Sweep before the first write after this process has seen a peer die; called before every publish."""
        seen = process.deaths_seen()
        if seen != self._deaths:
            self._deaths = seen
            self._thread.attempt(functools.partial(self._sweep, tables=False))

    def close(self) -> None:
        """End the thread, then do what a long-lived process would have done by now."""
        self._thread.end()
        if self._committed:
            self._thread.attempt(functools.partial(self.round, closely=True))
            self._thread.attempt(self._sweep)

    def notice_add(self, *, large: bool) -> None:
        """Take note of an add that has ended; after a large one, do now and in this thread what is due."""
        # Where a killed add had published all there was, this one publishes nothing and still clears up after it.
        self.notice()
        if large:
            self._thread.attempt(functools.partial(self.round, closely=True, added=True))

    def round(self, *, closely: bool = False, added: bool = False) -> None:
        """Do what is due. When nothing is, this is a few small queries, and Lance is not imported.

        `closely` is for the end of a run: what it left without an index is indexed within narrower bounds.
        `added` is for the end of a large add: the tail is folded, however short, and small fragments are merged. Every
        search would score that tail, ask both places for their statistics, and look into each of the fragments.
        """
        with self._working:
            self._round(closely, added)

    def _round(self, closely: bool, added: bool) -> None:
        # Here, as every store that is opened has an upkeep, and few processes write.
        from holdfast.upkeep import graph_copies, graph_fold, indexes, retire
        from holdfast.upkeep.fold import fold

        with self._backend.engine.read() as conn:
            tail = search_rows.tail_bounds(conn, self._backend.embedder)[2]
            hidden = retire.is_due(conn, self._backend)
        if tail >= (1 if added else self._fold_rows):
            fold(self._backend)
        if hidden:
            retire.retire(self._backend)
        if graph_fold.is_due(self._backend):
            graph_fold.fold_graph(self._backend)
        if graph_copies.is_due(self._backend):
            graph_copies.tend(self._backend)
        if indexes.is_due(self._backend, closely=closely):
            ended = indexes.ADDED if added else indexes.SETTLED
            done = indexes.tend(self._backend, bounds=ended if closely else indexes.USUAL)
            if done:
                # Each of these left the files of what it replaced: a process that adds for minutes would pile them up.
                self._collect()

    def _turn(self) -> bool:
        """Wait for a commit or the time of the next sweep, and do what is due."""
        self._next_sweep = self._next_sweep or time.monotonic() + PERIOD
        woken = self._wake.wait(max(0.0, self._next_sweep - time.monotonic()))
        if self._thread.rest(CALM if woken else 0):
            return False
        self._wake.clear()
        try:
            self.round()
        except BaseException:
            # What was due still is: the next turn does not wait for another commit.
            self._wake.set()
            raise
        finally:
            self._sweep_in_time()
        return True

    def _sweep_in_time(self) -> None:
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + PERIOD
            self._sweep()
