"""What a deleted branch leaves goes with gc, once nothing refers to it; what does can be read until then."""

from contextlib import suppress

import pytest

from holdfast import AlreadyExists, BranchGone, CommitTaken, NotFound, faults
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.retention.test_keeping import check, rows_of
from tests.support.looking import contents_of


@pytest.fixture
def draft(store: Store) -> Store:
    """Return a store on a branch that has changed what it shares, and made things of its own."""
    store.write("/w/a.md", "a pelican")
    store.write("/w/deep/b.md", "b")
    store.branches.create("draft")
    draft = store.branch("draft")
    draft.write("/w/a.md", "a heron")
    draft.write("/n/c.md", "a stork")
    draft.remove("/w/deep", recursive=True)
    return draft


def test_all_of_it_goes_when_nothing_refers_to_it(store: Store, draft: Store) -> None:
    before = contents_of(store)
    store.branches.delete("draft")
    would = store.maintenance.gc(dry_run=True)
    did = store.maintenance.gc()
    assert (did.branches, did.entries, did.contents) == (1, 5, 2)
    assert (would.branches, would.entries, would.contents) == (did.branches, did.entries, did.contents)
    assert contents_of(store) == before
    assert [commit.branch_id for commit in store.branches.log()].count(2) == 3
    assert store.maintenance.gc().branches == 0
    check(store)


def test_a_tag_on_it_can_be_read_before_gc_and_after(store: Store, draft: Store) -> None:
    shown = contents_of(draft)
    draft.tags.create("v1")
    store.branches.delete("draft")
    for _ in range(2):
        assert contents_of(store.snapshot("v1")) == shown
        assert store.search("heron", mode="text", at="v1")[0].path == "/w/a.md"
        assert {change.path for change in store.diff("v1")} == {"/w/a.md", "/w/deep", "/n"}
        assert store.commit_at("v1").id == store.tags.get("v1").commit
        assert next(store.log(at="v1")).id == store.tags.get("v1").commit
        check(store)
        store.maintenance.optimize()
        store.maintenance.gc(keep=1)
    seq = store.tags.get("v1").commit
    with pytest.raises(NotFound, match="name it by its tag, v1"):
        store.snapshot(seq)
    store.restore("/w", at="v1")
    assert store.read("/w/a.md") == b"a heron"
    assert not store.exists("/w/deep")
    store.branches.create("again", at="v1")
    store.tags.delete("v1")
    store.maintenance.gc(keep=1)
    assert contents_of(store.branch("again")) == shown
    check(store)
    store.branches.delete("again")
    store.maintenance.gc(keep=1)
    assert store.maintenance.gc(keep=1).entries == 0
    check(store)


def test_its_rows_go_when_its_tag_does(store: Store, draft: Store) -> None:
    rows = rows_of(store)
    draft.tags.create("v1")
    store.branches.delete("draft")
    store.maintenance.gc()
    store.tags.delete("v1")
    assert store.maintenance.gc().branches == 1
    assert rows_of(store) == rows - 5
    check(store)


def test_a_branch_that_was_made_of_it_keeps_what_it_sees(store: Store, draft: Store) -> None:
    draft.branches.create("deep")
    deep, shown = store.branch("deep"), contents_of(draft)
    store.branches.delete("draft")
    assert store.maintenance.gc(keep=1).branches == 0
    assert contents_of(deep) == shown
    assert contents_of(deep.snapshot("HEAD~2"))["/w/a.md"] == b"a heron"
    check(store)
    store.branches.delete("deep")
    assert store.maintenance.gc(keep=1).branches == 2
    check(store)


def test_whoever_is_on_it_is_told_that_it_is_gone(store: Store, draft: Store) -> None:
    with draft.snapshot() as held:
        store.branches.delete("draft")
        store.maintenance.gc()
        for read in (held.read, draft.read):
            with pytest.raises(BranchGone):
                read("/w/a.md")
    with pytest.raises(NotFound):
        store.snapshot(held.commit.id)


def test_what_hangs_below_a_directory_that_only_it_brought_back_goes_with_it(store: Store) -> None:
    store.write("/d/e/a.md", "a")
    store.remove("/d", recursive=True)
    store.branches.create("draft")
    store.branch("draft").restore("/d", at=2)
    store.write("/w.md", "w")
    store.maintenance.gc(keep=1)
    assert store.branch("draft").read("/d/e/a.md") == b"a"
    check(store)
    store.branches.delete("draft")
    rows = rows_of(store)
    store.maintenance.gc(keep=1)
    assert rows_of(store) == rows - 5
    check(store)


class TestSessions:
    def test_a_name_is_free_at_once(self, store: Store, draft: Store) -> None:
        draft.session("chat").append("user", "on the draft")
        draft.session("chat").commit()
        draft.session("chat").append("user", "more")
        store.branches.delete("draft")
        chat = store.session("chat")
        assert chat.messages(archived=True) == []
        assert chat.context(100).messages == []
        with pytest.raises(NotFound):
            chat.show()
        assert [info.id for info in store.sessions.list()] == []
        chat.append("user", "on main")
        assert [message.content for message in chat.messages(archived=True)] == ["on main"]
        made = chat.commit()
        assert made.path == "/sessions/chat/archive-001"
        check(store)
        store.maintenance.gc()
        assert [message.content for message in chat.messages(archived=True)] == ["on main"]
        check(store)

    def test_what_is_left_of_them_goes_with_gc(self, store: Store, draft: Store) -> None:
        for name in ("one", "two"):
            draft.session(name).append("user", "hello")
            draft.session(name).commit()
        store.branches.delete("draft")
        assert store.jobs.stats().counts == {"cancelled": 2}
        assert store.maintenance.gc(dry_run=True).sessions == 2
        assert store.maintenance.gc().sessions == 2
        assert store.jobs.stats().counts == {}
        check(store)

    def test_an_archive_that_a_merge_brought_is_not_overwritten(self, store: Store, draft: Store) -> None:
        draft.session("chat").append("user", "on the draft")
        path = draft.session("chat").commit().path
        store.branches.merge("draft")
        store.branches.delete("draft")
        store.session("chat").append("user", "on main")
        with pytest.raises(AlreadyExists) as raised:
            store.session("chat").commit()
        source, target = raised.value.remedy.split()[-2:]
        assert source == path
        store.move(source, target)
        assert store.session("chat").commit().path == path


def test_one_of_the_same_name_has_nothing_of_it(store: Store, draft: Store) -> None:
    seq = draft.commit_at().id
    store.branches.delete("draft")
    store.branches.create("draft")
    again = store.branch("draft")
    store.maintenance.gc(keep=1)
    assert contents_of(again) == contents_of(store)
    with pytest.raises(NotFound) as raised:
        again.snapshot(seq)
    assert not isinstance(raised.value, CommitTaken)
    with pytest.raises(BranchGone):
        draft.write("/w/x.md", "x")


def test_sessions_go_with_the_branch_wherever_gc_is_stopped(store: Store, draft: Store) -> None:
    for number in range(9):
        store.branches.create(f"b{number}")
        store.branch(f"b{number}").session("s").append("user", "hello")
        store.branches.delete(f"b{number}")
        faults.arm(f"retention.before_step=error@{number + 1}")
        with suppress(OSError):
            store.maintenance.gc()
        faults.arm("")
        store.maintenance.gc()
        with rooms(store).engine.read() as conn:
            assert conn.row("SELECT count(*) FROM sessions") == (0,), number
            assert conn.row("SELECT count(*) FROM messages") == (0,), number
