"""Merging properties: key by key, each of them for itself."""

from typing import Any, Literal

import pytest

import holdfast
from holdfast import MergeConflicted, Unsupported
from holdfast.front.store import Store

BASE = {"rating": 1, "tags": ["a"], "draft": True}


@pytest.fixture(params=["/x.md", "/d", "/"])
def path(request: pytest.FixtureRequest, store: Store) -> str:
    """Return the path of something with properties, of which there is a branch `draft`."""
    store.write("/x.md", "base")
    store.mkdir("/d")
    store.properties.set(request.param, BASE)
    store.branches.create("draft")
    return str(request.param)


def update(store: Store, path: str, change: dict[str, Any] | None) -> None:
    """Change properties of a path; None as a value takes one away, and None for all of them takes all."""
    if change is None:
        store.properties.set(path, {})
        return
    gone = [key for key, value in change.items() if value is None]
    store.properties.update(path, {key: value for key, value in change.items() if value is not None}, remove=gone)


#: what two sides change, and what it comes to; a tuple names the keys that clash
TABLE: list[tuple[dict[str, Any] | None, dict[str, Any] | None, Any]] = [
    ({}, {"rating": 2}, {**BASE, "rating": 2}),
    ({"rating": 2}, {"draft": False}, {**BASE, "rating": 2, "draft": False}),
    ({"rating": 2}, {"rating": 2}, {**BASE, "rating": 2}),
    ({"rating": 2}, {"rating": 3}, ("rating",)),
    ({"rating": 2, "new": 1}, {"rating": 3, "new": 2, "other": 1}, ("new", "rating")),
    ({"rating": None}, {"draft": None}, {"tags": ["a"]}),
    ({"rating": None}, {"rating": 2}, ("rating",)),
    ({"rating": None}, {"rating": None}, {"tags": ["a"], "draft": True}),
    ({"new": 1}, {"new": 1}, {**BASE, "new": 1}),
    ({"new": 1}, {"new": True}, ("new",)),
    ({"tags": ["a", "b"]}, {"tags": ["b"]}, ("tags",)),
    (None, {"new": 1}, {"new": 1}),
    (None, {"rating": 2}, ("rating",)),
    (None, None, {}),
    (None, {}, {}),
]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(("one", "other", "expected"), TABLE)
def test_each_key_is_merged_for_itself(
    store: Store, path: str, one: dict[str, Any] | None, other: dict[str, Any] | None, expected: Any, swapped: bool
) -> None:
    ours, theirs = (other, one) if swapped else (one, other)
    draft = store.branch("draft")
    update(store, path, ours)
    update(draft, path, theirs)
    head = store.commit_at()
    sides = {"ours": store.properties.get(path), "theirs": draft.properties.get(path)}
    if not isinstance(expected, tuple):
        store.branches.merge("draft")
        assert store.properties.get(path) == expected
        assert store.maintenance.verify(deep=True).ok
        return
    with pytest.raises(MergeConflicted) as raised:
        store.branches.merge("draft")
    (conflict,) = raised.value.conflicts
    assert (conflict.kind, conflict.path, conflict.keys) == ("properties", path, expected)
    for name, told in (("ours", conflict.ours), ("theirs", conflict.theirs)):
        assert told is not None
        assert told.properties == {key: value for key, value in sides[name].items() if key in expected}
    assert conflict.ancestor is not None
    assert conflict.ancestor.properties == {key: BASE[key] for key in expected if key in BASE}
    assert store.commit_at() == head


@pytest.mark.parametrize("prefer", ["ours", "theirs"])
@pytest.mark.parametrize("by_path", [False, True])
def test_what_clashes_is_settled_and_the_rest_of_both_is_taken(
    store: Store, path: str, prefer: Literal["ours", "theirs"], by_path: bool
) -> None:
    draft = store.branch("draft")
    update(store, path, {"rating": 2, "mine": 1})
    update(draft, path, {"rating": None, "yours": 1})
    if by_path:
        report = store.branches.merge("draft", resolve={path: prefer})
    else:
        report = store.branches.merge("draft", prefer=prefer)
    expected = {"tags": ["a"], "draft": True, "mine": 1, "yours": 1}
    assert store.properties.get(path) == expected | ({"rating": 2} if prefer == "ours" else {})
    assert [each.kind for each in report.settled] == ["properties"]
    assert [(each.kind, each.path) for each in report.changes] == [("properties", path)]
    assert report.changes == tuple(store.diff("HEAD~1"))


