"""What a test gives a store in place of the parts that it would choose: the clock, limits, upkeep and faults."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import Components, InvalidConfig, Limits, StorageFailed, Unsupported, faults
from holdfast.testing import ManualClock, failing_at

DISK_FULL = OSError(28, "No space left on device")


def test_the_clock_dates_what_is_committed(tmp_path: Path) -> None:
    clock = ManualClock(1_000_000_000.0)
    with holdfast.create(tmp_path / "kb", components=Components(clock=clock)) as store:
        assert store.commit_at().at == datetime.fromtimestamp(1_000_000_000, UTC)
        clock.advance(60)
        assert store.mkdir("/a").at == datetime.fromtimestamp(1_000_000_060, UTC)


def test_a_tail_as_long_as_the_limit_is_folded_at_the_close(folder: Path) -> None:
    with holdfast.open(folder, components=Components(limits=Limits(fold_rows=1))) as store:
        store.write("/a.md", "a lease")
    with holdfast.open(folder) as store:
        assert "tail" not in store.status().searchable


def test_without_upkeep_nothing_is_folded_until_it_is_asked_for(folder: Path) -> None:
    with holdfast.open(folder, components=Components(limits=Limits(fold_rows=1), upkeep=False)) as store:
        store.write("/a.md", "a lease")
    with holdfast.open(folder, components=Components(upkeep=False)) as store:
        assert store.status().searchable["tail"][1] == 1
        assert store.maintenance.optimize().folded == 1


@pytest.mark.parametrize("limits", [{"fold_rows": 0}, {"fold_rows": 4097}, {"group_files": 0}])
def test_a_limit_that_nothing_could_keep_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(InvalidConfig, match=next(iter(limits))):
        Limits(**limits)


def test_a_fault_is_met_at_its_passage_and_at_no_other(folder: Path) -> None:
    failing = failing_at("blob.before_fsync", DISK_FULL, passage=2)
    with holdfast.open(folder, components=Components(faults=failing)) as store:
        store.write("/a.bin", b"1" * 100_000)
        with pytest.raises(StorageFailed):
            store.write("/a.bin", b"2" * 100_000)
        assert store.read("/a.bin") == b"1" * 100_000
        store.write("/a.bin", b"3" * 100_000)


def test_faults_are_watched_from_the_opening_to_the_close(folder: Path, tmp_path: Path) -> None:
    heard: list[str] = []
    with holdfast.create(tmp_path / "new", components=Components(faults=heard.append)) as store:
        assert heard.count("init.before_config") == 1
        store.mkdir("/a")
    assert heard.count("publish.after_commit") == 1
    heard.clear()
    with holdfast.open(folder) as other:
        other.mkdir("/a")
    assert heard == []


def test_a_store_that_cannot_be_opened_watches_nothing(tmp_path: Path) -> None:
    heard: list[str] = []
    with pytest.raises(holdfast.StoreNotFound):
        holdfast.open(tmp_path, components=Components(faults=heard.append))
    faults.point("publish.before_commit")
    assert heard == []


def test_two_stores_may_share_what_watches(folder: Path, tmp_path: Path) -> None:
    heard: list[str] = []
    parts = Components(faults=heard.append)
    with holdfast.open(folder, components=parts) as store:
        holdfast.create(tmp_path / "new", components=parts).close()
        heard.clear()
        store.mkdir("/a")
    assert heard.count("publish.after_commit") == 1


def test_a_misspelt_point_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault point"):
        failing_at("publish.befor_commit", DISK_FULL)


def test_the_clock_and_the_faults_need_no_pytest() -> None:
    code = (
        "import sys; sys.modules['pytest'] = sys.modules['hypothesis'] = None\n"
        "from holdfast.testing import ManualClock, failing_at, rooms"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("time", [float("nan"), float("inf"), "noon", None, True, 1e300, -1e12])
def test_a_clock_that_gives_no_time_is_refused_by_name(folder: Path, time: Any) -> None:
    with holdfast.open(folder, components=Components(clock=ManualClock(time))) as store:
        head = store.commit_at()
        for change in (lambda: store.write("/a.md", "a"), lambda: store.lock("/a"), lambda: store.jobs.enqueue("k")):
            with pytest.raises(Unsupported, match=r"clock gives .* no time") as refused:
                change()
            assert "now()" in refused.value.remedy
        assert store.commit_at() == head


@pytest.mark.parametrize("limits", [{"fold_rows": 0}, {"group_files": 0}])
def test_a_limit_is_mended_where_it_was_given(limits: dict[str, int]) -> None:
    with pytest.raises(InvalidConfig) as refused:
        Limits(**limits)
    assert refused.value.path == next(iter(limits))
    assert "Give Limits" in refused.value.remedy
    assert "holdfast.toml" not in refused.value.remedy
