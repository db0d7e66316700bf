"""Finding out which fault points an operation passes, by letting it pass them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from holdfast import faults


class _Passages(dict[str, faults._Armed]):
    """Stands in for what is armed: nothing is, but every question is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: Counter[str] = Counter()

    def __contains__(self, name: object) -> bool:
        assert name in faults.POINTS, f"{name} is not declared in faults.POINTS"
        self.passed[str(name)] += 1
        return False


@contextmanager
def recording() -> Iterator[Counter[str]]:
    """Count the passages of every fault point meanwhile."""
    passages = _Passages()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faults, "_armed", passages)
        yield passages.passed
