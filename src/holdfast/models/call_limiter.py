"""The gate in front of an endpoint: how many calls of this process are under way, and whose turn is next.

Urgent calls, a person's or a memory's, go before those of abstracts, of which there may be thousands; yet every fourth
call is the one that has waited longest, so that nobody waits for ever. An endpoint that says it is asked too much is
asked less: half as many calls at once, after the rest it wants, and more again as calls go well.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from holdfast.errors import ProviderFailed
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


@dataclass(eq=False)
class _Place:
    """A call that waits."""

    urgent: bool


class Gate:
    """Lets calls to one endpoint through, in order of urgency and arrival."""

    def __init__(self, limit: int) -> None:
        #: calls at once at most
        self.limit = limit
        #: calls at once as the endpoint stands it
        self._allowed = float(limit)
        self._changed = threading.Condition()
        self._under_way = 0
        self._let_in = 0
        #: in order of arrival
        self._waiting: list[_Place] = []
        # Of the clock that only runs forward: when the last slowing-down was, and until when nobody is let in.
        self._slowed = self._rest_until = 0.0

    def call(self, action: Callable[[], T]) -> T:
        """Return what `action` returns, made when its turn comes, and again when the endpoint was too busy.

        Raises what it raises, or Dropped when nobody waits for it any more.
        """
        for tried in range(1, TRIES + 1):
            began = self._enter(current())
            rest: float | None = None
            well = False
            try:
                result = action()
                well = True
                return result
            except ProviderFailed as error:
                rest = _rest(error, tried)
                if rest is None or tried == TRIES:
                    raise
            finally:
                self._leave(began, rest, well=well)
        raise AssertionError("the loop returns or raises")

    def set_limit(self, limit: int) -> None:
        """Change how many calls are let through at once."""
        with self._changed:
            if limit != self.limit:
                self.limit, self._allowed = limit, float(limit)
                self._changed.notify_all()

    def _enter(self, errand: Errand) -> float:
        place = _Place(errand.urgent)
        with errand.stop.telling(self._look_again), self._changed:
            self._waiting.append(place)
            try:
                while True:
                    # Before the place is looked at: whom nobody waits for makes no call, though it be its turn.
                    if errand.stop.reason is not None:
                        raise Dropped
                    if self._is_next(place):
                        break
                    rest = self._rest_until - time.monotonic()
                    self._changed.wait(rest if rest > 0 else None)
                self._under_way += 1
                self._let_in += 1
            finally:
                self._waiting.remove(place)
                self._changed.notify_all()
        return time.monotonic()

    def _is_next(self, place: _Place) -> bool:
        if self._under_way >= int(self._allowed) or time.monotonic() < self._rest_until:
            return False
        if self._let_in % OLDEST_EVERY == OLDEST_EVERY - 1:
            return place is self._waiting[0]
        return place is next((each for each in self._waiting if each.urgent), self._waiting[0])

    def _leave(self, began: float, rest: float | None, *, well: bool) -> None:
        with self._changed:
            self._under_way -= 1
            if well:
                self._allowed = min(float(self.limit), self._allowed + RECOVERY)
            elif rest is not None:
                self._slow_down(began, rest)
            self._changed.notify_all()

    def _slow_down(self, began: float, rest: float) -> None:
        now = time.monotonic()
        self._rest_until = max(self._rest_until, now + rest)
        # Calls that were under way together are refused together: that is one reason to slow down, not many.
        if began >= self._slowed:
            self._slowed = now
            self._allowed = max(1.0, self._allowed / 2)

    def _look_again(self) -> None:
        with self._changed:
            self._changed.notify_all()


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
