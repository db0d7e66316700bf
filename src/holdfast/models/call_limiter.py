"""The gate in front of an endpoint: how many calls of this process are under way, and whose turn is next.

Urgent calls, a person's or a memory's, go before those of abstracts, of which there may be thousands; yet every fourth
call is the one that has waited longest, so that nobody waits for ever. An endpoint that says it is asked too much is
asked less: half as many calls at once, after the rest it wants, and more again as calls go well.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from holdfast.errors import ProviderFailed
from holdfast.host.flag import LOOK_EVERY
from holdfast.host.held import held
from holdfast.models.concurrent_calls import Dropped, Errand, current
from holdfast.models.port import Model, Shape

T = TypeVar("T")

#: every so many-th call is the one that has waited longest, however urgent others are
OLDEST_EVERY = 4
#: times that a call is made whose endpoint is too busy for it
TRIES = 5
#: seconds until the second time, unless the endpoint says how many; twice as long each further time
FIRST_REST = 0.5
#: seconds that a call waits at most for an endpoint that asks for it; for longer ones it fails, and its job rests
LONGEST_REST = 15.0
#: calls more at once after each that went well
RECOVERY = 0.25


def _taken_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False)
class _Place:
    """A call that waits, or is under way."""

    urgent: bool
    #: taken; opened when it is to look whether it is its turn
    door: threading.Lock = field(default_factory=_taken_lock)
    #: of the clock that only runs forward: when it was let in
    began: float | None = None
    #: seconds that the endpoint wants to be left alone
    rest: float | None = None
    well: bool = False

    def look_again(self) -> None:
        with suppress(RuntimeError):
            self.door.release()


class Gate:
    """Lets calls to one endpoint through, in order of urgency and arrival."""

    def __init__(self, limit: int) -> None:
        #: calls at once at most
        self.limit: int = limit
        #: calls at once as the endpoint stands it
        self._allowed = float(limit)
        # No `Condition`, whose end an interrupt can skip (`host/held.py`).
        self._guard = threading.RLock()
        self._under_way: dict[_Place, None] = {}
        self._let_in = 0
        #: in order of arrival
        self._waiting: dict[_Place, None] = {}
        # Of the clock that only runs forward: when the last slowing-down was, and until when nobody is let in.
        self._slowed = self._rest_until = 0.0

    def call(self, action: Callable[[], T]) -> T:
        """Return what `action` returns, made when its turn comes, and again when the endpoint was too busy.

        Raises what it raises, or Dropped when nobody waits for it any more.
        """
        for tried in range(1, TRIES + 1):
            with self._turn(current()) as place:
                try:
                    result = action()
                    place.well = True
                    return result
                except ProviderFailed as error:
                    place.rest = _rest(error, tried)
                    if place.rest is None or tried == TRIES:
                        raise
        raise AssertionError("the loop returns or raises")

    @property
    def allowed(self) -> float:
        """Calls at once as the endpoint stands it: fewer than the limit after it was too busy."""
        return self._allowed

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return len(self._waiting)

    def set_limit(self, limit: int) -> None:
        """Change how many calls are let through at once."""
        with self._guard:
            if limit != self.limit:
                self.limit, self._allowed = limit, float(limit)
        self._look_again()

    @held
    def _turn(self, errand: Errand) -> Iterator[_Place]:
        place = _Place(errand.urgent)
        try:
            try:
                self._enter(place, errand)
                yield place
            finally:
                self._under_way.pop(place, None)
        finally:
            self._waiting.pop(place, None)
            self._learn(place)

    def _enter(self, place: _Place, errand: Errand) -> None:
        with errand.stop.telling(place.look_again):
            self._waiting[place] = None
            while True:
                # Before the place is looked at: whom nobody waits for makes no call, though it be its turn.
                if errand.stop.reason is not None:
                    raise Dropped
                with self._guard:
                    if self._is_next(place):
                        self._under_way[place] = None
                        self._let_in += 1
                        self._waiting.pop(place)
                        break
                    rest = self._rest_until - time.monotonic()
                # Whoever was to open it may have been interrupted before.
                place.door.acquire(timeout=min(rest, LOOK_EVERY) if rest > 0 else LOOK_EVERY)
        place.began = time.monotonic()
        self._look_again()

    def _is_next(self, place: _Place) -> bool:
        if len(self._under_way) >= int(self._allowed) or time.monotonic() < self._rest_until:
            return False
        waiting = list(self._waiting)
        if self._let_in % OLDEST_EVERY == OLDEST_EVERY - 1:
            return place is waiting[0]
        return place is next((each for each in waiting if each.urgent), waiting[0])

    def _learn(self, place: _Place) -> None:
        with self._guard:
            if place.well:
                self._allowed = min(float(self.limit), self._allowed + RECOVERY)
            elif place.rest is not None and place.began is not None:
                self._slow_down(place.began, place.rest)
        self._look_again()

    def _slow_down(self, began: float, rest: float) -> None:
        now = time.monotonic()
        self._rest_until = max(self._rest_until, now + rest)
        # Calls that were under way together are refused together: that is one reason to slow down, not many.
        if began >= self._slowed:
            self._slowed = now
            self._allowed = max(1.0, self._allowed / 2)

    def _look_again(self) -> None:
        for each in list(self._waiting):
            each.look_again()


def _rest(error: ProviderFailed, tried: int) -> float | None:
    """Return how many seconds to leave a busy endpoint alone; None when waiting here does not help."""
    if not error.busy:
        return None
    asked = error.retry_after
    if asked is None:
        return FIRST_REST * 2.0 ** (tried - 1) * random.uniform(0.5, 1.5)
    return asked if asked <= LONGEST_REST else None


_gates: dict[str, Gate] = {}
_making = threading.Lock()


def gate_of(address: str, limit: int) -> Gate:
    """Return this process's gate in front of an endpoint, which lets `limit` calls through at once from now on."""
    with _making:
        gate = _gates.setdefault(address, Gate(limit))
    gate.set_limit(limit)
    return gate


def _forget_all() -> None:
    # A child has none of the threads that were under way, and may have inherited a lock that nobody gives back.
    global _making
    _making = threading.Lock()
    _gates.clear()


os.register_at_fork(after_in_child=_forget_all)


class GatedModel:
    """A `Model` whose calls go through a gate."""

    def __init__(self, model: Model, gate: Gate) -> None:
        self._model = model
        self._gate = gate

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def max_input_characters(self) -> int:
        return self._model.max_input_characters

    @property
    def concurrency(self) -> int:
        return self._model.concurrency

    def answer(self, task: str, material: str, shape: type[Shape]) -> Shape:
        """Return the model's answer once it was this call's turn."""
        return self._gate.call(lambda: self._model.answer(task, material, shape))
