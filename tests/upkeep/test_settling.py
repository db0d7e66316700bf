"""What a run leaves due is done where it ends: whoever comes next neither waits for it nor pays for it."""

import threading
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.front.store import Store
from holdfast.index.lance import segments
from holdfast.index.lance.blocks import FRAGMENT_ROWS
from holdfast.index.lance.lookup import LEAST_PROBES
from holdfast.index.lance.table import VersionedTable
from holdfast.ingest import report as report_module
from holdfast.ingest.report import INDEXING, Progress
from holdfast.publish.publication import pinned
from holdfast.testing.seams import rooms
from holdfast.upkeep import indexes
from holdfast.upkeep.upkeep import Upkeep


@pytest.fixture(autouse=True)
def _small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "USUAL", indexes.Bounds(32, 8, lambda _: 100_000, 100_000, close=False))
    monkeypatch.setattr(indexes, "SETTLED", indexes.Bounds(32, 2, lambda _: 10, 10))
    monkeypatch.setattr(indexes, "ADDED", indexes.Bounds(32, 2, lambda _: 10, 10, small_fragments=2))


def append(store: Store, name: str, files: int = 300) -> None:
    """Write more files than go to the tail: their rows are appended without an index."""
    with store.transaction() as tx:
        for number in range(files):
            tx.write(f"/{name}/{number}.md", f"wombat {name} {number}")


def live(store: Store) -> tuple[VersionedTable, int]:
    table = rooms(store).tables.live
    with rooms(store).engine.read() as conn:
        return table.table, pinned(conn, table)


def unindexed(store: Store) -> int:
    return segments.unindexed_rows(*live(store), "terms")


def covering(store: Store) -> set[str]:
    """Return the full-text segments that cover rows."""
    return {part.uuid for part in segments.segments(*live(store), "terms") if part.fragments}


def test_closing_a_store_indexes_what_was_added(folder: Path) -> None:
    with holdfast.open(folder) as store:
        append(store, "a")
        assert unindexed(store) == 300
    with holdfast.open(folder) as store:
        assert unindexed(store) == 0


def test_a_close_look_is_due_after_a_passing_one_and_not_twice(store: Store) -> None:
    assert not indexes.is_due(rooms(store), closely=True)
    append(store, "a")
    assert indexes.is_due(rooms(store))
    indexes.tend(rooms(store), bounds=indexes.USUAL)
    assert not indexes.is_due(rooms(store))
    assert indexes.is_due(rooms(store), closely=True)
    indexes.tend(rooms(store), bounds=indexes.SETTLED)
    assert not indexes.is_due(rooms(store), closely=True)
    assert not indexes.is_due(rooms(store))


def test_a_large_add_has_indexed_before_it_returns_and_says_so(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "LARGE_ADD", 300)
    source = tmp_path / "many"
    source.mkdir()
    for number in range(300):
        (source / f"{number}.md").write_text(f"wombat {number}\n")
    told: list[Progress] = []
    store.add(source, workers=1, progress=told.append)
    assert unindexed(store) <= 10
    assert told[-1].current == INDEXING


def test_a_large_add_leaves_no_tail_to_the_next_search(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "LARGE_ADD", 20)
    source = tmp_path / "many"
    source.mkdir()
    for number in range(20):
        (source / f"{number}.md").write_text(f"wombat {number}\n")
    store.add(source, workers=1)
    assert store.explain("wombat").tail_rows == 0
    assert len(store.search("wombat", limit=30)) == 20


def test_a_large_add_leaves_few_fragments_to_look_into_and_a_small_one_as_many_as_there_are(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        append(store, name)
    source = tmp_path / "many"
    source.mkdir()
    for number in range(20):
        (source / f"{number}.md").write_text(f"wombat {number}\n")
    store.add(source, workers=1)
    assert len(segments.fragments(*live(store))) >= 3
    monkeypatch.setattr(report_module, "LARGE_ADD", 20)
    store.add(source, workers=1, to="/again")
    assert len(segments.fragments(*live(store))) == 1


def test_only_a_table_that_is_small_is_compacted_for_a_few_fragments() -> None:
    """Or an add to a large store would cost a rewriting of all that stood there."""
    assert indexes.ADDED.fragments_of(FRAGMENT_ROWS) < indexes.ADDED.fragments_of(FRAGMENT_ROWS + 1)


def test_a_table_just_large_enough_for_an_index_is_searched_whole() -> None:
    """Or a search of some thousand rows would miss passages that it found before there was an index."""
    assert segments.partitions_for(4 * indexes.LARGE_TABLE) <= LEAST_PROBES


def test_what_indexing_replaced_is_collected_at_once(store: Store) -> None:
    collected: list[str] = []
    upkeep = Upkeep(rooms(store), 10**6, lambda *, tables=True: None, lambda: collected.append("files"))
    upkeep.round(closely=True)
    assert collected == []
    append(store, "a")
    upkeep.round(closely=True)
    assert collected == ["files"]


def test_compaction_leaves_the_old_part_of_a_table_and_its_indexes_alone(store: Store) -> None:
    append(store, "large", 900)
    indexes.tend(rooms(store), bounds=indexes.THOROUGH)
    old = covering(store)
    for name in "bcd":
        append(store, name, 260)
        indexes.tend(rooms(store), bounds=indexes.Bounds(32, 8, lambda _: 0, 0))
    assert len(covering(store)) == 4
    done = indexes.tend(rooms(store), bounds=indexes.Bounds(32, 3, lambda _: 0, 0))
    assert [step for step in done if step.startswith("compaction")]
    assert list(segments.fragments(*live(store)).values()) == [900, 780]
    assert len(covering(store) - old) == len(old) == 1
    assert old < covering(store)
    assert unindexed(store) == 0


def test_upkeep_changes_a_table_while_no_add_appends_to_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or an add, which publishes several times a second, would have it begin again and again."""
    alone: list[bool] = []
    do = indexes._do

    def seen(*step: Any) -> bool:
        alone.append(bool(rooms(store).appending._closers))
        return do(*step)

    monkeypatch.setattr(indexes, "_do", seen)
    append(store, "a")
    indexes.tend(rooms(store), bounds=indexes.SETTLED)
    assert alone == [True] * len(alone) != []


def test_the_groups_of_an_add_wait_until_upkeep_has_done_a_step(store: Store, tmp_path: Path) -> None:
    (tmp_path / "wombat.md").write_text("wombat")
    gate, waits = rooms(store).appending, threading.Event()
    wait = gate.moved.wait

    def waited(seconds: float) -> bool:
        waits.set()
        return wait(seconds)

    gate.moved.wait = waited  # type: ignore[method-assign,assignment]
    add = threading.Thread(target=lambda: store.add(tmp_path / "wombat.md", to="/a.md", workers=1))
    with gate.closed():
        add.start()
        waits.wait()
        assert not store.exists("/a.md")
    add.join()
    assert store.exists("/a.md")
