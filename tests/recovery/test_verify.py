"""Verify: a store that is whole is found whole, and each kind of damage is named with what to do about it."""

import itertools
import os
from pathlib import Path

import pytest

import holdfast
from holdfast.backend import Backend
from holdfast.blobs.objects import key_of
from holdfast.catalog import pins
from holdfast.errors import HoldfastError
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.recovery.checks.catalog import cycles
from holdfast.recovery.checks.search import ranges
from holdfast.testing.seams import rooms
from tests.support.litter import blob, intend, sql, unpublished_rows


def told(store: Store, *, deep: bool = False) -> list[str]:
    """Return the problems as `kind: what`, after checking that each says what to do."""
    report = store.maintenance.verify(deep=deep)
    assert all(problem.remedy for problem in report.problems)
    assert report.ok == (not report.problems)
    return [f"{problem.kind}: {problem.what}" for problem in report.problems]


def blob_of(store: Store, path: str) -> Path:
    return Path(store.address) / "blobs" / key_of(str(store.stat(path).content_id))


@pytest.mark.parametrize("deep", [False, True])
def test_a_store_that_is_whole_has_no_problems(filled: Store, deep: bool) -> None:
    report = filled.maintenance.verify(deep=deep)
    assert (report.problems, report.notes, report.deep) == ((), (), deep)
    assert report.checked["contents"] == 8
    assert report.checked["commits"] == 10


def test_litter_and_dead_intents_are_noted_and_no_problem(
    filled: Store, backend: Backend, dead: process.Identity
) -> None:
    intend(backend, dead, blobs=[blob(backend)])
    blob(backend, b"1" * 99)
    unpublished_rows(backend)
    report = filled.maintenance.verify()
    assert report.ok
    assert [note.partition(" ")[0] for note in report.notes] == ["The", "2", "3"]


def test_a_blob_that_is_missing_is_named_by_its_path(filled: Store) -> None:
    blob_of(filled, "/data.bin").unlink()
    (problem,) = told(filled)
    assert problem.startswith("bytes: The bytes of /data.bin")
    assert problem.endswith("are missing")


def test_a_blob_that_was_cut_short_is_named(filled: Store) -> None:
    os.truncate(blob_of(filled, "/data.bin"), 10)
    assert told(filled)[0].endswith("are 10 instead of 100000")


def test_a_byte_that_flipped_is_found_by_a_deep_look(filled: Store) -> None:
    with blob_of(filled, "/data.bin").open("r+b") as file:
        byte = file.read(1)[0]
        file.seek(0)
        file.write(bytes([byte ^ 1]))
    assert told(filled) == []
    (problem,) = told(filled, deep=True)
    assert "/data.bin" in problem


def test_inline_bytes_that_are_missing_or_wrong_are_named(filled: Store) -> None:
    held = filled.stat("/journal/b.md").content_id
    sql(filled, "UPDATE inline_bytes SET data = 'in the tall' WHERE content_id = :id", id=held)
    assert told(filled) == []
    assert ["/journal/b.md" in problem for problem in told(filled, deep=True)] == [True]
    sql(filled, "DELETE FROM inline_bytes WHERE content_id = :id", id=held)
    assert ["/journal/b.md" in problem for problem in told(filled)] == [True]


def test_an_old_content_that_is_gone_is_found_by_a_deep_look(filled: Store) -> None:
    old = filled.snapshot(2).stat("/notes/a.md").content_id
    for table in ("inline_bytes", "renditions", "contents", "searchable"):
        sql(filled, f"DELETE FROM {table} WHERE content_id = :id", id=old)
    assert not [problem for problem in told(filled) if problem.startswith("content")]
    assert "content: /notes/a.md (until commit 3) holds a content that the catalog does not have" in told(
        filled, deep=True
    )


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        ("UPDATE branches SET head_seq = head_seq - 1", "catalog"),
        ("UPDATE commits SET parent_seq = 4711 WHERE seq = 3", "catalog"),
        ("UPDATE entries SET parent_id = 4711 WHERE name = 'b.md'", "tree"),
        ("UPDATE entries SET from_seq = 4711 WHERE name = 'b.md'", "tree"),
        ("UPDATE entries SET node_id = parent_id WHERE name = 'b.md'", "tree"),
        (
            "DELETE FROM contents WHERE content_id IN (SELECT content_id FROM entries WHERE name = 'data.bin')",
            "content",
        ),
        ("DELETE FROM searchable WHERE place = 'tail' AND chunks > 0", "search"),
        ("DELETE FROM searchable WHERE place = 'table' AND chunks > 1", "search"),
        ("UPDATE searchable SET chunks = chunks + 1 WHERE place = 'table'", "search"),
        ("UPDATE searchable SET chunks = chunks + 1 WHERE place = 'history'", "search"),
        ("UPDATE searchable SET place = 'history' WHERE place = 'table' AND chunks > 1", "search"),
        ("DELETE FROM tail", "search"),
        ("INSERT INTO searchable VALUES ('static-minilm-256-v2-int8', 'unknown', 'tail', 0, 0)", "search"),
        ("DELETE FROM pins", "table"),
        ("UPDATE pins SET version = '4711' WHERE superseded_at IS NULL", "table"),
        ("UPDATE renditions SET rendered_id = 'unknown' WHERE title = 'Leases'", "rendition"),
        ("DROP TABLE renditions", "content"),
    ],
)
def test_rows_that_contradict_each_other_are_found(filled: Store, damage: str, kind: str) -> None:
    sql(filled, damage)
    assert kind in {problem.partition(":")[0] for problem in told(filled)}


