"""What changed, when and by whom, and taking it back."""

import pytest

from holdfast.errors import InvalidPath, NotFound
from holdfast.front.store import Store
from holdfast.tree.history import PAGE, Change
from tests.support.looking import contents_of, entry_rows, head


def kinds(changes: list[Change]) -> list[tuple[str, str, str | None]]:
    """Return (kind, path, old path) of each change."""
    return [(change.kind, change.path, change.old_path) for change in changes]


def messages(store: Store, path: str | None = None, **options: int) -> list[str]:
    """Return the messages of a log, newest first."""
    return [commit.message for commit in store.log(path, **options)]


# --- log


def test_the_log_of_the_store_is_newest_first(store: Store) -> None:
    store.write("/a", "1", message="one", actor="agent:1")
    store.write("/a", "2", message="two")
    assert messages(store) == ["two", "one", "Create the store"]
    assert messages(store, limit=1) == ["two"]
    assert messages(store, limit=0) == []
    assert messages(store, at=2) == ["one", "Create the store"]
    assert [commit.actor for commit in store.log()] == ["user", "agent:1", "holdfast"]


def test_the_log_of_a_file_follows_it_through_moves(store: Store) -> None:
    store.write("/a", "1", message="made")
    store.write("/other", "x", message="noise")
    store.write("/a", "2", message="changed")
    store.move("/a", "/b", message="moved")
    store.write("/a", "new", message="another file under the old name")
    store.write("/b", "3", message="changed again")
    assert messages(store, "/b") == ["changed again", "moved", "changed", "made"]
    assert messages(store, "/a") == ["another file under the old name"]
    assert messages(store, "/a", at=4) == ["changed", "made"]


def test_the_log_of_a_directory_has_what_happened_below_it(store: Store) -> None:
    store.write("/d/sub/x", "1", message="made")
    store.write("/other", "x", message="noise")
    store.write("/d/sub/x", "2", message="changed below")
    store.move("/d/sub/x", "/out", message="moved out")
    store.write("/out", "3", message="changed outside")
    store.move("/out", "/d/in", message="moved in")
    store.remove("/d/in", message="removed")
    assert messages(store, "/d") == ["removed", "moved in", "moved out", "changed below", "made"]
    assert messages(store, "/")[:2] == ["removed", "moved in"]


def test_the_log_of_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        list(store.log("/none"))


def test_the_log_is_longer_than_a_page(store: Store) -> None:
    for number in range(PAGE + 5):
        store.mkdir(f"/d{number}")
    assert len(list(store.log())) == PAGE + 6
    assert messages(store, "/d0") == ["Make /d0"]


# --- show and diff


def test_show_says_what_one_commit_did(store: Store) -> None:
    with store.transaction(message="several") as tx:
        tx.write("/d/a", "1")
        tx.remove("/wiki")
    commit = store.commit_at()
    changes = store.diff(commit.parent, commit.id)
    assert (commit.message, commit.id) == ("several", head(store))
    assert kinds(changes) == [("added", "/d", None), ("added", "/d/a", None), ("removed", "/wiki", None)]
    assert len(store.diff(None, 1)) == 5
    with pytest.raises(NotFound):
        store.commit_at(99)


def test_a_diff_names_each_change_once(store: Store) -> None:
    with store.transaction() as tx:
        for path in ("/changed", "/gone", "/moved", "/both", "/d/x", "/d/y", "/e/z"):
            tx.write(path, path)
    old = head(store)
    store.write("/changed", "1")
    store.write("/changed", "2")
    store.remove("/gone")
    store.move("/moved", "/here")
    store.move("/both", "/there")
    store.write("/there", "and changed")
    store.move("/d", "/dd")
    store.write("/dd/new", "n")
    store.write("/dd/x", "changed in a moved directory")
    store.remove("/e", recursive=True)
    store.write("/passing", "p")
    store.remove("/passing")
    forwards = store.diff(old)
    assert kinds(forwards) == [
        ("modified", "/changed", None),
        ("moved", "/dd", "/d"),
        ("added", "/dd/new", None),
        ("modified", "/dd/x", None),
        ("removed", "/e", None),
        ("removed", "/gone", None),
        ("moved", "/here", "/moved"),
        ("moved", "/there", "/both"),
    ]
    assert [change.path for change in forwards if change.modified] == ["/there"]
    assert store.diff(old, old) == []
    assert kinds(store.diff("HEAD", old)) == [
        ("moved", "/both", "/there"),
        ("modified", "/changed", None),
        ("moved", "/d", "/dd"),
        ("modified", "/d/x", None),
        ("removed", "/dd/new", None),
        ("added", "/e", None),
        ("added", "/gone", None),
        ("moved", "/moved", "/here"),
    ]


