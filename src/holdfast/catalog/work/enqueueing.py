"""Jobs that are to be written."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from holdfast.errors import Unsupported

#: times a job is begun before it is given up, unless told otherwise
ATTEMPTS = 5

#: characters of a refused value that a message quotes
TOLD = 40
#: the largest priority, number of attempts, and job to wait for
LARGEST_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be written."""

    kind: str
    payload: dict[str, Any] = field(default_factory=dict)
    priority: int = 0
    #: seconds since the epoch; None is at once
    run_at: float | None = None
    #: an unstarted job with the same key stands for this one, or gives way to it with `supersede`
    key: str | None = None
    supersede: bool = False
    #: the job that must have ended, well or not, before this one begins
    after: int | None = None
    attempts: int = ATTEMPTS

    def __post_init__(self) -> None:
        """Refuse what the catalog would keep and no worker could make sense of."""
        try:
            text = json.dumps(self.payload, allow_nan=False)
            # Names are kept as UTF-8, which a lone surrogate has no place in.
            f"{self.kind}{self.key or ''}".encode()
            is_a_time = math.isfinite(self.run_at or 0)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            what = f"A job's payload must be JSON, its names text, its times numbers ({error})"
            raise Unsupported(what, path=str(self.kind)) from error
        _demand(bool(self.kind), "kind", self.kind, "Give it a name")
        _demand(text.startswith("{"), "payload", self.payload, "Give a mapping")
        _demand(is_a_time, "time", self.run_at, "Give a finite one")
        _demand(_is_number(self.priority), "priority", self.priority, f"Give a number up to {LARGEST_NUMBER}")
        _demand(_is_number(self.after or 0), "predecessor", self.after, "Give the id of a job")
        _demand(_is_number(self.attempts) and self.attempts > 0, "attempts", self.attempts, "Give 1 or more")


def _demand(fits: bool, what: str, value: object, remedy: str) -> None:
    if not fits:
        raise Unsupported(f"A job's {what} cannot be {str(value)[:TOLD]!r}", path=what, remedy=remedy)


def _is_number(value: object) -> bool:
    return type(value) is int and abs(value) <= LARGEST_NUMBER


def seconds_of(run_at: datetime | None) -> float | None:
    """Return when a job is to run in seconds since the epoch."""
    return None if run_at is None else run_at.timestamp()


@dataclass
class JobTicket:
    """A job that is written when its transaction commits."""

    #: None until then
    id: int | None = None


def tell(tickets: Iterable[JobTicket], ids: Iterable[int | None]) -> None:
    """Say on tickets which jobs were written for them by an earlier commit that stands for theirs."""
    for ticket, job_id in zip(tickets, ids, strict=False):
        ticket.id = job_id
