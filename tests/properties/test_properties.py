"""Properties as users have them: given, changed, taken away, and carried by whatever carries the file."""

import threading
from datetime import datetime
from typing import Any

import pytest

from holdfast import Conflict, HoldfastError, NotADirectory, NotFound, TooLarge, Unsupported
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from holdfast.tree.properties.checking import MAX_BYTES, MAX_DEPTH, MAX_KEY_CHARACTERS, MAX_VALUES

NOTE = "/notes/today.md"
GIVEN = {"tags": ["diary"], "rating": 4, "author": {"name": "Ada"}, "done": None, "share": 0.5, "kept": True}


@pytest.fixture
def note(store: Store) -> str:
    """Return the path of a file that has properties."""
    store.write(NOTE, "a pelican")
    store.properties.set(NOTE, GIVEN)
    return NOTE


def test_properties_come_back_as_they_were_given(store: Store, note: str) -> None:
    assert store.properties.get(note) == GIVEN
    assert store.properties.get("/notes") == {}
    assert store.maintenance.verify(deep=True).ok


def test_set_replaces_all_and_update_some(store: Store, note: str) -> None:
    store.properties.update(note, {"rating": None, "new": 1}, remove=["share", "author"])
    assert store.properties.get(note) == {"tags": ["diary"], "rating": None, "done": None, "kept": True, "new": 1}
    store.properties.set(note, {"only": "this"})
    assert store.properties.get(note) == {"only": "this"}
    store.properties.set(note, {})
    assert store.properties.get(note) == {}


def test_a_directory_has_properties_and_the_root_too(store: Store, note: str) -> None:
    for path in ("/notes", "/"):
        store.properties.set(path, {"of": path})
        store.properties.update(path, {"more": 1})
        assert store.properties.get(path) == {"of": path, "more": 1}
    assert {each.path for each in store.tree("/notes")} == {note}
    store.properties.set("/", {})
    assert store.properties.get("/") == {}
    assert store.maintenance.verify(deep=True).ok


def test_equal_properties_make_no_commit(store: Store, note: str) -> None:
    head = store.commit_at()
    assert store.properties.set(note, dict(reversed(GIVEN.items()))) == head
    assert store.properties.update(note, {"rating": 4}, remove=["nobody"]) == head
    assert store.properties.set("/", {}) == head
    with store.transaction() as tx:
        tx.properties.set("/", {"a": 1})
        tx.properties.set("/", {})
        tx.properties.set(note, {})
        tx.properties.set(note, GIVEN)
    assert store.commit_at() == head


def test_they_are_of_their_time(store: Store, note: str) -> None:
    before, snap = store.commit_at(), store.snapshot()
    store.properties.set(note, {"rating": 5})
    assert store.properties.get(note) == {"rating": 5}
    assert store.properties.get(note, at=before) == snap.properties.get(note) == GIVEN
    store.remove(note)
    with pytest.raises(NotFound):
        store.properties.get(note)
    store.restore(note, at=before)
    assert store.properties.get(note) == GIVEN


def test_whoever_writes_a_file_leaves_its_properties(store: Store, note: str) -> None:
    store.write(note, "a heron")
    store.edit(note, "heron", "stork")
    assert store.properties.get(note) == GIVEN
    with store.transaction() as tx:
        tx.write(note, "a crane")
        tx.properties.update(note, {"rating": 1})
        tx.write(note, "a stork")
    assert store.properties.get(note) == {**GIVEN, "rating": 1}


def test_what_is_removed_and_made_anew_has_none(store: Store, note: str) -> None:
    with store.transaction() as tx:
        tx.remove(note)
        tx.write(note, "a pelican")
    assert store.properties.get(note) == {}


def test_moves_and_copies_carry_them(store: Store, note: str) -> None:
    store.properties.set("/notes", {"folder": True})
    store.copy("/notes", "/copied")
    store.move("/notes", "/moved")
    for top in ("/copied", "/moved"):
        assert store.properties.get(top) == {"folder": True}
        assert store.properties.get(f"{top}/today.md") == GIVEN
    store.write("/plain.md", "a pelican")
    store.copy("/plain.md", "/copied/today.md", overwrite=True)
    assert store.properties.get("/copied/today.md") == {}


