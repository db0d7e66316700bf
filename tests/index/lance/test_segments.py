import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from holdfast.index.lance import segments as segments_module
from holdfast.index.lance.compaction import compact
from holdfast.index.lance.files import alive_files, all_files
from holdfast.index.lance.lookup import Lookup
from holdfast.index.lance.segments import fragments, index_ids, index_text, index_vectors, segments, unindexed_rows
from holdfast.index.lance.table import VersionedTable
from holdfast.index.rows import rows_of
from holdfast.index.text.analysis import query_tokens
from holdfast.index.text.chunking import Chunk
from tests.support.search_rows import DIMENSIONS, content, many, search_table, vectors, word

COLUMNS = ("content_id", "terms", "vector")


@pytest.fixture(autouse=True)
def _small_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments_module, "LEAST_VECTORS", 20)


def index_all(table: VersionedTable, version: int, *, merge: bool = False) -> int:
    for index in (index_text, index_ids, index_vectors):
        version = index(table, version, merge=merge)
    return version


def found(table: VersionedTable, version: int, query: str) -> set[str]:
    return {c.key.content_id for c in Lookup(table).text_candidates(version, query_tokens(query), 1000)}


def build(table: VersionedTable, parts: int = 4) -> int:
    version = table.create()
    for number in range(parts):
        version = index_all(table, table.append(version, many(f"p{number}", 30)))
    return version


def test_an_index_covers_only_what_it_did_not_cover_before(table: VersionedTable) -> None:
    version = build(table, parts=3)
    for column in COLUMNS:
        covered = [sorted(part.fragments) for part in segments(table, version, column) if part.fragments]
        assert covered == [[0], [1], [2]]
        assert unindexed_rows(table, version, column) == 0
    assert index_all(table, version) == version


def test_rows_are_found_before_and_after_they_are_indexed(table: VersionedTable) -> None:
    version = table.append(build(table), many("new", 30))
    assert unindexed_rows(table, version, "terms") == 30
    for later in (version, index_all(table, version), index_all(table, version, merge=True)):
        assert len(found(table, later, "common")) == 150
        assert found(table, later, word("new-7")) == {"new-7"}
        assert found(table, later, word("p2-3")) == {"p2-3"}


def test_merging_leaves_one_segment_over_everything(table: VersionedTable) -> None:
    version = index_all(table, build(table), merge=True)
    assert [len(segments(table, version, column)) for column in COLUMNS] == [1, 1, 1]
    assert index_all(table, version, merge=True) == version
    assert index_all(table, table.append(version, many("b", 25)), merge=True) != version


def test_compaction_keeps_every_row_and_its_index(table: VersionedTable) -> None:
    version = table.delete_ids(build(table), ["p1-4", "p3-0"])
    after = compact(table, version)
    assert len(fragments(table, after)) == 1
    assert found(table, after, "common") == found(table, version, "common")
    assert not found(table, after, word("p1-4"))
    for column in COLUMNS:
        assert unindexed_rows(table, after, column) == 0
        assert {number for part in segments(table, after, column) for number in part.fragments} == set(
            fragments(table, after)
        )
    one = Lookup(table).vector_candidates(after, vectors(30, 2)[5], 3)
    assert one[0].score == pytest.approx(1.0, abs=1e-4)
    assert compact(table, after) == after


