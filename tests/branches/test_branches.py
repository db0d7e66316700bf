"""Branches as users have them: what one shows, who is on it, and what becomes of it."""

import threading
import unicodedata
from pathlib import Path

import pytest

import holdfast
from holdfast import AlreadyExists, BranchGone, Conflict, InvalidPath, Locked, NotFound, Unsupported
from holdfast.front.store import Store


@pytest.fixture
def draft(store: Store) -> Store:
    """Return the store on a branch of three files, made after they were written."""
    store.write("/wiki/a.md", "a pelican")
    store.write("/wiki/b.md", "a heron")
    store.write("/wiki/deep/c.md", "a stork")
    store.branches.create("draft")
    return store.branch("draft")


def tree(store: Store, at: object = None) -> dict[str, str]:
    """Return all files below /wiki with their text."""
    view = store.snapshot(at)  # type: ignore[arg-type]
    return {each.path: view.read_text(each.path) for each in view.tree("/wiki") if not each.is_dir}


BEFORE = {"/wiki/a.md": "a pelican", "/wiki/b.md": "a heron", "/wiki/deep/c.md": "a stork"}


def test_a_branch_begins_as_its_base_and_neither_sees_what_the_other_does(store: Store, draft: Store) -> None:
    assert tree(draft) == tree(store) == BEFORE
    draft.write("/wiki/a.md", "an ibis")
    draft.move("/wiki/deep", "/wiki/low")
    draft.remove("/wiki/b.md")
    draft.write("/wiki/new.md", "new")
    store.write("/wiki/b.md", "a crane")
    assert tree(store) == {**BEFORE, "/wiki/b.md": "a crane"}
    assert tree(draft) == {"/wiki/a.md": "an ibis", "/wiki/low/c.md": "a stork", "/wiki/new.md": "new"}
    assert [each.name for each in draft.ls("/wiki")] == ["a.md", "low", "new.md"]
    assert draft.maintenance.verify(deep=True).ok


def test_what_was_removed_on_a_branch_comes_back_there(draft: Store, store: Store) -> None:
    before = draft.commit_at()
    draft.remove("/wiki", recursive=True)
    assert not draft.exists("/wiki/deep/c.md")
    assert tree(store) == BEFORE
    draft.restore("/wiki", at=before)
    assert tree(draft) == BEFORE
    assert draft.maintenance.verify(deep=True).ok


def test_a_branch_of_a_branch_sees_both(store: Store, draft: Store) -> None:
    draft.write("/wiki/a.md", "draft")
    draft.branches.create("part")
    part = store.branch("part")
    draft.write("/wiki/a.md", "draft again")
    part.write("/wiki/b.md", "part")
    assert tree(part) == {**BEFORE, "/wiki/a.md": "draft", "/wiki/b.md": "part"}
    assert tree(draft) == {**BEFORE, "/wiki/a.md": "draft again"}
    part.remove("/wiki/a.md")
    assert "/wiki/a.md" not in tree(part)
    assert part.maintenance.verify(deep=True).ok


def test_history_goes_through_the_fork(store: Store, draft: Store) -> None:
    fork = store.commit_at()
    store.write("/wiki/later.md", "later")
    made = draft.write("/wiki/a.md", "an ibis")
    assert made.parent == fork.id
    assert [commit.id for commit in draft.log(limit=3)] == [made.id, fork.id, fork.parent]
    assert draft.commit_at("HEAD~1").id == fork.id
    assert tree(draft, "HEAD~1") == tree(store, fork) == BEFORE
    assert [commit.id for commit in draft.log("/wiki/a.md")] == [made.id, fork.id - 2]
    assert [change.path for change in draft.diff(fork.parent)] == ["/wiki/a.md", "/wiki/deep", "/wiki/deep/c.md"]


def test_a_commit_of_another_branch_is_refused_by_name(store: Store, draft: Store) -> None:
    made = draft.write("/wiki/a.md", "an ibis")
    with pytest.raises(NotFound, match=f"Commit {made.id} is on draft, and not in the history of main"):
        store.snapshot(made.id)
    later = store.write("/later.md", "later")
    with pytest.raises(NotFound, match=f"Commit {later.id} is on main, and not in the history of draft"):
        draft.snapshot(later)


def test_a_branch_is_made_at_an_older_commit(store: Store) -> None:
    first = store.write("/a.md", "one")
    store.write("/a.md", "two")
    assert store.branches.create("old", at=first).fork == first.id
    assert store.branch("old").read_text("/a.md") == "one"
    assert store.branches.create("older", at="HEAD~1").fork == first.id


def test_a_branch_made_below_another_ones_fork_is_of_the_base(store: Store, draft: Store) -> None:
    fork = store.commit_at()
    draft.write("/wiki/a.md", "an ibis")
    made = draft.branches.create("early", at=fork)
    assert (made.base, made.fork) == ("main", fork.id)


