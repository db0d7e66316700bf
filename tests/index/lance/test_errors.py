"""An interrupt that comes while Lance runs stays one: it says nothing about the store, and nobody swallows it."""

import signal
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

import pytest

import holdfast
from holdfast.errors import CorruptStore, StorageFailed
from holdfast.index.lance.errors import reading, writing


class Alarm(BaseException):
    """What somebody's handler raises."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one}, {two}")


#: what a handler raises, and how Lance says it
RAISED = (
    (KeyboardInterrupt(), "External error: KeyboardInterrupt: "),
    (SystemExit(3), "External error: SystemExit: 3"),
    (SystemExit("no more"), "External error: SystemExit: no more"),
    (TimeoutError("late"), "External error: TimeoutError: late"),
    (Alarm(1, 2), "External error: Alarm: 1, 2"),
)


@pytest.mark.parametrize(("raised", "said"), RAISED)
def test_what_a_handler_raised_inside_lance_is_raised_again(raised: BaseException, said: str) -> None:
    for block in (reading("t", 1), writing("t")):
        with pytest.raises(type(raised)) as caught, block:
            raise ValueError(said)
        assert str(caught.value) == str(raised)
        assert getattr(caught.value, "code", None) == getattr(raised, "code", None)


@pytest.mark.parametrize("said", ["External error: Generic error: what", "LanceError(IO): damaged", "External error: "])
def test_what_is_lances_own_error_stays_one(said: str) -> None:
    with pytest.raises(CorruptStore), reading("t", 1):
        raise ValueError(said)
    with pytest.raises(StorageFailed), writing("t"):
        raise ValueError(said)


@pytest.fixture
def timer() -> Iterator[None]:
    def interrupt(_: int, frame: FrameType | None) -> None:
        # One that comes late, between the search and the end of the test's own `with`, would be nobody's.
        if any(at.f_globals.get("__name__", "").startswith("holdfast.") for at, _ in traceback.walk_stack(frame)):
            raise Alarm(1, 2)

    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_search_that_is_interrupted_does_not_call_the_store_damaged(folder: Path, timer: None) -> None:
    with holdfast.create(folder / "kb") as store:
        store.write("/a.md", "words of a note")
        store.maintenance.optimize()
        store.search("words")
        for number in range(100):
            with suppress(Alarm):
                signal.setitimer(signal.ITIMER_REAL, 0.0003 + number * 0.0001)
                store.search(f"words {number}")
            signal.setitimer(signal.ITIMER_REAL, 0)
