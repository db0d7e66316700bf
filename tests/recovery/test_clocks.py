"""No clock decides what is litter: neither the file system's, nor the host's, nor that of another host."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.backend import Backend
from holdfast.catalog import intents, pins
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.host.clock import ManualClock
from holdfast.index.lance.files import all_files
from holdfast.index.lance.table import VersionedTable
from holdfast.publish.intention import INTENT_LEASE, Pulse, intending
from holdfast.recovery.gc import KEPT, gc
from holdfast.recovery.sweep import sweep
from holdfast.search.reader import Instant, SearchReader
from tests.support.instants import At
from tests.support.litter import LONG_TEXT, intend, on_another_host, sql, state_of, temporary_file, unpublished_rows

HOURS = 5 * 3600.0
DECADES = 10.0**9


def set_times(folder: Path, by: float, clock: ManualClock) -> None:
    """Give every file of blobs and tables another time of its last change."""
    for top in ("blobs", "tables"):
        for file in (folder / top).rglob("*"):
            if file.is_file():
                os.utime(file, (clock.now() + by,) * 2)


@pytest.mark.parametrize("files", [-DECADES, DECADES], ids=["old-files", "young-files"])
@pytest.mark.parametrize("step", [-HOURS, HOURS, 0.0], ids=["set-back", "set-forward", "same-time"])
@pytest.mark.parametrize(
    "instant", ["blob.before_rename", "table.before_manifest", "table.before_manifest_fsync", "publish.before_lock"]
)
def test_what_a_live_writer_staged_stays_whatever_the_clocks_say(
    instant: str,
    step: float,
    files: float,
    store: Store,
    backend: Backend,
    clock: ManualClock,
    dead: process.Identity,
    at: At,
) -> None:
    def meanwhile() -> None:
        set_times(Path(store.address), files, clock)
        clock.advance(step)
        intend(backend, dead, tables=list(backend.tables.names))
        for _ in range(2):
            sweep(backend)
            gc(backend)

    passed = at(instant, meanwhile)
    store.write("/long.md", LONG_TEXT)
    assert passed
    assert store.read_text("/long.md") == LONG_TEXT
    assert store.search("word7", mode="text")
    assert store.maintenance.verify(deep=True).ok
    gc(backend)
    assert store.maintenance.verify(deep=True).notes == ()


@pytest.mark.parametrize("files", [-DECADES, DECADES])
def test_what_nobody_needs_goes_whatever_the_clocks_say(
    store: Store, backend: Backend, clock: ManualClock, files: float
) -> None:
    unpublished_rows(backend)
    left = temporary_file(backend)
    set_times(Path(store.address), files, clock)
    clock.advance(-HOURS)
    assert gc(backend).files == 3
    assert not Path(left).exists()


def test_litter_goes_once_the_writers_have_ended_that_were_at_work_when_it_was_seen(
    store: Store, backend: Backend
) -> None:
    tables = list(backend.tables.names)
    unpublished_rows(backend)
    first = intend(backend, process.current(), tables=tables)
    assert (gc(backend).files, gc(backend).held) == (0, 3)
    second = intend(backend, process.current(), tables=tables)
    young = unpublished_rows(backend, "1" * 64)
    end(backend, first)
    report = gc(backend)
    assert (report.files, report.held) == (3, 3)
    assert backend.tables.live.table.count(young.version) == 1
    assert (gc(backend).files, gc(backend).held) == (0, 3)
    end(backend, second)
    assert gc(backend).files == 3


def end(backend: Backend, intent_id: str) -> None:
    with backend.engine.write() as conn:
        intents.finish(conn, intent_id, intents.SWEPT, backend.clock.now())


def pinned(backend: Backend) -> int:
    name = backend.tables.live.name
    with backend.engine.read() as conn:
        return pins.current(conn, (name,))[name].version


def manifest_of(backend: Backend, version: int) -> Path:
    return backend.tables.live.table.path / f"_versions/d{version}.manifest"


def test_a_version_stays_for_who_built_on_it_though_the_clock_leaps_months(
    store: Store, backend: Backend, clock: ManualClock
) -> None:
    base = pinned(backend)
    working = intend(backend, process.current(), tables=[backend.tables.live.name])
    store.write("/long.md", LONG_TEXT)
    clock.advance(KEPT * 2)
    gc(backend)
    gc(backend)
    assert manifest_of(backend, base).exists()
    end(backend, working)
    gc(backend)
    assert not manifest_of(backend, base).exists()


def test_a_deep_verify_keeps_what_it_reads_however_long_it_takes(
    filled: Store, folder: Path, clock: ManualClock, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    former, cold = pinned(backend), VersionedTable.open_cold

    def slow(table: VersionedTable, version: int) -> object:
        if pinned(backend) == former:
            filled.write("/more.md", LONG_TEXT.replace("Heading", "Chapter"))
            filled.maintenance.optimize()
            clock.advance(HOURS)
            gc(backend)
            assert manifest_of(backend, former).exists()
        return cold(table, version)

    monkeypatch.setattr(VersionedTable, "open_cold", slow)
    assert filled.maintenance.verify(deep=True).problems == ()
    assert filled.maintenance.intents() == []
    gc(backend)
    assert not manifest_of(backend, former).exists()


def test_a_verify_that_cannot_say_so_looks_again_when_what_it_read_was_removed(
    filled: Store, folder: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    former, cold = pinned(backend), VersionedTable.open_cold

    def overtaken(table: VersionedTable, version: int) -> object:
        if pinned(backend) == former:
            filled.write("/more.md", LONG_TEXT.replace("Heading", "Chapter"))
            filled.maintenance.optimize()
            gc(backend)
            assert not manifest_of(backend, former).exists()
        return cold(table, version)

    with holdfast.open(folder, read_only=True) as reader:
        monkeypatch.setattr(VersionedTable, "open_cold", overtaken)
        assert reader.maintenance.verify(deep=True).problems == ()
    assert pinned(backend) != former


def test_a_search_that_is_overtaken_begins_anew_as_often_as_it_takes(
    filled: Store, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    instant = SearchReader.instant
    turns: list[int] = []

    def overtaken(reader: SearchReader, *terms: Any, **how: Any) -> Instant:
        found = instant(reader, *terms, **how)
        if len(turns) < 3:
            turns.append(pinned(backend))
            filled.write("/more.md", LONG_TEXT.replace("Heading", f"Chapter {len(turns)}"))
            filled.maintenance.gc()
            backend.tables.live.table.forget()
        return found

    monkeypatch.setattr(SearchReader, "instant", overtaken)
    assert filled.search("Heading 7", mode="text", limit=1)[0].path == "/long.md"
    assert len(set(turns)) == 3


def test_an_owner_that_cannot_be_seen_is_asked_before_it_is_taken_for_dead(
    store: Store, backend: Backend, clock: ManualClock
) -> None:
    """A clock that leaps ends every lease: an owner that lives answers, and nothing is taken from it."""
    working = intend(backend, on_another_host(), tables=[backend.tables.live.name])
    for _ in range(3):
        clock.advance(HOURS)
        assert sweep(backend).postponed == 1
        with backend.engine.write() as conn:
            assert intents.renew(conn, working, clock.now() + INTENT_LEASE)
    assert state_of(store, working).error is None
    clock.advance(HOURS)
    sweep(backend)
    clock.advance(HOURS)
    assert sweep(backend).swept == 1
    with backend.engine.write() as conn:
        assert not intents.renew(conn, working, clock.now() + INTENT_LEASE)


def test_the_lease_of_whatever_is_staged_is_renewed_while_it_lasts(
    store: Store, backend: Backend, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewing = _Renewing()
    monkeypatch.setattr(backend, "renewing", renewing)
    with intending(backend, "repair", "repair", tables=backend.tables.names) as intent_id:
        before = state_of(store, intent_id).lease_until
        clock.advance(HOURS)
        (pulse,) = renewing.leases
        assert pulse.renew()
        assert state_of(store, intent_id).lease_until == before + HOURS
        end(backend, intent_id)
        assert not pulse.renew()
    assert renewing.leases == []
    assert not pulse.renew()


class _Renewing:
    def __init__(self) -> None:
        self.leases: list[Pulse] = []
        self.add, self.remove = self.leases.append, self.leases.remove

    def close(self) -> None:
        """Renew nothing any more."""


def test_an_open_store_renews_what_it_stages(backend: Backend) -> None:
    assert backend.renewing is not None


def test_an_intent_of_an_earlier_version_holds_back_all_that_was_pinned(store: Store, backend: Backend) -> None:
    base = pinned(backend)
    store.write("/long.md", LONG_TEXT)
    elsewhere = replace(process.current(), host="elsewhere")
    working = intend(backend, elsewhere, staged=f'{{"blobs": [], "tables": ["{backend.tables.live.name}"]}}')
    gc(backend)
    assert manifest_of(backend, base).exists()
    sql(store, "UPDATE intents SET state = 'swept' WHERE intent_id = :id", id=working)
    before = len(all_files(backend.tables.live.table))
    gc(backend)
    assert len(all_files(backend.tables.live.table)) < before
