import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from holdfast import faults
from holdfast.errors import CorruptStore, ReadOnly, StorageFailed
from holdfast.host import disk
from holdfast.index.lance.segments import index_ids, index_text
from holdfast.index.lance.table import FIRST_VERSION, StagedRows, VersionedTable
from tests.support.search_rows import content, many, search_table

WITH_A_BASE = [name for name in faults.POINTS if name.startswith("table.") and name != "table.before_create_fsync"]


def contents(table: VersionedTable, version: int) -> list[str]:
    return sorted(set(table.rows(version, ["content_id"])["content_id"].to_pylist()))


def test_a_version_holds_what_its_base_held_and_what_was_added(table: VersionedTable) -> None:
    empty = table.create()
    one = table.append(empty, content("a", ["x", "y"]))
    two = table.append(one, content("b", ["z"]))
    assert [table.count(version) for version in (empty, one, two)] == [0, 2, 3]
    assert contents(table, two) == ["a", "b"]


def test_staged_rows_can_be_attached_to_another_base_later_and_elsewhere(table: VersionedTable) -> None:
    empty = table.create()
    staged = table.stage(content("mine", ["x"]))
    table.attach(empty, staged)
    theirs = table.append(empty, content("theirs", ["y"]))
    again = VersionedTable(table.path, table.shape, durable=False)
    rebased = again.attach(theirs, StagedRows.from_json(staged.to_json()))
    assert contents(again, rebased) == ["mine", "theirs"]
    assert staged.rows == 1


def test_staged_files_are_there_and_named(table: VersionedTable) -> None:
    table.create()
    staged = table.stage(content("a", ["x"]).to_reader())
    assert staged.files
    assert all((table.path / file).is_file() for file in staged.files)


def test_no_rows_change_nothing(table: VersionedTable) -> None:
    version = table.create()
    staged = table.stage(content("a", ["x"]).slice(0, 0))
    assert table.attach(version, staged) == version
    assert table.delete_ids(version, []) == version
    assert table.delete_ids(version, ["nobody"]) == version


def test_removed_rows_are_gone_from_the_new_version_only(table: VersionedTable) -> None:
    version = table.append(table.append(table.create(), many("a", 4, 2)), content("it's", ["x"]))
    after = table.delete_ids(version, ["a-1", "a-3", "it's"])
    assert contents(table, after) == ["a-0", "a-2"]
    assert len(contents(table, version)) == 5


@pytest.mark.parametrize("indexed", [False, True])
def test_rows_can_be_removed_again_and_again(table: VersionedTable, indexed: bool) -> None:
    version = table.append(table.create(), many("a", 5))
    if indexed:
        version = index_ids(table, version)
    for number in range(5):
        version = table.delete_ids(version, [f"a-{number}"])
        assert table.count(version) == 4 - number
    assert table.count(table.append(version, content("b", ["x"]))) == 1


def test_rows_of_a_version_can_be_chosen(table: VersionedTable) -> None:
    version = table.append(table.create(), content("a", ["x", "y", "z"]))
    assert table.rows(version, ["text"], "ordinal > 0")["text"].to_pylist() == ["y", "z"]


def test_creating_twice_uses_what_stands_there(table: VersionedTable) -> None:
    version = table.append(table.create(), content("a", ["x"]))
    again = VersionedTable(table.path, table.shape, durable=False)
    assert again.count(again.create()) == 0
    assert again.count(version) == 1


def test_what_an_interrupted_creation_left_is_set_aside(table: VersionedTable) -> None:
    (table.path / "_versions").mkdir(parents=True)
    (table.path / "_versions" / "18446744073709551614.manifest").write_bytes(bytes(100))
    assert table.count(table.create()) == 0
    assert [path.name for path in table.path.parent.glob("search.unreadable-*")]


