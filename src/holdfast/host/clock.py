"""Time as a parameter, so that tests turn the clock instead of sleeping."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from holdfast.errors import Unsupported

#: times that a calendar has: the years 1 to 9999, but for a day at either end
_EARLIEST, _LATEST = -62_135_500_000, 253_402_200_000


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


class SoundClock:
    """A clock that is held to giving times."""

    def __init__(self, inner: Clock) -> None:
        self._inner = inner

    def now(self) -> float:
        """Return seconds since the Unix epoch; raises Unsupported for what is none."""
        now = self._inner.now()
        if isinstance(now, int | float) and not isinstance(now, bool) and _EARLIEST <= now <= _LATEST:
            return float(now)
        given = repr(now) if isinstance(now, int | float) else f"a value of type {type(now).__name__}"
        remedy = "Give Components a clock whose now() returns seconds since 1970 as a number"
        raise Unsupported(f"The store's clock gives {given}, which is no time", path="clock", remedy=remedy)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


def sound(clock: Clock) -> Clock:
    """Return a clock that gives times and nothing else; the machine's own is one."""
    return clock if isinstance(clock, SystemClock) else SoundClock(clock)


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