def test_branches_are_listed_by_name(store: Store, draft: Store) -> None:
    made = store.branches.create("agent/7", actor="agent:7")
    assert [branch.name for branch in store.branches.list()] == ["agent/7", "draft", "main"]
    assert store.branches.get("agent/7") == made
    assert (made.base, made.actor, made.head, made.fork) == ("main", "agent:7", store.commit_at().id, made.head)
    assert store.branches.get("main").base is None


def test_a_renamed_branch_is_the_same(store: Store, draft: Store) -> None:
    draft.write("/wiki/a.md", "an ibis")
    store.branches.rename("draft", "final")
    assert store.branch("final").read_text("/wiki/a.md") == "an ibis"
    draft.write("/wiki/a.md", "a gull")
    assert store.branch("final").read_text("/wiki/a.md") == "a gull"
    with pytest.raises(NotFound):
        store.branch("draft")


def test_who_is_on_a_deleted_branch_is_told_and_not_moved_to_its_namesake(store: Store, draft: Store) -> None:
    draft.write("/wiki/a.md", "an ibis")
    snapshot = draft.snapshot()
    tx = draft.transaction()
    store.branches.delete("draft")
    store.branches.create("draft")
    for act in (
        lambda: draft.read_text("/wiki/a.md"),
        lambda: draft.write("/wiki/a.md", "more"),
        lambda: draft.search("pelican"),
        lambda: list(draft.log()),
        lambda: snapshot.read_text("/wiki/a.md"),
        lambda: draft.lock("/wiki"),
        lambda: draft.branches.create("further"),
    ):
        with pytest.raises(BranchGone):
            act()
    with pytest.raises(BranchGone), tx as changes:
        changes.write("/wiki/a.md", "more")
    assert store.branch("draft").read_text("/wiki/a.md") == "a pelican"
    assert store.maintenance.verify(deep=True).ok


def test_what_was_made_of_a_deleted_branch_stays(store: Store, draft: Store) -> None:
    draft.write("/wiki/a.md", "an ibis")
    draft.branches.create("part")
    store.branches.delete("draft")
    assert tree(store.branch("part")) == {**BEFORE, "/wiki/a.md": "an ibis"}
    assert store.branches.get("part").base == "draft"


def test_a_lock_is_of_its_branch_and_goes_with_it(store: Store, draft: Store) -> None:
    with store.lock("/wiki", mode="subtree"):
        draft.write("/wiki/a.md", "an ibis")
        with pytest.raises(Locked):
            thread_writes(store)
    lock = draft.lock("/wiki", mode="subtree")
    assert [each.path for each in draft.locks.list()] == ["/wiki"]
    assert not list(store.locks.list())
    store.write("/wiki/a.md", "free")
    store.branches.delete("draft")
    lock.release()
    assert not list(store.locks.list())


def thread_writes(store: Store) -> None:
    """Write in a thread that is inside of no lock."""
    caught: list[Locked] = []

    def write() -> None:
        try:
            store.write("/wiki/a.md", "not so")
        except Locked as error:
            caught.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    raise caught[0]


def test_two_transactions_on_a_branch_conflict_over_what_neither_branch_had_changed(draft: Store) -> None:
    one, two = draft.transaction(), draft.transaction()
    with one as tx:
        tx.remove("/wiki/a.md")
        with pytest.raises(Conflict), two as other:
            assert other.read_text("/wiki/a.md") == "a pelican"
            other.write("/wiki/b.md", "so")
            tx.commit()


def test_a_key_is_one_branchs_own(store: Store, draft: Store) -> None:
    for each in (store, draft):
        with each.transaction(idempotency_key="once") as tx:
            tx.write("/once.md", "once")
    assert store.read_text("/once.md") == draft.read_text("/once.md") == "once"


NO_NAMES = ["", "a b", "..", "a..b", "/a", "a/", "12", "HEAD", "head", "a~1", "a:b", "x" * 101, "a\n"]


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_of_a_branch_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InvalidPath):
        store.branches.create(name)


def test_names_are_taken_once_and_main_stays(store: Store, draft: Store) -> None:
    with pytest.raises(AlreadyExists):
        store.branches.create("draft")
    store.branches.create("other")
    with pytest.raises(AlreadyExists):
        store.branches.rename("other", "draft")
    for change in (lambda: store.branches.delete("main"), lambda: store.branches.rename("main", "trunk")):
        with pytest.raises(Unsupported):
            change()
    for missing in (store.branches.delete, store.branches.get, store.branch):
        with pytest.raises(NotFound):
            missing("nothing")


def test_a_store_is_opened_on_a_branch(folder: Path) -> None:
    with holdfast.open(folder) as store:
        store.write("/a.md", "main")
        store.branches.create("draft")
    with holdfast.open(folder, branch="draft") as draft:
        draft.write("/a.md", "draft")
        with draft.branch("main") as main:
            assert main.read_text("/a.md") == "main"
        assert draft.read_text("/a.md") == "draft"
    with pytest.raises(NotFound):
        holdfast.open(folder, branch="nothing")


