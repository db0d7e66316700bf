import contextvars
import threading
from collections.abc import Callable

import pytest

from holdfast.errors import Locked, LockLost, Unsupported
from holdfast.front.store import Store
from holdfast.locks.modes import SUBTREE, PathLock
from holdfast.locks.table import LockRequest, RefusedLock
from tests.support.lock_managers import manager_of


def test_a_nested_lock_on_a_covered_path_is_free(store: Store) -> None:
    with store.lock("/a", mode="subtree") as outer, store.lock("/a/b", mode="subtree") as inner:
        assert inner.tokens == outer.tokens
        assert store.locks.stats().acquired == 1


def test_a_nested_lock_given_back_leaves_the_outer_one(store: Store, other: Store) -> None:
    with store.lock("/a", mode="subtree") as outer:
        with store.lock("/a/b"):
            pass
        assert outer.held
        with pytest.raises(Locked):
            other.lock("/a/b")


def test_a_point_becomes_a_subtree_and_a_point_again(store: Store, other: Store) -> None:
    with store.lock("/a"):
        with store.lock("/a", mode="subtree"), pytest.raises(Locked):
            other.lock("/a/b")
        with other.lock("/a/b"), pytest.raises(Locked):
            store.lock("/a", mode="subtree")
        with pytest.raises(Locked):
            other.lock("/a")


def test_two_who_want_more_cannot_wait_for_each_other(store: Store, other: Store) -> None:
    with store.lock("/a"), other.lock("/a/b"):
        with pytest.raises(Locked, match="cannot wait"):
            store.lock("/a", mode="subtree", timeout=None)
        with pytest.raises(Locked, match="cannot wait"):
            other.lock("/a", timeout=None)


def test_who_holds_a_lock_gets_more_before_those_who_wait_for_it(store: Store, other: Store) -> None:
    with store.lock("/a"):
        # Left in the queue, as by a waiter in another process.
        wants = [PathLock("/a", SUBTREE)]
        request = LockRequest(
            wants=lambda _: wants,
            holder="waiter",
            mine=("waiter",),
            nested=False,
            actor="agent:2",
            purpose="",
            ttl=300,
            since=0.0,
        )
        assert isinstance(manager_of(other).table.grant(request, wait=True), RefusedLock)
        assert store.lock("/a", mode="subtree").release()


def test_an_operation_inside_a_locked_block_uses_its_lock(store: Store) -> None:
    with store.lock("/a", mode="subtree"):
        store.write("/a/x", "1")
        store.move("/a/x", "/a/y")
        with store.transaction() as tx:
            tx.remove("/a/y")
        store.remove("/a", recursive=True)
    assert not store.exists("/a")


def test_a_lock_held_without_a_block_stands_in_its_own_way_until_it_is_used(store: Store) -> None:
    lock = store.lock("/a")
    with pytest.raises(Locked):
        store.write("/a", "1")
    with lock.used():
        store.write("/a", "1")
    with store.transaction(lock=lock) as tx:
        tx.write("/a", "2")
    assert lock.held


def run_in_thread(action: Callable[[], object]) -> list[BaseException]:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except Locked as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return failed


def test_a_thread_brings_the_lock_along_by_saying_so(store: Store) -> None:
    with store.lock("/a") as lock:

        def with_lock() -> None:
            with lock.used():
                store.write("/a", "1")

        assert run_in_thread(lambda: contextvars.Context().run(store.write, "/a", "0"))
        assert run_in_thread(with_lock) == []


def test_a_nested_lock_is_lost_with_the_outer_one(store: Store, other: Store) -> None:
    with store.lock("/a", mode="subtree"), store.lock("/a/b") as inner:
        other.locks.revoke("/a", force=True)
        assert not inner.held
        with pytest.raises(LockLost):
            store.write("/a/b", "late")
        with pytest.raises(LockLost):
            store.lock("/c")


def test_locks_of_two_stores_do_not_mix(store: Store, other: Store) -> None:
    with store.lock("/a"), other.lock("/b"):
        with pytest.raises(Locked):
            other.write("/a", "no")
        with pytest.raises(Locked):
            store.write("/b", "no")


def test_a_nested_lock_cannot_be_handed_over(store: Store) -> None:
    with store.lock("/a", mode="subtree"), store.lock("/a/b") as inner, pytest.raises(Unsupported):
        inner.hand_over()
