"""The pool of worker processes: one pipe each, one file at a time, replaced when they die.

Workers are started as new interpreters: pylance does not survive a fork, and a fresh one imports nothing of the
caller's script, so that `store.add` works in a script without a `__main__` guard.
"""

import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path

from holdfast.errors import HoldfastError
from holdfast.ingest.items import FailedFile, Item, Outcome
from holdfast.ingest.preparing.worker_ipc import pack_item, unpack
from holdfast.ingest.preparing.worker_process import Setup

#: seconds that a worker may take until it is ready
START_SECONDS = 60.0
#: workers in a row that die before they are ready, until the add is given up
START_TRIES = 3
#: files that wait at a worker so that it never waits for us, and their bytes
QUEUED_FILES, QUEUED_BYTES = 8, 256 * 1024
#: bytes of a dead worker's last words that are read
_LAST_WORDS = 4096

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[3])
# Appended, not put first: it is only needed when the package is not installed, and must never hide another.
START = """import sys
sys.path.append(sys.argv[1])
from holdfast.ingest.preparing.worker_process import Setup, main
main(int(sys.argv[2]), 0, Setup.told(sys.argv[3], sys.argv[4]))"""


@dataclass(frozen=True)
class Death:
    """How a worker ended."""

    #: crashed | out_of_memory | timed_out
    code: str
    reason: str


class WorkerProcess:
    """One worker process, as its parent sees it."""

    def __init__(self, setup: Setup, seconds: float) -> None:
        self._seconds = seconds
        #: files given and not answered; the first is in hand
        self.given: deque[Item] = deque()
        #: whether the file in hand is to have nothing queued behind it
        self._alone = False
        self.ready: bool = False
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the worker
        ours, theirs = Pipe()
        self.pipe: Connection = ours
        arguments = [_PACKAGE_ROOT, str(theirs.fileno()), setup.embedder.to_json(), str(setup.memory)]
        try:
            # A process group of its own: a Ctrl-C at the terminal is for us alone.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", START, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._words,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        except OSError:
            ours.close()
            self._words.close()
            raise
        finally:
            theirs.close()
        self.deadline: float = time.monotonic() + START_SECONDS

    @property
    def pid(self) -> int:
        return self._process.pid

    def has_room(self, item: Item, *, alone: bool) -> bool:
        """Whether it may be given `item`."""
        if not self.ready or not self.given:
            return self.ready
        queued = sum(given.size for given in self.given)
        return not (alone or self._alone) and len(self.given) < QUEUED_FILES and queued + item.size <= QUEUED_BYTES

    def give(self, item: Item, *, alone: bool) -> None:
        """Hand over one more file; a worker that has died meanwhile is found out when its pipe is read."""
        self._alone = alone
        if not self.given:
            self.deadline = time.monotonic() + self._seconds
        self.given.append(item)
        try:
            self.pipe.send(pack_item(item))
        except OSError:
            return

    def take(self) -> tuple[Item, Outcome] | None:
        """Return the next answer, None for the word that it is ready; raises EOFError when it has died."""
        try:
            answer = self.pipe.recv()
        except OSError as error:
            raise EOFError from error
        if answer is None:
            self.ready, self.deadline = True, 0.0
            return None
        item = self.given.popleft()
        self.deadline = time.monotonic() + self._seconds if self.given else 0.0
        return item, unpack(answer)

    @property
    def overdue(self) -> bool:
        """Whether the file in hand, or the start, has taken too long."""
        return 0.0 < self.deadline < time.monotonic()

    def kill(self) -> None:
        """End it now; harmless when it has ended."""
        self.pipe.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._words.close()

    def bury(self) -> Death:
        """Return why it died."""
        self._process.wait()
        status = self._process.returncode
        end = self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, end - _LAST_WORDS))
        words = self._words.read().decode("utf-8", "replace").strip()
        self.kill()
        return _explain(status, words)


def _explain(status: int, words: str) -> Death:
    if "allocat" in words or "MemoryError" in words:
        return Death("out_of_memory", "it took more memory than one file may (ingest.max_file_memory_mib)")
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    last = words.splitlines()[-1] if words else ""
    return Death("crashed", f"the process that converted it {how}" + (f" ({last})" if last else ""))


