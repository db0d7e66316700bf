"""Repair: what can be made again is, what cannot is named with where it still stands."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.backend import Backend
from holdfast.blobs.objects import key_of
from holdfast.catalog import pins
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.support.graphs import person, with_graph
from tests.support.litter import LONG_TEXT, audited, sql, unpublished_rows
from tests.support.processes import Child


def blob_file(store: Store, path: str) -> Path:
    return Path(store.address) / "blobs" / key_of(str(store.stat(path).content_id))


def check_sound(store: Store) -> None:
    """Check that nothing is wrong and that everything is found, in the past too."""
    assert store.maintenance.verify(deep=True).problems == ()
    assert "/journal/b.md" in {hit.path for hit in store.search("tail", mode="text", limit=50)}
    assert store.search("Heading 7", mode="text", limit=1, under="/long.md")
    assert store.search("Title 7", mode="text", limit=1, at=7)[0].path == "/gone/long.md"


def test_a_store_that_is_whole_is_left_as_it_is(filled: Store) -> None:
    before = rooms(filled).engine.path.read_bytes()  # type: ignore[attr-defined]
    report = filled.maintenance.repair()
    assert (report.found_again, report.renditions, report.tables, report.rebuilt, report.lost) == (0, 0, [], 0, [])
    check_sound(filled)
    assert before


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM property_values WHERE properties_id = (SELECT min(properties_id) FROM property_values)",
        "UPDATE property_values SET value = 'tx'",
        "UPDATE property_values SET to_seq = 1",
        "INSERT INTO property_values SELECT 'nobody', key, value, to_seq FROM property_values",
        "DELETE FROM graph_values",
    ],
)
def test_what_filters_and_look_ups_find_by_is_made_anew(damage: str, store: Store) -> None:
    store.write("/notes/a.md", "a")
    store.write("/notes/b.md", "b")
    store.properties.set("/notes/a.md", {"state": "open"})
    store.properties.set("/notes/b.md", {"state": "closed"})
    with_graph(store)
    store.graph.insert(person("ada", mail="ada@example.org"), person("bob", mail="bob@example.org"))
    store.branches.create("draft")
    store.branch("draft").graph.update("Person", "ada", {"mail": "ida@example.org"}, sources=["/notes/a.md"])
    assert store.maintenance.repair().values == 0
    sql(store, damage)
    assert store.maintenance.repair().values > 0
    assert store.maintenance.verify(deep=True).problems == ()
    assert list(store.glob("/**", where={"state": "open"})) == ["/notes/a.md"]
    for branch, mail, key in (("main", "ada", "ada"), ("main", "bob", "bob"), ("draft", "ida", "ada")):
        rows = store.branch(branch).graph.find("Person", where={"mail": f"{mail}@example.org"})
        assert [row.key for row in rows] == [key]
    with pytest.raises(holdfast.Conflict, match="unique"):
        store.graph.insert(person("eva", mail="ada@example.org"))
    assert [row.key for row in store.branch("draft").graph.rests_on("/notes/a.md")] == ["ada"]
    assert store.maintenance.repair().values == 0


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM tail",
        "DELETE FROM searchable WHERE place = 'tail'",
        "DELETE FROM searchable WHERE place = 'table'",
        "DELETE FROM searchable WHERE place = 'history'",
        "DELETE FROM searchable",
        "UPDATE searchable SET chunks = chunks + 1",
        "UPDATE searchable SET place = 'history' WHERE place = 'table'",
        "UPDATE searchable SET place = 'tail' WHERE place = 'table'",
        "INSERT INTO searchable VALUES ('static-minilm-256-v2-int8', 'unknown', 'tail', 3, 0)",
        "DELETE FROM pins",
        "UPDATE pins SET version = '4711' WHERE superseded_at IS NULL",
    ],
)
def test_search_rows_are_derived_anew(damage: str, filled: Store) -> None:
    sql(filled, damage)
    assert not filled.maintenance.verify().ok
    filled.maintenance.repair()
    check_sound(filled)
    assert len(audited(filled, "repair")) == 1


@pytest.mark.parametrize("pattern", ["data/*", "_versions/*", "_indices/*/*", "_transactions/*", "**/*"])
def test_a_table_whose_files_are_gone_is_made_anew(pattern: str, filled: Store, backend: Backend) -> None:
    for table in (backend.tables.live, backend.tables.history):
        for file in table.table.path.glob(pattern):
            if file.is_file():
                file.unlink()
    filled.maintenance.repair()
    check_sound(filled)
    filled.write("/after.md", LONG_TEXT.replace("Heading", "Chapter"))
    filled.maintenance.gc()
    check_sound(filled)


def test_the_folder_of_the_tables_is_made_anew(filled: Store, folder: Path) -> None:
    filled.close()
    shutil.rmtree(folder / "tables")
    with holdfast.open(folder) as store:
        assert sorted(store.maintenance.repair().tables) == sorted(rooms(store).tables.names)
        check_sound(store)


def test_a_repaired_table_is_read_by_others_that_had_it_open(filled: Store, folder: Path, backend: Backend) -> None:
    with holdfast.open(folder) as other:
        assert other.search("Heading 7", mode="text")
        for file in backend.tables.live.table.path.glob("data/*"):
            file.unlink()
        filled.maintenance.repair()
        assert other.search("Heading 7", mode="text", limit=1)[0].path == "/long.md"
        other.write("/other.md", LONG_TEXT.replace("Heading", "Chapter"))
    check_sound(filled)


def test_rows_of_a_content_that_nobody_knows_are_removed(filled: Store, backend: Backend) -> None:
    rows = unpublished_rows(backend)
    with backend.engine.write() as conn:
        pins.move(conn, backend.tables.live.name, rows.version, backend.clock.now())
    filled.maintenance.repair()
    check_sound(filled)


def test_bytes_still_at_their_source_are_taken_from_there(filled: Store, tmp_path: Path) -> None:
    source = tmp_path / "data.bin"
    source.write_bytes(filled.read("/data.bin"))
    sql(filled, "UPDATE entries SET source = :source WHERE name = 'data.bin'", source=str(source))
    blob_file(filled, "/data.bin").write_bytes(b"damaged")
    assert filled.maintenance.repair().found_again == 1
    check_sound(filled)


def test_a_source_that_has_changed_is_not_taken(filled: Store, tmp_path: Path) -> None:
    source = tmp_path / "data.bin"
    source.write_bytes(b"something else")
    sql(filled, "UPDATE entries SET source = :source WHERE name = 'data.bin'", source=str(source))
    blob_file(filled, "/data.bin").unlink()
    report = filled.maintenance.repair()
    assert (report.found_again, [lost.path for lost in report.lost]) == (0, ["/data.bin"])


def test_a_content_that_the_catalog_lost_is_found_in_the_blobs(filled: Store) -> None:
    data = filled.read("/data.bin")
    sql(filled, "DELETE FROM contents WHERE content_id = :id", id=filled.stat("/data.bin").content_id)
    assert filled.maintenance.repair().found_again == 1
    assert filled.read("/data.bin") == data
    check_sound(filled)


@pytest.mark.parametrize("table", ["contents", "inline_bytes"])
def test_markdown_that_is_lost_is_derived_again(table: str, filled: Store) -> None:
    sql(
        filled,
        f"""DELETE FROM {table} WHERE content_id IN (
            SELECT rendered_id FROM renditions WHERE rendered_id <> content_id)""",
    )
    assert not filled.maintenance.verify().ok
    assert filled.maintenance.repair().found_again == 1
    assert "They expire" in filled.read_text("/page.html")
    check_sound(filled)


def test_a_rendition_by_another_version_of_the_deriver_is_derived_anew(filled: Store) -> None:
    sql(filled, "UPDATE renditions SET rendered_id = 'gone' WHERE rendered_id <> content_id")
    assert filled.maintenance.repair().renditions == 1
    check_sound(filled)


def test_lost_bytes_are_named_with_the_commits_that_show_them_and_what_is_intact(filled: Store) -> None:
    first = filled.stat("/data.bin").commit
    second = filled.write("/data.bin", os.urandom(90_000)).id
    blob_file(filled, "/data.bin").unlink()
    (lost,) = filled.maintenance.repair().lost
    assert (lost.path, lost.from_seq, lost.until_seq, lost.intact_at) == ("/data.bin", second, None, first)
    filled.restore("/data.bin", at=first)
    assert filled.stat("/data.bin").size == 100_000
    (lost,) = filled.maintenance.repair().lost
    assert (lost.from_seq, lost.until_seq) == (second, second + 1)


@pytest.mark.parametrize("point", ["repair.before_bytes", "repair.before_publish"])
def test_a_repair_killed_at_any_point_is_done_by_the_next(
    point: str, filled: Store, folder: Path, child: Callable[..., Child]
) -> None:
    sql(filled, "DELETE FROM searchable")
    sql(filled, "DELETE FROM contents WHERE content_id = :id", id=filled.stat("/data.bin").content_id)
    filled.close()
    assert child("holdfast.open(sys.argv[1]).maintenance.repair()", folder, faults=f"{point}=kill").ended_by_kill()
    with holdfast.open(folder) as store:
        store.maintenance.repair()
        check_sound(store)
        store.maintenance.gc()
        assert store.maintenance.verify().notes == ()


def test_another_writer_publishes_while_a_table_is_made_anew(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sql(filled, "UPDATE searchable SET chunks = chunks + 1 WHERE place = 'table'")
    written: list[str] = []

    def point(name: str) -> None:
        if name == "repair.before_publish" and not written:
            written.append(name)
            filled.write("/meanwhile.md", LONG_TEXT.replace("Heading", "Chapter"))

    monkeypatch.setattr("holdfast.recovery.rebuild.point", point)
    filled.maintenance.repair()
    assert written
    check_sound(filled)
