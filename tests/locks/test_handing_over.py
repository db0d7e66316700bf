import pytest

from holdfast.errors import Locked, LockLost
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock


def test_a_lock_is_handed_over_once(store: Store, other: Store) -> None:
    lock = store.lock(["/a", "/b"], mode="subtree")
    claim = lock.hand_over()
    with other.locks.adopt(claim) as adopted:
        assert adopted.paths == ("/a", "/b")
        other.write("/a/x", "theirs")
        with pytest.raises(LockLost, match="adopted"):
            store.locks.adopt(claim)
    assert store.locks.list() == []


def test_who_handed_a_lock_over_cannot_publish_under_it(store: Store, other: Store) -> None:
    lock = store.lock("/a")
    before = lock.token
    adopted = other.locks.adopt(lock.hand_over())
    assert adopted.token > before
    with pytest.raises(LockLost, match="handed over"), store.transaction(lock=lock) as tx:
        tx.write("/a", "late")
    assert not lock.release()
    assert adopted.held


def test_a_lock_on_its_way_keeps_others_out_until_its_lease_ends(
    store: Store, other: Store, clock: ManualClock
) -> None:
    claim = store.lock("/a", ttl=1000).hand_over(ttl=10)
    assert [info.state for info in store.locks.list()] == ["handed_over"]
    with pytest.raises(Locked, match="handed over"):
        other.lock("/a")
    clock.advance(10)
    with pytest.raises(LockLost):
        other.locks.adopt(claim)
    assert other.lock("/a").held


def test_a_lock_that_was_lost_cannot_be_handed_over(store: Store, other: Store, clock: ManualClock) -> None:
    lock = store.lock("/a", ttl=10)
    clock.advance(10)
    with other.lock("/a"), pytest.raises(LockLost):
        lock.hand_over()


def test_a_claim_that_nobody_gave_is_refused(store: Store) -> None:
    store.lock("/a")
    with pytest.raises(LockLost):
        store.locks.adopt("made up")
