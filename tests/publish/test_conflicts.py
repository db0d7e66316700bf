"""A transaction is never committed over what somebody else changed of what it looked at (G3)."""

from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog.engine import Connection
from holdfast.errors import Conflict
from holdfast.front.store import Store
from holdfast.publish.transaction import Transaction
from holdfast.testing.seams import internal_transaction
from tests.support.effort import Effort
from tests.support.looking import contents_of, head

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
    "a listing and a create": (
        lambda tx: tx.write("/count", str(len(list(tx.ls("/d"))))),
        lambda tx: tx.write("/d/n", "2"),
    ),
    "a walk and a change deep below": (
        lambda tx: tx.write("/count", str(len(list(tx.tree("/d"))))),
        lambda tx: tx.write("/d/sub/y", "2"),
    ),
    "a match and a create": (
        lambda tx: tx.write("/count", str(len(list(tx.glob("/d/**/*.md"))))),
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


@pytest.mark.parametrize("look", [lambda tx: None, lambda tx: list(tx.ls("/full"))], ids=["a write", "a listing"])
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


def test_what_a_commit_looked_at_is_compared_before_its_turn(folder: Path) -> None:
    def turn(looked_at: int) -> int:
        with holdfast.open(folder) as store:
            slow = store.transaction().__enter__()
            for number in range(looked_at):
                slow.exists(f"/wanted-{number}")
            slow.write(f"/mine-{looked_at}", "x")
            write_many(store, f"/else/{looked_at}", 600)
            with Effort(store) as effort:
                slow.commit()
            return effort.in_turns

    assert turn(500) < 1.5 * turn(5)


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


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda tx: tx.write("/d/deep/x.md", "theirs"), {"/d/deep/x.md"}),
        (lambda tx: tx.remove("/d/deep", recursive=True), {"/d/deep", "/d/deep/x.md"}),
        (lambda tx: tx.move("/d", "/e"), {"/d"}),
    ],
    ids=["written", "removed with its directory", "moved with its directory"],
)
def test_a_conflict_names_the_whole_path(
    store: Store, change: Callable[[Transaction], object], changed: set[str]
) -> None:
    store.mkdir("/d/deep", parents=True)
    store.write("/d/deep/x.md", "x")
    slow = store.transaction().__enter__()
    slow.write("/d/deep/x.md", slow.read("/d/deep/x.md") + b"mine")
    store.transaction()(change)
    with pytest.raises(Conflict) as lost:
        slow.commit()
    assert lost.value.path in changed
    assert lost.value.message.startswith(f"{lost.value.path} was changed by commit")
