"""A merge is one commit that takes over what a branch changed, once, and nothing by halves."""

import pickle
import threading

import pytest

import holdfast
from holdfast import BranchGone, Locked, MergeConflicted, Unsupported, faults
from holdfast.front.store import Store
from tests.support.effort import Effort
from tests.support.looking import contents_of

LINES = "one\ntwo\nthree\nfour\nfive\n"


@pytest.fixture
def draft(store: Store) -> Store:
    """Return the store on a branch of three files and two directories, made after they were written."""
    with store.transaction() as tx:
        tx.write("/a.md", "a pelican")
        tx.write("/b.md", "a heron")
        tx.write("/p/p.md", "p")
        tx.write("/q/q.md", "q")
    store.branches.create("draft")
    return store.branch("draft")


def whole(store: Store) -> dict[str, str]:
    assert store.maintenance.verify(deep=True).ok
    return {path: data.decode() for path, data in contents_of(store).items() if data is not None}


BEFORE = {"/a.md": "a pelican", "/b.md": "a heron", "/p/p.md": "p", "/q/q.md": "q"}


def test_a_merge_is_one_commit_with_two_parents_and_what_it_took_over_is_found(store: Store, draft: Store) -> None:
    draft.write("/a.md", "a zebra")
    draft.write("/new/c.md", "a quokka")
    draft.move("/b.md", "/p/b.md")
    ours = store.write("/mine.md", "a lynx")
    report = store.branches.merge("draft", message="Take it over", actor="ann")
    commit = report.commit
    assert commit is not None
    assert (commit.parent, commit.merged, commit.message, commit.actor) == (
        ours.id,
        draft.commit_at().id,
        "Take it over",
        "ann",
    )
    assert [(change.kind, change.path) for change in report.changes] == [
        ("modified", "/a.md"),
        ("added", "/new"),
        ("added", "/new/c.md"),
        ("moved", "/p/b.md"),
    ]
    assert store.diff(commit.parent, commit) == list(report.changes)
    after = {**BEFORE, "/a.md": "a zebra", "/new/c.md": "a quokka", "/p/b.md": "a heron", "/mine.md": "a lynx"}
    del after["/b.md"]
    assert whole(store) == after
    assert [hit.path for hit in store.search("quokka", mode="text")] == ["/new/c.md"]
    assert [hit.path for hit in store.search("pelican", mode="text")] == []


def test_a_second_merge_does_not_see_what_the_first_took_over(store: Store, draft: Store) -> None:
    draft.write("/a.md", "one")
    first = store.branches.merge("draft")
    store.write("/a.md", "ours")
    draft.write("/b.md", "two")
    second = store.branches.merge("draft")
    assert second.ancestor == first.merged
    assert [change.path for change in second.changes] == ["/b.md"]
    assert whole(store) == {**BEFORE, "/a.md": "ours", "/b.md": "two"}
    assert store.branches.merge("draft").commit is None


def test_branches_that_take_over_from_each_other_meet_no_conflict(store: Store, draft: Store) -> None:
    for turn in range(3):
        draft.write("/a.md", f"draft {turn}")
        store.write("/b.md", f"main {turn}")
        store.branches.merge("draft")
        draft.branches.merge("main")
        assert whole(store) == whole(draft) == {**BEFORE, "/a.md": f"draft {turn}", "/b.md": f"main {turn}"}
    assert draft.branches.merge("main").commit is None


def test_what_was_made_on_both_sides_is_one_from_the_merge_on(store: Store, draft: Store) -> None:
    for each in (store, draft):
        each.write("/wiki/new/x.md", "same")
    draft.write("/wiki/new/d.md", "d")
    store.write("/wiki/new/m.md", "m")
    store.branches.merge("draft")
    draft.write("/wiki/new/x.md", "draft")
    draft.write("/wiki/new/d.md", "d again")
    store.branches.merge("draft")
    wiki = {"/wiki/new/x.md": "draft", "/wiki/new/d.md": "d again", "/wiki/new/m.md": "m"}
    assert whole(store) == {**BEFORE, **wiki}
    store.write("/wiki/new/x.md", "main")
    draft.branches.merge("main")
    assert whole(draft) == {**BEFORE, **wiki, "/wiki/new/x.md": "main"}


def test_a_merge_that_went_through_a_third_branch_counts(store: Store, draft: Store) -> None:
    store.branches.create("third")
    draft.write("/a.md", "one")
    store.branch("third").branches.merge("draft")
    store.branches.merge("third")
    store.write("/a.md", "ours")
    assert store.branches.merge("draft").commit is None
    draft.write("/b.md", "two")
    assert [change.path for change in store.branches.merge("draft").changes] == ["/b.md"]
    assert whole(store) == {**BEFORE, "/a.md": "ours", "/b.md": "two"}


