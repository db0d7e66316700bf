"""Who prepares which file: this process, or a worker.

Small plain files (Markdown, text, code, CSV, JSON) are prepared here until the workers are ready: a handful of notes is
done before a worker would have started, and a long batch does not wait for them. Everything else (PDF, Office, HTML,
mail, all that is large) goes to a worker and nowhere else, where it may crash, hang or fill the memory without harm.
With one job, plain files never need a worker at all.
"""

import os
import select
from collections import deque

from holdfast.backend import Backend
from holdfast.ingest.conversion import formats
from holdfast.ingest.items import Item, Outcome
from holdfast.ingest.plan import Plan
from holdfast.ingest.preparing.deriver import DocumentDeriver
from holdfast.ingest.preparing.preparation import prepare, refusal
from holdfast.ingest.preparing.worker_pool import Pool
from holdfast.ingest.preparing.worker_process import Setup

#: files that wait to be prepared
QUEUED = 64
#: plain files after which workers are started
PLAIN_FILES = 32
#: bytes; a larger file is not a small plain one
PLAIN_BYTES = 256 * 1024
#: formats whose converters are a few lines of our own
_PLAIN = frozenset({formats.MARKDOWN, formats.TEXT, formats.CSV, formats.TSV, formats.JSON})


class Preparers:
    """Prepares files, in any order. Not for sharing between threads."""

    def __init__(self, backend: Backend, plan: Plan) -> None:
        self._deriver = DocumentDeriver(backend.chosen, strict=True)
        self._setup = Setup(backend.chosen, plan.limits.memory)
        self._seconds = plan.limits.seconds
        self._jobs = plan.jobs or _cores()
        #: waiting files, and whether each is a small plain one
        self._queue: deque[tuple[Item, bool]] = deque()
        #: files refused at the door
        self._refused: list[tuple[Item, Outcome]] = []
        self._pool: Pool | None = None
        self._given = 0

    @property
    def room(self) -> bool:
        """Whether it takes one more file."""
        return len(self._queue) < QUEUED

    @property
    def busy(self) -> bool:
        """Whether any file is given and not answered."""
        return bool(self._queue or self._refused) or (self._pool is not None and self._pool.busy)

    def give(self, item: Item) -> None:
        """Take one more file."""
        self._given += 1
        # A name that says nothing is mostly a picture or a program: no worker is started for those.
        refused = refusal(item) if formats.named(item.name) is None else None
        if refused is not None:
            self._refused.append((item, refused))
        else:
            self._queue.append((item, is_plain(item)))

    def take(self, seconds: float, signal: int) -> list[tuple[Item, Outcome]]:
        """Return what is done; waits up to `seconds` for it, or until the file descriptor `signal` can be read."""
        answers, self._refused = self._refused, []
        prepared = self._hand_out()
        if prepared is not None:
            answers.append(prepared)
        if self._pool is not None:
            # Workers are heard even when something is done already: one may just have become ready.
            answers += self._pool.take(0.0 if answers else seconds, signal)
            self._queue.extendleft((item, is_plain(item)) for item in reversed(self._pool.taken_back()))
        elif not answers:
            select.select([signal], [], [], seconds)
        return answers

    def close(self) -> None:
        """Stop at once."""
        self._queue.clear()
        if self._pool is not None:
            self._pool.close()

    def _hand_out(self) -> tuple[Item, Outcome] | None:
        """Hand waiting files to workers; returns one that was prepared here instead."""
        while self._queue:
            item, plain = self._queue[0]
            if plain and self._keeps():
                self._queue.popleft()
                outcome = prepare(self._deriver, item, only=is_plain_type)
                if outcome is not None:
                    return item, outcome
                self._queue.appendleft((item, False))
            elif self._workers().give(item, alone=is_long(item)):
                self._queue.popleft()
            else:
                return None
        return None

    def _keeps(self) -> bool:
        """Whether plain files are prepared here for now."""
        if self._jobs == 1:
            return True
        if self._given > PLAIN_FILES:
            self._workers()
        return self._pool is None or not self._pool.ready

    def _workers(self) -> Pool:
        if self._pool is None:
            self._pool = Pool(self._jobs, self._setup, self._seconds)
        return self._pool


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_plain(item: Item) -> bool:
    """Tell whether a file is a small plain one, by its name and size."""
    named = formats.named(item.name)
    return item.size <= PLAIN_BYTES and named is not None and is_plain_type(named)


def is_long(item: Item) -> bool:
    """Tell whether a file may take so long that no other should wait behind it."""
    named = formats.named(item.name)
    return item.size > PLAIN_BYTES or named is None or not formats.is_textual(named)


def is_plain_type(media_type: str) -> bool:
    """Tell whether files of this media type are converted by a few lines of our own."""
    return media_type in _PLAIN or formats.language(media_type) is not None
