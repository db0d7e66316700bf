"""A stop is told to whoever is to be told, and to nobody else, whatever comes in between."""

from collections.abc import Callable

import pytest

from holdfast.models.concurrent_calls import Stop
from tests.support.interrupts import in_time, interrupted


def test_a_stop_tells_those_in_the_block_once_and_those_after_it_nothing() -> None:
    stop, told = Stop(), list[str]()
    with stop.telling(lambda: told.append("left")):
        pass
    with stop.telling(lambda: told.append("inside")):
        stop.set("enough")
        stop.set("again")
    with stop.telling(lambda: told.append("late")):
        pass
    assert (told, stop.reason) == (["inside", "late"], "enough")


@pytest.mark.parametrize("come", [False, True])
def test_an_interrupt_at_any_instant_leaves_nobody_to_be_told(come: bool) -> None:
    def listen(stop: Stop, callback: Callable[[], None]) -> None:
        with stop.telling(callback):
            pass

    more, at = True, 0
    while more:
        stop, told = Stop(), list[str]()
        if come:
            stop.set("enough")
        at += 1
        more = interrupted(lambda stop=stop, told=told: listen(stop, lambda: told.append(1)), at)  # type: ignore[misc]
        told.clear()
        in_time(lambda stop=stop: stop.set("enough"))  # type: ignore[misc]
        assert (told, len(stop._told)) == ([], 0)
    assert at > 5
