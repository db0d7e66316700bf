"""Interrupts for tests: one that comes at a chosen instant, and everything that must still work after it.

CPython lets an interrupt in when a function begins and when a call returns (and when a loop turns). `interrupted` walks
these instants one after the other: `sys.setprofile` hears of the same ones, and may raise there.
"""

import inspect
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

#: seconds after which something that waits is taken to wait for ever
PATIENCE = 30
#: what is written here for a test is not what is tested
_TESTS = str(Path(__file__).parents[1])

#: the last interrupt, kept with all that its traceback refers to, as an interactive session keeps it
_last: "list[Interrupt]" = []


class Interrupt(BaseException):
    """Whatever a signal's handler raises; no `except Exception` sees it."""


def interrupted(action: Callable[[], object], at: int, *, within: tuple[str, ...] = ("",)) -> bool:
    """Run `action` and interrupt it at its instant number `at`; returns whether it came that far.

    Only instants in files whose path has one of `within` are counted: `/holdfast/jobs/`, say.
    """
    passed = 0

    def hear(frame: FrameType, event: str, _: object) -> None:
        nonlocal passed
        # Where a generator goes on, an interrupt comes inside its `try`, and here it would come outside.
        goes_on = event == "call" and frame.f_code.co_flags & inspect.CO_GENERATOR
        if event not in ("call", "c_return") or goes_on or frame.f_code.co_filename.startswith(_TESTS):
            return
        if not any(place in frame.f_code.co_filename for place in within):
            return
        passed += 1
        if passed == at:
            raise Interrupt

    unraisable, sys.unraisablehook = sys.unraisablehook, lambda _: None
    _last.clear()
    try:
        sys.setprofile(hear)
        try:
            action()
        finally:
            sys.setprofile(None)
    except Interrupt as error:
        _last.append(error)
    sys.unraisablehook = unraisable
    return passed >= at


def in_time(action: Callable[[], object]) -> None:
    """Run `action` in another thread, which has to wait for nobody."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), "it waits for something that nobody gives back"
    if failed:
        raise failed[0]
