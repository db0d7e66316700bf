"""Ctrl-C during an add: once finishes the group in hand, twice stops now."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def graceful(asked: Callable[[], None] | None = None) -> Iterator[Callable[[], bool]]:
    """Make the first Ctrl-C (or SIGTERM) a wish: yields what `stop=` of an add takes, which then returns true.

    `asked` is called at that moment. The second one raises KeyboardInterrupt: what was published stays, the rest
    leaves no trace. Outside the main thread, where Python delivers no signals, it changes nothing.
    """
    wished = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if wished.is_set():
            raise KeyboardInterrupt
        wished.set()
        if asked is not None:
            asked()

    if threading.current_thread() is not threading.main_thread():
        yield wished.is_set
        return
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield wished.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
