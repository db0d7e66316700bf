"""Having something done at an instant of a write."""

from collections.abc import Callable

#: has something done once, when a write passes a fault point; the list tells whether it was
At = Callable[[str, Callable[[], object]], list[str]]
