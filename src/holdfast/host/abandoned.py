"""Telling a wait without bound that nobody wants its end any more.

Whoever runs a call in a thread for a task that may be cancelled says so with `heeding`; the loops that wait for others
ask `is_abandoned` each time they look.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from holdfast.host.flag import Flag

T = TypeVar("T")

_told: ContextVar[Flag | None] = ContextVar("holdfast_abandoned", default=None)


class WaitAbandoned(Exception):
    """Raised out of a wait whose caller was cancelled; nobody sees it but who cancelled."""


def is_abandoned() -> bool:
    """Return whether whoever called the running code has gone away."""
    told = _told.get()
    return told is not None and told.is_set()


def heeding(told: Flag, work: Callable[[], T]) -> T:
    """Return what `work` returns, whose waits end once `told` is raised."""
    token = _told.set(told)
    try:
        return work()
    finally:
        _told.reset(token)