@pytest.mark.parametrize("damage", ["missing", "empty", "zeros", "truncated"])
@pytest.mark.parametrize("folder", ["_versions", "data"])
def test_damaged_files_are_reported_as_such(tmp_path: Path, folder: str, damage: str) -> None:
    table = search_table(tmp_path)
    version = table.append(table.create(), many("a", 50))
    path = next((table.path / "data").iterdir()) if folder == "data" else table.path / f"_versions/d{version}.manifest"
    held = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes({"empty": b"", "zeros": bytes(len(held)), "truncated": held[: len(held) // 2]}[damage])
    with pytest.raises(CorruptStore, match=rf"search.* version {version}"):
        search_table(tmp_path).rows(version)


def test_a_version_that_never_was_is_reported(table: VersionedTable) -> None:
    table.create()
    with pytest.raises(CorruptStore, match=r"search .* version 12345"):
        table.open(12345)


def test_a_table_of_another_shape_is_refused(table: VersionedTable, tmp_path: Path) -> None:
    from holdfast.index.lance.table import TableShape

    table.create()
    other = TableShape(table.shape.schema.remove(0))
    with pytest.raises(CorruptStore, match="other columns"):
        VersionedTable(table.path, other).open(FIRST_VERSION)


def test_everything_a_version_refers_to_is_fsynced_before_it_is_returned(
    durable_table: VersionedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    monkeypatch.setattr(disk, "fsync_file", synced.add)
    monkeypatch.setattr(disk, "fsync_dir", synced.add)
    table = durable_table
    version = table.append(table.create(), many("a", 20))
    version = index_ids(table, index_text(table, version))
    table.delete_ids(version, ["a-1"])
    there = {path for path in table.path.rglob("*") if path.is_file() and path.name != "latest_version_hint.json"}
    assert there - synced == set()
    directories = {parent for path in there for parent in path.parents if parent.is_relative_to(table.path)}
    assert directories - synced == set()
    assert table.path.parent in synced


def test_a_manifest_is_written_after_its_data_is_durable(
    durable_table: VersionedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = durable_table.create()
    synced: list[str] = []
    monkeypatch.setattr(disk, "fsync_file", lambda path: synced.append(path.parent.name))
    monkeypatch.setattr(disk, "fsync_dir", lambda path: None)
    durable_table.append(version, content("a", ["x"]))
    assert synced == ["data", "_versions", "_transactions"]


def test_a_failed_fsync_is_not_tried_again(durable_table: VersionedTable, monkeypatch: pytest.MonkeyPatch) -> None:
    version = durable_table.create()
    calls = []

    def refuse(handle: int) -> None:
        calls.append(handle)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageFailed):
        durable_table.append(version, content("a", ["x"]))
    assert len(calls) == 1


@pytest.mark.parametrize("action", ["error", "enospc"])
@pytest.mark.parametrize("point", WITH_A_BASE)
def test_a_failing_disk_leaves_the_base_as_it_was(table: VersionedTable, point: str, action: str) -> None:
    base = table.append(table.create(), many("a", 20))
    faults.arm(f"{point}={action}")
    try:
        with pytest.raises(StorageFailed):
            index_ids(table, table.delete_ids(table.append(base, content("b", ["x"])), ["b"]))
    finally:
        faults.arm("")
    assert table.count(base) == 20
    assert table.count(table.append(base, content("b", ["x"]))) == 21


def test_a_failed_creation_can_be_done_again(table: VersionedTable) -> None:
    faults.arm("table.before_create_fsync=enospc")
    try:
        with pytest.raises(StorageFailed, match="No space"):
            table.create()
    finally:
        faults.arm("")
    assert table.count(table.create()) == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_is_reported(table: VersionedTable) -> None:
    version = table.create()
    (table.path / "data").mkdir(exist_ok=True)
    (table.path / "data").chmod(0o500)
    with pytest.raises(ReadOnly):
        table.append(version, content("a", ["x"]))


def test_threads_may_read_and_write_one_table(table: VersionedTable) -> None:
    base = table.append(table.create(), content("a", ["x"]))

    def work(number: int) -> int:
        return table.count(table.append(base, content(f"b{number}", ["y"])))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(24))) == [2] * 24
