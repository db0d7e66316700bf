"""What a worker knows of a kind of job: its handler and its limits."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.arguments import checks_arguments
from holdfast.errors import Unsupported

if TYPE_CHECKING:
    from holdfast.jobs.context import JobContext

#: runs one job; what it returns is kept as the job's result
Handler = Callable[["JobContext"], dict[str, Any] | None]


@checks_arguments
@dataclass(frozen=True)
class Backoff:
    """How long a job rests after an attempt that failed: twice as long each time, give or take half."""

    #: seconds after the first attempt
    base: float = 2.0
    #: seconds at most, before the jitter
    most: float = 300.0

    def __post_init__(self) -> None:
        for name, seconds in (("base", self.base), ("most", self.most)):
            if seconds < 0:
                raise Unsupported(
                    f"{name} cannot be {seconds}: nothing rests for less than no time",
                    path=name,
                    remedy="Give 0 or more",
                )

    def seconds(self, attempt: int, rng: random.Random) -> float:
        """Return how long to rest after attempt number `attempt`, counted from 1."""
        # Without jitter all jobs that one outage failed would come back to the model in the same instant.
        return min(self.base * 2.0 ** min(attempt - 1, 60), self.most) * rng.uniform(0.5, 1.5)


@checks_arguments
@dataclass(frozen=True)
class JobKind:
    """A kind of job that a worker can run."""

    name: str
    run: Handler
    #: jobs of this kind running at once, over all workers of the store; None is as many as there are workers
    concurrency: int | None = None
    #: seconds that one attempt may take
    time_limit: float = 900.0
    backoff: Backoff = Backoff()

    def __post_init__(self) -> None:
        if self.concurrency is not None and self.concurrency < 1:
            raise Unsupported(
                f"concurrency cannot be {self.concurrency}: no job of the kind would ever run",
                path="concurrency",
                remedy="Give 1 or more, or None",
            )
        if self.time_limit <= 0:
            raise Unsupported(
                f"time_limit cannot be {self.time_limit}: every attempt would take too long",
                path="time_limit",
                remedy="Give some seconds",
            )
