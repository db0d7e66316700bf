"""Ctrl-C: what it does before a command begins, and one that asks first and insists the second time."""

import signal
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.cli.output import Output

#: whether Ctrl-C ends this process because `end_the_process` said so, and not whoever started it
_ends = False


def end_the_process() -> None:
    """Have Ctrl-C end this process as the system does, in silence, where Python would raise; until `listen`."""
    global _ends
    # Where it is ignored (nohup), or answered by somebody else, it stays so. Only the main thread may set a handler.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            _ends = True


def listen() -> None:
    """Have Ctrl-C raise KeyboardInterrupt again: there may be something to undo from here on."""
    global _ends
    if _ends:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _ends = False


class StopOnce:
    """While it is entered, the first Ctrl-C only makes `wanted()` true; the next one interrupts at once."""

    def __init__(self, out: "Output") -> None:
        self._out = out
        self._asked = False
        self._before: Any = None

    def wanted(self) -> bool:
        """Return whether the user has asked to stop."""
        return self._asked

    def __enter__(self) -> "StopOnce":
        # Only the main thread may set a handler; elsewhere Ctrl-C is not ours to answer.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _first(self, signum: int, frame: FrameType | None) -> None:
        self._asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._out.note("\nStopping after the group in hand; Ctrl-C again stops now.")