def test_a_merge_that_took_over_nothing_but_what_stood_already_is_remembered(store: Store, draft: Store) -> None:
    store.write("/a.md", "same")
    draft.write("/a.md", "same")
    first = store.branches.merge("draft")
    assert first.commit is not None
    assert not first.changes
    store.write("/a.md", "ours")
    assert store.branches.merge("draft").commit is None


def test_merges_that_crossed_each_other_and_were_settled_apart_are_a_conflict(store: Store, draft: Store) -> None:
    store.write("/a.md", "ours")
    draft.write("/a.md", "theirs")
    store.branches.create("seen")
    store.branches.merge("draft", prefer="ours")
    draft.branches.merge("seen", prefer="ours")
    report = store.branches.merge("draft", dry_run=True)
    assert [(conflict.kind, conflict.path) for conflict in report.conflicts] == [("edited", "/a.md")]
    store.branches.merge("draft", prefer="theirs")
    assert store.read_text("/a.md") == "theirs"


def test_a_branch_is_merged_into_another_one_by_name(store: Store, draft: Store) -> None:
    store.write("/a.md", "main")
    report = store.branches.merge("main", into="draft")
    assert (report.source, report.into) == ("main", "draft")
    assert whole(draft) == whole(store)


def test_directories_moved_into_each_other_are_a_conflict(store: Store, draft: Store) -> None:
    store.move("/p", "/q/p")
    draft.move("/q", "/p/q")
    with pytest.raises(MergeConflicted) as refused:
        store.branches.merge("draft")
    (conflict,) = refused.value.conflicts
    assert (conflict.kind, conflict.path) == ("cycle", "/q")
    assert conflict.theirs is not None
    assert conflict.theirs.path == "/p/q"
    store.branches.create("copy")
    store.branches.merge("draft", into="copy", prefer="theirs")
    assert whole(store.branch("copy")) == whole(draft)
    store.branches.merge("draft", prefer="ours")
    assert "/q/p/p.md" in whole(store)


def test_a_directory_and_one_below_it_moved_into_a_circle_are_a_conflict(store: Store, draft: Store) -> None:
    store.mkdir("/q/deep")
    draft.branches.merge("main")
    store.move("/p", "/q/deep/p")
    draft.move("/q", "/p/q")
    report = store.branches.merge("draft", dry_run=True)
    assert [conflict.kind for conflict in report.conflicts] == ["cycle"]


def test_files_that_changed_places_on_one_side_change_them_on_the_other(store: Store, draft: Store) -> None:
    with draft.transaction() as tx:
        tx.move("/a.md", "/c.md")
        tx.move("/b.md", "/a.md")
        tx.move("/c.md", "/b.md")
    store.write("/a.md", "edited")
    store.branches.merge("draft")
    assert whole(store) == {**BEFORE, "/a.md": "a heron", "/b.md": "edited"}


def test_all_conflicts_are_listed_with_both_sides_and_the_ancestor(store: Store, draft: Store) -> None:
    store.write("/a.md", "ours")
    draft.write("/a.md", "theirs")
    store.remove("/p", recursive=True)
    draft.write("/p/p.md", "edited")
    draft.write("/p/more.md", "added")
    draft.remove("/q", recursive=True)
    store.write("/q/more.md", "added")
    before = whole(store)
    with pytest.raises(MergeConflicted) as refused:
        store.branches.merge("draft")
    error = refused.value
    assert [(conflict.path, conflict.kind) for conflict in error.conflicts] == [
        ("/a.md", "edited"),
        ("/p/more.md", "removed"),
        ("/p/p.md", "removed"),
        ("/q/more.md", "removed"),
    ]
    edited, _, removed, below = error.conflicts
    assert edited.ours
    assert edited.theirs
    assert edited.ancestor
    assert len({side.content_id for side in (edited.ours, edited.theirs, edited.ancestor)}) == 3
    assert removed.ours is None
    assert removed.ancestor
    assert below.theirs is None
    assert below.ancestor is None
    assert whole(store) == before
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.conflicts) == (str(error), error.conflicts)
    assert isinstance(error, holdfast.Conflict)


