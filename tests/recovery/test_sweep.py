"""The sweep: what dead writers left goes, what live ones are at work on stays."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import Components
from holdfast.backend import Backend
from holdfast.blobs.hashing import content_id
from holdfast.catalog import intents, pins
from holdfast.cli.output import iso
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.host.clock import ManualClock
from holdfast.index.lance.files import alive_files, all_files
from holdfast.publish.intention import INTENT_LEASE
from holdfast.recovery.sweep import ATTEMPTS, sweep
from holdfast.testing.seams import rooms
from tests.support.litter import (
    WRITE_LONG_TEXT,
    audited,
    blob,
    intend,
    on_another_host,
    state_of,
    temporary_file,
    unpublished_rows,
)
from tests.support.processes import Child

Start = Callable[..., Child]

SWEEP_POINTS = [
    "sweep.before_take_over",
    "sweep.before_remove",
    "sweep.before_tables",
    "sweep.before_finish",
    "sweep.before_commit",
    "litter.before_blobs",
    "litter.after_blobs",
    "litter.before_file",
]
SWEEP = """
    from holdfast.recovery.sweep import sweep

    with holdfast.open(sys.argv[1]) as store:
        sweep(rooms(store))
"""


def table_files(backend: Backend) -> set[str]:
    return {name for name, _ in all_files(backend.tables.live.table) if "hint" not in name}


@pytest.mark.parametrize("point", ["blob.before_rename", "table.before_manifest", "publish.before_commit"])
def test_what_a_killed_writer_staged_is_removed(point: str, folder: Path, child: Start) -> None:
    with holdfast.open(folder) as store:
        before = table_files(rooms(store))
    assert child(WRITE_LONG_TEXT, folder, faults=f"{point}=kill").ended_by_kill()
    with holdfast.open(folder) as store:
        sweep(rooms(store))
        assert table_files(rooms(store)) == before
        assert list(rooms(store).blobs.list()) == []
        assert len(audited(store, "sweep")) == 1
        assert store.maintenance.verify(deep=True).ok
        assert store.maintenance.intents() == []


def test_the_writer_that_was_killed_can_write_the_same_again(folder: Path, child: Start) -> None:
    assert child(WRITE_LONG_TEXT, folder, faults="publish.before_commit=kill").ended_by_kill()
    child(WRITE_LONG_TEXT, folder).finish()
    with holdfast.open(folder) as store:
        sweep(rooms(store))
        assert store.stat("/long.md").size > 64 * 1024
        assert store.maintenance.verify(deep=True).ok


def test_an_add_that_finds_nothing_left_to_do_clears_up_after_the_killed_one(
    folder: Path, tmp_path: Path, dead: process.Identity
) -> None:
    (tmp_path / "a.md").write_text("a lease ends")
    with holdfast.open(folder) as store:
        store.add(tmp_path / "a.md")
    with holdfast.open(folder) as store:
        intend(rooms(store), dead, tables=list(rooms(store).tables.names))
        assert store.add(tmp_path / "a.md").skipped == 1
    with holdfast.open(folder, read_only=True) as store:
        assert store.maintenance.intents() == []


def test_a_live_writer_is_left_alone(store: Store, backend: Backend) -> None:
    there = blob(backend)
    intent = intend(backend, process.current(), blobs=[there], tables=list(backend.tables.names))
    rows = unpublished_rows(backend)
    assert sweep(backend).swept == 0
    assert state_of(store, intent).state == intents.ACTIVE
    assert backend.blobs.has(there)
    assert backend.tables.live.table.count(rows.version) == 1


def test_a_writer_on_another_host_is_left_alone_until_it_does_not_answer_either(
    store: Store, backend: Backend, clock: ManualClock
) -> None:
    there = blob(backend)
    intent = intend(backend, on_another_host(), blobs=[there], lease=100)
    assert sweep(backend).swept == 0
    assert backend.blobs.has(there)
    clock.advance(101)
    assert (sweep(backend).postponed, backend.blobs.has(there)) == (1, True)
    clock.advance(INTENT_LEASE - 1)
    assert (sweep(backend).swept, backend.blobs.has(there)) == (0, True)
    clock.advance(2)
    assert sweep(backend).swept == 1
    assert not backend.blobs.has(there)
    assert state_of(store, intent).state == intents.SWEPT


def test_an_owner_that_was_taken_for_dead_can_no_longer_publish(
    backend: Backend, clock: ManualClock, armed: Callable[[str], None]
) -> None:
    intent = intend(backend, on_another_host(), blobs=[blob(backend)], lease=100)
    clock.advance(101)
    sweep(backend)
    clock.advance(INTENT_LEASE + 1)
    armed("litter.before_blobs=error")
    assert sweep(backend).failed == 1
    with backend.engine.write() as conn:
        assert not intents.finish(conn, intent, intents.COMMITTED, clock.now())


@pytest.mark.parametrize(
    ("owner", "staged", "cause"),
    [
        ("{half", None, "owner is not readable"),
        ('["a list"]', None, "owner is not readable"),
        ('{"host": "h", "boot": "b", "pid": Infinity, "started": "s"}', None, "owner is not readable"),
        (f'{{"host": "h", "boot": "b", "pid": {10**300}, "started": "s"}}', None, "owner is not readable"),
        ("[" * 100_000, None, "owner is not readable"),
        ("dead", "{half", "Expecting property name"),
        ("dead", "[]", "not readable"),
        ("dead", '{"blobs": [7]}', "not readable"),
        ("dead", '{"blobs": ["../../../etc/passwd"]}', "no content id"),
        ("dead", '{"tables": ["../../elsewhere"]}', "no table of this store"),
    ],
)
def test_an_intent_that_cannot_be_read_is_set_aside_with_its_cause(
    owner: str, staged: str | None, cause: str, store: Store, backend: Backend, dead: process.Identity
) -> None:
    intent = intend(backend, dead if owner == "dead" else owner, staged=staged)
    assert sweep(backend).set_aside == 1
    found = state_of(store, intent)
    assert (found.state, cause in str(found.error)) == (intents.SET_ASIDE, True)
    assert [row.subject for row in audited(store, "set_aside")] == [intent]
    assert sweep(backend).set_aside == 0
    store.write("/still.md", "writable")


@pytest.mark.parametrize("column", ["started", "lease_until"])
def test_an_intent_with_a_time_that_is_none_stops_nobody(
    store: Store, backend: Backend, folder: Path, column: str
) -> None:
    intent = intend(backend, on_another_host())
    with backend.engine.write() as conn:
        conn.run(f"UPDATE intents SET {column} = 'yesterday' WHERE intent_id = :id", {"id": intent})
    with holdfast.open(folder, components=Components(clock=backend.clock)) as other:
        assert state_of(other, intent).state == intents.SET_ASIDE
        (entry,) = other.maintenance.intents()
        assert "'yesterday'" in str(entry.error)
        assert iso(entry.started)


def test_an_intent_that_fails_time_and_again_is_set_aside(
    store: Store, backend: Backend, dead: process.Identity, armed: Callable[[str], None]
) -> None:
    intent = intend(backend, dead, blobs=[blob(backend)])
    armed("litter.before_blobs=error")
    for attempt in range(1, ATTEMPTS):
        assert sweep(backend).failed == 1
        assert state_of(store, intent).attempts == attempt
    assert sweep(backend).set_aside == 1
    assert "fault injected" in str(state_of(store, intent).error)
    assert len(audited(store, "set_aside")) == 1
    armed("")
    assert sweep(backend).swept == 0


def test_one_intent_that_fails_does_not_stop_the_others(store: Store, backend: Backend, dead: process.Identity) -> None:
    intend(backend, dead, staged="{half")
    there = blob(backend)
    intend(backend, dead, blobs=[there])
    report = sweep(backend)
    assert (report.set_aside, report.swept) == (1, 1)
    assert not backend.blobs.has(there)


def test_the_blob_of_a_content_that_somebody_published_stays(
    store: Store, backend: Backend, dead: process.Identity
) -> None:
    data = os.urandom(70_000)
    store.write("/kept.bin", data)
    intend(backend, dead, blobs=[blob(backend, data)])
    sweep(backend)
    assert store.read("/kept.bin") == data


def test_a_blob_that_a_live_writer_names_too_stays(backend: Backend, dead: process.Identity) -> None:
    there = blob(backend)
    intend(backend, dead, blobs=[there])
    intend(backend, process.current(), blobs=[there])
    assert sweep(backend).swept == 1
    assert backend.blobs.has(there)


def test_no_blob_is_removed_while_a_live_intent_cannot_be_read(backend: Backend, dead: process.Identity) -> None:
    there = blob(backend)
    intend(backend, dead, blobs=[there])
    intend(backend, process.current(), staged="{half")
    sweep(backend)
    assert backend.blobs.has(there)


def test_nothing_outside_the_store_is_removed_through_a_link(
    store: Store, backend: Backend, folder: Path, dead: process.Identity, tmp_path: Path
) -> None:
    there = blob(backend)
    outside = tmp_path / "elsewhere"
    (folder / "blobs").rename(outside)
    (folder / "blobs").symlink_to(outside)
    intent = intend(backend, dead, blobs=[there])
    for _ in range(ATTEMPTS):
        sweep(backend)
    assert backend.blobs.has(there)
    assert "leads out of the store" in str(state_of(store, intent).error)


def test_the_sweep_of_a_copy_touches_only_the_copy(
    store: Store, backend: Backend, folder: Path, dead: process.Identity, tmp_path: Path
) -> None:
    there = blob(backend)
    intend(backend, dead, blobs=[there], tables=list(backend.tables.names))
    rows = unpublished_rows(backend)
    store.close()
    shutil.copytree(folder, tmp_path / "copy")
    with holdfast.open(tmp_path / "copy", components=Components(clock=backend.clock)) as copy:
        sweep(rooms(copy))
        assert not rooms(copy).blobs.has(there)
    assert backend.blobs.has(there)
    assert backend.tables.live.table.count(rows.version) == 1


def test_temporary_files_go_unless_a_put_may_be_writing_them(
    store: Store, backend: Backend, dead: process.Identity, clock: ManualClock
) -> None:
    old, young = temporary_file(backend, b"dead"), temporary_file(backend, b"live")
    intend(backend, process.current(), blobs=[content_id(b"live")])
    intend(backend, dead)
    sweep(backend)
    assert (Path(old).exists(), Path(young).exists()) == (False, True)


def test_files_of_tables_wait_while_a_live_writer_may_have_made_them(
    store: Store, backend: Backend, dead: process.Identity
) -> None:
    before = table_files(backend)
    tables = list(backend.tables.names)
    living = intend(backend, process.current(), tables=tables)
    mine = intend(backend, dead, tables=tables)
    unpublished_rows(backend)
    assert sweep(backend).postponed == 1
    assert table_files(backend) > before
    with backend.engine.write() as conn:
        intents.finish(conn, living, intents.COMMITTED, backend.clock.now())
    assert sweep(backend).swept == 1
    assert table_files(backend) == before
    assert state_of(store, mine).attempts == 0


def test_a_version_that_a_live_writer_builds_upon_stays(
    store: Store, backend: Backend, dead: process.Identity, clock: ManualClock
) -> None:
    name = backend.tables.live.name
    with backend.engine.read() as conn:
        base = pins.current(conn, (name,))[name].version
    clock.advance(3600)
    intend(backend, process.current(), tables=[name])
    with backend.engine.write() as conn:
        pins.move(conn, name, unpublished_rows(backend).version, clock.now())
    clock.advance(3600)
    intend(backend, dead, tables=[name])
    sweep(backend)
    assert f"_versions/d{base}.manifest" in table_files(backend)


def test_a_version_that_is_replaced_during_a_sweep_may_be_removed_by_another(
    store: Store, backend: Backend, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = backend.tables.live.name
    with backend.engine.read() as conn:
        former = pins.current(conn, (name,))[name].version
    with backend.engine.write() as conn:
        pins.move(conn, name, unpublished_rows(backend).version, clock.now())

    def overtaken(*table_and_versions: Any, **how: Any) -> set[str]:
        monkeypatch.undo()
        store.maintenance.gc()
        backend.tables.live.table.forget()
        return alive_files(*table_and_versions, **how)

    monkeypatch.setattr("holdfast.index.lance.files.alive_files", overtaken)
    store.maintenance.gc()
    assert f"_versions/d{former}.manifest" not in table_files(backend)


def test_what_could_make_lance_open_another_version_is_put_away(
    store: Store, backend: Backend, folder: Path, dead: process.Identity
) -> None:
    versions = backend.tables.live.table.path / "_versions"
    (versions / f"{2**64 - 1 - 7}.manifest").write_bytes(b"")
    (versions / "latest_version_hint.json").write_text('{"version": 7}')
    intend(backend, dead, tables=[backend.tables.live.name])
    sweep(backend)
    assert not (versions / "latest_version_hint.json").exists()
    assert [file.name for file in versions.glob("[0-9]*")] == [f"{2**64 - 2}.manifest"]
    assert len(list((folder / "tables" / "set-aside").iterdir())) == 1
    assert store.maintenance.verify().ok


@pytest.mark.parametrize("point", SWEEP_POINTS)
def test_a_sweep_killed_at_any_point_is_done_again_and_audited_once(
    point: str, folder: Path, child: Start, dead: process.Identity
) -> None:
    with holdfast.open(folder) as store:
        backend = rooms(store)
        before = table_files(backend)
        there = blob(backend)
        unpublished_rows(backend)
        intend(backend, dead, blobs=[there], tables=list(backend.tables.names))
    assert child(SWEEP, folder, faults=f"{point}=kill").ended_by_kill()
    with holdfast.open(folder) as store:
        sweep(rooms(store))
        assert not rooms(store).blobs.has(there)
        assert table_files(rooms(store)) == before
        assert len(audited(store, "sweep")) == 1
        assert store.maintenance.verify(deep=True).ok


def test_two_processes_that_sweep_at_once_audit_once(folder: Path, child: Start, dead: process.Identity) -> None:
    with holdfast.open(folder) as store:
        backend = rooms(store)
        ids = [intend(backend, dead, blobs=[blob(backend, os.urandom(100))]) for _ in range(20)]
    both = [child("say(); hear()\n" + SWEEP.replace("\n    ", "\n"), folder) for _ in range(2)]
    for each in both:
        each.hear()
    for each in both:
        each.say()
    for each in both:
        each.finish()
    with holdfast.open(folder) as store:
        assert sorted(row.subject for row in audited(store, "sweep")) == sorted(ids)
        assert list(rooms(store).blobs.list()) == []


def test_opening_for_writing_sweeps_blobs_and_leaves_tables_for_later(
    store: Store, backend: Backend, folder: Path, dead: process.Identity
) -> None:
    first = intend(backend, dead, blobs=[blob(backend, b"1" * 99)])
    second = intend(backend, dead, blobs=[blob(backend, b"2" * 99)], tables=list(backend.tables.names))
    with holdfast.open(folder, components=Components(clock=ManualClock(backend.clock.now()))) as other:
        assert list(backend.blobs.list()) == []
        assert state_of(other, first).state == intents.SWEPT
        assert state_of(other, second).state == intents.ACTIVE


def test_opening_for_reading_sweeps_nothing(backend: Backend, folder: Path, dead: process.Identity) -> None:
    there = blob(backend)
    intend(backend, dead, blobs=[there])
    with holdfast.open(folder, read_only=True):
        assert backend.blobs.has(there)


def test_a_store_opens_though_the_sweep_fails(
    backend: Backend, folder: Path, dead: process.Identity, armed: Callable[[str], None]
) -> None:
    intend(backend, dead)
    armed("sweep.before_take_over=enospc")
    with holdfast.open(folder) as other:
        other.write("/a.md", "works")


def test_time_that_has_run_out_leaves_the_rest_for_the_next_sweep(
    store: Store, backend: Backend, dead: process.Identity
) -> None:
    for number in range(3):
        intend(backend, dead, blobs=[blob(backend, b"%d" % number * 99)])
    report = sweep(backend, budget=-1)
    assert (report.swept, report.postponed) == (1, 2)
    assert sweep(backend).swept == 2


def test_the_sweep_at_open_does_not_import_lance(
    backend: Backend, folder: Path, child: Start, dead: process.Identity
) -> None:
    intend(backend, dead, blobs=[blob(backend)], tables=list(backend.tables.names))
    said = child("holdfast.open(sys.argv[1]).close(); say('lance' in sys.modules)", folder)
    assert said.hear() == "False"
