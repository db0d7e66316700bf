"""Transactions: several changes at once, seen by all or none."""

from pathlib import Path

import pytest

from holdfast.catalog.branches import MAIN
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.documents import IN_MEMORY_BYTES, Draft, body_of_file
from holdfast.errors import Conflict, NotFound, Unsupported
from holdfast.front.store import Store
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import publish_at_head
from holdfast.recovery.verify import verify
from holdfast.testing.seams import internal_transaction, rooms
from tests.support.looking import contents_of, entry_rows, head


def test_several_changes_are_one_commit(store: Store) -> None:
    before = head(store)
    with store.transaction(message="tidy up", actor="agent:7") as tx:
        tx.write("/a.md", "a")
        tx.mkdir("/d")
        tx.move("/a.md", "/d/b.md")
        tx.copy("/d/b.md", "/c.md")
    commit = store.commit_at()
    assert (commit.id, commit.message, commit.actor) == (before + 1, "tidy up", "agent:7")
    assert contents_of(store) == {"/c.md": b"a", "/d": None, "/d/b.md": b"a"}


def test_a_transaction_reads_its_own_writes_and_nobody_else_does(store: Store) -> None:
    store.write("/old.md", "# Old\n\nline")
    with store.transaction() as tx:
        tx.write("/new.md", "# New\n\na fence")
        tx.write("/new.md", "# New\n\na fence and a lease")
        tx.move("/old.md", "/older.md")
        tx.remove("/memories")
        assert tx.read("/new.md") == b"# New\n\na fence and a lease"
        assert "lease" in tx.read_text("/new.md")
        assert tx.read("/older.md") == b"# Old\n\nline"
        assert [m.path for m in tx.grep("lease")] == ["/new.md"]
        assert list(tx.glob("/*.md")) == ["/new.md", "/older.md"]
        assert [i.name for i in tx.ls("/")] == ["new.md", "older.md", "resources", "sessions", "skills", "wiki"]
        assert not tx.exists("/old.md")
        assert store.exists("/old.md")
        assert not store.exists("/new.md")
        assert store.exists("/memories")
    assert contents_of(store) == {"/new.md": b"# New\n\na fence and a lease", "/older.md": b"# Old\n\nline"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_whatever_is_raised_inside_leaves_nothing(store: Store, error: type[BaseException]) -> None:
    before = head(store)
    with pytest.raises(error), store.transaction() as tx:
        tx.write("/a.md", "a")
        tx.write("/large.bin", b"\0" * 100_000)
        raise error
    assert contents_of(store) == {}
    assert head(store) == before
    assert list(rooms(store).blobs.list()) == []


def test_a_keyboard_interrupt_while_it_is_published_leaves_nothing(store: Store) -> None:
    def interrupt(conn: Connection, commit: Commit) -> None:
        raise KeyboardInterrupt

    before = head(store)
    with pytest.raises(KeyboardInterrupt), internal_transaction(store) as tx:
        tx.write("/a.md", "a")
        tx.also(interrupt)
    assert head(store) == before
    store.write("/a.md", "the store is not stuck")
    assert contents_of(store) == {"/a.md": b"the store is not stuck"}


def test_a_failed_operation_inside_leaves_the_others_in_place(store: Store) -> None:
    with store.transaction() as tx:
        tx.write("/a.md", "a")
        with pytest.raises(NotFound):
            tx.move("/none", "/b")
        with pytest.raises(NotFound):
            tx.move("/a.md", "/no/such/a.md")
        tx.write("/b.md", "b")
    assert contents_of(store) == {"/a.md": b"a", "/b.md": b"b"}


def test_changes_that_cancel_out_are_no_commit(store: Store) -> None:
    store.write("/a.md", "a")
    before = head(store)
    with store.transaction() as tx:
        tx.move("/a.md", "/b.md")
        tx.move("/b.md", "/a.md")
        tx.write("/c.md", "c")
        tx.remove("/c.md")
        tx.mkdir("/d")
        tx.remove("/d")
        tx.write("/e/f/g", "g")
        tx.copy("/e", "/h")
        tx.move("/h", "/e/h")
        tx.remove("/e", recursive=True)
    assert head(store) == before
    with store.transaction() as tx:
        tx.exists("/a.md")
    assert head(store) == before


def test_what_is_put_below_a_directory_that_is_then_removed_leaves_no_row(store: Store) -> None:
    with store.transaction() as tx:
        tx.write("/d/sub/x", "x")
        tx.write("/out", "o")
    begun, ended = entry_rows(store)
    with store.transaction() as tx:
        tx.write("/d/sub/new/n", "n")
        tx.write("/d/sub/x", "changed")
        tx.move("/out", "/d/sub/in")
        tx.move("/d/sub", "/kept")
        tx.move("/kept", "/d/again")
        tx.write("/d/more", "m")
        tx.remove("/d", recursive=True)
        tx.write("/d", "a file now")
    assert contents_of(store) == {"/d": b"a file now"}
    # Below the directory nothing ends: what it held stays in it as it was, to come back with it.
    assert entry_rows(store) == (begun + 1, ended + 2)
    assert not verify(rooms(store), deep=True).problems


def test_a_swap_of_two_names_keeps_both_nodes(store: Store) -> None:
    store.write("/a", "a")
    store.write("/b", "b")
    nodes = store.stat("/a").id, store.stat("/b").id
    with store.transaction() as tx:
        tx.move("/a", "/swap")
        tx.move("/b", "/a")
        tx.move("/swap", "/b")
    assert contents_of(store) == {"/a": b"b", "/b": b"a"}
    assert (store.stat("/b").id, store.stat("/a").id) == nodes


def test_a_transaction_that_has_ended_says_so(store: Store) -> None:
    with store.transaction() as tx:
        tx.write("/a", "a")
    for use in (lambda: tx.write("/b", "b"), lambda: tx.read("/a"), tx.commit, lambda: tx.mkdir("/c")):
        with pytest.raises(Unsupported, match="has ended"):
            use()


def test_a_transaction_may_be_ended_inside_its_block(store: Store) -> None:
    with store.transaction() as tx:
        tx.write("/a", "a")
        tx.rollback()
    with store.transaction() as tx:
        tx.write("/b", "b")
        tx.commit()
    assert contents_of(store) == {"/b": b"b"}


def test_guards_refuse_and_effects_join_the_same_commit(store: Store) -> None:
    seen = []

    def refuse(conn: Connection) -> None:
        raise Conflict("not today")

    with pytest.raises(Conflict, match="not today"), internal_transaction(store) as tx:
        tx.require(refuse)
        tx.write("/a", "a")
    with internal_transaction(store) as tx:
        tx.also(lambda conn, commit: seen.append(commit.id))
        tx.write("/b", "b")
    with internal_transaction(store) as tx:
        tx.also(lambda conn, commit: seen.append(commit.id))
    assert contents_of(store) == {"/b": b"b"}
    assert seen == [head(store) - 1, head(store)]


def test_a_source_that_changes_while_it_is_stored_is_refused(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "growing.bin"
    source.write_bytes(b"\0" * (IN_MEMORY_BYTES + 1))
    draft = Draft("growing.bin", body_of_file(source, "application/octet-stream"), rooms(store).deriver)
    source.write_bytes(b"\1" * (IN_MEMORY_BYTES + 1))
    with pytest.raises(Conflict, match="changed while"):
        publish_at_head(rooms(store), lambda tx: tx.put("/g.bin", draft), [draft], CommitOptions(MAIN))
    assert contents_of(store) == {}
    assert list(rooms(store).blobs.list()) == []
