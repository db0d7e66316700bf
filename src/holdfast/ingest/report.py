"""What an add did, and how far it is."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

log: logging.Logger = logging.getLogger("holdfast.ingest")

#: the stages a file passes, as failures and timings name them
SCAN, FETCH, PREFILTER, PREPARE = "scan", "fetch", "prefilter", "prepare"
STAGE, LOCK_WAIT, PUBLISH, PRUNE = "stage", "lock_wait", "publish", "prune"
#: what is in hand at the end of a large add, as its progress says
INDEXING = "indexing"
#: files added or updated from which on an add ends when they are indexed; after fewer, closing the store does it
LARGE_ADD = 5_000


@dataclass(frozen=True, slots=True)
class Failure:
    """One file that was not added."""

    #: the file's path, or its URL
    source: str
    #: scan | fetch | prepare | publish
    stage: str
    #: the error's code, as in holdfast.errors, or timed_out, crashed, out_of_memory, changed, not_found, unreadable
    code: str
    #: a sentence for people
    reason: str


@dataclass(frozen=True, kw_only=True)
class AddReport:
    """What an add did. Every file that was found is counted once: added, updated, moved, skipped or failed."""

    added: int = 0
    #: files that replaced an older content
    updated: int = 0
    #: files that the store had already as they are, and those left out
    skipped: int = 0
    #: in scan order
    failed: tuple[Failure, ...] = ()
    #: what was found in a folder and is no document: pictures, programs, links out of the folder; in scan order
    left_out: tuple[Failure, ...] = ()
    #: files removed because they vanished from their source (`prune`)
    removed: int = 0
    #: numbers of the commits made, in order
    commits: tuple[int, ...] = ()
    #: by stage; `prepare` is summed over all workers, `wall` is the whole
    seconds: dict[str, float] = field(default_factory=dict)
    #: whether the add was asked to stop before it had seen everything
    interrupted: bool = False
    #: the jobs that will derive abstracts and overviews of what was added
    job_ids: tuple[int, ...] = ()
    #: files that took over the history of one with the same content, which vanished from the source (`prune`)
    moved: int = 0
    #: source folders of which nothing was removed, because what is missing may not be gone (`prune`)
    not_pruned: tuple[Failure, ...] = ()

    @property
    def is_large(self) -> bool:
        """Whether so much was added that it is indexed before the add returns."""
        return self.added + self.updated >= LARGE_ADD


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an add."""

    #: files added, updated, skipped or failed so far
    files: int
    #: files found so far
    files_found: int
    #: bytes of the files done so far
    size: int
    #: bytes of the files found so far
    size_found: int
    #: whether the scan is over, so that what was found is all there is
    scanned: bool
    #: the file in hand
    current: str


class Timer:
    """Seconds by stage; a line of DEBUG log per timed piece."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys((SCAN, PREFILTER, PREPARE, STAGE, LOCK_WAIT, PUBLISH), 0.0)
        self._began = time.perf_counter()

    @contextmanager
    def stage(self, name: str, what: str = "") -> Iterator[None]:
        """Add the time spent inside to the stage `name`; `what` was worked on."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - began, what)

    def add(self, name: str, seconds: float, what: str = "") -> None:
        """Add `seconds` to the stage `name`; `what` was worked on."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        if what and log.isEnabledFor(logging.DEBUG):
            log.debug("%s %.1f ms %s", name, seconds * 1000, what)

    def total(self) -> dict[str, float]:
        """Return the seconds by stage, and as `wall` those since the timer was made."""
        return {**self.seconds, "wall": time.perf_counter() - self._began}