def test_a_diff_backwards_is_in_order_of_path(store: Store) -> None:
    with store.transaction() as tx:
        tx.write("/a", "a")
        tx.write("/b", "b")
    with store.transaction() as tx:
        tx.move("/a", "/y")
        tx.move("/b", "/x")
    assert [change.path for change in store.diff("HEAD", "HEAD~1")] == ["/a", "/b"]


def test_a_diff_sees_through_a_removed_directory_to_what_was_moved_out(store: Store) -> None:
    store.write("/d/keep", "k")
    store.write("/d/lose", "l")
    store.write("/e/in", "i")
    old = head(store)
    store.move("/d/keep", "/kept")
    store.move("/e/in", "/d/in")
    store.remove("/d", recursive=True)
    assert kinds(store.diff(old)) == [
        ("removed", "/d", None),
        ("removed", "/e/in", None),
        ("moved", "/kept", "/d/keep"),
    ]


def test_a_file_that_became_a_directory_is_two_changes(store: Store) -> None:
    store.write("/f", "file")
    old = head(store)
    with store.transaction() as tx:
        tx.remove("/f")
        tx.write("/f/inside", "i")
    assert kinds(store.diff(old)) == [("added", "/f", None), ("removed", "/f", None), ("added", "/f/inside", None)]


def test_a_file_that_was_made_anew_is_compared_with_the_one_before(store: Store) -> None:
    store.write("/same", "s")
    store.write("/other", "o")
    old = head(store)
    for path, text in (("/same", "s"), ("/other", "changed")):
        store.remove(path)
        store.write(path, text)
    assert kinds(store.diff(old)) == [("modified", "/other", None)]
    assert kinds(store.diff("HEAD", old)) == [("modified", "/other", None)]


def test_a_directory_that_was_made_anew_is_compared_with_the_one_before(store: Store) -> None:
    with store.transaction() as tx:
        for name in ("same", "other", "gone", "kind", "sub/same", "sub/gone", "lost/x", "moved"):
            tx.write(f"/d/{name}", name)
    old = head(store)
    store.move("/d/moved", "/out")
    store.remove("/d", recursive=True)
    with store.transaction() as tx:
        for name in ("same", "sub/same", "kind/now", "new/x", "moved"):
            tx.write(f"/d/{name}", name)
        tx.write("/d/other", "changed")
    forwards = [
        ("removed", "/d/gone", None),
        ("added", "/d/kind", None),
        ("removed", "/d/kind", None),
        ("added", "/d/kind/now", None),
        ("removed", "/d/lost", None),
        ("added", "/d/moved", None),
        ("added", "/d/new", None),
        ("added", "/d/new/x", None),
        ("modified", "/d/other", None),
        ("removed", "/d/sub/gone", None),
        ("moved", "/out", "/d/moved"),
    ]
    assert kinds(store.diff(old)) == forwards
    store.remove("/d", recursive=True)
    store.restore("/d", at=old)
    backwards = kinds(store.diff("HEAD~2"))
    assert ("added", "/d/gone", None) in backwards
    assert ("modified", "/d/other", None) in backwards
    assert not {"/d", "/d/sub", "/d/same", "/d/sub/same"} & {path for _, path, _ in backwards}


def test_what_was_moved_out_of_a_directory_and_into_one_of_the_same_name_did_not_move(store: Store) -> None:
    store.write("/d/x", "x")
    store.write("/d/y", "y")
    old = head(store)
    with store.transaction() as tx:
        tx.mkdir("/new")
        tx.move("/d/x", "/new/x")
        tx.move("/d/y", "/new/y")
        tx.remove("/d")
        tx.move("/new", "/d")
    assert store.diff(old) == []
    store.write("/d/y", "changed")
    assert kinds(store.diff(old)) == [("modified", "/d/y", None)]
    assert store.diff("HEAD~1", old) == []


# --- restore


