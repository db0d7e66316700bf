"""Keeping leases alive: one background thread per opened store renews every lock at a third of its ttl.

It goes by the machine's own clock, whatever clock the store was opened with: a test that turns a clock by hand decides
by itself when a lease ends. The thread starts with the first lock and ends soon after the last.
"""

import threading
from typing import Generic, Protocol, TypeVar

from holdfast.clock import Clock, SystemClock
from holdfast.errors import HoldfastError

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

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._wake = threading.Condition()
        self._due: dict[L, float] = {}
        self._next_look = 0.0
        self._closing = False
        self._thread: threading.Thread | None = None
        #: why renewing failed the last time it did, until it works again
        self.trouble: Exception | None = None

    def add(self, lock: L) -> None:
        """Begin to renew a lock."""
        with self._wake:
            self._due[lock] = due = self._next_turn(lock)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="holdfast-locks", daemon=True)
                thread.start()
                self._thread = thread
            elif due < self._next_look:
                self._wake.notify()

    def remove(self, lock: L) -> None:
        """Renew a lock no longer."""
        with self._wake:
            self._due.pop(lock, None)

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        return self._thread is not None

    def close(self) -> list[L]:
        """End the thread and return what it renewed; that expires unless it is released."""
        with self._wake:
            # A thread that is not asleep yet does not hear of it otherwise, and would sleep first.
            self._closing = True
            left = list(self._due)
            self._due.clear()
            self._wake.notify()
            thread = self._thread
        if thread is not None:
            thread.join()
        self._closing = False
        return left

    def _run(self) -> None:
        while True:
            for lock in self._wait_for_due():
                self._renew(lock)
            with self._wake:
                if not self._due:
                    self._thread = None
                    return

    def _wait_for_due(self) -> list[L]:
        """Sleep until the next turn, or for LOOK_AROUND; return what is due then."""
        with self._wake:
            now = self._clock.now()
            self._next_look = min([now + LOOK_AROUND, *self._due.values()])
            if not self._closing:
                self._wake.wait(max(0.0, self._next_look - now))
            now = self._clock.now()
            # A turn more than a ttl away was planned before the clock was set back.
            return [lock for lock, due in self._due.items() if due <= now or due > now + lock.ttl]

    def _renew(self, lock: L) -> None:
        try:
            kept = lock.renew()
            self.trouble = None
        except (HoldfastError, OSError) as error:
            # The disk may have room again at the next turn: the lease lasts for two more, and the lock says why it
            # was lost if it is.
            self.trouble, kept = error, True
        with self._wake:
            if lock in self._due and kept:
                self._due[lock] = self._next_turn(lock)
            else:
                self._due.pop(lock, None)

    def _next_turn(self, lock: L) -> float:
        return self._clock.now() + lock.ttl * RENEWED_AFTER
