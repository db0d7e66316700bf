"""Time as a parameter, so that tests turn the clock instead of sleeping."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The clock that a store reads."""

    def now(self) -> float:
        """Return seconds since the Unix epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


def utc(seconds: float) -> datetime:
    """Return seconds since the Unix epoch as a datetime in UTC; the epoch itself for what is no time."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        # SQLite keeps whatever it is given: a damaged row is to be listed all the same.
        return datetime.fromtimestamp(0, UTC)


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class ManualClock:
    """A clock that only moves when told to: `sleep` advances it at once."""

    #: seconds since the Unix epoch
    time: float = 1_700_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self.time += seconds
