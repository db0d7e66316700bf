"""A branch is deleted, gc takes what it left, and another is made under its name, while somebody is at work on it."""

from pathlib import Path

import pytest

from holdfast import BranchGone, Limits, faults
from holdfast.front.store import Store
from holdfast.jobs.context import JobContext
from holdfast.jobs.kinds import JobKind
from tests.support.looking import contents_of
from tests.support.workers import worker_of


@pytest.fixture
def draft(store: Store) -> Store:
    store.write("/a.md", "a pelican")
    store.branches.create("draft")
    draft = store.branch("draft")
    draft.write("/a.md", "a heron")
    return draft


def make_again(store: Store) -> Store:
    """Delete the branch, have gc take what it left, and make another one of its name."""
    store.branches.delete("draft")
    store.maintenance.gc()
    store.branches.create("draft")
    return store.branch("draft")


def check(store: Store, again: Store) -> None:
    """Check that nobody was moved onto the new branch, and that the store is whole."""
    assert contents_of(again) == {"/a.md": b"a pelican"}
    assert store.maintenance.intents() == []
    report = store.maintenance.verify(deep=True)
    assert report.ok, report.problems


def test_an_open_transaction(store: Store, draft: Store) -> None:
    with pytest.raises(BranchGone), draft.transaction() as tx:
        tx.write("/b.md", "b")
        again = make_again(store)
    check(store, again)


def test_an_open_transaction_that_reads_on(store: Store, draft: Store) -> None:
    tx = draft.transaction().__enter__()
    again = make_again(store)
    with pytest.raises(BranchGone):
        tx.read("/a.md")
    check(store, again)


def test_a_follower_of_changes(store: Store, draft: Store) -> None:
    feed = draft.changes(follow=True)
    next(feed)
    again = make_again(store)
    with pytest.raises(BranchGone):
        list(feed)
    check(store, again)


@pytest.mark.parametrize("limits", [Limits(group_files=1)])
def test_an_add_under_way(store: Store, draft: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(3):
        (source / f"{number}.md").write_text(f"number {number}")
    passed: list[str] = []
    made: list[Store] = []

    def at_the_second(point: str) -> None:
        if point == "publish.before_lock":
            passed.append(point)
            if len(passed) == 2:
                made.append(make_again(store))

    with faults.observing(at_the_second), pytest.raises(BranchGone):
        draft.add(source, workers=1)
    check(store, made[0])


def test_a_watch(store: Store, draft: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.md").write_text("one")
    watch = draft.watch(source, workers=1)
    next(watch)
    again = make_again(store)
    (source / "two.md").write_text("two")
    with pytest.raises(BranchGone):
        next(watch)
    check(store, again)


def test_a_worker_at_a_job_whose_row_is_gone(store: Store, draft: Store) -> None:
    made: list[Store] = []

    def note(context: JobContext) -> None:
        made.append(make_again(store))
        context.publish(lambda tx: tx.write("/b.md", "b"))

    gone = draft.jobs.enqueue("note")
    worker_of(store, JobKind("note", note)).run(until_empty=True)
    assert [job.id for job in store.jobs.list()] == []
    assert gone not in [job.id for job in made[0].jobs.list()]
    check(store, made[0])


def test_a_worker_at_a_job_that_publishes_nothing_and_fails(store: Store, draft: Store) -> None:
    made: list[Store] = []

    def note(context: JobContext) -> None:
        made.append(make_again(store))
        raise ValueError("no")

    draft.jobs.enqueue("note")
    worker_of(store, JobKind("note", note)).run(until_empty=True)
    check(store, made[0])


def test_a_lock_that_was_held(store: Store, draft: Store) -> None:
    lock = draft.lock("/a.md")
    again = make_again(store)
    with again.lock("/a.md"):
        lock.release()
    check(store, again)
