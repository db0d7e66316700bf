"""Undoing a commit: what it did is taken back, unless somebody has changed the same since."""

import pytest

from holdfast.errors import CommitTaken, Conflict, NotFound, Unsupported
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from tests.support.postgres import ENGINES


@pytest.fixture(params=ENGINES)
def catalog(request: pytest.FixtureRequest) -> str:
    """Run each test on both databases."""
    return str(request.param)


def test_each_kind_of_change_is_taken_back_and_what_came_later_stays(store: Store) -> None:
    store.write("/d/edited.md", "first")
    store.write("/d/moved.md", "moves")
    store.write("/d/gone/deep.md", "was removed")
    store.properties.set("/d/edited.md", {"kind": "note"})
    node = store.stat("/d/gone/deep.md").id
    with store.transaction() as tx:
        tx.write("/d/edited.md", "second")
        tx.properties.set("/d/edited.md", {"kind": "draft"})
        tx.move("/d/moved.md", "/elsewhere.md")
        tx.remove("/d/gone", recursive=True)
        tx.write("/new/made.md", "new")
    done = store.commit_at()
    store.write("/d/later.md", "later")
    undone = store.undo(done)
    assert undone.message == f"Undo commit {done.id}"
    assert {at.path: store.read_text(at.path) for at in store.tree() if not at.is_dir} == {
        "/d/edited.md": "first",
        "/d/gone/deep.md": "was removed",
        "/d/later.md": "later",
        "/d/moved.md": "moves",
    }
    assert store.properties.get("/d/edited.md") == {"kind": "note"}
    assert store.stat("/d/gone/deep.md").id == node
    assert [hit.path for hit in store.search("removed", mode="text")] == ["/d/gone/deep.md"]
    assert store.undo(done).id == undone.id, "nothing is left of it"
    again = store.undo()
    assert again.message == f"Undo commit {undone.id}: Undo commit {done.id}"
    assert store.read_text("/elsewhere.md") == "moves"
    assert store.maintenance.verify(deep=True).ok


def test_what_was_changed_since_is_named_and_nothing_is_done(store: Store) -> None:
    store.write("/a.md", "one")
    edit = store.write("/a.md", "two")
    store.write("/b.md", "made")
    head = store.write("/a.md", "three")
    with pytest.raises(Conflict, match=rf"Commit {edit.id} cannot be undone.*: /a.md") as raised:
        store.undo(edit)
    assert raised.value.path == "/a.md"
    assert store.commit_at() == head
    # The remedy works.
    store.undo(head)
    store.undo(edit)
    assert store.read_text("/a.md") == "one"


def test_what_cannot_be_undone_is_refused(store: Store) -> None:
    with pytest.raises(Unsupported, match="made the store"):
        store.undo(1)
    with pytest.raises(NotFound):
        store.undo(99)
    first = store.write("/a.md", "one")
    store.write("/a.md", "two")
    store.maintenance.gc(keep=1)
    with pytest.raises(CommitTaken):
        store.undo(first)


def test_undo_keeps_to_its_branch_and_takes_back_a_merge(store: Store) -> None:
    store.write("/a.md", "main")
    store.branches.create("draft")
    draft = store.branch("draft")
    on_draft = draft.write("/a.md", "draft")
    draft.write("/b.md", "also")
    with pytest.raises(NotFound):
        store.undo(on_draft)
    store.branches.merge("draft")
    store.undo()
    assert list(store.glob("/**/*.md")) == ["/a.md"]
    assert store.read_text("/a.md") == "main"
    draft.undo(on_draft)
    assert draft.read_text("/a.md") == "main"
    assert draft.exists("/b.md")


def test_a_path_comes_back_as_it_was_before_its_last_change(store: Store) -> None:
    store.write("/d/e/f.md", "one")
    two = store.write("/d/e/f.md", "two")
    store.write("/other.md", "else")
    store.restore("/d/e/f.md")
    assert store.read_text("/d/e/f.md") == "one"
    store.restore("/d/e/f.md")
    assert store.read_text("/d/e/f.md") == "two"
    store.remove("/d/e/f.md")
    store.remove("/d", recursive=True)
    assert store.former("/d").id == store.commit_at().parent
    assert store.former("/d/e/f.md").id < store.former("/d").id
    store.restore("/d/e/f.md")
    assert store.read_text("/d/e/f.md") == "two"
    with pytest.raises(NotFound, match="one version only"):
        store.restore("/other.md")
    with pytest.raises(NotFound, match="nothing is known"):
        store.restore("/never/there.md")
    assert two.id < store.commit_at().id


def test_a_branch_brings_back_what_it_removed_of_its_base(store: Store) -> None:
    store.write("/a.md", "base")
    store.branches.create("draft")
    draft = store.branch("draft")
    draft.remove("/a.md")
    draft.restore("/a.md")
    assert draft.read_text("/a.md") == "base"


def test_commits_are_named_by_how_long_ago_they_were(store: Store, clock: ManualClock) -> None:
    store.write("/a.md", "old")
    clock.advance(2 * 86_400)
    store.write("/a.md", "new")
    clock.advance(90)
    for at in ("yesterday", "2 hours ago", "an hour ago", "Yesterday", "  2  minutes ago"):
        assert store.snapshot(at).read_text("/a.md") == "old"
    for at in ("1 minute ago", "a minute ago", "0 seconds ago"):
        assert store.snapshot(at).read_text("/a.md") == "new"
    assert [change.path for change in store.diff("yesterday")] == ["/a.md"]
    assert [change.path for change in store.branches.diff("main@yesterday", "main")] == ["/a.md"]
    store.restore("/a.md", at="yesterday")
    assert store.read_text("/a.md") == "old"
    for far in ("99 years ago", "999999 years ago"):
        with pytest.raises(NotFound, match="did not exist yet"):
            store.snapshot(far)
    with pytest.raises(Exception, match="yesterday"):
        store.tags.create("yesterday")
