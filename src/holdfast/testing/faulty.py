"""Faults for `Components(faults=...)`: what fails, where, and at which passage."""

import threading
from collections import Counter
from collections.abc import Callable

from holdfast.faults import POINTS


def failing_at(point: str, error: BaseException, *, passage: int = 1) -> Callable[[str], None]:
    """Return faults that raise `error` when `point` is passed for the given time, and at no other.

    Raises ValueError for an unknown point: a misspelt one would make a test pass for nothing.
    """
    if point not in POINTS:
        raise ValueError(f"no fault point named {point!r}; see `python -m holdfast.faults`")
    passed: Counter[str] = Counter()
    counting = threading.Lock()

    def fail(name: str) -> None:
        with counting:
            passed[name] += 1
            due = name == point and passed[name] == passage
        if due:
            raise error

    return fail
