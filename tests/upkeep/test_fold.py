"""The seam between the tail and the table does not show, and folding survives what happens beside it."""

import random
from collections.abc import Callable

import pytest

import holdfast
from holdfast.catalog import search_rows
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from holdfast.upkeep import retire
from holdfast.upkeep.fold import fold

QUERIES = ["lease renewal", "token guard", "stale journal", "FencingToken", "what protects a commit", "锁定", "zebra"]
WORDS = "lease token journal commit guard stale renew publish snapshot FencingToken recover 锁定 index vector".split()  # noqa: SIM905


def fill(store: Store, first: int, last: int) -> None:
    rng = random.Random(first)
    with store.transaction() as tx:
        for number in range(first, last):
            text = " ".join(rng.choices(WORDS, k=40))
            tx.write(f"/notes/{number}.md", f"# Note {number}\n\n{text}\n\n## Part\n\n{text[::2]}")


def answers(store: Store) -> dict[str, list[tuple[str, int]]]:
    """Return the places of the hits of each query, best first."""
    return {query: [(hit.path, hit.start) for hit in store.search(query, limit=8)] for query in QUERIES}


def places(store: Store) -> dict[str, tuple[int, int]]:
    with rooms(store).engine.read() as conn:
        return search_rows.totals(conn, rooms(store).embedder)


def test_the_same_query_finds_the_same_before_and_after_a_fold(store: Store) -> None:
    fill(store, 0, 60)
    before = answers(store)
    assert fold(rooms(store)) > 0
    assert set(places(store)) == {"table"}
    assert answers(store) == before


def test_table_and_tail_together_answer_as_one(store: Store) -> None:
    fill(store, 0, 40)
    fold(rooms(store))
    fill(store, 40, 60)
    assert set(places(store)) == {"table", "tail"}
    before = answers(store)
    store.maintenance.optimize()
    assert set(places(store)) == {"table"}
    assert answers(store) == before


def test_a_fold_below_its_size_does_nothing(store: Store) -> None:
    fill(store, 0, 5)
    assert fold(rooms(store), least=1000) == 0
    assert set(places(store)) == {"tail"}


def test_the_tail_is_folded_in_the_background_once_it_has_grown(folder: object) -> None:
    with holdfast.open(str(folder)) as store:
        fill(store, 0, 120)
        for number in range(8):
            fill(store, 1000 + number * 100, 1000 + number * 100 + 100)
    with holdfast.open(str(folder)) as store:
        assert places(store).get("tail", (0, 0))[1] < 512


def test_a_change_between_staging_and_publishing_a_fold_is_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 0, 10)
    monkeypatch.setattr("holdfast.upkeep.fold.point", once(lambda: store.write("/late.md", "zebra")))
    fold(rooms(store))
    assert [hit.path for hit in store.search("zebra", mode="text")] == ["/late.md"]


def test_a_fold_overtaken_by_another_is_run_again_and_doubles_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 0, 10)
    before = answers(store)
    monkeypatch.setattr("holdfast.upkeep.fold.point", once(lambda: fold(rooms(store))))
    fold(rooms(store))
    assert answers(store) == before
    assert store.maintenance.verify(deep=True).ok


def test_retiring_moves_hidden_rows_out_of_the_way(store: Store) -> None:
    fill(store, 0, 30)
    store.write("/kept.md", "lease lease")
    fold(rooms(store))
    old = store.commit_at().id
    before = [hit.path for hit in store.search("lease", mode="text", at=old)]
    store.remove("/notes", recursive=True)
    assert retire.retire(rooms(store)) == 30
    found = store.explain("lease", mode="text")
    assert ([hit.path for hit in found.hits], found.hidden) == (["/kept.md"], {})
    assert [hit.path for hit in store.search("lease", mode="text", at=old)] == before


def test_what_comes_back_after_it_was_retired_is_found_again(store: Store) -> None:
    fill(store, 0, 5)
    old = store.commit_at().id
    store.remove("/notes", recursive=True)
    store.maintenance.optimize()
    store.restore("/notes/3.md", at=old)
    assert {hit.path for hit in store.search("lease token journal")} == {"/notes/3.md"}
    store.maintenance.optimize()
    assert {hit.path for hit in store.search("lease token journal")} == {"/notes/3.md"}
    assert store.maintenance.verify(deep=True).ok


def test_a_retirement_overtaken_by_another_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, 0, 5)
    fold(rooms(store))
    old = store.commit_at().id
    store.remove("/notes", recursive=True)
    monkeypatch.setattr("holdfast.upkeep.retire.point", once(lambda: retire.retire(rooms(store))))
    retire.retire(rooms(store))
    assert store.maintenance.verify(deep=True).ok
    assert len(store.search("lease token journal", at=old, limit=100, by="passage")) == 10


def test_what_is_retired_twice_stands_once_in_history(store: Store) -> None:
    fill(store, 0, 5)
    old = store.commit_at().id
    for _ in range(2):
        store.remove("/notes", recursive=True)
        store.maintenance.optimize()
        store.restore("/notes", at=old)
        store.maintenance.optimize()
    store.remove("/notes", recursive=True)
    store.maintenance.optimize()
    assert store.maintenance.verify(deep=True).ok
    assert len(store.search("lease token journal", at=old, limit=100, by="passage")) == 10


@pytest.mark.parametrize("path", ["/notes/3.md", "/notes"])
def test_a_content_that_comes_back_while_it_is_retired_stays_searchable(
    path: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 0, 5)
    fold(rooms(store))
    old = store.commit_at().id
    store.remove("/notes", recursive=True)
    monkeypatch.setattr("holdfast.upkeep.retire.point", once(lambda: store.restore(path, at=old)))
    retire.retire(rooms(store))
    found = {hit.path for hit in store.search("lease token journal", limit=100)}
    assert found == {info.path for info in store.tree("/notes")}


def test_optimize_keeps_every_answer_and_leaves_a_clean_store(store: Store) -> None:
    for number in range(4):
        fill(store, number * 20, number * 20 + 20)
        fold(rooms(store))
    before = answers(store)
    report = store.maintenance.optimize()
    assert report.steps
    assert answers(store) == before
    assert store.maintenance.verify(deep=True).ok


def once(action: Callable[[], object]) -> Callable[[str], None]:
    """Return a fault point that runs `action` at its first passage."""
    passed: list[str] = []

    def point(name: str) -> None:
        if not passed:
            passed.append(name)
            action()

    return point
