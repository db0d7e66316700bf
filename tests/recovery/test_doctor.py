"""The doctor and the figures: plain words, whatever state the store is in."""

import json
from collections import namedtuple
from pathlib import Path

import pytest

import holdfast
from holdfast.backend import Backend
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.host.clock import ManualClock
from holdfast.recovery.doctor import Finding
from holdfast.recovery.sweep import sweep
from holdfast.testing.seams import rooms
from tests.support.litter import blob, intend, sql


def examine(folder: Path) -> list[Finding]:
    found = holdfast.doctor(folder)
    assert all(finding.what and finding.meaning and finding.remedy for finding in found)
    return found


def test_a_healthy_store_gets_no_finding(filled: Store) -> None:
    assert filled.maintenance.doctor() == []


def test_a_folder_that_is_no_store(tmp_path: Path) -> None:
    (finding,) = examine(tmp_path)
    assert (finding.level, "holdfast init" in finding.remedy) == ("problem", True)
    (finding,) = examine(tmp_path / "nowhere")
    assert finding.level == "problem"


@pytest.mark.parametrize("damage", ["garbage", "truncated", "deleted"])
def test_a_catalog_that_cannot_be_opened(folder: Path, damage: str) -> None:
    catalog = folder / "catalog.db"
    if damage == "deleted":
        catalog.unlink()
    else:
        catalog.write_bytes(b"garbage" * 9999 if damage == "garbage" else catalog.read_bytes()[:5000])
    finding = examine(folder)[0]
    assert finding.level == "problem"
    assert "backup" in finding.remedy


@pytest.mark.parametrize("damage", ["flipped", "truncated"])
def test_an_index_that_searches_cannot_read(filled: Store, damage: str) -> None:
    """What makes a search fail and send people here must be found here, though no file is missing."""
    table = rooms(filled).tables.live.table.path
    files = sorted(table.glob("_indices/*/*.lance"))
    assert files
    for file in files:
        data = file.read_bytes()
        half = len(data) // 2
        file.write_bytes(data[:half] + (bytes(64) + data[half + 64 :] if damage == "flipped" else b""))
    findings = [finding for finding in filled.maintenance.doctor() if finding.level == "problem"]
    assert findings
    assert all("holdfast repair" in finding.remedy for finding in findings)
    filled.maintenance.repair()
    assert [finding for finding in filled.maintenance.doctor() if finding.level == "problem"] == []
    assert filled.search("another thing", mode="text")
    assert filled.maintenance.verify(deep=True).problems == ()


def test_broken_settings_are_told_from_a_broken_store(folder: Path) -> None:
    (folder / "holdfast.toml").write_text("format = [")
    (finding,) = examine(folder)
    assert "all that was committed is there" in finding.meaning


def test_a_store_from_a_newer_version(store: Store, folder: Path) -> None:
    sql(store, "UPDATE alembic_version SET version_num = '9999'")
    store.close()
    (finding,) = examine(folder)
    assert "nothing is wrong with it" in finding.meaning
    assert "pip install" in finding.remedy


def test_a_disk_that_is_nearly_full(filled: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(100, 99, 1024 * 1024))
    (finding,) = examine(folder)
    assert (finding.level, finding.what.startswith("Only 1 MiB")) == ("warning", True)


def test_a_folder_that_cannot_be_written(filled: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert [finding.level for finding in examine(folder)] == ["warning"]


@pytest.mark.parametrize("name", ["blobs", "tables"])
def test_a_part_of_the_store_that_is_missing(filled: Store, folder: Path, tmp_path: Path, name: str) -> None:
    filled.close()
    (folder / name).rename(tmp_path / "moved")
    assert any(f"{folder / name} is missing" in finding.what for finding in examine(folder))


def test_lost_bytes_come_before_litter(filled: Store, backend: Backend) -> None:
    blob(backend)
    sql(filled, "DELETE FROM inline_bytes WHERE content_id = :id", id=filled.stat("/journal/b.md").content_id)
    findings = filled.maintenance.doctor()
    assert findings[0].level == "problem"
    assert "/journal/b.md" in findings[0].what


def test_an_intent_that_was_set_aside_is_explained(filled: Store, backend: Backend, dead: process.Identity) -> None:
    intend(backend, dead, staged="{half")
    sweep(backend)
    found = [finding for finding in filled.maintenance.doctor() if finding.level == "warning"]
    assert "could not be removed" in found[0].what
    assert filled.status().set_aside_intents == 1


def test_a_staging_that_goes_on_for_hours_is_worth_a_word(filled: Store, backend: Backend, clock: ManualClock) -> None:
    intend(backend, process.current())
    assert filled.maintenance.doctor() == []
    clock.advance(2 * 3600)
    assert [finding.level for finding in filled.maintenance.doctor() if "2.0 hours" in finding.what] == ["note"]


def test_tables_of_another_embedder_are_noted(filled: Store) -> None:
    sql(filled, "INSERT INTO pins (table_name, version, at) VALUES ('search-other', '1', 0)")
    assert [finding.level for finding in filled.maintenance.doctor()] == ["note"]


def test_the_doctor_changes_nothing(filled: Store, backend: Backend, folder: Path, dead: process.Identity) -> None:
    there = blob(backend)
    intend(backend, dead, blobs=[there])
    examine(folder)
    assert backend.blobs.has(there)
    assert filled.status().active_intents == 1


def test_the_status_counts_what_there_is(filled: Store, backend: Backend, dead: process.Identity) -> None:
    status = filled.status()
    assert (status.files, status.directories, status.head, status.commits) == (5, 6, 10, 10)
    assert status.size == sum(info.size for info in filled.tree("/"))
    assert status.contents["inline"][0] + status.contents["blobs"][0] == 8
    assert status.searchable["tail"][1] == 1
    assert set(status.searchable) == {"tail", "table", "history"}
    assert status.last_sweep is None
    intent = intend(backend, dead)
    sweep(backend)
    assert (filled.status().last_sweep or pytest.fail("no sweep")).subject == intent


def test_the_journal_tells_who_is_alive(store: Store, backend: Backend, dead: process.Identity) -> None:
    from holdfast.recovery.journal import in_flight

    intend(backend, process.current(), blobs=[blob(backend)])
    intend(backend, dead)
    intend(backend, json.dumps(["?"]))
    assert [entry.owner_alive for entry in in_flight(backend)] == [True, False, None]


def test_a_store_that_is_damaged_still_opens_and_closes(filled: Store, folder: Path) -> None:
    sql(filled, "DELETE FROM pins")
    filled.write("/more.md", "note")
    filled.close()
    with holdfast.open(folder) as store:
        assert not store.maintenance.verify().ok


def test_an_open_store_is_told_what_one_is_that_does_not_open(filled: Store, folder: Path) -> None:
    filled.session("chat").append("user", "hello")
    sql(filled, "DELETE FROM sessions")
    assert [found.what for found in filled.maintenance.doctor()] == [found.what for found in examine(folder)] != []
