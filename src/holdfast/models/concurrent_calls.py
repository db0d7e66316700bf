"""Questions asked side by side: each in a thread of its own, for somebody who may stop waiting at any moment."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Generic, TypeVar

from holdfast.host.held import held

T = TypeVar("T")


class Stop:
    """Says to running work that it should end. May be set from any thread, once."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._lock = threading.Lock()
        self._told: dict[object, Callable[[], None]] = {}

    def set(self, reason: str) -> None:
        """Have the work end; whoever is to be told of it is told in this thread."""
        with self._lock:
            if self.reason is not None:
                return
            self.reason = reason
            told = list(self._told.values())
        for each in told:
            each()

    @held
    def telling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Have `callback` called when the stop comes within the block, at once if it has come."""
        mine = object()
        try:
            with self._lock:
                self._told[mine] = callback
                come = self.reason is not None
            if come:
                callback()
            yield
        finally:
            self._told.pop(mine, None)


@dataclass(frozen=True)
class Errand:
    """The questions of one caller."""

    #: whether they come before others where they have to wait
    urgent: bool = True
    #: set when nobody waits for the answers any more
    stop: Stop = field(default_factory=Stop)


class Dropped(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class Answer(Generic[T]):
    """The value or the error that one question ended with."""

    #: its place among the questions, from 0
    number: int
    value: T | None = None
    #: what it raised instead
    error: BaseException | None = None

    def get(self) -> T:
        """Return the value, or raise what the question raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]


_current: ContextVar[Errand | None] = ContextVar("holdfast_errand", default=None)


def current() -> Errand:
    """Return the errand that the running code is on; an urgent one that nobody drops, when it is on none."""
    return _current.get() or Errand()


def in_turn(questions: Iterable[Callable[[], T]], at_once: Callable[[], int]) -> Generator[Answer[T], None, None]:
    """Yield the answers in order, each asked in this thread; ends early once `at_once` is 0."""
    numbered = enumerate(questions)
    while at_once() > 0 and (asked := next(numbered, None)) is not None:
        yield _answer(*asked)


def side_by_side(
    questions: Iterable[Callable[[], T]], at_once: Callable[[], int], errand: Errand
) -> Generator[Answer[T], None, None]:
    """Yield the answers as they come; at most `at_once()` are waited for at a time, and no more asked once it is 0.

    Questions are taken one by one, in this thread. Raises Dropped when the errand is stopped. Threads of questions that
    nobody waits for any more are left to themselves: close the iterator to be rid of them early.
    """
    answers: SimpleQueue[Answer[T] | None] = SimpleQueue()
    numbered, under_way, left = enumerate(questions), 0, True
    try:
        with errand.stop.telling(lambda: answers.put(None)):
            while True:
                while left and under_way < at_once():
                    asked = next(numbered, None)
                    left = asked is not None
                    if asked is not None:
                        _start(*asked, errand, answers)
                        under_way += 1
                if not under_way:
                    return
                answer = answers.get()
                if answer is None:
                    raise Dropped
                under_way -= 1
                yield answer
    finally:
        errand.stop.set("nobody waits any more")


def _start(number: int, question: Callable[[], T], errand: Errand, answers: "SimpleQueue[Answer[T] | None]") -> None:
    def run() -> None:
        token = _current.set(errand)
        try:
            answers.put(_answer(number, question))
        finally:
            _current.reset(token)

    try:
        threading.Thread(target=run, name=f"holdfast-question-{number}", daemon=True).start()
    except RuntimeError:
        # No thread is to be had: slower, and no reason to fail.
        run()


def _answer(number: int, question: Callable[[], T]) -> Answer[T]:
    try:
        return Answer(number, question())
    except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
        return Answer(number, error=error)
