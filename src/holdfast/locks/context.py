"""Which locks the code that runs now is inside of.

A context variable: a `with` block sets it for everything called in it, for the asyncio tasks it starts and for
`asyncio.to_thread`; a thread started by hand begins outside of all locks (`with lock.used():` brings one along).
"""

from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from holdfast.host.held import held

if TYPE_CHECKING:
    from holdfast.locks.held_lock import HeldLock

_inside: ContextVar[tuple["HeldLock", ...]] = ContextVar("holdfast_locks", default=())


def inside() -> tuple["HeldLock", ...]:
    """Return the locks that the running code is inside of, the outermost first."""
    return _inside.get()


def enter(lock: "HeldLock") -> None:
    """Put the running code inside `lock` until `leave`."""
    _inside.set((*_inside.get(), lock))


def leave(lock: "HeldLock") -> None:
    """Take the running code out of the innermost `lock`."""
    held = list(_inside.get())
    for place in range(len(held) - 1, -1, -1):
        if held[place] is lock:
            del held[place]
            break
    _inside.set(tuple(held))


@held
def using(lock: "HeldLock") -> Iterator[None]:
    """Put the running code inside `lock` for the block, without releasing it at the end."""
    enter(lock)
    try:
        yield
    finally:
        leave(lock)
