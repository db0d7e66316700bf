"""Sessions, jobs and folder digests belong to the branch that they began on."""

from collections.abc import Callable

import pytest

from holdfast import BranchGone, NotFound
from holdfast.catalog.branches import MAIN
from holdfast.front.store import Store
from holdfast.jobs.context import JobContext
from holdfast.jobs.kinds import JobKind
from tests.support.workers import worker_of


@pytest.fixture
def draft(store: Store) -> Store:
    store.write("/a.md", "a pelican")
    store.branches.create("draft")
    return store.branch("draft")


def test_a_worker_of_any_branch_runs_each_job_on_its_own(store: Store, draft: Store) -> None:
    def note(context: JobContext) -> None:
        context.publish(lambda tx: tx.write(f"/{context.job.id}.md", "done"))

    here, there = store.jobs.enqueue("note", key="k"), draft.jobs.enqueue("note", key="k")
    assert here != there
    # A twin is sought on its own branch alone.
    assert store.jobs.enqueue("note", key="k") == here
    assert [store.jobs.get(each).branch_id for each in (here, there)] == [MAIN.id, draft.branches.get("draft").id]
    worker_of(store, JobKind("note", note)).run(until_empty=True)
    assert list(store.glob("/*.md")) == [f"/{here}.md", "/a.md"]
    assert list(draft.glob("/*.md")) == [f"/{there}.md", "/a.md"]


def test_a_job_of_a_transaction_is_of_its_branch(draft: Store) -> None:
    with draft.transaction() as tx:
        tx.write("/b.md", "b")
        ticket = tx.jobs.enqueue("note")
    assert ticket.id is not None
    assert draft.jobs.get(ticket.id).branch_id == draft.branches.get("draft").id


def test_deleting_a_branch_ends_its_jobs_and_no_others(store: Store, draft: Store) -> None:
    ran: list[int] = []
    gone = draft.jobs.enqueue("note", key="k")
    waiting, mine = store.jobs.enqueue("note", after=gone), store.jobs.enqueue("note")
    store.branches.delete("draft")
    job = store.jobs.get(gone)
    assert (job.state, job.error) == ("cancelled", "branch_gone: The branch draft was deleted")
    with pytest.raises(BranchGone):
        store.jobs.retry(gone)
    with pytest.raises(BranchGone):
        draft.jobs.enqueue("note")
    worker_of(store, JobKind("note", lambda context: ran.append(context.job.id))).run(until_empty=True)
    assert ran == [waiting, mine]
    assert store.maintenance.verify(deep=True).ok


def test_a_job_whose_branch_is_deleted_while_it_runs_has_no_effect(store: Store, draft: Store) -> None:
    def note(context: JobContext) -> None:
        store.branches.delete("draft")
        context.publish(lambda tx: tx.write("/late.md", "late"))

    gone = draft.jobs.enqueue("note")
    worker_of(store, JobKind("note", note)).run(until_empty=True)
    assert store.jobs.get(gone).state == "cancelled"
    assert not store.exists("/late.md")


def test_a_session_is_found_on_the_branch_it_began_on(store: Store, draft: Store) -> None:
    draft.session("s").append("user", "I like pelicans")
    store.session("t").append("user", "hello")
    assert [each.id for each in draft.sessions.list()] == ["s"]
    assert [each.id for each in store.sessions.list()] == ["t"]
    refused: list[Callable[[], object]] = [
        lambda: store.session("s").append("user", "x"),
        lambda: store.session("s").create(),
        lambda: store.session("s").messages(),
        lambda: store.session("s").context(100),
        lambda: store.session("s").commit(),
        lambda: store.sessions.get("s"),
        lambda: store.sessions.delete("s"),
        lambda: list(store.sessions.list(after="s")),
    ]
    for ask in refused:
        with pytest.raises(NotFound, match="is on the branch draft, and not on main") as error:
            ask()
        assert "--branch draft" in (error.value.remedy or "")
    made = draft.session("s").commit()
    assert draft.exists(made.path)
    assert not store.exists("/sessions/s")
    assert made.job_id is not None
    assert store.jobs.get(made.job_id).branch_id == draft.branches.get("draft").id
    draft.sessions.delete("s")
    assert not draft.exists("/sessions/s")
    assert store.session("s").create()


def test_a_session_of_a_deleted_branch_says_so(store: Store, draft: Store) -> None:
    draft.session("s").append("user", "hello")
    store.branches.delete("draft")
    for ask in (lambda: draft.session("s").append("user", "x"), lambda: draft.session("s").messages()):
        with pytest.raises(BranchGone):
            ask()
    assert store.session("s").messages() == []
    assert store.session("s").append("user", "x")
    store.branches.create("draft")
    assert list(store.branch("draft").sessions.list()) == []
    assert store.maintenance.verify(deep=True).ok


def test_a_stale_abstract_of_a_folder_is_one_of_this_branch(store: Store, draft: Store) -> None:
    for each, text in ((store, "A heron stands there."), (draft, "An ibis walks there.")):
        each.write("/d/note.md", text)
    store.branches.create("late")
    late = store.branch("late")
    draft.summaries.abstract("/d")
    theirs = store.summaries.abstract("/d")
    for each in (store, late):
        each.write("/d/note.md", "Nobody is there.")
    for each in (store, late):
        stale = each.summaries.abstract("/d", derive=False)
        assert (stale.text, stale.fresh, stale.commit) == (theirs.text, False, theirs.commit)
        assert "heron" in each.summaries.stored(each.ls("/"))["/d"]
    draft.write("/d/note.md", "Nobody walks there.")
    assert "ibis" in draft.summaries.abstract("/d", derive=False).text
