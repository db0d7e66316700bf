"""Changes on a condition: they are made only while what stands there is what the caller knows."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import Conflict, InvalidPath, NotFound
from holdfast.front.store import Store
from holdfast.publish import transaction
from holdfast.tree.editing import edited


def test_a_write_on_a_known_content_is_made_once(store: Store) -> None:
    store.write("/a.md", "one")
    known = store.stat("/a.md").content_id
    store.write("/a.md", "two", if_match=known)
    with pytest.raises(Conflict, match="does not hold the content"):
        store.write("/a.md", "three", if_match=known)
    assert store.read("/a.md") == b"two"


def test_a_change_on_a_known_commit_is_refused_when_the_file_changed_since(store: Store) -> None:
    first = store.write("/a.md", "one")
    elsewhere = store.write("/b.md", "b")
    store.write("/a.md", "two", if_match=elsewhere)
    for stale in (first, elsewhere.id):
        with pytest.raises(Conflict, match="not what it was at commit"):
            store.write("/a.md", "three", if_match=stale)
    with pytest.raises(Conflict, match="not what it was at commit"):
        store.write("/a.md", "three", if_match=10**6)


def test_what_was_written_back_as_it_was_is_still_another_commit(store: Store) -> None:
    first = store.write("/a.md", "one")
    store.write("/a.md", "two")
    store.write("/a.md", "one")
    with pytest.raises(Conflict):
        store.remove("/a.md", if_match=first)
    store.remove("/a.md", if_match=store.stat("/a.md").content_id)


def test_a_move_and_a_removal_are_refused_too(store: Store) -> None:
    first = store.write("/a.md", "one")
    store.write("/a.md", "two")
    with pytest.raises(Conflict):
        store.move("/a.md", "/b.md", if_match=first)
    with pytest.raises(Conflict):
        store.remove("/a.md", if_match=first)
    assert store.exists("/a.md")


def test_what_is_gone_is_no_match(store: Store) -> None:
    first = store.write("/a.md", "one")
    store.remove("/a.md")
    with pytest.raises(Conflict, match="not there any more"):
        store.write("/a.md", "two", if_match=first)
    with pytest.raises(Conflict, match="not there any more"):
        store.write("/a.md/below", "two", if_match=first)


def test_in_a_transaction_its_own_changes_count(store: Store) -> None:
    first = store.write("/a.md", "one")
    with store.transaction() as tx:
        tx.write("/a.md", "two", if_match=first)
        with pytest.raises(Conflict):
            tx.write("/a.md", "three", if_match=first)
    assert store.read("/a.md") == b"two"


def test_an_edit_replaces_the_one_place(store: Store) -> None:
    store.write("/a.md", "# Tea\n\nGreen tea.")
    store.edit("/a.md", "Green", "Black")
    assert store.read("/a.md") == b"# Tea\n\nBlack tea."
    assert store.search("black", mode="text")[0].path == "/a.md"


def test_an_edit_of_a_text_by_itself_changes_nothing(store: Store) -> None:
    written = store.write("/a.md", "# Tea\n\nGreen tea.")
    before = store.stat("/a.md")
    assert store.edit("/a.md", "Green", "Green").id == written.id
    assert (store.stat("/a.md"), store.commit_at().id) == (before, written.id)
    with pytest.raises(Conflict):
        store.edit("/a.md", "Black", "Black")


@pytest.mark.parametrize("path", ["/a.md", "/nowhere.md"])
def test_an_empty_content_id_is_refused_as_what_it_is(store: Store, path: str) -> None:
    store.write("/a.md", "one")
    with pytest.raises(InvalidPath, match="names no content") as refused:
        store.write(path, "two", if_match="")
    assert "None" in refused.value.remedy
    with pytest.raises(InvalidPath):
        store.edit("/a.md", "one", "two", if_match="")


def test_an_edit_of_what_is_there_twice_needs_all(store: Store) -> None:
    store.write("/a.md", "one one")
    with pytest.raises(Conflict, match="2 times"):
        store.edit("/a.md", "one", "two")
    store.edit("/a.md", "one", "two", all=True)
    assert store.read("/a.md") == b"two two"


def test_an_edit_of_what_is_not_there_is_refused(store: Store) -> None:
    store.write("/a.md", "one")
    with pytest.raises(Conflict, match="does not have the text"):
        store.edit("/a.md", "two", "three")
    with pytest.raises(NotFound):
        store.edit("/b.md", "two", "three")


def test_an_edit_loses_nobodys_change(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write("/a.md", "one two")
    others = ["ONE two"]

    def meanwhile(*args: Any, **how: Any) -> str:
        if others:
            store.write("/a.md", others.pop())
        return edited(*args, **how)

    monkeypatch.setattr(transaction, "edited", meanwhile)
    store.edit("/a.md", "two", "three")
    assert store.read("/a.md") == b"ONE three"


def test_a_transaction_writes_what_a_store_writes(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source.md"
    source.write_text("from disk")
    first = store.write("/a.md", "one")
    store.write("/a.md", "two")
    with store.transaction() as tx:
        tx.write("/b.md", source)
        tx.write("/c.md", BytesIO(b"from a file"))
        tx.restore("/a.md", at=first)
    assert [store.read(path) for path in ("/a.md", "/b.md", "/c.md")] == [b"one", b"from disk", b"from a file"]


def test_a_text_that_overlaps_itself_is_there_more_than_once(store: Store) -> None:
    store.write("/a.md", "aaa")
    with pytest.raises(Conflict, match="2 times"):
        store.edit("/a.md", "aa", "b")
    store.edit("/a.md", "aaa", "b")
    assert store.read("/a.md") == b"b"