def test_two_entries_that_were_in_one_slot_are_found_by_a_deep_look(filled: Store) -> None:
    sql(filled, "UPDATE entries SET to_seq = 6 WHERE name = 'a.md' AND from_seq = 2")
    assert any(problem.startswith("tree") for problem in told(filled, deep=True))


def test_a_directory_inside_itself_is_found(filled: Store) -> None:
    filled.mkdir("/journal/deep")
    deep = filled.stat("/journal/deep").id
    sql(filled, "UPDATE entries SET parent_id = :deep WHERE name = 'journal'", deep=deep)
    assert any("inside itself" in problem for problem in told(filled))


def test_the_tree_of_every_branch_is_looked_at(filled: Store) -> None:
    filled.branches.create("draft")
    draft = filled.branch("draft")
    draft.write("/journal/b.md", "what stands on the draft alone")
    draft.move("/journal", "/moved")
    assert told(filled) == []
    sql(filled, "DELETE FROM searchable WHERE content_id IN (SELECT content_id FROM entries WHERE branch_id = 2)")
    assert any(problem.endswith("cannot be found by a search") for problem in told(filled))
    sql(filled, "UPDATE entries SET parent_id = node_id WHERE branch_id = 2 AND name = 'moved'")
    assert any("inside itself" in problem for problem in told(filled))


def test_each_cycle_is_found_once() -> None:
    assert cycles({2: 1, 3: 2, 4: 3}) == []
    assert cycles({2: 3, 3: 2, 4: 3, 5: 99}) == [2]
    assert cycles({2: 2, 3: 4, 4: 3}) == [2, 3]


@pytest.mark.parametrize("pattern", ["data/*", "_versions/d*", "_indices/*/*"])
@pytest.mark.parametrize("how", ["removed", "emptied"])
def test_a_damaged_file_of_a_table_is_a_problem(filled: Store, backend: Backend, pattern: str, how: str) -> None:
    table = backend.tables.live
    with backend.engine.read() as conn:
        version = pins.current(conn, (table.name,))[table.name].version
    from holdfast.index.lance.files import alive_files

    alive = alive_files(table.table, [version])
    for file in table.table.path.glob(pattern):
        if str(file.relative_to(table.table.path)) in alive:
            file.unlink() if how == "removed" else os.truncate(file, 0)
    assert any(problem.startswith("table") for problem in told(filled))


def test_rows_of_a_content_that_nobody_knows_are_found(filled: Store, backend: Backend) -> None:
    rows = unpublished_rows(backend)
    with backend.engine.write() as conn:
        pins.move(conn, backend.tables.live.name, rows.version, backend.clock.now())
    (problem,) = told(filled)
    assert "has 1 search rows" in problem
    assert "instead of 0" in problem


@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.9])
def test_a_damaged_catalog_never_makes_verify_fail(filled: Store, folder: Path, where: float) -> None:
    filled.close()
    catalog = folder / "catalog.db"
    with catalog.open("r+b") as file:
        file.seek(int(catalog.stat().st_size * where))
        file.write(os.urandom(8192))
    try:
        store = holdfast.open(folder, read_only=True)
    except HoldfastError:
        return
    with store:
        assert not store.maintenance.verify(deep=True).ok


def test_many_problems_are_counted_and_the_first_are_listed(store: Store) -> None:
    with store.transaction() as tx:
        for number in range(130):
            tx.write(f"/{number}.md", f"note {number}")
    sql(store, "DELETE FROM searchable")
    report = store.maintenance.verify()
    assert not report.ok
    assert any("more problems of the kind `search`" in note for note in report.notes)


def test_checks_of_other_rooms_are_run_and_contained(filled: Store, backend: Backend) -> None:
    from holdfast.recovery.verify import verify

    def broken(_: object) -> None:
        raise ZeroDivisionError

    (problem,) = verify(backend, also=[("jobs", broken)]).problems
    assert (problem.kind, problem.what) == ("jobs", "ZeroDivisionError: ")


def test_a_large_table_is_counted_in_ranges_without_gaps() -> None:
    for rows in (0, 99_999, 100_000, 1_234_567, 10**9):
        found = list(ranges(rows))
        assert (found[0][0], found[-1][1]) == ("", "g")
        assert all(one[1] == two[0] and one[0] < one[1] for one, two in itertools.pairwise(found))


def test_verify_compares_a_table_in_several_ranges(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.recovery.checks.search.COUNTED_AT_ONCE", 10)
    assert filled.maintenance.verify().ok


def test_a_store_opened_for_reading_can_be_verified(filled: Store, folder: Path) -> None:
    with holdfast.open(folder, read_only=True) as reader:
        assert reader.maintenance.verify(deep=True).ok


def test_an_index_that_does_not_stay_in_memory_is_no_damage(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lance calls it an internal error when not all of a full-text index is still cached once all of it was read."""
    monkeypatch.setattr("holdfast.index.lance.table.COLD_CACHE", 1)
    monkeypatch.setattr("holdfast.index.lance.table.INDEX_CACHE", 1)
    assert filled.maintenance.verify(deep=True).ok
    assert filled.maintenance.doctor() == []


def test_an_index_that_cannot_be_read_is_damage_though_there_is_no_memory_for_it(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in rooms(filled).tables.live.table.path.glob("_indices/*/*.lance"):
        data = file.read_bytes()
        file.write_bytes(data[: len(data) // 2])
    monkeypatch.setattr("holdfast.index.lance.table.COLD_CACHE", 1)
    assert any(problem.startswith("table") for problem in told(filled, deep=True))
