"""Background threads survive whatever is raised in them, and are started again when they are gone."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest

import holdfast
from holdfast.errors import Unsupported
from holdfast.host import threads
from holdfast.host.threads import Helpers, SupervisedThread
from holdfast.upkeep.upkeep import Upkeep
from tests.support.interrupts import in_time, interrupted

#: seconds after which what did not come is a failed test
PATIENCE = 60


class Torn(BaseException):
    """What no handler expects."""


ERRORS = [ImportError("half a module"), MemoryError(), RuntimeError("can't start new thread"), Torn(), SystemExit(3)]


class Turns:
    """A turn that raises what it is given, and counts those that went well."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.went_well = threading.Semaphore(0)
        self.more = True
        self.allowed = threading.Semaphore(0)

    def __call__(self) -> bool:
        if self.errors:
            raise self.errors.pop(0)
        self.went_well.release()
        assert self.allowed.acquire(timeout=PATIENCE)
        return self.more

    def wake(self) -> None:
        self.allowed.release()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a turn that failed again at once."""
    monkeypatch.setattr(threads, "FIRST_PAUSE", 0.0)


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Have the system refuse every new thread; undo it to have some again."""

    def refuse(self: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    return monkeypatch


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_thread_survives_any_exception_and_says_so(error: BaseException) -> None:
    turns, told = Turns(error, error), list[tuple[str, BaseException]]()
    thread = SupervisedThread("digging", turns, wake=turns.wake, report=lambda *what: told.append(what))
    assert thread.ensure()
    assert turns.went_well.acquire(timeout=PATIENCE)
    assert thread.trouble is error
    assert told == [("digging", error)]
    turns.allowed.release()
    assert turns.went_well.acquire(timeout=PATIENCE)
    assert thread.trouble is None
    assert thread.end(PATIENCE)


@pytest.mark.usefixtures("impatient")
def test_a_report_that_fails_does_not_end_the_thread() -> None:
    turns = Turns(ValueError())
    thread = SupervisedThread("digging", turns, wake=turns.wake, report=lambda *_: int("no number"))
    thread.ensure()
    assert turns.went_well.acquire(timeout=PATIENCE)
    assert thread.end(PATIENCE)


def test_a_thread_that_cannot_be_had_is_started_by_the_next_use(no_threads: pytest.MonkeyPatch) -> None:
    turns = Turns()
    thread = SupervisedThread("digging", turns, wake=turns.wake)
    assert not thread.ensure()
    assert thread.died
    assert isinstance(thread.trouble, RuntimeError)
    no_threads.undo()
    assert thread.ensure()
    assert turns.went_well.acquire(timeout=PATIENCE)
    assert not thread.died
    assert thread.end(PATIENCE)


def test_a_thread_that_has_nothing_left_to_do_ends_and_comes_back_when_asked() -> None:
    turns = Turns()
    thread = SupervisedThread("digging", turns, wake=turns.wake)
    for _ in range(3):
        turns.more = False
        assert thread.ensure()
        assert turns.went_well.acquire(timeout=PATIENCE)
        turns.allowed.release()
        thread.wait(PATIENCE)
        assert not thread.running
        assert not thread.died


def test_who_asks_while_the_last_turn_ends_gets_another_turn() -> None:
    turns = Turns()
    turns.more = False
    thread = SupervisedThread("digging", turns, wake=turns.wake)
    thread.ensure()
    assert turns.went_well.acquire(timeout=PATIENCE)
    # In the middle of a turn that will say that nothing is left.
    thread.ensure()
    turns.allowed.release()
    assert turns.went_well.acquire(timeout=PATIENCE)
    assert thread.end(PATIENCE)


def test_a_dead_thread_is_started_again_by_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    dead, living = Turns(), Turns()
    first = SupervisedThread("digging", dead, wake=dead.wake)
    other = SupervisedThread("filling", living, wake=living.wake)
    run = threading.Thread.run
    # Nothing in Python keeps an exception from coming where no handler stands.
    monkeypatch.setattr(threading.Thread, "run", lambda thread: None)
    first.ensure()
    first.wait(PATIENCE)
    assert first.died
    monkeypatch.setattr(threading.Thread, "run", run)
    other.ensure()
    assert dead.went_well.acquire(timeout=PATIENCE)
    assert first.end(PATIENCE)
    assert other.end(PATIENCE)


def test_an_ended_thread_is_not_started_again() -> None:
    turns = Turns()
    thread = SupervisedThread("digging", turns, wake=turns.wake)
    thread.ensure()
    assert thread.end(PATIENCE)
    assert not thread.ensure()
    assert not thread.died


def test_a_thread_may_end_itself() -> None:
    done = threading.Event()

    def turn() -> bool:
        assert thread.end()
        done.set()
        return True

    thread = SupervisedThread("digging", turn)
    thread.ensure()
    assert done.wait(PATIENCE)
    thread.wait(PATIENCE)
    assert not thread.running


def test_helpers_do_without_threads_when_there_are_none(no_threads: pytest.MonkeyPatch) -> None:
    done: list[int] = []

    def work() -> int:
        done.append(threading.get_ident())
        return len(done)

    with Helpers(1, "hands") as helpers:
        assert helpers.begin(work).result() == 1
        no_threads.undo()
        # The first is still in the queue, and is not done again by the thread that comes now.
        assert helpers.begin(work).result() == 2
    assert done[0] == threading.get_ident() != done[1]
    with pytest.raises(Unsupported, match="closed"):
        helpers.begin(work)


def test_helpers_pass_on_what_was_raised() -> None:
    def work() -> NoReturn:
        raise Torn

    with Helpers(1, "hands") as helpers, pytest.raises(Torn):
        helpers.begin(work).result()


@pytest.mark.parametrize("used", [True, False], ids=["used before", "new"])
def test_an_interrupt_at_any_instant_leaves_helpers_that_help(used: bool) -> None:
    def here() -> str:
        return threading.current_thread().name

    at, more = 0, True
    while more:
        helpers = Helpers(2, "hands")
        if used:
            helpers.begin(here).result()
        more = interrupted(lambda helpers=helpers: helpers.begin(here).result(), at := at + 1)  # type: ignore[misc]
        ran: list[str] = []
        in_time(lambda helpers=helpers, ran=ran: ran.append(helpers.begin(here).result()))  # type: ignore[misc]
        assert ran[0].startswith("hands"), "it was done in place"
        in_time(lambda helpers=helpers: helpers.close(wait=True))  # type: ignore[misc]
    assert at > 1


def test_helpers_that_are_closed_do_what_they_have_begun() -> None:
    helpers, go_on = Helpers(2, "hands"), threading.Event()
    tasks = [helpers.begin(lambda: go_on.wait(PATIENCE)) for _ in range(6)]
    helpers.close(wait=False)
    go_on.set()
    assert all(task.result(PATIENCE) for task in tasks)
    in_time(lambda: helpers.close(wait=True))


def test_helpers_are_gone_when_there_is_nothing_to_do_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "IDLE", 0.0)
    with Helpers(1, "hands") as helpers:
        for _ in range(20):
            assert helpers.begin(threading.get_ident).result(PATIENCE) != threading.get_ident()
            for thread in threading.enumerate():
                if thread.name.startswith("hands") and thread.is_alive():
                    thread.join(PATIENCE)
                    assert not thread.is_alive()


