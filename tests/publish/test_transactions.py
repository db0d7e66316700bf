"""Transactions: several changes at once, seen by all or none, and never over somebody else's."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog.branches import MAIN
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.errors import Conflict, NotFound, Unsupported
from holdfast.front.store import Store
from holdfast.publish.transaction import Transaction
from holdfast.recovery.verify import verify
from holdfast.testing.seams import internal_transaction, rooms
from tests.support.effort import Effort
from tests.support.looking import contents_of, entry_rows, head
from tests.support.processes import Child

# --- together or not at all


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
        assert tx.glob("/*.md") == ["/new.md", "/older.md"]
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


# --- conflicts

Change = Callable[[Transaction], object]

#: what the loser does, and what somebody else commits meanwhile
CONFLICTS: dict[str, tuple[Change, Change]] = {
    "both write one file": (lambda tx: tx.write("/f", "1"), lambda tx: tx.write("/f", "2")),
    "both create one file": (lambda tx: tx.write("/new", "1"), lambda tx: tx.write("/new", "2")),
    "both create one directory": (lambda tx: tx.mkdir("/new"), lambda tx: tx.mkdir("/new")),
    "both make the same parents": (lambda tx: tx.write("/p/q/1", "1"), lambda tx: tx.write("/p/q/2", "2")),
    "write under a moved directory": (lambda tx: tx.write("/d/sub/n", "1"), lambda tx: tx.move("/d", "/e")),
    "write under a removed directory": (
        lambda tx: tx.write("/d/sub/n", "1"),
        lambda tx: tx.remove("/d", recursive=True),
    ),
    "move out of a removed directory": (lambda tx: tx.move("/d/x", "/x"), lambda tx: tx.remove("/d", recursive=True)),
    "moves that would make a cycle": (lambda tx: tx.move("/d", "/k/d"), lambda tx: tx.move("/k", "/d/k")),
    "deep moves that would make a cycle": (
        lambda tx: tx.move("/d", "/k/l/d"),
        lambda tx: tx.move("/k", "/d/sub/k"),
    ),
    "remove of an empty directory and a create in it": (
        lambda tx: tx.remove("/empty"),
        lambda tx: tx.write("/empty/n", "2"),
    ),
    "a create in an empty directory and its removal": (
        lambda tx: tx.write("/empty/n", "1"),
        lambda tx: tx.remove("/empty"),
    ),
    "the other of two moves that would make a cycle": (
        lambda tx: tx.move("/k", "/d/k"),
        lambda tx: tx.move("/d", "/k/d"),
    ),
    "replace of an empty directory and a create in it": (
        lambda tx: tx.move("/d", "/empty", overwrite=True),
        lambda tx: tx.write("/empty/n", "2"),
    ),
    "copy of a directory and a create in it": (lambda tx: tx.copy("/d", "/c"), lambda tx: tx.write("/d/sub/n", "2")),
    "a listing and a create": (lambda tx: tx.write("/count", str(len(tx.ls("/d")))), lambda tx: tx.write("/d/n", "2")),
    "a walk and a change deep below": (
        lambda tx: tx.write("/count", str(len(tx.tree("/d")))),
        lambda tx: tx.write("/d/sub/y", "2"),
    ),
    "a match and a create": (
        lambda tx: tx.write("/count", str(len(tx.glob("/d/**/*.md")))),
        lambda tx: tx.write("/d/sub/n.md", "2"),
    ),
    "an absence and a create": (
        lambda tx: None if tx.exists("/d/lock") else tx.write("/k/taken", "1"),
        lambda tx: tx.write("/d/lock", "2"),
    ),
    "a read and a write": (lambda tx: tx.write("/copy", tx.read("/f")), lambda tx: tx.write("/f", "2")),
    "write skew": (
        lambda tx: tx.write("/d/x", tx.read("/k/z")),
        lambda tx: tx.write("/k/z", tx.read("/d/x") + b"!"),
    ),
    "a restore and a create": (lambda tx: tx.restore("/d", at=2), lambda tx: tx.write("/d/sub/n", "2")),
}


@pytest.fixture
def furnished(store: Store) -> Store:
    """Return a store with a few files."""
    with store.transaction() as tx:
        for path in ("/f", "/d/x", "/d/sub/y", "/k/z", "/k/l/w"):
            tx.write(path, path)
        tx.mkdir("/empty")
    store.write("/d/x", "changed since commit 2")
    return store


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_transaction_whose_ground_moved_conflicts(furnished: Store, name: str) -> None:
    loser, winner = CONFLICTS[name]
    slow = furnished.transaction(message="slow", actor="agent:slow").__enter__()
    loser(slow)
    furnished.transaction(message="quick", actor="agent:quick")(winner)
    after = contents_of(furnished)
    with pytest.raises(Conflict) as lost:
        slow.commit()
    quick = head(furnished)
    assert f"commit {quick} by agent:quick (quick)" in lost.value.message
    assert f"commit {slow.base}" in lost.value.message
    assert lost.value.path
    assert contents_of(furnished) == after


def write_many(store: Store, folder: str, files: int) -> None:
    with store.transaction(message="much else") as tx:
        for number in range(files):
            tx.write(f"{folder}/{number}", "x")


def much_else(store: Store) -> None:
    """Commit more changes than any of these transactions looks at."""
    write_many(store, "/else", 60)


@pytest.mark.parametrize("name", CONFLICTS)
def test_it_conflicts_as_well_among_many_changes_that_do_not_concern_it(furnished: Store, name: str) -> None:
    loser, winner = CONFLICTS[name]
    slow = furnished.transaction().__enter__()
    loser(slow)
    much_else(furnished)
    furnished.transaction(message="quick")(winner)
    with pytest.raises(Conflict, match=rf"commit {head(furnished)} by .*\(quick\)"):
        slow.commit()


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("name", CONFLICTS)
def test_it_conflicts_as_well_with_what_was_committed_while_it_waited_for_its_turn(
    furnished: Store, name: str, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    loser, winner = CONFLICTS[name]
    slow = furnished.transaction().__enter__()
    loser(slow)

    def quick(point: str) -> None:
        if point == "publish.before_lock":
            monkeypatch.undo()
            if many:
                much_else(furnished)
            furnished.transaction(message="quick")(winner)

    monkeypatch.setattr("holdfast.publish.publication.point", quick)
    with pytest.raises(Conflict, match=rf"\(quick\), after commit {slow.base}"):
        slow.commit()


@pytest.mark.parametrize("quick", ["/d/b", "/d"])
def test_two_restores_do_not_both_give_a_node_back(store: Store, quick: str) -> None:
    """One restores a file to where it stood first, the other to where it stood last, alone or with its directory."""
    store.write("/a", "a")
    store.mkdir("/d")
    store.move("/a", "/d/b")
    last = head(store)
    store.remove("/d", recursive=True)
    slow = store.transaction().__enter__()
    slow.restore("/a", at=2)
    store.restore(quick, at=last)
    with pytest.raises(Conflict):
        slow.commit()
    store.transaction(retries=1)(lambda tx: tx.restore("/a", at=2))
    nodes = [info.id for info in store.tree()]
    assert len(nodes) == len(set(nodes))
    assert store.read("/a") == store.read("/d/b") == b"a"


COMPATIBLE: dict[str, tuple[Change, Change]] = {
    "different files of one directory": (lambda tx: tx.write("/d/1", "1"), lambda tx: tx.write("/d/2", "2")),
    "different directories": (lambda tx: tx.write("/d/1", "1"), lambda tx: tx.remove("/k", recursive=True)),
    "a write beside a rename": (lambda tx: tx.write("/d/1", "1"), lambda tx: tx.move("/d/x", "/d/xx")),
    "a rename of a directory and a write below it by node": (
        lambda tx: tx.move("/d", "/e"),
        lambda tx: tx.write("/d/1", "1"),
    ),
    "a removal of a directory and a write deep in another": (
        lambda tx: tx.remove("/empty"),
        lambda tx: tx.write("/d/1", "1"),
    ),
}


@pytest.mark.parametrize("name", COMPATIBLE)
def test_two_that_commute_both_commit(furnished: Store, name: str) -> None:
    late, early = COMPATIBLE[name]
    slow = furnished.transaction().__enter__()
    late(slow)
    furnished.transaction()(early)
    base = head(furnished)
    assert slow.commit().id == base + 1


@pytest.mark.parametrize("name", COMPATIBLE)
def test_two_that_commute_both_commit_among_many_changes(furnished: Store, name: str) -> None:
    late, early = COMPATIBLE[name]
    slow = furnished.transaction().__enter__()
    late(slow)
    much_else(furnished)
    furnished.transaction()(early)
    base = head(furnished)
    assert slow.commit().id == base + 1


def test_a_lost_lock_is_heard_of_before_the_conflict_it_led_to(furnished: Store) -> None:
    def refuse(conn: Connection) -> None:
        raise PermissionError

    slow = internal_transaction(furnished).__enter__()
    slow.write("/f", "1")
    slow.require(refuse)
    furnished.write("/f", "2")
    with pytest.raises(PermissionError):
        slow.commit()


@pytest.mark.parametrize("look", [lambda tx: None, lambda tx: tx.ls("/full")], ids=["a write", "a listing"])
def test_a_commit_on_an_old_base_costs_others_what_it_looked_at(
    folder: Path, look: Callable[[Transaction], object]
) -> None:
    """Neither what others have committed since, nor what stands unchanged in what it listed, is read in its turn."""

    def turn(others: int) -> int:
        with holdfast.open(folder) as store:
            write_many(store, "/full", others)
            slow = store.transaction().__enter__()
            look(slow)
            slow.write(f"/mine-{others}", "x")
            write_many(store, f"/else/{others}", others)
            with Effort(store) as effort:
                slow.commit()
            return effort.in_turns

    assert turn(3000) < 1.5 * turn(30)


def test_a_commit_that_many_overtook_in_the_queue_reads_what_it_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turn(others: int) -> int:
        with holdfast.open(folder) as store:
            slow = store.transaction().__enter__()
            slow.write(f"/mine-{others}", "x")

            def overtake(point: str) -> None:
                if point == "publish.before_lock":
                    monkeypatch.undo()
                    write_many(store, f"/{others}", others)
                    effort.begin()

            monkeypatch.setattr("holdfast.publish.publication.point", overtake)
            with Effort(store) as effort:
                slow.commit()
            return effort.in_turns

    assert turn(3000) < 1.5 * turn(30)


def test_a_single_operation_looks_at_the_head_and_never_conflicts(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.write(f"/same/{n % 3}.md", f"text {n}"), range(48)))
    assert len(store.ls("/same")) == 3


def test_a_callable_is_run_again_after_a_conflict(store: Store) -> None:
    store.write("/count", "0")

    def increment(tx: Transaction) -> int:
        value = int(tx.read("/count")) + 1
        tx.write("/count", str(value))
        return value

    with ThreadPoolExecutor(4) as pool:
        values = list(pool.map(lambda _: store.transaction(retries=100)(increment), range(24)))
    assert sorted(values) == list(range(1, 25))
    assert store.read("/count") == b"24"


def test_retries_are_bounded(store: Store) -> None:
    tries = []

    def always_too_late(tx: Transaction) -> None:
        tries.append(tx.base)
        tx.write("/f", "mine")
        store.write("/f", f"theirs {len(tries)}")

    with pytest.raises(Conflict):
        store.transaction(retries=2)(always_too_late)
    assert tries == sorted(set(tries))
    assert len(tries) == 3


def test_an_error_of_the_callable_is_not_tried_again(store: Store) -> None:
    tries = []

    def fails(tx: Transaction) -> None:
        tries.append(1)
        tx.read("/none")

    with pytest.raises(NotFound):
        store.transaction(retries=5)(fails)
    assert len(tries) == 1


# --- idempotency


def test_the_same_key_gives_the_first_commit_back(store: Store) -> None:
    for text in ("first", "second"):
        with store.transaction(idempotency_key="k1") as tx:
            tx.write("/a.md", text)
    assert store.read("/a.md") == b"first"
    seen: list[Commit] = []
    for _ in range(2):
        tx = store.transaction(idempotency_key="k2").__enter__()
        tx.write("/big.bin", b"\1" * 200_000)
        seen.append(tx.commit())
    assert seen[0] == seen[1]
    with store.transaction(idempotency_key="k3") as tx:
        tx.write("/a.md", "third")
    assert store.read("/a.md") == b"third"


def test_a_retried_key_is_answered_even_when_its_own_commit_would_be_a_conflict(store: Store) -> None:
    store.write("/a.md", "0")
    first, again = (store.transaction(idempotency_key="once").__enter__() for _ in range(2))
    for tx in (first, again):
        tx.write("/a.md", tx.read("/a.md") + b"+1")
    assert first.commit() == again.commit()
    assert store.read("/a.md") == b"0+1"


@pytest.mark.parametrize("first", ["nothing", "what stands there", "what it takes back"])
def test_a_key_is_remembered_though_the_first_call_changed_nothing(store: Store, first: str) -> None:
    store.write("/a.md", "there")
    with store.transaction(idempotency_key="k") as tx:
        if first == "what stands there":
            tx.write("/a.md", "there")
        elif first == "what it takes back":
            tx.write("/b.md", "b")
            tx.remove("/b.md")
    with store.transaction(idempotency_key="k") as again:
        again.write("/a.md", "changed meanwhile")
    assert store.read("/a.md") == b"there"
    assert again.published == tx.published
    assert tx.published is not None
    assert (tx.published.idempotency_key, tx.published.changes) == ("k", 0)


def test_a_repeated_enqueue_is_told_the_jobs_of_the_first(store: Store) -> None:
    waiting = store.jobs.enqueue("noop", key="waiting")

    def enqueue(names: str) -> list[int | None]:
        with store.transaction(idempotency_key="k") as tx:
            tickets = [tx.jobs.enqueue("noop", key=name) for name in (*names, "waiting")]
        return [ticket.id for ticket in tickets]

    first = enqueue("ab")
    # A job that waited under the key already is told like one that was written.
    assert first[-1] == waiting
    assert None not in first
    assert enqueue("ab") == first
    # Whoever asks for more under the same key gets no more.
    assert enqueue("abcd") == [*first, None, None]
    assert len(list(store.jobs)) == 3


# --- listeners


@pytest.mark.parametrize("when", ["before_publish", "after_publish"])
def test_an_error_in_a_listener_reaches_nobody_who_commits(
    store: Store, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    heard: list[int] = []

    def broken() -> None:
        raise RuntimeError("can't start new thread")

    listeners = getattr(rooms(store).hooks, when)
    listeners.insert(0, broken)
    listeners.append(lambda: heard.append(1))
    store.write("/a.md", "a")
    store.jobs.enqueue("noop")
    store.session("chat").append("user", "hello")
    store.session("chat").commit()
    assert store.read("/a.md") == b"a"
    assert len(heard) >= 2
    assert "can't start new thread" in caplog.text


def test_a_process_that_can_start_no_thread_commits_and_tries_again_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        store.write("/a.md", "a")
        session = store.session("chat")
        session.extend([{"role": "user", "content": "ocelotbee " * 3000}])
        assert session.commit().archive is not None
    store.write("/b.md", "b")
    assert {thread.name for thread in threading.enumerate()} >= {"holdfast-upkeep"}
    store.close()
    with holdfast.open(Path(store.address)) as again:
        assert again.search("ocelotbee", mode="text")


def test_the_same_key_in_another_process_gives_the_first_commit_back(store: Store, child: Callable[..., Child]) -> None:
    tx = store.transaction(idempotency_key="shared").__enter__()
    tx.write("/a.md", "here")
    commit = tx.commit()
    other = child(
        """
        with holdfast.open(sys.argv[1]) as store:
            tx = store.transaction(idempotency_key="shared").__enter__()
            tx.write("/a.md", "there")
            say(tx.commit().id)
        """,
        Path(store.address),
    )
    assert int(other.finish()) == commit.id
    assert store.read("/a.md") == b"here"


def test_a_race_for_one_key_has_one_commit(store: Store) -> None:
    start = threading.Barrier(6)

    def race(number: int) -> Commit:
        with holdfast.open(Path(store.address)) as mine:
            tx = mine.transaction(idempotency_key="race").__enter__()
            tx.write(f"/winner-{number}", str(number))
            start.wait()
            return tx.commit()

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(race, range(6)))
    assert len(answers) == 1
    assert len(contents_of(store)) == 1


# --- processes and threads


def test_a_store_used_after_a_fork_says_so(folder: Path, child: Callable[..., Child]) -> None:
    other = child(
        """
        import os
        store = holdfast.open(sys.argv[1])
        pid = os.fork()
        if pid == 0:
            try:
                store.ls("/")
            except holdfast.Unsupported as error:
                say(error.message)
                store.close()
            os._exit(0)
        os.waitpid(pid, 0)
        store.write("/parent.md", "lives on")
        """,
        folder,
    )
    assert other.finish() == "The store was opened before a fork"
    with holdfast.open(folder) as store:
        assert store.exists("/parent.md")


def test_a_closed_store_says_so_and_may_be_closed_twice(store: Store) -> None:
    store.close()
    store.close()
    for use in (lambda: store.ls("/"), lambda: store.write("/a", "a")):
        with pytest.raises(Unsupported, match="closed"):
            use()


def test_threads_share_a_store(store: Store) -> None:
    def work(number: int) -> bytes:
        store.write(f"/t/{number}.md", f"text {number}")
        store.move(f"/t/{number}.md", f"/t/{number}-moved.md")
        return store.read(f"/t/{number}-moved.md")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(40))) == [f"text {n}".encode() for n in range(40)]
    assert len(store.ls("/t")) == 40


def test_a_source_that_changes_while_it_is_stored_is_refused(store: Store, tmp_path: Path) -> None:
    from holdfast.documents import IN_MEMORY_BYTES, Draft, body_of_file
    from holdfast.publish.committing import CommitOptions
    from holdfast.publish.transaction import publish_at_head

    source = tmp_path / "growing.bin"
    source.write_bytes(b"\0" * (IN_MEMORY_BYTES + 1))
    draft = Draft("growing.bin", body_of_file(source, "application/octet-stream"), rooms(store).deriver)
    source.write_bytes(b"\1" * (IN_MEMORY_BYTES + 1))
    with pytest.raises(Conflict, match="changed while"):
        publish_at_head(rooms(store), lambda tx: tx.put("/g.bin", draft), [draft], CommitOptions(MAIN))
    assert contents_of(store) == {}
    assert list(rooms(store).blobs.list()) == []
