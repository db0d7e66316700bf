"""A flag that threads wait for: what `threading.Event` is, where an interrupt may come.

An interrupt that comes at the end of `Event.set` leaves the lock inside it taken, and whoever touches the event after
that waits for ever. Here nothing is taken: each waiter has a lock of its own, which whoever raises the flag opens.
"""

import threading
import time
from contextlib import suppress

#: seconds after which a waiter looks by itself: whoever raised the flag may have been interrupted before waking it
LOOK_EVERY = 1.0


class Flag:
    """Down at first; `set` raises it and wakes whoever waits, until `clear`."""

    def __init__(self) -> None:
        self._up = False
        self._waiters: dict[threading.Lock, None] = {}

    def is_set(self) -> bool:
        """Return whether it is up."""
        return self._up

    def set(self) -> None:
        """Raise it."""
        self._up = True
        for each in list(self._waiters):
            # Another thread that raises it at the same time may have opened the lock.
            with suppress(RuntimeError):
                each.release()

    def clear(self) -> None:
        """Lower it."""
        self._up = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is raised, for `timeout` seconds at most; returns whether it was."""
        until = None if timeout is None else time.monotonic() + timeout
        mine = threading.Lock()
        mine.acquire()
        try:
            self._waiters[mine] = None
            while not self._up:
                left = LOOK_EVERY if until is None else min(LOOK_EVERY, until - time.monotonic())
                if left <= 0:
                    return False
                if mine.acquire(timeout=left):
                    return True
            return True
        finally:
            self._waiters.pop(mine, None)