class Pool:
    """`jobs` workers. Not for sharing between threads."""

    def __init__(self, jobs: int, setup: Setup, seconds: float) -> None:
        self._setup = setup
        self._seconds = seconds
        #: files taken back from workers that died with others in hand
        self._returned: deque[Item] = deque()
        self._failed_starts = 0
        self._workers: list[WorkerProcess] = []
        for _ in range(jobs):
            self._start()

    @property
    def ready(self) -> bool:
        """Whether any worker can be given a file."""
        return any(worker.ready for worker in self._workers)

    @property
    def busy(self) -> bool:
        """Whether any file is given and not answered."""
        return bool(self._returned) or any(worker.given for worker in self._workers)

    @property
    def pids(self) -> list[int]:
        """The workers' process ids."""
        return [worker.pid for worker in self._workers]

    def give(self, item: Item, *, alone: bool) -> bool:
        """Hand `item` to the worker with the least to do; False when all have enough.

        With `alone` it goes to an idle worker only, and nothing is queued behind it.
        """
        free = [worker for worker in self._workers if worker.has_room(item, alone=alone)]
        if not free:
            return False
        min(free, key=lambda worker: sum(given.size for given in worker.given)).give(item, alone=alone)
        return True

    def take(self, seconds: float, signal: int) -> list[tuple[Item, Outcome]]:
        """Return what is done, waiting up to `seconds` for it or until the file descriptor `signal` can be read.

        A file whose worker died or took too long is answered as failed; the worker is replaced. Raises HoldfastError
        when workers cannot be started at all.
        """
        by_pipe = {worker.pipe: worker for worker in self._workers}
        answers: list[tuple[Item, Outcome]] = []
        for found in wait([*by_pipe, signal], min(seconds, self._until_overdue())):
            worker = by_pipe.get(found)  # type: ignore[call-overload]
            if worker is not None:
                answers.extend(self._hear(worker))
        for worker in [worker for worker in self._workers if worker.overdue]:
            answers.extend(self._replace(worker, self._timed_out(worker)))
        return answers

    def taken_back(self) -> list[Item]:
        """Return files that were given to a worker which died over another one: they are to be given again."""
        items = list(self._returned)
        self._returned.clear()
        return items

    def close(self) -> None:
        """End all workers now."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def _start(self) -> None:
        """Start one more worker; raises HoldfastError when the system has no process to give and none runs."""
        try:
            self._workers.append(WorkerProcess(self._setup, self._seconds))
        except OSError as error:
            # Those that run do the work of all; the place of this one stays empty.
            if not self._workers:
                raise _not_started(str(error)) from error

    def _until_overdue(self) -> float:
        now = time.monotonic()
        return max(0.0, min((w.deadline - now for w in self._workers if w.deadline), default=math.inf))

    def _hear(self, worker: WorkerProcess) -> list[tuple[Item, Outcome]]:
        answers: list[tuple[Item, Outcome]] = []
        try:
            while worker.pipe.poll():
                answer = worker.take()
                self._failed_starts = 0
                answers += [answer] if answer else []
        except EOFError:
            answers.extend(self._replace(worker, worker.bury()))
        return answers

    def _replace(self, worker: WorkerProcess, death: Death) -> list[tuple[Item, Outcome]]:
        """Put a new worker in the place of a dead one; answer for the file it died over."""
        worker.kill()
        given, ready = list(worker.given), worker.ready
        if not ready:
            self._count_failed_start(death)
        self._returned.extend(given[1:])
        self._workers.remove(worker)
        self._start()
        return [(given[0], FailedFile(death.code, f"{given[0].name}: {death.reason}", self._seconds))] if given else []

    def _timed_out(self, worker: WorkerProcess) -> Death:
        if not worker.ready:
            return Death("crashed", f"it was not ready within {START_SECONDS:.0f} seconds")
        return Death("timed_out", f"it took longer than {self._seconds:g} seconds (ingest.max_file_seconds)")

    def _count_failed_start(self, death: Death) -> None:
        self._failed_starts += 1
        if self._failed_starts >= START_TRIES:
            raise _not_started(death.reason)


def _not_started(reason: str) -> HoldfastError:
    return HoldfastError(
        f"Worker processes cannot be started: {reason}",
        remedy="Try `--jobs 1`; if ingest.max_file_memory_mib is small, raise it",
    )
