"""Going through what is only remembered for as long as somebody else has it, while other threads add to it."""

import weakref
from typing import TypeVar

T = TypeVar("T")


def members(of: "weakref.WeakSet[T]") -> list[T]:
    """Return what is in a weak set; Python goes through one step by step, and raises when another thread adds to it."""
    while True:
        try:
            return list(of)
        except RuntimeError:
            continue
