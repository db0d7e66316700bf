"""A flag that no interrupt can leave taken."""

import threading
from collections.abc import Callable

import pytest

from holdfast.host.clock import SystemClock
from holdfast.host.flag import Flag
from holdfast.locks.bell import Bell
from tests.support.interrupts import in_time, interrupted


def test_whoever_waits_is_woken_and_sees_the_flag_until_it_is_lowered() -> None:
    flag, woken = Flag(), threading.Event()

    def wait() -> None:
        assert flag.wait()
        woken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    flag.set()
    thread.join()
    assert woken.is_set()
    assert flag.wait(0)
    flag.clear()
    assert not flag.is_set()
    assert not flag.wait(0)


@pytest.mark.parametrize("what", [Flag.set, Flag.clear, lambda flag: flag.wait(0)])
def test_an_interrupt_at_any_instant_leaves_a_flag_that_can_be_used(what: Callable[[Flag], object]) -> None:
    flag = Flag()

    def everybody() -> None:
        flag.set()
        assert flag.wait()
        flag.clear()
        assert not flag.wait(0)

    at = 0
    while interrupted(lambda: what(flag), at := at + 1):
        in_time(everybody)
    assert at > 1


@pytest.mark.parametrize("what", [Bell.ring, lambda bell: bell.wait(bell.rings, 0)])
def test_an_interrupt_at_any_instant_leaves_a_bell_that_can_be_rung(what: Callable[[Bell], object]) -> None:
    bell = Bell(SystemClock())

    def everybody() -> None:
        heard = bell.rings
        bell.ring()
        bell.wait(heard, 60)

    at = 0
    while interrupted(lambda: what(bell), at := at + 1):
        in_time(everybody)
    assert at > 1
