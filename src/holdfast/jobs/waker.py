"""Waiting for something to do: woken at once by this process, by looking again for what other processes did."""

import threading

from holdfast.backend import Backend


class Waker:
    """Counts the publishes of this process; a thread waits until there was one since it last looked."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._condition = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """How often it was woken; take it before looking whether there is anything to do."""
        return self._count

    def attach(self) -> None:
        """Be woken by every publish of this process from now on."""
        if self.wake not in self._backend.published:
            self._backend.published.append(self.wake)

    def detach(self) -> None:
        """Undo `attach`."""
        if self.wake in self._backend.published:
            self._backend.published.remove(self.wake)

    def wake(self) -> None:
        """Wake every thread that waits."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait(self, seen: int, seconds: float) -> bool:
        """Wait until the count is no longer `seen`, at most `seconds`; returns whether it is not."""
        with self._condition:
            return self._condition.wait_for(lambda: self._count != seen, timeout=seconds)
