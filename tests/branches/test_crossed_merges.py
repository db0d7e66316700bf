"""Merges that crossed each other: what both sides took over is no news, and what came after it is not lost."""

from collections.abc import Callable

import pytest

import holdfast
from holdfast import MergeConflicted
from holdfast.front.store import Store
from tests.support.looking import contents_of

Change = Callable[[Store], object]


@pytest.fixture
def draft(store: Store) -> Store:
    """Return the store on a branch of a file in a directory and one beside it."""
    store.write("/d/x.md", "base")
    store.write("/y.md", "base")
    store.mkdir("/e")
    store.branches.create("draft")
    return store.branch("draft")


def cross(store: Store, draft: Store) -> None:
    """Have each of two branches take over what the other one had before that took over anything."""
    store.branches.create("main-then")
    draft.branches.create("draft-then")
    store.branches.merge("draft-then")
    draft.branches.merge("main-then")
    assert whole(store) == whole(draft)


def whole(store: Store) -> dict[str, bytes | None]:
    assert store.maintenance.verify(deep=True).ok
    return contents_of(store)


CHANGES: dict[str, tuple[Change, Change]] = {
    "edited, and edited back": (lambda s: s.write("/d/x.md", "new"), lambda s: s.write("/d/x.md", "base")),
    "edited, and again": (lambda s: s.write("/d/x.md", "new"), lambda s: s.write("/d/x.md", "newer")),
    "edited, and removed": (lambda s: s.write("/d/x.md", "new"), lambda s: s.remove("/d/x.md")),
    "moved, and moved back": (lambda s: s.move("/d/x.md", "/e/x.md"), lambda s: s.move("/e/x.md", "/d/x.md")),
    "moved, and again": (lambda s: s.move("/d/x.md", "/e/x.md"), lambda s: s.move("/e/x.md", "/x.md")),
    "moved, and edited": (lambda s: s.move("/d/x.md", "/e/x.md"), lambda s: s.write("/e/x.md", "new")),
    "removed, and restored": (lambda s: s.remove("/d/x.md"), lambda s: s.restore("/d/x.md", at=before_of(s))),
    "removed with its directory, and restored": (
        lambda s: s.remove("/d", recursive=True),
        lambda s: s.restore("/d", at=before_of(s)),
    ),
    "directory moved, and moved back": (lambda s: s.move("/d", "/e/d"), lambda s: s.move("/e/d", "/d")),
    "made, and removed": (lambda s: s.write("/new.md", "new"), lambda s: s.remove("/new.md")),
    "made, and moved": (lambda s: s.write("/new.md", "new"), lambda s: s.move("/new.md", "/e/new.md")),
}


def before_of(store: Store) -> int:
    """Return the commit that the branch draft was made at."""
    return store.branches.get("draft").fork or 0


@pytest.mark.parametrize("later_on", ["the same branch", "the other one"])
@pytest.mark.parametrize("first_on", ["main", "draft"])
@pytest.mark.parametrize("name", CHANGES)
def test_what_one_side_changes_after_merges_have_crossed_is_taken(
    store: Store, draft: Store, name: str, first_on: str, later_on: str
) -> None:
    first, later = CHANGES[name]
    one, other = (store, draft) if first_on == "main" else (draft, store)
    first(one)
    other.write("/y.md", "changed")
    cross(store, draft)
    changing, taking = (one, other) if later_on == "the same branch" else (other, one)
    later(changing)
    expected = whole(changing)
    taking.branches.merge("main" if taking is draft else "draft")
    assert whole(taking) == expected
    changing.branches.merge("main" if changing is draft else "draft")
    assert whole(changing) == expected


def test_what_merges_that_crossed_settled_apart_is_a_conflict(store: Store, draft: Store) -> None:
    store.write("/y.md", "ours")
    draft.write("/y.md", "theirs")
    store.move("/d/x.md", "/e/x.md")
    draft.move("/d/x.md", "/x.md")
    store.branches.create("then")
    store.branches.merge("draft", prefer="ours")
    draft.branches.merge("then", prefer="ours")
    for on, source in ((store, "draft"), (draft, "main")):
        with pytest.raises(MergeConflicted) as refused:
            on.branches.merge(source)
        conflicts = {conflict.path: conflict for conflict in refused.value.conflicts}
        assert {each.kind for each in conflicts.values()} == {"edited", "moved"}
        assert conflicts["/y.md"].ancestor is None
    store.branches.merge("draft", prefer="theirs")
    assert (store.read_text("/y.md"), store.exists("/x.md")) == ("theirs", True)
    draft.branches.merge("main")
    assert whole(store) == whole(draft)


def test_three_branches_that_cross_each_other_end_alike(store: Store) -> None:
    store.write("/a.md", "base")
    names = ["one", "two", "three"]
    for name in names:
        store.branches.create(name)
    on = {name: store.branch(name) for name in names}
    for turn in range(3):
        for name in names:
            on[name].write(f"/{name}.md", f"{name} {turn}")
            on[name].branches.create(f"{name}-{turn}")
        for name in names:
            for other in names:
                if other != name:
                    on[name].branches.merge(f"{other}-{turn}")
        assert whole(on["one"]) == whole(on["two"]) == whole(on["three"])
    on["two"].write("/one.md", "edited on two")
    for name in names:
        assert not on[name].branches.merge("two", dry_run=True).conflicts if name != "two" else True
    on["one"].branches.merge("two")
    assert on["one"].read_text("/one.md") == "edited on two"
    assert isinstance(on["one"].branches.merge("two"), holdfast.MergeReport)
