"""Waiting for something to do: woken at once by this process, by looking again for what other processes did."""

from holdfast.backend import Backend
from holdfast.host.clock import SystemClock
from holdfast.locks.bell import Bell


class Waker:
    """Counts the publishes of this process; a thread waits until there was one since it last looked."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        # A clock that is turned by hand would not wake it.
        self._bell = Bell(SystemClock())

    @property
    def count(self) -> int:
        """How often it was woken; take it before looking whether there is anything to do."""
        return self._bell.rings

    def attach(self) -> None:
        """Be woken by every publish of this process from now on."""
        if self.wake not in self._backend.hooks.after_publish:
            self._backend.hooks.after_publish.append(self.wake)

    def detach(self) -> None:
        """Undo `attach`."""
        if self.wake in self._backend.hooks.after_publish:
            self._backend.hooks.after_publish.remove(self.wake)

    def wake(self) -> None:
        """Wake every thread that waits."""
        self._bell.ring()

    def wait(self, seen: int, seconds: float) -> bool:
        """Wait until the count is no longer `seen`, at most `seconds`; returns whether it is not."""
        self._bell.wait(seen, seconds)
        return self.count != seen
