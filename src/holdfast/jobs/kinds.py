"""What a worker knows of a kind of job: its handler and its limits."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.jobs.context import JobContext

#: runs one job; what it returns is kept as the job's result
Handler = Callable[["JobContext"], dict[str, Any] | None]


@dataclass(frozen=True)
class Backoff:
    """How long a job rests after an attempt that failed: twice as long each time, give or take half."""

    #: seconds after the first attempt
    base: float = 2.0
    #: seconds at most, before the jitter
    most: float = 300.0

    def seconds(self, attempt: int, rng: random.Random) -> float:
        """Return how long to rest after attempt number `attempt`, counted from 1."""
        # Without jitter all jobs that one outage failed would come back to the model in the same instant.
        return min(self.base * 2.0 ** min(attempt - 1, 60), self.most) * rng.uniform(0.5, 1.5)


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