def test_properties_can_be_said_outright(store: Store, path: str) -> None:
    draft = store.branch("draft")
    update(store, path, {"rating": 2})
    update(draft, path, {"rating": 3})
    with pytest.raises(Unsupported, match="a is not a finite number"):
        store.branches.merge("draft", resolve={path: {"a": float("nan")}})
    with pytest.raises(MergeConflicted):
        store.branches.merge("draft", resolve={path: "neither side"})
    store.branches.merge("draft", resolve={path: {"rating": 2.5}})
    assert store.properties.get(path) == {"rating": 2.5}


@pytest.fixture
def draft(store: Store) -> Store:
    """Return a branch of a store with a file that has properties."""
    store.write("/d/x.md", "base")
    store.properties.set("/d/x.md", BASE)
    store.branches.create("draft")
    return store.branch("draft")


def test_properties_an_edit_and_a_move_are_all_taken(store: Store, draft: Store) -> None:
    store.write("/d/x.md", "edited")
    store.move("/d", "/e")
    draft.properties.update("/d/x.md", {"rating": 2})
    store.branches.merge("draft")
    assert store.read_text("/e/x.md") == "edited"
    assert store.properties.get("/e/x.md") == {**BASE, "rating": 2}


def test_properties_of_what_the_other_removed_are_a_conflict(store: Store, draft: Store) -> None:
    store.remove("/d", recursive=True)
    draft.properties.update("/d/x.md", {"rating": 2})
    report = store.branches.merge("draft", dry_run=True)
    assert [(each.kind, each.path) for each in report.conflicts] == [("removed", "/d/x.md")]
    store.branches.merge("draft", prefer="theirs")
    assert store.properties.get("/d/x.md") == {**BASE, "rating": 2}


def test_what_both_made_in_one_place_is_merged_by_key_too(store: Store, draft: Store) -> None:
    for side, given in ((store, {"a": 1, "same": 1}), (draft, {"b": 2, "same": 1})):
        side.write("/new.md", "alike")
        side.properties.set("/new.md", given)
    store.branches.merge("draft")
    assert store.properties.get("/new.md") == {"a": 1, "b": 2, "same": 1}


def test_what_came_with_properties_has_them(store: Store, draft: Store) -> None:
    draft.write("/new/a.md", "new")
    draft.properties.set("/new/a.md", {"a": 1})
    draft.properties.set("/new", {"b": 1})
    draft.properties.set("/", {"c": 1})
    store.branches.merge("draft")
    assert [store.properties.get(path) for path in ("/new/a.md", "/new", "/")] == [{"a": 1}, {"b": 1}, {"c": 1}]
    assert list(store.glob("/**", where={"a": 1})) == ["/new/a.md"]
    draft.properties.set("/", {})
    store.branches.merge("draft")
    assert store.properties.get("/") == {}


def test_an_edit_and_properties_in_conflict_are_two(store: Store, draft: Store) -> None:
    for number, side in enumerate((store, draft)):
        side.write("/d/x.md", f"edited {number}")
        side.properties.update("/d/x.md", {"rating": 5 + number})
    report = store.branches.merge("draft", dry_run=True)
    assert {each.kind for each in report.conflicts} == {"edited", "properties"}
    store.branches.merge("draft", resolve={"/d/x.md": "both"}, prefer="theirs")
    assert store.read_text("/d/x.md") == "both"
    assert store.properties.get("/d/x.md")["rating"] == 6


def test_a_conflict_is_itself_after_a_pickle(store: Store, draft: Store) -> None:
    import pickle

    for number, side in enumerate((store, draft)):
        side.properties.update("/d/x.md", {"rating": 5 + number})
    with pytest.raises(holdfast.MergeConflicted) as raised:
        store.branches.merge("draft")
    assert pickle.loads(pickle.dumps(raised.value)).conflicts == raised.value.conflicts
