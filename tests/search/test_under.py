"""Searching below a directory: what a table of its contents alone would give, whatever else the store holds."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import SearchMode
from holdfast.catalog import subtrees
from holdfast.front.store import Store
from holdfast.index.lance import row_set
from holdfast.index.lance.lookup import Lookup
from holdfast.search import directory_contents, search, sizes

MODES = ("hybrid", "text", "vector")
WORDS = ["wombat", "lease", "token", "pasta", "harbour", "violin", "granite", "meadow", "copper", "lantern"]


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look rows up, and scatter them, at sizes that a test can write."""
    monkeypatch.setattr(directory_contents, "FEW_CONTENTS", 3)
    monkeypatch.setattr(row_set, "MOST_RUNS", 4)
    monkeypatch.setattr(row_set, "MOST_LISTED", 8)


def text(number: int) -> str:
    said = " ".join(WORDS[(number * k) % len(WORDS)] for k in range(1, 2 + number % 5))
    return f"# Note {number}\n\n{said} and {WORDS[number % 7]} in passing, number {number}.\n"


@pytest.fixture(params=["tail", "folded", "both"])
def mixed(request: pytest.FixtureRequest, store: Store) -> Store:
    """A store whose directories /a and /b were written by turns: rows of one lie scattered among the other's."""
    for part in range(2):
        with store.transaction() as tx:
            for number in range(part * 60, part * 60 + 60):
                place = "/a" if number % 2 else "/b/deep"
                tx.write(f"{place}/{number}.md", text(number))
        if request.param == "folded" or (request.param == "both" and part == 0):
            store.maintenance.optimize()
    return store


def ranked(hits: list[holdfast.Hit]) -> list[tuple[str, float]]:
    return [(hit.path, hit.why.text_score or hit.why.vector_score or 0.0) for hit in hits]


@pytest.mark.parametrize("mode", ["text", "vector"])
def test_below_a_directory_is_found_what_a_list_of_everything_holds_of_it(mixed: Store, mode: SearchMode) -> None:
    everything = mixed.search("wombat lease granite", mode=mode, limit=1000)
    for under in ("/a", "/b", "/b/deep"):
        expected = [hit.path for hit in everything if hit.path.startswith(under + "/")]
        scores = [hit.score for hit in everything if hit.path.startswith(under + "/")]
        assert len(expected) > 20
        for limit in (1, 3, 10, 1000):
            found = mixed.search("wombat lease granite", under=under, mode=mode, limit=limit)
            assert [hit.score for hit in found] == pytest.approx(scores[:limit], abs=1e-4)
            assert {hit.path for hit in found[:-1]} <= set(expected)


@pytest.mark.parametrize("mode", MODES)
def test_matches_elsewhere_cost_one_round(mixed: Store, mode: SearchMode) -> None:
    with mixed.transaction() as tx:
        for number in range(200):
            tx.write(f"/elsewhere/{number}.md", f"# Zebra {number}\n\nzebra zebra zebra {number}\n")
        tx.write("/a/said.md", "A long text in which, among many other words, the zebra is named once.")
    mixed.maintenance.optimize()
    found = mixed.explain("zebra", under="/a", mode=mode, limit=5)
    assert found.hits[0].path == "/a/said.md"
    assert (found.rounds, found.hidden, found.filter) == (1, {}, "prefilter")


