from collections.abc import Callable

import pytest

from holdfast import LockMode
from holdfast.errors import Locked
from holdfast.front.store import Store
from holdfast.publish.transaction import Transaction
from holdfast.testing.seams import internal_transaction
from tests.support.looking import contents_of


@pytest.fixture(autouse=True)
def tree(store: Store) -> None:
    """Give the store something to change."""
    store.write("/d/sub/f", "f")
    store.write("/d/g", "g")
    store.mkdir("/e")


def write_two(tx: Transaction) -> None:
    """Change two paths in one commit."""
    tx.write("/x", "1")
    tx.write("/y", "2")


#: an operation, the locks of others that it must respect, and some beside them that are none of its business
Case = tuple[Callable[[Store], object], list[tuple[str, str]], list[tuple[str, str]]]

CASES: dict[str, Case] = {
    "write over a file": (
        lambda s: s.write("/d/g", "new"),
        [("/d/g", "point"), ("/d", "subtree"), ("/", "subtree")],
        [("/d", "point"), ("/d/sub", "subtree"), ("/d/g0", "subtree")],
    ),
    "write with new directories": (
        lambda s: s.write("/n/m/f", "new"),
        [("/n/m/f", "point"), ("/n/m", "point"), ("/n", "point")],
        [("/d", "subtree")],
    ),
    "make a directory": (lambda s: s.mkdir("/d/new"), [("/d/new", "point"), ("/d", "subtree")], [("/d", "point")]),
    "remove a file": (lambda s: s.remove("/d/g"), [("/d/g", "point"), ("/d", "subtree")], [("/d", "point")]),
    "remove a directory": (
        lambda s: s.remove("/d", recursive=True),
        [("/d", "point"), ("/d/sub/f", "point"), ("/d/sub", "subtree"), ("/d/not/there", "point")],
        [("/e", "subtree"), ("/", "point")],
    ),
    "move a directory": (
        lambda s: s.move("/d", "/e/d"),
        [("/d/sub/f", "point"), ("/d", "point"), ("/e/d", "point"), ("/e", "point"), ("/e", "subtree")],
        [("/e/other", "point"), ("/", "point")],
    ),
    "move a file": (
        lambda s: s.move("/d/g", "/e/g"),
        [("/d/g", "point"), ("/e/g", "point"), ("/d", "subtree")],
        [("/d", "point"), ("/d/sub", "subtree")],
    ),
    "copy a directory": (
        lambda s: s.copy("/d", "/e/d"),
        [("/e/d", "point"), ("/e/d/sub/f", "point"), ("/e", "subtree")],
        [("/d", "subtree"), ("/e", "point")],
    ),
    "restore a directory": (
        lambda s: s.restore("/d", at=s.commit_at().id - 1),
        [("/d", "point"), ("/d/sub/f", "point")],
        [("/e", "subtree")],
    ),
    "several changes": (
        lambda s: s.transaction()(write_two),
        [("/x", "point"), ("/y", "point")],
        [("/z", "point")],
    ),
}

REFUSED = [(name, lock) for name, (_, locks, _) in CASES.items() for lock in locks]
ADMITTED = [(name, lock) for name, (_, _, locks) in CASES.items() for lock in locks]


@pytest.mark.parametrize(("name", "lock"), REFUSED)
def test_an_operation_is_refused_where_somebody_else_holds_a_lock(
    store: Store, other: Store, name: str, lock: tuple[str, LockMode]
) -> None:
    before = contents_of(store)
    with other.lock(lock[0], mode=lock[1], purpose="mine"), pytest.raises(Locked, match="'mine'"):
        CASES[name][0](store)
    assert contents_of(store) == before


@pytest.mark.parametrize(("name", "lock"), ADMITTED)
def test_an_operation_is_admitted_beside_the_locks_of_others(
    store: Store, other: Store, name: str, lock: tuple[str, LockMode]
) -> None:
    with other.lock(lock[0], mode=lock[1]):
        CASES[name][0](store)


def test_reading_is_never_refused(store: Store, other: Store) -> None:
    with other.lock("/", mode="subtree"):
        assert store.read("/d/g") == b"g"


def test_a_change_that_changes_nothing_is_not_refused(store: Store, other: Store) -> None:
    with other.lock("/d/g"):
        store.write("/d/g", "g")


def test_a_claimed_path_is_respected_though_it_stays_as_it_is(store: Store, other: Store) -> None:
    def change(*, deep: bool) -> None:
        with internal_transaction(store) as tx:
            tx.claim("/e", deep=deep)
            tx.write("/x", "1")

    with other.lock("/e"), pytest.raises(Locked):
        change(deep=False)
    with other.lock("/e/deep"):
        with pytest.raises(Locked):
            change(deep=True)
        change(deep=False)


def test_a_move_lock_takes_only_the_file_of_a_file(store: Store, other: Store) -> None:
    with store.lock(["/d/g", "/e/g"], mode="move") as lock:
        assert lock.paths == ("/d/g", "/e", "/e/g")
        assert other.lock("/d/g/below").release()
        store.move("/d/g", "/e/g")


def test_a_move_lock_takes_all_below_a_directory(store: Store, other: Store) -> None:
    with store.lock(["/d", "/e/d"], mode="move"):
        with pytest.raises(Locked):
            other.lock("/d/sub/f")
        store.move("/d", "/e/d")
