"""Finding out which fault points an operation passes, by letting it pass them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from holdfast import faults


@contextmanager
def recording() -> Iterator[Counter[str]]:
    """Count the passages of every fault point meanwhile."""
    passed: Counter[str] = Counter()

    def count(name: str) -> None:
        assert name in faults.POINTS, f"{name} is not declared in faults.POINTS"
        passed[name] += 1

    with faults.observing(count):
        yield passed