@pytest.mark.parametrize("mode", MODES)
def test_the_way_the_rows_are_told_changes_nothing(mixed: Store, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query: dict[str, Any] = {"query": "lease token harbour", "under": "/b", "mode": mode, "limit": 7}
    told = [dataclasses.replace(hit, score=0.0, why=None) for hit in mixed.search(**query)]  # type: ignore[arg-type]
    for name, value in (("MOST_RUNS", 1000), ("MOST_LISTED", 1000)):
        monkeypatch.setattr(row_set, name, value)
        with holdfast.open(Path(mixed.address)) as other:
            found = other.search(**query)
        assert [dataclasses.replace(hit, score=0.0, why=None) for hit in found] == told  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
def test_a_search_among_mostly_removed_or_later_rows_is_told_what_stands(
    store: Store, monkeypatch: pytest.MonkeyPatch, mode: SearchMode
) -> None:
    monkeypatch.setattr(sizes, "MOST_FURTHER", 1)
    with store.transaction() as tx:
        for number in range(9):
            tx.write(f"/first/{number}.md", f"A long text in which the zebra is named once, in passing, {number}.")
    past = store.snapshot().commit
    with store.transaction() as tx:
        for number in range(800):
            tx.write(f"/later/{number}.md", f"# Zebra {number}\n\nzebra zebra zebra {number}\n")
    store.maintenance.optimize()
    expected = {f"/first/{number}.md" for number in range(9)}
    found = store.explain("zebra", mode=mode, limit=9, at=past)
    assert ({hit.path for hit in found.hits}, found.rounds) == (expected, search.UNTOLD_ROUNDS + 1)
    store.remove("/later", recursive=True)
    found = store.explain("zebra", mode=mode, limit=9)
    assert ({hit.path for hit in found.hits}, found.rounds) == (expected, search.UNTOLD_ROUNDS + 1)


def test_the_set_of_a_directory_follows_the_commits(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    ask = subtrees.directories_below

    def counted(*of: Any) -> Any:
        asked.append(1)
        return ask(*of)

    monkeypatch.setattr(subtrees, "directories_below", counted)

    def found(under: str, word: str) -> list[str]:
        return sorted(hit.path for hit in store.search(word, under=under, mode="text"))

    with store.transaction() as tx:
        for number in range(6):
            tx.write(f"/box/in/{number}.md", f"wombat {number}")
            tx.write(f"/out/{number}.md", f"harbour {number}")
    assert len(found("/box", "wombat")) == 6
    store.write("/box/in/new.md", "harbour at last")
    assert found("/box", "harbour") == ["/box/in/new.md"]
    store.remove("/box/in/0.md")
    store.move("/box", "/case")
    store.write("/out/more.md", "wombat elsewhere")
    assert len(found("/case", "wombat")) == 5
    assert len(asked) == 1
    store.move("/out", "/case/out")
    assert found("/case", "harbour")[-1] == "/case/out/5.md"
    assert len(asked) == 2
    assert found("/case/in", "wombat") == [f"/case/in/{number}.md" for number in range(1, 6)]


def test_more_changes_than_are_carried_on_lose_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_contents, "MOST_CHANGES", 2)
    store.write("/box/0.md", "wombat 0")
    assert len(store.search("wombat", under="/box")) == 1
    with store.transaction() as tx:
        for number in range(1, 8):
            tx.write(f"/box/{number}.md", f"wombat {number}")
    assert len(store.search("wombat", under="/box", limit=20)) == 8


def test_no_table_is_told_the_contents_of_a_large_directory_one_by_one(
    mixed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter that names thousands takes many times as long as the search itself."""
    named: list[int] = []
    for method in ("text_candidates", "vector_candidates"):
        monkeypatch.setattr(Lookup, method, _telling(getattr(Lookup, method), named))
    assert len(mixed.search("wombat lease", under="/a", limit=20)) == 20
    assert max(named, default=0) <= directory_contents.FEW_CONTENTS


def _telling(ask: Callable[..., Any], named: list[int]) -> Callable[..., Any]:
    """Return `ask`, which notes how many contents it is told."""

    def asked(*of: Any, ids: Any = None, **how: Any) -> Any:
        named.append(len(ids or ()))
        return ask(*of, ids=ids, **how)

    return asked


def test_rows_are_looked_up_once_for_a_data_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    from holdfast.index.lance.row_addresses import Addresses

    look = Addresses.read

    def counted(self: Addresses, *of: Any) -> Any:
        read.append(1)
        return look(self, *of)

    monkeypatch.setattr(Addresses, "read", counted)
    for part in range(3):
        with store.transaction() as tx:
            for number in range(300):
                tx.write(f"/box/{part}-{number}.md", f"wombat {part} {number}")
        assert len(store.search("wombat", under="/box", mode="text", limit=500)) == 300 * (part + 1) or part
    assert len(read) <= 4