def test_compaction_leaves_large_fragments_alone(table: VersionedTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.index.lance.blocks.FRAGMENT_ROWS", 25)
    monkeypatch.setattr("holdfast.index.lance.compaction.COPIED_ROWS", 30)
    version = build(table, parts=1)
    assert compact(table, version) == version
    large = set(fragments(table, version))
    version = compact(table, table.append(table.append(version, content("small", ["x"])), content("tiny", ["y"])))
    assert sorted(fragments(table, version).values()) == [2, 30]
    assert large < set(fragments(table, version))
    assert len(found(table, version, "common")) == 30


def test_fragments_too_large_to_be_written_anew_are_joined_by_copying_those_that_lost_no_row(
    table: VersionedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.index.lance.blocks.FRAGMENT_ROWS", 25)
    version = table.delete_ids(build(table, parts=5), ["p0-4"])
    after = compact(table, version)
    assert list(fragments(table, after).values()) == [29, 120]
    assert table.rows(after).equals(table.rows(version))
    assert found(table, after, "common") == found(table, version, "common")
    assert found(table, after, word("p4-3")) == {"p4-3"}
    assert [unindexed_rows(table, after, column) for column in COLUMNS] == [0, 0, 0]
    assert compact(table, after) == after


def test_a_fragment_that_lost_many_rows_is_written_anew(table: VersionedTable) -> None:
    version = table.delete_ids(build(table, parts=1), [f"p0-{n}" for n in range(20)])
    after = compact(table, version)
    assert after != version
    assert table.count(after) == 10


def test_few_vectors_and_vectors_without_direction_are_left_to_scanning(table: VersionedTable) -> None:
    few = table.append(table.create(), content("a", ["x"] * 19))
    assert index_vectors(table, few) == few
    chunks = [Chunk(ordinal=number, text="x", heading="", start=0, end=1, page=None) for number in range(30)]
    silent = table.append(few, rows_of([("z", chunks)], np.zeros((30, DIMENSIONS), np.float32)))
    assert index_vectors(table, silent) == silent
    assert len(Lookup(table).vector_candidates(silent, vectors(1)[0], 50)) == 19


def test_a_text_index_of_many_small_appends_finds_the_same_as_one(table: VersionedTable) -> None:
    version = build(table, parts=4)
    lookup = Lookup(table)
    merged = index_text(table, version, merge=True)
    apart = lookup.text_candidates(version, ["common", word("p1-3")], 10)
    together = lookup.text_candidates(merged, ["common", word("p1-3")], 10)
    assert [c.key for c in apart[:1]] == [c.key for c in together[:1]]
    assert apart[0].score == pytest.approx(together[0].score, rel=1e-4)


def test_a_version_can_be_read_from_its_alive_files_alone(table: VersionedTable) -> None:
    version = compact(table, table.delete_ids(build(table), ["p1-4"]))
    version = table.delete_ids(table.append(version, many("b", 5)), ["b-1"])
    alive = alive_files(table, [version])
    there = {file for file, _ in all_files(table)}
    assert alive < there
    for file in there - alive:
        (table.path / file).unlink()
    again = search_table(table.path.parent.parent)
    assert again.count(version) == 123
    assert len(found(again, version, "common")) == 123
    assert Lookup(again).vector_candidates(version, vectors(1)[0], 5)
    assert index_all(again, again.append(version, many("c", 30)), merge=True)


def test_files_are_alive_while_any_version_needs_them(table: VersionedTable) -> None:
    old = build(table, parts=2)
    new = compact(table, old)
    assert alive_files(table, [old, new]) == alive_files(table, [old]) | alive_files(table, [new])
    assert alive_files(table, [old]) - alive_files(table, [new])


def test_looking_for_the_files_that_are_alive_leaves_readers_in_other_threads_alone(table: VersionedTable) -> None:
    version = build(table, parts=2)
    expected = table.count(version)

    def look() -> None:
        for _ in range(300):
            alive_files(table, [version])

    with ThreadPoolExecutor() as pool:
        looking = pool.submit(look)
        while not looking.done():
            assert table.count(version) == expected
        looking.result()


def test_files_are_listed_with_their_size(table: VersionedTable) -> None:
    version = build(table, parts=1)
    name = f"_versions/d{version}.manifest"
    assert dict(all_files(table))[name] == (table.path / name).stat().st_size


def test_files_are_listed_while_a_sweep_in_another_process_removes_a_folder(
    table: VersionedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = build(table, parts=1)
    gone = table.path / "_indices" / "gone"
    gone.mkdir()
    scandir = os.scandir

    def swept_before(folder: str | Path) -> object:
        if Path(folder) == gone:
            gone.rmdir()
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", swept_before)
    assert {file for file, _ in all_files(table)} >= alive_files(table, [version])
    assert not gone.exists()