def test_a_child_of_a_fork_helps_itself() -> None:
    code = (
        "import os, sys, threading, warnings; warnings.simplefilter('ignore')\n"
        "from holdfast.host.threads import Helpers\n"
        "helpers = Helpers(2, 'hands'); helpers.begin(int).result(); go = threading.Event()\n"
        "[helpers.begin(lambda: go.wait(9)) for _ in range(2)]; waiting = helpers.begin(lambda: 7)\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(waiting.result(9) - helpers.begin(lambda: 7).result(9))\n"
        "go.set(); sys.exit(os.waitpid(child, 0)[1])"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=PATIENCE, check=False).returncode == 0


EXITS: dict[str, str] = {
    "a store that is not closed": "store.write('/more.md', 'text')",
    "a store that is closed": "store.write('/more.md', 'text'); store.close()",
    "a lock that is held": "lock = store.lock('/a')",
    "a worker that runs": "worker = store.jobs.worker(); worker.start()",
    "a job that is being done": (
        "began = threading.Event()\n"
        "from holdfast.jobs.kinds import JobKind\n"
        "worker = store.jobs.worker([JobKind('long', lambda job: (began.set(), job.call(threading.Event().wait)))])\n"
        "worker.start(); store.jobs.enqueue('long'); began.wait()"
    ),
    "upkeep that is under way": (
        "began = threading.Event()\n"
        "from holdfast.upkeep.upkeep import Upkeep\n"
        "slow = Upkeep.round\n"
        "Upkeep.round = lambda self, **how: (began.set(), store.maintenance.optimize(), slow(self, **how))\n"
        "store.write('/more.md', 'text'); began.wait()"
    ),
    "a child of a fork that closes what it was given": (
        "store.write('/more.md', 'text'); import os, warnings; warnings.simplefilter('ignore'); child = os.fork()\n"
        "if child == 0: store.close(); sys.exit()\n"
        "sys.exit(os.waitpid(child, 0)[1])"
    ),
    "an error nobody catches": "store.write('/more.md', 'text'); sys.exit(7)",
}


@pytest.mark.parametrize("name", EXITS)
def test_a_process_ends_at_once_and_in_silence(folder: Path, name: str) -> None:
    code = f"import sys, threading, holdfast\nstore = holdfast.open(sys.argv[1])\n{EXITS[name]}"
    command = [sys.executable, "-c", code, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stderr) == (7 if "exit(7)" in code else 0, "")


def test_trouble_is_shown_by_whoever_looks_from_another_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, round_ = threading.Semaphore(0), Upkeep.round

    def counted(upkeep: Upkeep, **how: Any) -> None:
        round_(upkeep, **how)
        rounds.release()

    def torn(upkeep: Upkeep, **how: Any) -> NoReturn:
        monkeypatch.setattr(Upkeep, "round", counted)
        raise ImportError("half a module")

    monkeypatch.setattr(Upkeep, "round", torn)
    with holdfast.open(folder) as store:
        store.write("/a", "1")
        assert rounds.acquire(timeout=PATIENCE), "the round was not taken again"
    with holdfast.open(folder, read_only=True) as other:
        trouble = other.status().last_trouble
        assert trouble is not None
        assert "upkeep of pid" in trouble.detail
        assert "ImportError: half a module" in trouble.detail
        assert any("half a module" in finding.what for finding in other.maintenance.doctor())


@pytest.mark.usefixtures("impatient")
def test_closing_a_store_is_stopped_by_no_upkeep_that_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def torn(upkeep: Upkeep, **how: Any) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Upkeep, "round", torn)
    with holdfast.open(folder) as store:
        store.write("/a", "1")
    with holdfast.open(folder, read_only=True) as store:
        assert store.read("/a") == b"1"
