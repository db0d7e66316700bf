"""The pool of worker processes: one pipe each, one file at a time, replaced when they die.

Workers are started as new interpreters: pylance does not survive a fork, and a fresh one imports nothing of the
caller's script, so that `store.add` works in a script without a `__main__` guard.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path

from holdfast.errors import HoldfastError
from holdfast.ingest.items import Failed, Item, Outcome
from holdfast.ingest.worker import Setup

#: seconds that a worker may take until it is ready
START_SECONDS = 60.0
#: workers in a row that die before they are ready, until the add is given up
START_TRIES = 3
#: files that wait at a worker so that it never waits for us, and their bytes
QUEUED_FILES, QUEUED_BYTES = 8, 256 * 1024
#: bytes of a dead worker's last words that are read
_LAST_WORDS = 4096

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
# Appended, not put first: it is only needed when the package is not installed, and must never hide another.
_START = """import sys
sys.path.append(sys.argv[1])
from holdfast.ingest.worker import Setup, main
main(int(sys.argv[2]), 0, Setup(sys.argv[3], int(sys.argv[4])))"""


@dataclass(frozen=True)
class Death:
    """How a worker ended."""

    #: crashed | out_of_memory | timed_out
    code: str
    reason: str


class Worker:
    """One worker process, as its parent sees it."""

    def __init__(self, setup: Setup, seconds: float) -> None:
        self._seconds = seconds
        #: files given and not answered; the first is in hand
        self.given: deque[Item] = deque()
        self.ready = False
        self._words = tempfile.TemporaryFile()
        ours, theirs = Pipe()
        self.pipe: Connection = ours
        arguments = [_PACKAGE_ROOT, str(theirs.fileno()), setup.embedder, str(setup.memory)]
        try:
            # A process group of its own: a Ctrl-C at the terminal is for us alone.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._words,
                pass_fds=[theirs.fileno()], process_group=0,
            )  # fmt: skip
        finally:
            theirs.close()
        self.deadline = time.monotonic() + START_SECONDS

    @property
    def pid(self) -> int:
        return self._process.pid

    def give(self, item: Item) -> None:
        """Hand over one more file; a worker that has died meanwhile is found out when its pipe is read."""
        if not self.given:
            self.deadline = time.monotonic() + self._seconds
        self.given.append(item)
        try:
            self.pipe.send(item)
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
        return item, answer[1]

    @property
    def overdue(self) -> bool:
        """Whether the file in hand, or the start, has taken too long."""
        return 0.0 < self.deadline < time.monotonic()

    def kill(self) -> None:
        """End it now."""
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
        self._words.seek(max(0, self._words.tell() - _LAST_WORDS))
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

    def __init__(self, jobs: int, setup: Setup, seconds: float, heavy: "Sequence[str] | None" = None) -> None:
        self._setup = setup
        self._seconds = seconds
        self._jobs = jobs
        self._workers: list[Worker] = []
        self._returned: deque[Item] = deque()
        self._failed_starts = 0
        self._replenish()

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
        return [worker.pid for worker in self._workers]

    def give(self, item: Item, *, alone: bool) -> bool:
        """Hand `item` to the worker with the least to do; False when all have enough.

        With `alone` it goes to an idle one only, and nothing is queued behind it.
        """
        free = [worker for worker in self._workers if worker.ready and _has_room(worker, item, alone)]
        if not free:
            return False
        min(free, key=lambda worker: sum(given.size for given in worker.given)).give(item)
        return True
