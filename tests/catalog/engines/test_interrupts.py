"""No interrupt, at whatever instant, leaves the writers' turn taken or an SQL transaction open (G10)."""

import fcntl
import gc
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import holdfast
from bench import bench_interrupts
from holdfast.catalog.engines import turnstile as turns
from holdfast.catalog.engines.sqlite import SqliteEngine
from holdfast.catalog.engines.turnstile import Turnstile
from tests.support.interrupts import in_time, interrupted


@pytest.fixture
def engine(folder: Path) -> Iterator[SqliteEngine]:
    opened = SqliteEngine(folder / "catalog.db", durable=False)
    yield opened
    opened.close()


@pytest.fixture
def other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteEngine]:
    """Return what stands for another process: an engine that shares nothing but the files."""
    monkeypatch.setattr(turns, "LOOK_EVERY", 1.0)
    monkeypatch.setattr(turns, "MOST_LOOKS", 3)
    opened = SqliteEngine(folder / "catalog.db", durable=False)
    yield opened
    opened.close()


def put(engine: SqliteEngine) -> None:
    with engine.write() as conn:
        conn.run("INSERT INTO settings (name, value) VALUES ('a', '1') ON CONFLICT (name) DO UPDATE SET value = '2'")


def fail(engine: SqliteEngine) -> None:
    with pytest.raises(ZeroDivisionError), engine.write() as conn:
        conn.run("DELETE FROM settings")
        raise ZeroDivisionError


def look(engine: SqliteEngine) -> None:
    with engine.read() as conn:
        assert conn.row("SELECT count(*) FROM settings")


@pytest.mark.parametrize("action", [put, fail, look])
def test_an_interrupt_at_any_instant_of_a_transaction_stands_in_nobodys_way(
    action: Callable[[SqliteEngine], None], engine: SqliteEngine, other: SqliteEngine
) -> None:
    def everybody() -> None:
        for each in (other, engine):
            put(each)
            look(each)

    at = 0
    while interrupted(lambda: action(engine), at := at + 1):
        in_time(everybody)
    assert at > 20


def test_an_interrupt_while_waiting_for_another_process_stands_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SHORT_PAUSES", (0.0,))
    turn = tmp_path / "turn"
    mine, others = Turnstile(turn), Turnstile(turn)
    real, holding = turns.Waiting.wait, 0

    def wait(waiting: turns.Waiting, seconds: float) -> bool:
        os.close(holding)
        return real(waiting, seconds)

    def wait_for_another() -> None:
        with mine.turn():
            pass

    def everybody() -> None:
        for each in (others, mine):
            with each.turn():
                pass

    at, going = 0, True
    while going:
        holding = os.open(turn, os.O_RDONLY)
        fcntl.flock(holding, fcntl.LOCK_EX)
        # The turn comes when the waiter begins to wait.
        monkeypatch.setattr(turns.Waiting, "wait", wait)
        going = interrupted(wait_for_another, at := at + 1)
        monkeypatch.setattr(turns.Waiting, "wait", real)
        with suppress(OSError):
            # It was interrupted before that.
            os.close(holding)
        in_time(everybody)
    assert at > 20
    mine.close()
    others.close()


def test_an_interrupt_leaves_no_open_files_behind(engine: SqliteEngine) -> None:
    def open_files() -> int:
        gc.collect()
        return len(list(numbers.iterdir()))

    numbers = Path("/proc/self/fd")
    if not numbers.is_dir():
        pytest.skip("this system does not list the files that a process has open")
    actions = (look, put)
    for action in actions:
        action(engine)
    numbers_of_files = []
    for _ in range(3):
        for action in actions:
            at = 0
            while interrupted(lambda action=action: action(engine), at := at + 1):  # type: ignore[misc]
                pass
        numbers_of_files.append(open_files())
    # SQLite keeps the file of a connection that was dropped for the next one, as closing it would unlock the others.
    assert numbers_of_files[1] == numbers_of_files[2]


def test_interrupts_at_random_instants_break_and_stop_no_writer(folder: Path) -> None:
    broken, hung = bench_interrupts.run(folder, interrupts=200, writers=2, rng=random.Random(1))
    assert (broken, hung) == (0, 0)
    with holdfast.open(folder) as store:
        assert not store.maintenance.verify().problems
