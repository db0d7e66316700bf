"""What a benchmark reports: a figure, its target, and whether it was reached."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One line of docs/benchmarks.md."""

    #: what was measured, in a few words
    what: str
    #: the measured value
    value: float
    #: `x` for a ratio against the baseline, `ms`, `s`, `/s`, ...
    unit: str
    #: the value to reach
    target: float
    #: whether smaller is better
    at_most: bool = True
    #: both sides of a ratio, the sizes, and the reason of a miss
    note: str = ""

    @property
    def reached(self) -> bool:
        return self.value <= self.target if self.at_most else self.value >= self.target

    def emit(self) -> None:
        """Print the figure as one line of JSON, for `python -m bench`."""
        print(json.dumps({**asdict(self), "reached": self.reached}), flush=True)


def median_ms(action: Callable[[int], object], runs: int) -> float:
    """Return the median time of `action(i)` over `runs` calls, in milliseconds, after three calls to warm up."""
    for i in range(3):
        action(-1 - i)
    times = []
    for i in range(runs):
        began = time.perf_counter()
        action(i)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def paired_ms(a: Callable[[int], object], b: Callable[[int], object], runs: int) -> tuple[float, float]:
    """Return the median times of two actions run in turn, so that a drift of the machine meets both."""
    for i in range(3):
        a(-1 - i)
        b(-1 - i)
    times: tuple[list[float], list[float]] = ([], [])
    for i in range(runs):
        for side, action in zip(times, (a, b), strict=True):
            began = time.perf_counter()
            action(i)
            side.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])
