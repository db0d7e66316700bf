"""Keeping leases alive: one background thread per opened store renews every lock at a third of its ttl.

It goes by the machine's own clock, whatever clock the store was opened with: a test that turns a clock by hand decides
by itself when a lease ends. The thread starts with the first lock and ends soon after the last.
"""

import threading
from typing import Generic, Protocol, TypeVar

from holdfast.errors import HoldfastError, Unsupported
from holdfast.host.clock import Clock, SystemClock
from holdfast.host.threads import Report, SupervisedThread

#: seconds after which the thread looks around at the latest: a machine that slept wakes up with leases about to end
LOOK_AROUND = 1.0
#: leases are renewed after this part of their ttl
RENEWED_AFTER = 1 / 3


class Leased(Protocol):
    """A lock, as far as its renewal is concerned."""

    #: seconds
    ttl: float

    def renew(self) -> bool:
        """Extend the lease; False once it is lost."""
        ...


L = TypeVar("L", bound=Leased)


class Renewer(Generic[L]):
    """Renews what was added until it is removed or lost."""

    def __init__(self, clock: Clock | None = None, report: Report | None = None) -> None:
        self._clock = clock or SystemClock()
        self._report = report
        # Entered itself, not through the condition, whose end an interrupt can skip (`holdfast.host.held`).
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._due: dict[L, float] = {}
        self._next_look = 0.0
        self._thread = self._new_thread()
        #: why renewing failed the last time it did, until it works again
        self.trouble: BaseException | None = None

    def add(self, lock: L) -> None:
        """Begin to renew a lock; raises HoldfastError when no thread can be had for it: the lock would just expire."""
        with self._lock:
            self._due[lock] = due = self._next_turn(lock)
            if due < self._next_look:
                self._wake.notify()
        if not self._thread.ensure():
            self.remove(lock)
            raise HoldfastError(
                f"A lock cannot be kept, for want of a thread to renew it: {self._thread.trouble}",
                remedy="Let some other work of this process end, or raise its limit of threads (`ulimit -u`)",
            )

    def remove(self, lock: L) -> None:
        """Renew a lock no longer."""
        with self._lock:
            self._due.pop(lock, None)

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        return self._thread.running

    def close(self) -> list[L]:
        """End the thread and return what it renewed; that expires unless it is released."""
        with self._lock:
            left = list(self._due)
            self._due.clear()
        self._thread.end()
        self._thread = self._new_thread()
        return left

    def _new_thread(self) -> SupervisedThread:
        return SupervisedThread(
            "holdfast-locks", self._turn, wake=self._wake_up, report=self._report, longest_pause=LOOK_AROUND
        )

    def _wake_up(self) -> None:
        with self._lock:
            self._wake.notify()

    def _turn(self) -> bool:
        for lock in self._wait_for_due():
            self._renew(lock)
        with self._lock:
            return bool(self._due)

    def _wait_for_due(self) -> list[L]:
        """Sleep until the next turn, or for LOOK_AROUND; return what is due then."""
        with self._lock:
            now = self._clock.now()
            self._next_look = min([now + LOOK_AROUND, *self._due.values()])
            # Asked in here: a thread that is not asleep yet does not hear that it was woken to end.
            if not self._thread.rest(0):
                self._wake.wait(max(0.0, self._next_look - now))
            now = self._clock.now()
            # A turn more than a ttl away was planned before the clock was set back.
            return [lock for lock, due in self._due.items() if due <= now or due > now + lock.ttl]

    def _renew(self, lock: L) -> None:
        try:
            kept = lock.renew()
            self.trouble = None
        except Unsupported:
            # The store was closed.
            kept = False
        except BaseException as error:  # noqa: BLE001 - whatever one lock's trouble is, the others are renewed
            # The disk may have room again at the next turn: the lease lasts for two more, and the lock says why it
            # was lost if it is.
            self.trouble, kept = error, True
            if not isinstance(error, HoldfastError | OSError):
                self._thread.note(error)
        with self._lock:
            if lock in self._due and kept:
                self._due[lock] = self._next_turn(lock)
            else:
                self._due.pop(lock, None)

    def _next_turn(self, lock: L) -> float:
        return self._clock.now() + lock.ttl * RENEWED_AFTER
