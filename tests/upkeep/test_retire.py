"""What went out of the tree is looked at once, and nothing else is (G9)."""

from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog import pins, search_rows, settings
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from holdfast.upkeep import departures, retire
from tests.support.effort import Effort
from tests.support.looking import head

CHANGES: dict[str, Callable[[Store], object]] = {
    "an empty directory is removed": lambda store: store.remove("/gone"),
    "a file is removed": lambda store: store.remove("/file.md"),
    "a full directory is moved": lambda store: store.move("/many", "/moved"),
}


def write(store: Store, *paths: str) -> None:
    with store.transaction() as tx:
        for path in paths:
            tx.write(path, f"# A pelican\n\nIt stood at {path} first.")


def live(store: Store) -> int:
    """Return how many contents have rows where every search looks."""
    with rooms(store).engine.read() as conn:
        found = search_rows.totals(conn, rooms(store).embedder)
    return sum(found.get(place, (0, 0))[0] for place in search_rows.LIVE)


def is_due(store: Store) -> bool:
    with rooms(store).engine.read() as conn:
        return retire.is_due(conn, rooms(store))


def retired(store: Store) -> int:
    return retire.retire(rooms(store))


def pinned(store: Store) -> str:
    with rooms(store).engine.read() as conn:
        return pins.fingerprint(conn)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_and_its_close_cost_the_same_in_a_store_of_any_size(change: str, tmp_path: Path) -> None:
    def effort(files: int) -> int:
        holdfast.create(tmp_path / str(files)).close()
        with holdfast.open(tmp_path / str(files), durability="relaxed") as store:
            write(store, "/file.md", *(f"/many/{number % 7}/{number}.md" for number in range(files)))
            store.mkdir("/gone")
            store.maintenance.optimize()
        with holdfast.open(tmp_path / str(files)) as store, Effort(store) as spent:
            CHANGES[change](store)
            store.close()
            return spent.total

    assert effort(1000) < 1.5 * effort(20)


def test_few_that_went_wait_for_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retire, "CONTENTS_WORTH_IT", 5)
    write(store, *(f"/d/{number}.md" for number in range(9)))
    for number in range(4):
        store.remove(f"/d/{number}.md")
    assert not is_due(store)
    store.remove("/d", recursive=True)
    assert is_due(store)
    assert retired(store) == 9
    assert not is_due(store)
    assert live(store) == 0


def test_a_note_written_anew_again_and_again_is_due(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retire, "CONTENTS_WORTH_IT", 5)
    for number in range(6):
        store.write("/note.md", f"pelican {number}")
    assert is_due(store)
    assert retired(store) == 5


def test_all_below_a_removed_directory_is_found_however_many_pages_it_takes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(departures, "PAGE", 3)
    write(store, *(f"/d/{a}/{b}/{number}.md" for a in range(4) for b in range(4) for number in range(4)))
    write(store, "/kept.md")
    store.move("/d/3", "/d/2/inside")
    store.remove("/d", recursive=True)
    assert retired(store) == 64
    assert live(store) == 1
    assert store.maintenance.verify(deep=True).ok


def test_what_still_stands_somewhere_stays_where_searches_look(store: Store) -> None:
    write(store, "/d/1.md", "/d/2.md", "/d/3.md", "/d/4.md")
    store.copy("/d/1.md", "/copy.md")
    store.move("/d/2.md", "/moved.md")
    old = head(store)
    store.remove("/d", recursive=True)
    store.restore("/d/3.md", at=old)
    assert retired(store) == 1
    assert {hit.path for hit in store.search("pelican")} == {"/copy.md", "/moved.md", "/d/3.md"}


def test_what_went_before_it_was_folded_is_not_folded_into_the_live_table_later(store: Store) -> None:
    write(store, "/1.md", "/2.md")
    store.remove("/1.md")
    assert retired(store) == 1
    store.maintenance.optimize()
    assert live(store) == 1
    assert store.maintenance.verify(deep=True).ok


def test_what_only_moved_is_looked_at_once_and_moves_no_pin(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retire, "ROWS_LOOKED_AT", 8)
    monkeypatch.setattr(departures, "PAGE", 4)
    write(store, "/a/1.md")
    store.maintenance.optimize()
    before = pinned(store)
    for _ in range(5):
        store.move("/a", "/b")
        store.move("/b", "/a")
    assert is_due(store)
    assert retired(store) == 0
    assert not is_due(store)
    assert pinned(store) == before


def test_optimize_looks_at_the_whole_table(store: Store) -> None:
    """Whatever was looked at before: a store that was repaired, or that an older version has kept, may be off."""
    write(store, "/1.md", "/2.md")
    store.remove("/1.md")
    with rooms(store).engine.write() as conn:
        settings.put(conn, retire.RETIRED_UNTIL, str(head(store)))
    assert retired(store) == 0
    assert store.maintenance.optimize().retired == 1
    assert live(store) == 1