def test_restoring_the_whole_tree_restores_all_of_them(store: Store, note: str) -> None:
    store.properties.set("/", {"v": 1})
    before = store.commit_at()
    store.properties.set("/", {"v": 2})
    store.properties.set("/notes", {"v": 2})
    store.properties.set(note, {})
    store.restore("/", at=before)
    assert [store.properties.get(path) for path in ("/", "/notes", note)] == [{"v": 1}, {}, GIVEN]
    store.restore("/", at=1)
    assert store.properties.get("/") == {}


def test_a_transaction_changes_them_with_all_else_or_not_at_all(store: Store) -> None:
    with store.transaction() as tx:
        tx.write("/a.md", "a")
        tx.properties.set("/a.md", {"rating": 1})
        tx.move("/a.md", "/b.md")
        tx.properties.update("/b.md", {"tags": ["x"]})
        assert tx.properties.get("/b.md") == {"rating": 1, "tags": ["x"]}
    assert store.properties.get("/b.md") == {"rating": 1, "tags": ["x"]}
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        tx.properties.set("/b.md", {})
        raise ZeroDivisionError
    assert store.properties.get("/b.md") == {"rating": 1, "tags": ["x"]}


def test_who_read_properties_that_somebody_changed_is_refused(store: Store, note: str) -> None:
    tx = store.transaction().__enter__()
    rating = tx.properties.get(note)["rating"]
    store.properties.update(note, {"rating": 9})
    tx.properties.update(note, {"rating": rating + 1})
    with pytest.raises(Conflict):
        tx.commit()
    root = store.transaction().__enter__()
    assert root.properties.get("/") == {}
    store.properties.set("/", {"a": 1})
    root.write("/b.md", "b")
    with pytest.raises(Conflict):
        root.commit()


