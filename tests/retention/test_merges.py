"""What merges begin from stays, and whoever begins from what is gone is told."""

import pytest

from holdfast import CommitTaken
from holdfast.front.store import Store
from tests.retention.test_keeping import check
from tests.support.looking import contents_of


@pytest.fixture
def draft(store: Store) -> Store:
    store.write("/w/a.md", "a")
    store.write("/w/b.md", "b")
    store.branches.create("draft")
    return store.branch("draft")


def busy(store: Store, name: str = "c") -> None:
    """Make history that may go."""
    for number in range(3):
        store.write(f"/w/{name}.md", f"{name} {number}")


def test_the_fork_of_a_branch_that_is_there_stays(store: Store, draft: Store) -> None:
    draft.write("/w/a.md", "from the draft")
    draft.remove("/w/b.md")
    busy(draft, "d")
    before = contents_of(draft)
    busy(store)
    store.maintenance.gc(keep=1)
    assert contents_of(draft) == before
    assert contents_of(draft.snapshot("HEAD~5")) == {"/w": None, "/w/a.md": b"a", "/w/b.md": b"b"}
    check(store)
    store.branches.merge("draft")
    assert contents_of(store) == {**before, "/w/c.md": b"c 2"}
    check(store)


def test_a_file_that_its_branch_removed_long_ago_does_not_come_back(store: Store, draft: Store) -> None:
    draft.remove("/w", recursive=True)
    busy(draft, "d")
    store.maintenance.gc(keep=1)
    assert "/w/a.md" not in contents_of(draft)
    check(store)


def test_what_was_merged_last_stays_for_the_next_merge_in_either_direction(store: Store, draft: Store) -> None:
    draft.write("/w/a.md", "from the draft")
    store.branches.merge("draft")
    busy(store)
    busy(draft, "d")
    store.maintenance.gc(keep=1)
    check(store)
    report = store.branches.merge("draft", dry_run=True)
    assert {change.path for change in report.changes} == {"/w/d.md"}
    back = draft.branches.merge("main", dry_run=True)
    assert {change.path for change in back.changes} == {"/w/c.md"}
    draft.branches.merge("main")
    busy(draft, "e")
    store.maintenance.gc(keep=1)
    assert {change.path for change in store.branches.merge("draft").changes} == {"/w/d.md", "/w/e.md"}
    check(store)


def test_what_was_merged_long_ago_and_is_seen_by_nobody_else_goes(store: Store, draft: Store) -> None:
    for number in range(3):
        draft.write("/w/a.md", f"draft {number}")
        store.branches.merge("draft")
    store.branches.delete("draft")
    busy(store)
    report = store.maintenance.gc(keep=1)
    assert report.branches == 1
    assert [commit.id for commit in store.log() if not commit.taken] == [store.commit_at().id]
    check(store)


def test_what_two_branches_took_of_a_third_that_was_deleted_stays(store: Store, draft: Store) -> None:
    store.branches.create("other", at=1)
    other = store.branch("other")
    draft.write("/w/x.md", "x")
    taken = draft.commit_at().id
    store.branches.merge("draft")
    other.branches.merge("draft")
    store.branches.delete("draft")
    busy(store)
    busy(other, "o")
    store.maintenance.gc(keep=1)
    assert not store.branches.get("other").base_deleted
    report = store.branches.merge("other", dry_run=True)
    assert {change.path for change in report.changes} == {"/w/o.md"}
    assert report.ancestor == taken
    check(store)


def test_a_merge_whose_other_side_went_on_and_was_thinned_meanwhile_is_refused(store: Store, draft: Store) -> None:
    from holdfast import faults

    draft.write("/w/a.md", "from the draft")

    def meanwhile(point: str) -> None:
        if point == "publish.before_lock" and not done:
            done.append(1)
            busy(draft, "d")
            store.maintenance.gc(keep=1)

    done: list[int] = []
    with faults.observing(meanwhile), pytest.raises(CommitTaken):
        store.branches.merge("draft")
    assert done
    store.branches.merge("draft")
    assert store.read("/w/a.md") == b"from the draft"
    check(store)