def test_two_branches_are_compared_as_they_are_and_as_they_were(store: Store, draft: Store) -> None:
    fork = store.commit_at()
    draft.write("/wiki/a.md", "an ibis")
    draft.move("/wiki/b.md", "/wiki/z.md")
    store.remove("/wiki/deep", recursive=True)
    different = [(each.kind, each.path) for each in store.branches.diff("main", "draft")]
    assert different == [("modified", "/wiki/a.md"), ("added", "/wiki/deep"), ("moved", "/wiki/z.md")]
    assert [each.path for each in store.branches.diff(f"main@{fork.id}", "draft@HEAD~1")] == ["/wiki/a.md"]
    assert not store.branches.diff(f"main@{fork.id}", f"draft@{fork.id}")
    with pytest.raises(NotFound):
        store.branches.diff("main", "nothing")


def test_the_log_of_all_branches_has_deleted_ones_by_their_last_names(store: Store, draft: Store) -> None:
    one = draft.write("/wiki/a.md", "an ibis")
    two = store.write("/wiki/a.md", "a gull")
    store.branches.rename("draft", "final")
    store.branches.delete("final")
    newest = list(store.branches.log(limit=3))
    assert [(each.id, store.branches.name_of(each)) for each in newest] == [
        (two.id, "main"),
        (one.id, "final"),
        (one.parent, "main"),
    ]


def test_a_remedy_tells_to_make_only_what_can_be_made_and_to_delete_only_what_can_be_deleted(store: Store) -> None:
    with pytest.raises(NotFound, match="holdfast branch create draft"):
        store.branch("draft")
    with pytest.raises(NotFound) as unfit:
        store.branches.merge("draft@3")
    assert "create" not in str(unfit.value)
    with pytest.raises(AlreadyExists) as taken:
        store.branches.create("main")
    assert "Delete" not in str(taken.value)


def test_a_branch_is_told_by_the_name_that_it_has_today(store: Store) -> None:
    store.branches.create("draft")
    draft = store.branch("draft")
    store.branches.rename("draft", "plan")
    store.branches.create("draft")
    store.write("/a.md", "a pelican")
    report = draft.branches.merge("main")
    assert report.into == "plan"
    assert report.commit is not None
    assert report.commit.message == "Merge main into plan"
    store.branches.delete("plan")
    with pytest.raises(BranchGone, match="The branch plan was deleted"):
        draft.read_text("/a.md")


def test_a_commit_of_a_deleted_branch_is_not_to_be_asked_for_there(store: Store) -> None:
    store.branches.create("draft")
    commit = store.branch("draft").write("/a.md", "a pelican")
    with pytest.raises(NotFound, match="--branch draft"):
        store.snapshot(commit)
    store.branches.delete("draft")
    with pytest.raises(NotFound, match="was deleted"):
        store.snapshot(commit)


def test_a_store_is_shown_with_the_name_that_its_branch_has_now(store: Store, draft: Store) -> None:
    store.branches.rename("draft", "final")
    assert repr(draft) == f"<Store {store.address} on final>"
    store.branches.delete("final")
    assert repr(draft) == f"<Store {store.address} on final (deleted)>"
    assert repr(store) == f"<Store {store.address}>"
    store.close()
    assert "draft" in repr(draft)


@pytest.mark.parametrize("name", ["caf\u00e9", "\u0939\u093f\u0928\u094d\u0926\u0940", "\u1112\u1161\u11ab/1"])
def test_a_name_is_one_in_any_spelling_of_its_letters(store: Store, name: str) -> None:
    composed, apart = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    assert store.branches.create(apart).name == composed
    store.branch(apart).write("/a.md", "on it")
    with pytest.raises(AlreadyExists):
        store.branches.create(composed)
    assert store.branches.get(apart) == store.branches.get(composed)
    assert store.branches.diff("main", f"{apart}@HEAD") == store.branches.diff("main", composed)
    assert store.branches.merge(apart, into="main").source == composed
    assert store.branches.rename(composed, apart).name == composed
    assert store.branches.rename(composed, f"{apart}-2").name == f"{composed}-2"
    store.branches.delete(f"{apart}-2")
    assert store.tags.create(apart).name == composed
    assert store.snapshot(apart).commit == store.snapshot(composed).commit
    store.tags.delete(apart)
    assert not store.tags.list()


def test_a_difference_is_told_below_a_path(store: Store, draft: Store) -> None:
    draft.write("/wiki/a.md", "an ibis")
    draft.move("/wiki/b.md", "/wiki/deep/b.md")
    draft.write("/wiki/deep/new.md", "new")

    def told(under: str, limit: int | None = None) -> list[str]:
        found = store.branches.diff("main", "draft", under=under, limit=limit)
        assert found == draft.diff(draft.branches.get("draft").fork, under=under, limit=limit)
        return [change.path for change in found]

    assert told("/wiki/deep/") == ["/wiki/deep/b.md", "/wiki/deep/new.md"]
    assert told("/wiki/deep", limit=1) == told("/wiki/b.md") == ["/wiki/deep/b.md"]
    assert told("/wiki/deep/new.md", limit=1) == ["/wiki/deep/new.md"]
    assert told("/elsewhere") == []
