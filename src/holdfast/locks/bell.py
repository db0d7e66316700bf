"""How a waiter sleeps: until somebody in this process gives a lock back, or until it is time to look again."""

import threading

from holdfast.clock import Clock, SystemClock


class Bell:
    """Rung at every release in this process; the waiters of other processes look at the catalog now and then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        #: how often it has rung: a waiter reads it before it looks, so that no ring falls between look and sleep
        self.rings = 0

    def ring(self) -> None:
        """Wake every waiter of this process."""
        with self._condition:
            self.rings += 1
            self._condition.notify_all()

    def wait(self, heard: int, seconds: float) -> None:
        """Return once it has rung more than `heard` times, or after `seconds`."""
        if not isinstance(self._clock, SystemClock):
            # A clock that is turned by hand does not go on by itself while a condition is waited for.
            self._clock.sleep(seconds)
            return
        with self._condition:
            self._condition.wait_for(lambda: self.rings != heard, seconds)
