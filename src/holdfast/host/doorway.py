"""A doorway between what many may do at once and what nobody else's doing may come between."""

import threading
from collections.abc import Iterator

from holdfast.host.held import held

#: seconds after which whoever waits looks again, should an interrupt have kept somebody from saying that it is through
LOOK_AGAIN = 1.0


class Doorway:
    """Open to any number of threads, or closed by one or more. Whoever closes it goes before those who come later."""

    def __init__(self) -> None:
        self.moved: threading.Condition = threading.Condition()
        self._inside: set[object] = set()
        self._closers: set[object] = set()

    @held
    def passed(self) -> Iterator[None]:
        """Be inside, once nobody keeps the doorway closed."""
        me = object()
        try:
            with self.moved:
                while self._closers:
                    self.moved.wait(LOOK_AGAIN)
                self._inside.add(me)
            yield
        finally:
            self._inside.discard(me)
            self._tell()

    @held
    def closed(self) -> Iterator[None]:
        """Keep the doorway closed, from when all who were inside have left."""
        me = object()
        try:
            with self.moved:
                self._closers.add(me)
                while self._inside:
                    self.moved.wait(LOOK_AGAIN)
            yield
        finally:
            self._closers.discard(me)
            self._tell()

    def _tell(self) -> None:
        with self.moved:
            self.moved.notify_all()
