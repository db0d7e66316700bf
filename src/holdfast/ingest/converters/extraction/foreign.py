"""Running a coroutine that a foreign (Rust) thread completes, so that no such thread is left inside Python.

The thread hands its result over with `call_soon_threadsafe`, which gives up the interpreter lock while it writes to the
loop's pipe. The loop can then finish, and the interpreter begin to exit, before the thread has come back: it is killed
where it stands, and the process ends in an abort (seen in one of some forty runs). So its return is waited for.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")

#: seconds to wait for a foreign thread on its way out; it needs microseconds
LEAVING_SECONDS = 5.0


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that knows how many calls from other threads are under way."""

    def __init__(self) -> None:
        self._calls = 0
        self._returned = threading.Semaphore(0)
        super().__init__()

    def call_soon_threadsafe(
        self, callback: Callable[[*Args], object], *args: *Args, context: Context | None = None
    ) -> asyncio.Handle:
        self._calls += 1
        try:
            return super().call_soon_threadsafe(callback, *args, context=context)
        finally:
            self._returned.release()

    def wait_for_callers(self) -> None:
        for _ in range(self._calls):
            self._returned.acquire(timeout=LEAVING_SECONDS)


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; may be called inside a running event loop too."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(work)
    # The caller is itself inside a loop (a notebook, a server), where another cannot be run in the same thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_run, work).result()


def _run(work: Coroutine[Any, Any, T]) -> T:
    loop = _Loop()
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(work)
    finally:
        loop.wait_for_callers()