def test_a_file_is_restored_as_a_new_commit(store: Store) -> None:
    store.write("/a.md", "good")
    old, node = head(store), store.stat("/a.md").id
    store.write("/a.md", "bad")
    commit = store.restore("/a.md", at=old)
    assert store.read("/a.md") == b"good"
    assert store.stat("/a.md").id == node
    assert commit.message == f"Restore /a.md from commit {old}"
    assert store.snapshot(at="HEAD~1").read("/a.md") == b"bad"


def test_a_removed_file_comes_back_with_its_directories(store: Store) -> None:
    large = bytes(range(256)) * 400
    store.write("/d/sub/large.bin", large)
    store.remove("/d", recursive=True)
    store.restore("/d/sub/large.bin", at="HEAD~1")
    assert store.read("/d/sub/large.bin") == large


def test_a_directory_becomes_exactly_what_it_was(store: Store) -> None:
    with store.transaction() as tx:
        for path in ("/d/same", "/d/changed", "/d/removed", "/d/sub/deep", "/d/kind", "/d/moved"):
            tx.write(path, path)
    was = contents_of(store)
    old, untouched = head(store), store.stat("/d/same").commit
    with store.transaction() as tx:
        tx.write("/d/changed", "!")
        tx.remove("/d/removed")
        tx.write("/d/extra/more", "!")
        tx.remove("/d/sub", recursive=True)
        tx.write("/d/sub", "a file")
        tx.remove("/d/kind")
        tx.write("/d/kind/is", "a directory")
        tx.move("/d/moved", "/outside")
    store.write("/beside", "stays")
    store.restore("/d", at=old)
    assert contents_of(store) == {**was, "/beside": b"stays", "/outside": b"/d/moved"}
    assert store.stat("/d/same").commit == untouched
    assert store.restore("/d", at=old).id == head(store), "restoring what is there already is no commit"


def test_the_whole_store_is_restored(store: Store) -> None:
    store.write("/a", "a")
    store.write("/d/b", "b")
    was, old = contents_of(store), head(store)
    store.remove("/wiki")
    store.remove("/d", recursive=True)
    store.write("/z/y", "new")
    store.restore("/", at=old)
    assert contents_of(store) == was
    assert store.exists("/wiki")


def test_restore_through_a_place_that_was_elsewhere(store: Store) -> None:
    store.write("/d/x", "x")
    old = head(store)
    store.move("/d", "/e")
    store.write("/d", "now a file")
    store.restore("/d", at=old)
    assert contents_of(store) == {"/d": None, "/d/x": b"x", "/e": None, "/e/x": b"x"}


def test_what_was_not_there_then_cannot_be_restored(store: Store) -> None:
    store.write("/a", "a")
    with pytest.raises(NotFound):
        store.restore("/a", at=1)
    with pytest.raises(NotFound):
        store.restore("/a", at=99)
    with pytest.raises(InvalidPath):
        store.restore("a", at=1)


def test_a_restore_joins_other_changes_in_a_transaction(store: Store) -> None:
    store.write("/a", "1")
    store.write("/a", "2")
    with store.transaction() as tx:
        tx.restore("/a", at=head(store) - 1)
        tx.move("/a", "/b")
        assert tx.read("/b") == b"1"
    assert contents_of(store) == {"/b": b"1"}


def test_the_log_goes_on_where_a_removed_file_was_restored(store: Store) -> None:
    store.write("/d/a.md", "1", message="made")
    store.write("/d/a.md", "2", message="changed")
    node = store.stat("/d/a.md").id
    store.remove("/d/a.md", message="removed")
    store.write("/d/a.md", "another", message="another file under the old name")
    store.remove("/d/a.md", message="removed too")
    store.restore("/d/a.md", at=2, message="restored")
    assert store.stat("/d/a.md").id == node
    assert messages(store, "/d/a.md") == ["restored", "removed", "changed", "made"]
    assert store.diff(2) == []


def test_a_file_made_anew_gives_way_to_the_one_that_was_there(store: Store) -> None:
    store.write("/a.md", "1", message="made")
    store.remove("/a.md", message="removed")
    store.write("/a.md", "2", message="made anew")
    store.restore("/a.md", at=2, message="restored")
    assert messages(store, "/a.md") == ["restored", "removed", "made"]
    assert store.diff(2) == []