def test_each_conflict_is_settled_by_its_path_or_by_one_above(store: Store, draft: Store) -> None:
    store.write("/a.md", "ours")
    draft.write("/a.md", "theirs")
    store.write("/b.md", "ours")
    draft.write("/b.md", "theirs")
    store.remove("/p", recursive=True)
    draft.write("/p/p.md", "edited")
    draft.write("/p/more.md", "added")
    report = store.branches.merge("draft", resolve={"/a.md": "both of them", "/": "ours", "/p": "theirs"})
    assert len(report.settled) == 4
    assert whole(store) == {
        "/a.md": "both of them",
        "/b.md": "ours",
        "/p/p.md": "edited",
        "/p/more.md": "added",
        "/q/q.md": "q",
    }
    assert [hit.path for hit in store.search("both", mode="text")] == ["/a.md"]


def test_what_is_kept_of_a_directory_that_theirs_removed_is_all_that_is_kept(store: Store, draft: Store) -> None:
    store.write("/p/deep/kept.md", "new")
    draft.remove("/p", recursive=True)
    store.branches.merge("draft", prefer="ours")
    assert whole(store) == {"/a.md": "a pelican", "/b.md": "a heron", "/p/deep/kept.md": "new", "/q/q.md": "q"}


def test_a_path_without_a_conflict_is_not_resolved(store: Store, draft: Store) -> None:
    draft.write("/a.md", "theirs")
    with pytest.raises(Unsupported, match=r"/a\.md is not in conflict"):
        store.branches.merge("draft", resolve={"/a.md": "mine"})
    assert whole(store) == BEFORE


def test_what_is_in_no_conflict_any_more_once_others_are_settled_may_be_resolved(store: Store, draft: Store) -> None:
    store.write("/p/p.md", "edited")
    with draft.transaction() as tx:
        tx.remove("/p", recursive=True)
        tx.write("/p", "a file")
    listed = store.branches.merge("draft", dry_run=True).conflicts
    assert [conflict.path for conflict in listed] == ["/p", "/p/p.md"]
    store.branches.merge("draft", resolve={conflict.path: "theirs" for conflict in listed[::-1]})
    assert whole(store) == {"/a.md": "a pelican", "/b.md": "a heron", "/p": "a file", "/q/q.md": "q"}


def test_a_path_that_is_resolved_is_spelt_as_any_other(store: Store) -> None:
    store.write("/caf\u00e9", "base")
    store.branches.create("draft")
    store.branch("draft").write("/caf\u00e9", "theirs")
    store.write("/caf\u00e9", "ours")
    with pytest.raises(Unsupported, match="in conflict are /caf\u00e9"):
        store.branches.merge("draft", resolve={"/other": "ours"})
    with pytest.raises(Unsupported, match="cannot be resolved by NoneType"):
        store.branches.merge("draft", resolve={"/caf\u00e9": None})  # type: ignore[dict-item]
    store.branches.merge("draft", resolve={"/cafe\u0301/": "theirs"})
    assert store.read_text("/caf\u00e9") == "theirs"


def test_texts_are_merged_by_lines_where_no_line_is_changed_twice(store: Store, draft: Store) -> None:
    store.write("/t.md", LINES)
    store.write("/u.md", LINES)
    draft.branches.merge("main")
    for path, line in (("/t.md", "five"), ("/u.md", "one")):
        draft.write(path, LINES.replace(line, "DRAFT"))
        store.write(path, LINES.replace("one", "MAIN"))
    report = store.branches.merge("draft", text=True, dry_run=True)
    assert [conflict.path for conflict in report.conflicts] == ["/u.md"]
    store.branches.merge("draft", text=True, resolve={"/u.md": "theirs"})
    assert store.read_text("/t.md") == "MAIN\ntwo\nthree\nfour\nDRAFT\n"
    assert store.read_text("/u.md") == LINES.replace("one", "DRAFT")
    assert [hit.path for hit in store.search("MAIN", mode="text")] == ["/t.md"]


def test_a_merge_is_planned_anew_when_the_head_has_moved(store: Store, draft: Store) -> None:
    draft.write("/a.md", "draft")
    draft.write("/t.md", "t")
    wrote = threading.Event()

    def other(point: str) -> None:
        if point == "publish.before_lock" and not wrote.is_set():
            wrote.set()
            store.move("/a.md", "/moved.md")

    with faults.observing(other):
        report = store.branches.merge("draft")
    assert report.commit is not None
    assert whole(store) == {"/moved.md": "draft", "/t.md": "t", **{p: t for p, t in BEFORE.items() if p != "/a.md"}}


@pytest.mark.parametrize("text", [False, True])
def test_what_comes_into_conflict_while_it_is_merged_is_refused_or_merged(
    store: Store, draft: Store, *, text: bool
) -> None:
    store.write("/t.md", LINES)
    draft.branches.merge("main")
    draft.write("/t.md", LINES.replace("five", "DRAFT"))
    wrote = threading.Event()

    def other(point: str) -> None:
        if point == "publish.before_lock" and not wrote.is_set():
            wrote.set()
            store.write("/t.md", LINES.replace("one", "MAIN"))

    with faults.observing(other):
        if text:
            store.branches.merge("draft", text=True)
        else:
            with pytest.raises(MergeConflicted):
                store.branches.merge("draft")
    assert store.read_text("/t.md") == LINES.replace("one", "MAIN").replace("five", "DRAFT" if text else "five")
    assert store.maintenance.verify(deep=True).ok


