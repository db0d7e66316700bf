"""The gate in front of a model: how many calls at once, whose turn is next, and an endpoint that is asked too much."""

import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from holdfast.errors import ProviderFailed
from holdfast.models import call_limiter as gates
from holdfast.models.call_limiter import Gate, gate_of
from holdfast.models.concurrent_calls import Answer, Dropped, Errand, side_by_side
from tests.support.interrupts import in_time, interrupted


def busy(wait: float | None = None) -> ProviderFailed:
    error = ProviderFailed("too many requests")
    error.busy, error.retry_after = True, wait
    return error


class Calls:
    """Calls that wait until they are let go on, and how many were under way at most."""

    def __init__(self) -> None:
        self.go_on = threading.Semaphore(0)
        self.order: list[str] = []
        self.most = self._now = 0
        self.changed = threading.Condition()

    def __call__(self, name: str) -> str:
        with self.changed:
            self.order.append(name)
            self._now += 1
            self.most = max(self.most, self._now)
            self.changed.notify_all()
        assert self.go_on.acquire(timeout=60)
        with self.changed:
            self._now -= 1
        return name

    def until(self, number: int) -> None:
        """Wait until so many calls have begun."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.order) >= number, 60)


def errand_of(gate: Gate, calls: Calls, names: list[str], *, urgent: bool, into: list[str]) -> threading.Thread:
    """Ask about `names` at once in a thread, and wait until all of them wait at the gate or are through."""
    before = gate.waiting + len(calls.order)

    def question(name: str) -> Callable[[], str]:
        return lambda: gate.call(lambda: calls(name))

    def run() -> None:
        answers = side_by_side(map(question, names), lambda: len(names), Errand(urgent))
        into.extend(answer.get() for answer in answers)

    thread = threading.Thread(target=run)
    thread.start()
    while gate.waiting + len(calls.order) < before + len(names):
        thread.join(0.005)
    return thread


def test_no_more_calls_are_under_way_than_allowed_and_urgent_ones_go_first_but_nobody_waits_for_ever() -> None:
    gate, calls, answered = Gate(1), Calls(), list[str]()
    threads = [
        errand_of(gate, calls, ["first"], urgent=False, into=answered),
        errand_of(gate, calls, ["abstract"], urgent=False, into=answered),
        *(errand_of(gate, calls, [f"memory {n}"], urgent=True, into=answered) for n in range(4)),
    ]
    for _ in range(6):
        calls.go_on.release()
    for thread in threads:
        thread.join(60)
    # Every fourth call is the one that waited longest.
    assert calls.order == ["first", "memory 0", "memory 1", "abstract", "memory 2", "memory 3"]
    assert calls.most == 1


def test_the_answers_come_with_the_numbers_of_their_questions_whatever_their_order() -> None:
    second = threading.Event()

    def slow() -> str:
        assert second.wait(60)
        return "slow"

    def quick() -> str:
        second.set()
        return "quick"

    with closing(side_by_side([slow, quick], lambda: 2, Errand())) as answers:
        assert sorted((answer.number, answer.get()) for answer in answers) == [(0, "slow"), (1, "quick")]


def test_who_stops_waiting_makes_no_more_calls() -> None:
    gate, calls, errand = Gate(1), Calls(), Errand()
    came: list[Answer[str] | type[BaseException]] = []

    def question(name: str) -> Callable[[], str]:
        return lambda: gate.call(lambda: calls(name))

    def run() -> None:
        try:
            came.extend(side_by_side(map(question, "abc"), lambda: 3, errand))
        except Dropped:
            came.append(Dropped)

    thread = threading.Thread(target=run)
    thread.start()
    calls.until(1)
    while gate.waiting < 2:
        thread.join(0.005)
    errand.stop.set("cancelled")
    thread.join(60)
    assert came == [Dropped]
    calls.go_on.release()
    # Those that waited for their turn have left, and the one that was under way gives its place back.
    assert gate.call(lambda: "next") == "next"
    assert len(calls.order) == 1


def test_an_endpoint_that_is_asked_too_much_is_asked_less_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "FIRST_REST", 0.001)
    gate, refused = Gate(8), list[int]()

    def call() -> str:
        if len(refused) < 2:
            refused.append(1)
            raise busy(0.001 if refused else None)
        return "well"

    assert gate.call(call) == "well"
    assert len(refused) == 2
    slowed = gate.allowed
    assert slowed < 8
    for _ in range(40):
        gate.call(lambda: None)
    assert gate.allowed == 8


def test_an_endpoint_that_stays_busy_or_wants_a_long_rest_fails_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "FIRST_REST", 0.001)
    for wait, tries in ((None, gates.TRIES), (gates.LONGEST_REST + 1, 1)):
        made: list[int] = []

        def call(wait: float | None = wait, made: list[int] = made) -> None:
            made.append(1)
            raise busy(wait)

        with pytest.raises(ProviderFailed):
            Gate(2).call(call)
        assert len(made) == tries


def test_other_failures_are_passed_on_at_once() -> None:
    gate, made = Gate(1), list[int]()

    def call() -> None:
        made.append(1)
        raise ProviderFailed("refused")

    with pytest.raises(ProviderFailed, match="refused"):
        gate.call(call)
    assert made == [1]
    assert gate.call(lambda: "free again") == "free again"


def test_all_that_ask_one_endpoint_share_its_gate() -> None:
    assert gate_of("http://one/v1", 3) is gate_of("http://one/v1", 5)
    assert gate_of("http://one/v1", 5).limit == 5
    assert gate_of("http://two/v1", 5) is not gate_of("http://one/v1", 5)


def test_without_a_further_thread_questions_are_asked_in_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert [answer.get() for answer in side_by_side([lambda: 1, lambda: 2], lambda: 2, Errand())] == [1, 2]


def test_an_interrupt_at_any_instant_leaves_a_gate_that_lets_calls_through() -> None:
    gate, at = Gate(1), 0
    while interrupted(lambda: gate.call(lambda: None), at := at + 1):
        in_time(lambda: gate.call(lambda: None))
        assert not gate.waiting
    assert at > 1
