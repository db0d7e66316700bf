"""The threads of a worker: one that looks for work, and one for each job that runs.

Each kind of job has as many threads as the worker was given, so that no kind waits behind another: a memory is not held
up by the abstracts of a thousand documents. A thread that takes up work leaves another looking, and one that finds
nothing to do goes when there is another; so an idle worker has one.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from holdfast.catalog.work.jobs import Job
from holdfast.host.held import held
from holdfast.host.threads import SupervisedThread

#: seconds between two looks of an idle worker at what other processes enqueued: the first
FIRST_LOOK = 0.05


@dataclass(eq=False, kw_only=True)
class Hand:
    """A thread that runs jobs."""

    thread: SupervisedThread | None = None
    #: jobs it claims next
    batch: int = 1
    #: seconds it waits next when there is nothing to do
    look: float = FIRST_LOOK
    #: whether another thread has taken its place, because a handler will not return
    replaced: bool = False
    #: what its jobs are leased by
    token: str = ""
    #: claimed and not begun
    _pending: list[Job] = field(default_factory=list)
    #: beats since it began a job
    _beats: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, claimed: list[Job]) -> None:
        """Have these jobs to run."""
        with self._lock:
            self._pending, self._beats = list(claimed), 0

    def next(self) -> Job | None:
        """Return the job to begin now."""
        with self._lock:
            self._beats = 0
            return self._pending.pop(0) if self._pending else None

    def let_go(self, *, after_beats: int = 0) -> list[Job]:
        """Return the jobs that were claimed and are not begun any more, if the present one took so many beats."""
        with self._lock:
            self._beats += after_beats > 0
            if self._beats < after_beats:
                return []
            found, self._pending = self._pending, []
            return found

    @property
    def is_needed(self) -> bool:
        """Whether it runs jobs, or should."""
        return self.thread is not None and not self.replaced and (self.thread.running or self.thread.died)


class Hands:
    """All threads of one worker, and what they are busy with."""

    def __init__(self, kinds: Iterable[str], each: int, thread: Callable[[Hand], SupervisedThread]) -> None:
        self._kinds = sorted(kinds)
        #: threads for each kind
        self._each = each
        self._thread = thread
        self._lock = threading.Lock()
        self._hands: list[Hand] = []
        #: the kind of the jobs that a thread runs; those that look for some are not in it
        self._busy: dict[Hand, str] = {}

    def clear(self) -> None:
        """Forget the threads of an earlier run."""
        with self._lock:
            self._hands = []

    def add(self) -> None:
        """Have another thread, as soon as the system has one to give."""
        hand = Hand()
        hand.thread = self._thread(hand)
        with self._lock:
            self._hands = [each for each in self._hands if each.is_needed or each.replaced]
            self._hands.append(hand)
        hand.thread.ensure()

    def everyone(self) -> list[Hand]:
        """Return all threads, also those that were left to their handlers."""
        with self._lock:
            return list(self._hands)

    def are_dead(self) -> bool:
        """Return whether none could be started."""
        return all(each.thread is not None and each.thread.died for each in self.everyone())

    def at_work(self) -> list[Hand]:
        """Return the threads that are there."""
        with self._lock:
            return [each for each in self._hands if each.is_needed]

    def with_room(self) -> list[str]:
        """Return the kinds that may be begun: those that not all of their threads are busy with."""
        busy = list(self._busy.values())
        return [kind for kind in self._kinds if busy.count(kind) < self._each]

    @held
    def turn(self, hand: Hand) -> Iterator[None]:
        """Let a thread look for work, and run what it finds, while the block lasts."""
        try:
            yield
        finally:
            self._busy.pop(hand, None)

    def begin(self, hand: Hand, kind: str) -> None:
        """Note that a thread runs jobs of a kind, until its turn ends."""
        self._busy[hand] = kind

    def discount(self, hand: Hand) -> None:
        """Note that what a thread runs does not count any more."""
        self._busy.pop(hand, None)

    def is_anyone_looking(self) -> bool:
        """Return whether a thread is free to look for work."""
        with self._lock:
            return any(each.is_needed and each not in self._busy for each in self._hands)

    def may_go(self, hand: Hand) -> bool:
        """Return whether a thread with nothing to do is one too many; it is no longer counted then."""
        with self._lock:
            if not any(each.is_needed and each not in self._busy for each in self._hands if each is not hand):
                return False
            self._hands = [each for each in self._hands if each is not hand]
            return True
