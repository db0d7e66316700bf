"""How a waiter sleeps: until somebody in this process gives a lock back, or until it is time to look again."""

import threading

from holdfast.host.clock import Clock, SystemClock


class Bell:
    """Rung at every release in this process; the waiters of other processes look at the catalog now and then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: a lock for each waiter, which a ring opens; no `Condition`, whose end an interrupt can skip (`host/held.py`)
        self._waiters: dict[threading.Lock, None] = {}
        #: how often it has rung: a waiter reads it before it looks, so that no ring falls between look and sleep
        self.rings: int = 0

    def ring(self) -> None:
        """Wake every waiter of this process."""
        self.rings += 1
        for each in list(self._waiters):
            if self._waiters.pop(each, each) is None:
                each.release()

    def wait(self, heard: int, seconds: float) -> None:
        """Return once it has rung more than `heard` times, or after `seconds`."""
        if not isinstance(self._clock, SystemClock):
            # A clock that is turned by hand does not go on by itself while a condition is waited for.
            self._clock.sleep(seconds)
            return
        mine = threading.Lock()
        mine.acquire()
        try:
            self._waiters[mine] = None
            if self.rings == heard:
                mine.acquire(timeout=max(0.0, seconds))
        finally:
            self._waiters.pop(mine, None)