def test_a_removed_directory_comes_back_in_one_row_with_all_it_held(store: Store) -> None:
    with store.transaction(message="made") as tx:
        for number in range(30):
            tx.write(f"/d/sub/{number}.md", f"the walrus number {number}")
    was, old = list(store.tree("/d")), head(store)
    store.remove("/d", recursive=True, message="removed")
    store.maintenance.optimize()
    begun, ended = entry_rows(store)
    store.restore("/d", at=old, message="restored")
    assert entry_rows(store) == (begun + 1, ended)
    assert list(store.tree("/d")) == was
    assert messages(store, "/d/sub/7.md") == ["made"]
    assert messages(store, "/d") == ["restored", "removed", "made"]
    assert kinds(store.diff("HEAD~1")) == [("added", "/d", None)]
    assert store.diff(old) == []
    assert len(store.search("walrus", mode="text", limit=50)) == 30
    assert store.maintenance.verify(deep=True).ok


def test_a_directory_restored_to_before_its_last_changes_writes_only_those(store: Store) -> None:
    with store.transaction() as tx:
        for name in ("kept", "changed", "removed", "moved"):
            tx.write(f"/d/{name}", name)
    was, old = contents_of(store), head(store)
    with store.transaction() as tx:
        tx.write("/d/changed", "!")
        tx.remove("/d/removed")
        tx.move("/d/moved", "/moved")
        tx.write("/d/new", "!")
    store.remove("/d", recursive=True)
    begun, ended = entry_rows(store)
    store.restore("/d", at=old)
    # The directory, `changed`, `removed`, and a new node for `moved`, which is needed elsewhere; `new` and the changed
    # one end.
    assert entry_rows(store) == (begun + 4, ended + 2)
    assert contents_of(store) == {**was, "/moved": b"moved"}
    assert store.stat("/d/moved").id != store.stat("/moved").id
    assert kinds(store.diff("HEAD~1")) == [("added", "/d", None)]


def test_a_file_out_of_a_removed_directory_comes_back_alone_and_then_with_the_rest(store: Store) -> None:
    with store.transaction(message="made") as tx:
        tx.write("/d/a", "a")
        tx.write("/d/b", "b")
    old = head(store)
    store.remove("/d", recursive=True, message="removed")
    store.restore("/d/a", at=old, message="restored one")
    assert contents_of(store) == {"/d": None, "/d/a": b"a"}
    assert messages(store, "/d/a") == ["restored one", "made"]
    store.restore("/d", at=old, message="restored all")
    assert contents_of(store) == {"/d": None, "/d/a": b"a", "/d/b": b"b"}
    assert store.diff(old) == []
    assert messages(store, "/d/b") == ["made"]


def test_a_node_that_stands_elsewhere_is_left_there(store: Store) -> None:
    store.write("/a", "a", message="made")
    store.move("/a", "/b", message="moved")
    store.restore("/a", at=2, message="restored")
    assert contents_of(store) == {"/a": b"a", "/b": b"a"}
    assert messages(store, "/b") == ["moved", "made"]
    assert messages(store, "/a") == ["restored"]


def test_directories_that_changed_places_find_back(store: Store) -> None:
    store.write("/d/a/b/x", "x")
    was, old = contents_of(store), head(store)
    with store.transaction() as tx:
        tx.move("/d/a/b", "/d/b")
        tx.move("/d/a", "/d/b/a")
    store.restore("/d", at=old)
    assert contents_of(store) == was
    assert store.diff(old) == []


def test_what_was_removed_and_restored_in_one_transaction_stands_once(store: Store) -> None:
    store.write("/d/x", "x")
    old, node = head(store), store.stat("/d/x").id
    with store.transaction() as tx:
        tx.move("/d/x", "/y")
        tx.remove("/d", recursive=True)
        tx.restore("/d", at=old)
        tx.remove("/y")
        tx.restore("/d/x", at=old)
    assert contents_of(store) == {"/d": None, "/d/x": b"x"}
    assert store.stat("/d/x").id == node
    assert store.maintenance.verify().ok


def test_history_keeps_what_was_removed(store: Store) -> None:
    store.write("/secret/plan.md", "v1")
    store.remove("/secret", recursive=True)
    assert store.snapshot(at="HEAD~1").read("/secret/plan.md") == b"v1"
    assert messages(store, "/secret/plan.md", at=head(store) - 1) == ["Write /secret/plan.md"]
