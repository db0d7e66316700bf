"""What many may do at once waits for what nobody else's doing may come between, and the other way round."""

import threading
from contextlib import ExitStack

from holdfast.host.doorway import Doorway


def begun(block: object, entered: threading.Event, leave: threading.Event) -> threading.Thread:
    def run() -> None:
        with block:  # type: ignore[attr-defined]
            entered.set()
            leave.wait()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_many_are_inside_at_once() -> None:
    doorway = Doorway()
    with doorway.passed(), doorway.passed():
        pass
    with doorway.closed(), doorway.closed():
        pass


def test_whoever_closes_a_doorway_waits_for_those_inside_and_goes_before_those_who_come_later() -> None:
    doorway, order = Doorway(), []
    asked, entered, leave = threading.Event(), threading.Event(), threading.Event()
    wait = doorway.moved.wait

    def waited(seconds: float) -> bool:
        asked.set()
        return wait(seconds)

    doorway.moved.wait = waited  # type: ignore[method-assign,assignment]
    with ExitStack() as stack:
        stack.enter_context(doorway.passed())
        closer = begun(doorway.closed(), entered, leave)
        asked.wait()
        assert not entered.is_set()
        asked.clear()
        came, gone = threading.Event(), threading.Event()
        gone.set()
        later = begun(doorway.passed(), came, gone)
        asked.wait()
        assert not came.is_set()
    entered.wait()
    assert not came.is_set()
    order.append("closed")
    leave.set()
    came.wait()
    closer.join()
    later.join()


def test_an_error_inside_gives_the_way_free() -> None:
    doorway = Doorway()
    for block in (doorway.passed, doorway.closed):
        try:
            with block():
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
    with doorway.closed():
        pass
    with doorway.passed():
        pass