def test_updates_of_many_threads_are_all_kept(store: Store, note: str) -> None:
    def update(number: int) -> None:
        store.properties.update(note, {f"n{number}": number})

    threads = [threading.Thread(target=update, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.properties.get(note) == {**GIVEN, **{f"n{number}": number for number in range(8)}}


def test_a_change_on_a_condition_is_refused_when_it_does_not_hold(store: Store, note: str) -> None:
    known = store.commit_at()
    store.properties.update(note, {"rating": 2}, if_match=known)
    with pytest.raises(Conflict):
        store.properties.update(note, {"rating": 3}, if_match=known)
    with pytest.raises(Conflict):
        store.properties.set(note, {}, if_match="0" * 64)
    assert store.properties.get(note)["rating"] == 2


def test_what_is_not_there_has_no_properties(store: Store, note: str) -> None:
    for path, error in (("/nowhere", NotFound), (f"{note}/below", NotADirectory)):
        with pytest.raises(error):
            store.properties.get(path)
        with pytest.raises(error):
            store.properties.set(path, {"a": 1})


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


class Odd:
    pass


@pytest.mark.parametrize(
    ("given", "error", "named"),
    [
        ({"a": float("nan")}, Unsupported, "a is not a finite number"),
        ({"a": [1, float("-inf")]}, Unsupported, "a is not a finite number"),
        ({"a": "x\0y"}, Unsupported, "a has a NUL"),
        ({"a": {"b": "\ud800"}}, Unsupported, "a.b is not valid Unicode"),
        ({"a": 2**63}, Unsupported, "a does not fit 64 bits"),
        ({"a": (1, 2)}, Unsupported, "a is of the type tuple"),
        ({"a": datetime(2026, 1, 1)}, Unsupported, "a is of the type datetime"),
        ({"a": {"b": Odd()}}, Unsupported, "a.b is of the type Odd"),
        ({"a": b"bytes"}, Unsupported, "a is of the type bytes"),
        ({1: 2}, Unsupported, "The key 1 is of the type int"),
        ({"a": {None: 2}}, Unsupported, "The key None is of the type NoneType"),
        ({"": 2}, Unsupported, "cannot be called ''"),
        ({"$gte": 2}, Unsupported, "cannot be called '$gte'"),
        ({"x\0": 2}, Unsupported, "has a NUL"),
        ({"\ud800": 2}, Unsupported, "is not valid Unicode"),
        ({"k" * (MAX_KEY_CHARACTERS + 1): 2}, TooLarge, "201 characters"),
        ({"a": deep(MAX_DEPTH)}, TooLarge, "16 levels deep"),
        ({"a": list(range(MAX_VALUES))}, TooLarge, "more than 1000"),
        ({"a": "x" * MAX_BYTES}, TooLarge, "65544 bytes"),
    ],
)
def test_what_is_no_json_or_too_much_is_refused_by_name(
    store: Store, note: str, given: Any, error: type[HoldfastError], named: str
) -> None:
    head = store.commit_at()
    for act in (store.properties.set, store.properties.update):
        with pytest.raises(error) as raised:
            act(note, given)
        assert named in str(raised.value)
        assert note in str(raised.value)
        assert raised.value.remedy
    with pytest.raises(error), store.transaction() as tx:
        tx.properties.set(note, given)
    assert store.commit_at() == head


def test_what_is_within_the_limits_is_kept(store: Store, note: str) -> None:
    given = {
        "deep": deep(MAX_DEPTH - 1),
        "k" * MAX_KEY_CHARACTERS: "x" * 50_000,
        "many": list(range(900)),
        "numbers": [2**63 - 1, -(2**63), 1e308, 5e-324, -0.0, 1.0, 1],
        "text": ["é", "e\u0301", "\u0001", "\U0001f9a9", "'; DROP TABLE entries --", "%_\\"],
        "a.b": 1,
        "a": {"b": 2},
    }
    store.properties.set(note, given)
    assert repr(store.properties.get(note)) == repr({key: given[key] for key in sorted(given)})


def test_a_branch_has_its_own(store: Store, note: str) -> None:
    store.properties.set("/", {"v": 1})
    store.branches.create("draft")
    draft = store.branch("draft")
    draft.properties.update(note, {"rating": 5})
    draft.properties.set("/", {"v": 2})
    store.properties.update(note, {"kept": False})
    assert draft.properties.get(note) == {**GIVEN, "rating": 5}
    assert store.properties.get(note) == {**GIVEN, "kept": False}
    assert (store.properties.get("/"), draft.properties.get("/")) == ({"v": 1}, {"v": 2})
    assert store.maintenance.verify(deep=True).ok


def test_what_no_entry_names_any_more_is_found_at_no_head(store: Store, note: str) -> None:
    sql = """SELECT DISTINCT to_seq < 1000000 FROM property_values v JOIN properties p
        ON v.properties_id = p.properties_id WHERE json = :j"""

    def past(text: str) -> list[tuple[Any, ...]]:
        with rooms(store).engine.read() as conn:
            return conn.rows(sql, {"j": text})

    store.properties.set(note, {"v": 1})
    store.properties.set("/notes", {"v": 1})
    store.properties.set(note, {"v": 2})
    assert past('{"v":1}') == [(0,)]
    store.properties.set("/notes", {"v": 2})
    assert past('{"v":1}') == [(1,)]
    store.properties.set("/", {"v": 1})
    assert past('{"v":1}') == [(0,)]


def test_garbage_collection_takes_what_no_entry_names_and_nothing_else(store: Store, note: str) -> None:
    store.properties.set(note, {"v": 1})
    store.properties.set(note, {"v": 2})
    with rooms(store).engine.write() as conn:
        conn.run("DELETE FROM entries WHERE to_seq < 1000000 AND properties_id IS NOT NULL")
    assert store.maintenance.gc(dry_run=True).properties == 2
    assert store.maintenance.gc().properties == 2
    assert store.maintenance.gc().properties == 0
    with rooms(store).engine.read() as conn:
        for table in ("properties", "property_values"):
            assert conn.row(f"SELECT count(DISTINCT properties_id) FROM {table}") == (1,)
    assert store.properties.get(note) == {"v": 2}
    assert list(store.glob("/**", where={"v": 2})) == [note]