def test_a_merge_is_fenced_by_the_locks_on_what_it_changes(store: Store, draft: Store) -> None:
    draft.write("/p/p.md", "draft")
    held = store.lock("/p", mode="subtree")
    with pytest.raises(Locked):
        store.branches.merge("draft")
    with held:
        store.branches.merge("draft", lock=held)
    assert store.read_text("/p/p.md") == "draft"


def test_a_key_gives_the_first_merge_back(store: Store, draft: Store) -> None:
    draft.write("/a.md", "one")
    first = store.branches.merge("draft", idempotency_key="k")
    draft.write("/a.md", "two")
    store.write("/a.md", "ours")
    assert store.branches.merge("draft", idempotency_key="k") == first
    assert store.read_text("/a.md") == "ours"


def test_a_key_gives_its_merge_back_when_its_history_was_taken(store: Store, draft: Store) -> None:
    draft.write("/a.md", "one")
    first = store.branches.merge("draft", idempotency_key="k")
    for text in ("two", "three"):
        store.write("/a.md", text)
    store.maintenance.gc(keep=1)
    again = store.branches.merge("draft", idempotency_key="k")
    assert again.commit is not None
    assert first.commit is not None
    assert (again.commit.id, again.merged, again.changes) == (first.commit.id, first.merged, ())


def test_a_key_that_another_process_used_meanwhile_gives_its_merge_back(store: Store, draft: Store) -> None:
    draft.write("/a.md", "one")
    began = threading.Event()
    done: list[holdfast.MergeReport] = []

    def other(point: str) -> None:
        if point == "publish.before_lock" and not began.is_set():
            began.set()
            done.append(store.branches.merge("draft", idempotency_key="k"))
            draft.write("/b.md", "two")

    with faults.observing(other):
        report = store.branches.merge("draft", idempotency_key="k")
    assert [report] == done
    assert [change.path for change in report.changes] == ["/a.md"]


def test_a_key_that_was_used_for_something_else_gives_that_commit_back(store: Store, draft: Store) -> None:
    with store.transaction(idempotency_key="k") as tx:
        tx.write("/c.md", "c")
    wrote = tx.published
    draft.write("/a.md", "one")
    report = store.branches.merge("draft", idempotency_key="k")
    assert (report.commit, report.merged, report.ancestor) == (wrote, 0, 0)
    assert [change.path for change in report.changes] == ["/c.md"]
    assert store.read_text("/a.md") == "a pelican"


def test_a_deleted_branch_is_not_merged_and_nothing_is_merged_into_it(store: Store, draft: Store) -> None:
    draft.write("/a.md", "one")
    into = store.branch("draft")

    def deleting(point: str) -> None:
        if point == "publish.before_lock":
            store.branches.delete("draft")

    with pytest.raises(BranchGone), faults.observing(deleting):
        store.branches.merge("draft")
    with pytest.raises(BranchGone):
        into.branches.merge("main")
    assert whole(store) == BEFORE


def test_a_branch_is_not_merged_into_itself(draft: Store) -> None:
    with pytest.raises(Unsupported, match="into itself"):
        draft.branches.merge("draft")


def test_a_directory_that_was_restored_on_a_branch_is_found_again(store: Store) -> None:
    store.write("/d/x.md", "an okapi")
    before = store.commit_at()
    store.remove("/d", recursive=True)
    store.branches.create("draft")
    store.maintenance.optimize()
    store.branch("draft").restore("/d", at=before)
    store.branches.merge("draft")
    assert whole(store) == {"/d/x.md": "an okapi"}
    assert [hit.path for hit in store.search("okapi", mode="text")] == ["/d/x.md"]


def test_a_merge_asks_for_what_changed_and_not_for_what_there_is(store: Store, draft: Store) -> None:
    def asked(name: str) -> int:
        store.branches.create(name)
        branch = store.branch(name)
        with branch.transaction() as tx:
            for number in range(10):
                tx.write(f"/wiki/{name}/{number}.md", "new")
        with Effort(store) as effort:
            store.branches.merge(name)
        return effort.total

    few = asked("few")
    with store.transaction() as tx:
        for number in range(300):
            tx.write(f"/wiki/there/{number}.md", "x")
    assert asked("many") <= few * 1.3
