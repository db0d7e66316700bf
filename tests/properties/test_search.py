"""Searches restricted by property: the hits are those of a store that has nothing else."""

from typing import Any

import pytest

from holdfast import Unsupported
from holdfast.front.store import Store
from tests.support.postgres import SQLITE

WORD = "pelican"


@pytest.fixture
def catalog() -> str:
    """What searches by property asks no more of a database than what the filters do."""
    return SQLITE


@pytest.fixture
def filled(store: Store) -> Store:
    """Return a store with more matches than any list of candidates holds; few have properties."""
    with store.transaction() as tx:
        for number in range(300):
            tx.write(f"/many/{number}.md", f"# {WORD}\n\n{WORD} {WORD} number {number}")
        for number in range(3):
            tx.write(f"/few/{number}.md", f"Somewhere in a long text about other birds is a {WORD}, {number}.")
            tx.properties.set(f"/few/{number}.md", {"rating": number, "tags": ["bird"]})
        tx.properties.set("/many/7.md", {"rating": 7})
    return store


def found(store: Store, where: dict[str, Any], **how: Any) -> set[str]:
    return {hit.path for hit in store.search(WORD, where=where, **how)}


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
@pytest.mark.parametrize("folded", [False, True])
def test_hidden_matches_never_shorten_a_result(filled: Store, mode: Any, folded: bool) -> None:
    if folded:
        filled.maintenance.optimize()
    assert found(filled, {"tags": "bird"}, mode=mode) == {"/few/0.md", "/few/1.md", "/few/2.md"}
    assert found(filled, {"rating": {"$gte": 2}}, mode=mode) == {"/few/2.md", "/many/7.md"}
    assert found(filled, {"rating": {"$gte": 2}}, mode=mode, under="/many") == {"/many/7.md"}
    assert found(filled, {"rating": 99}, mode=mode) == set()
    others = found(filled, {"rating": {"$exists": False}}, mode=mode, limit=1000)
    assert others == {f"/many/{number}.md" for number in range(300) if number != 7}
    assert len(filled.search(WORD, where={"rating": {"$ne": 7}}, mode=mode, limit=10)) == 10


def test_the_hits_are_those_of_the_commit_and_of_the_branch(filled: Store) -> None:
    before, where = filled.commit_at(), {"tags": "bird"}
    assert len(found(filled, where)) == 3
    filled.branches.create("draft")
    filled.properties.set("/few/0.md", {"tags": []})
    filled.properties.set("/many/1.md", {"tags": "bird"})
    filled.move("/few/1.md", "/one.md")
    assert found(filled, where) == {"/one.md", "/few/2.md", "/many/1.md"}
    assert found(filled, where, at=before) == {"/few/0.md", "/few/1.md", "/few/2.md"}
    draft = filled.branch("draft")
    assert found(draft, where) == {"/few/0.md", "/few/1.md", "/few/2.md"}
    draft.properties.set("/many/2.md", {"tags": "bird"})
    assert found(draft, where) == {"/few/0.md", "/few/1.md", "/few/2.md", "/many/2.md"}
    filled.remove("/few/2.md")
    assert found(filled, where) == {"/one.md", "/many/1.md"}


def test_each_place_of_a_content_has_properties_of_its_own(store: Store) -> None:
    for name in ("a", "b", "c"):
        store.write(f"/{name}.md", f"the same {WORD}")
        store.properties.set(f"/{name}.md", {"name": name, "rating": 1})
    (hit,) = store.search(WORD, where={"name": "b"})
    assert (hit.path, hit.also) == ("/b.md", ())
    (hit,) = store.search(WORD, where={"name": {"$ne": "a"}})
    assert (hit.path, hit.also) == ("/b.md", ("/c.md",))
    store.write("/d.md", f"the same {WORD}")
    (hit,) = store.search(WORD, where={"rating": {"$exists": False}})
    assert (hit.path, hit.also) == ("/d.md", ())


def test_many_contents_are_told_as_few_are(store: Store) -> None:
    with store.transaction() as tx:
        for number in range(1200):
            tx.write(f"/d/{number % 2}/{number}.md", f"{WORD} number {number}")
            tx.properties.set(f"/d/{number % 2}/{number}.md", {"third": number % 3})
    store.maintenance.optimize()
    third = {f"/d/{number % 2}/{number}.md" for number in range(1200) if number % 3}
    assert found(store, {"third": {"$gte": 1}}, limit=1000) == third
    below = {path for path in third if path.startswith("/d/1")}
    assert found(store, {"third": {"$gte": 1}}, limit=1000, under="/d/1") == below
    store.properties.set("/d/0/0.md", {"third": 1})
    assert found(store, {"third": {"$gte": 1}}, limit=1000) == third | {"/d/0/0.md"}


def test_a_wrong_filter_is_refused(filled: Store) -> None:
    with pytest.raises(Unsupported, match="no operator '\\$like'"):
        filled.search(WORD, where={"tags": {"$like": "x"}})
