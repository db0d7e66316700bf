"""Where an add's time goes: seconds by stage in the report, and a DEBUG line for every timed piece."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from holdfast.catalog.engines import sqlite
from holdfast.front.store import Store
from holdfast.testing.seams import rooms

STAGES = ("scan", "prefilter", "prepare", "stage", "lock_wait", "publish")
#: seconds that each turn has to be waited for
TURN = 5.0


class SlowTurnstile:
    """A turnstile that takes its time, by a clock that every thread has one of."""

    def __init__(self, engine: sqlite.SqliteEngine) -> None:
        self._real = engine._turnstile
        self._clock = threading.local()
        #: turns waited for by the thread that publishes
        self.turns = 0

    def now(self) -> float:
        return float(getattr(self._clock, "seconds", 0.0))

    @contextmanager
    def turn(self) -> Iterator[None]:
        assert self._real is not None
        with self._real.turn():
            self._clock.seconds = self.now() + TURN
            self.turns += threading.current_thread().name.startswith("holdfast-publish")
            yield

    def close(self) -> None:
        assert self._real is not None
        self._real.close()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("a.md", "b.md"):
        (folder / name).write_text(f"# {name}")
    # Large enough to be staged, under an intent: that is a turn to wait for besides the publish's.
    (folder / "c.txt").write_text("words " * 20_000)
    return folder


def test_waiting_for_the_writers_turn_is_a_stage_of_its_own(
    store: Store, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = rooms(store).engine
    assert isinstance(engine, sqlite.SqliteEngine)
    slow = SlowTurnstile(engine)
    monkeypatch.setattr(engine, "_turnstile", slow)
    monkeypatch.setattr(sqlite, "time", SimpleNamespace(perf_counter=slow.now))
    seconds = store.add(notes, workers=1).seconds
    assert slow.turns >= 2
    assert seconds["lock_wait"] == TURN * slow.turns
    assert list(seconds)[: len(STAGES)] == [*STAGES]


def test_at_debug_level_there_is_a_line_for_every_stage_and_every_file(
    store: Store, notes: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "holdfast.ingest"):
        store.add(notes, workers=1)
    said = [record.getMessage() for record in caplog.records if record.name == "holdfast.ingest"]
    for stage in STAGES:
        assert any(line.startswith(f"{stage} ") and " ms " in line for line in said), stage
    for name in ("a.md", "b.md", "c.txt"):
        assert sum(line.startswith(("prepare ", "published ")) and line.endswith(name) for line in said) == 2


def test_without_it_nothing_is_said(store: Store, notes: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "holdfast.ingest"):
        store.add(notes, workers=1)
    assert not [record for record in caplog.records if record.name == "holdfast.ingest"]
