import pytest

from holdfast.catalog import audit
from holdfast.errors import Locked, LockLost, NotFound
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.testing.seams import rooms


def test_locks_are_listed_with_all_that_is_known(store: Store, other: Store) -> None:
    with other.lock("/b", mode="subtree", purpose="thinking", ttl=60), store.lock("/a"):
        first, second = store.locks.list()
    assert (first.path, second.path) == ("/a", "/b")
    assert (second.mode, second.state, second.actor, second.purpose) == ("subtree", "held", "agent:2", "thinking")
    assert (second.expires - second.since).total_seconds() == 60
    assert second.pid > 0


def test_locks_are_listed_under_a_path(store: Store) -> None:
    with store.lock(["/a", "/a/b", "/ab"]):
        assert [info.path for info in store.locks.list(under="/a")] == ["/a", "/a/b"]


def test_a_lock_of_the_living_is_broken_only_by_force(store: Store, other: Store) -> None:
    lock = store.lock("/a")
    with pytest.raises(Locked, match="alive"):
        other.locks.revoke("/a")
    assert lock.held
    assert [info.token for info in other.locks.revoke("/a", force=True)] == [lock.token]
    assert not lock.held
    assert not lock.release()
    assert store.locks.stats().lost == 1


def test_a_stale_lock_is_broken_without_force(store: Store, other: Store, clock: ManualClock) -> None:
    store.lock("/a", ttl=10)
    clock.advance(10)
    assert len(other.locks.revoke("/a")) == 1


def test_breaking_compares_the_token(store: Store, other: Store) -> None:
    lock = store.lock("/a")
    with pytest.raises(NotFound):
        other.locks.revoke("/a", force=True, token=lock.token + 1)
    assert lock.held
    assert other.locks.revoke("/a", force=True, token=lock.token)


def test_breaking_what_is_not_locked_names_what_covers_it(store: Store) -> None:
    with pytest.raises(NotFound):
        store.locks.revoke("/a/b", force=True)
    with store.lock("/a", mode="subtree"), pytest.raises(NotFound, match="lock on /a:"):
        store.locks.revoke("/a/b", force=True)


def test_a_broken_lock_is_audited(store: Store, other: Store) -> None:
    lock = store.lock("/a", purpose="thinking")
    other.locks.revoke("/a", force=True)
    with rooms(store).engine.read() as conn:
        row = audit.newest(conn, 1)[0]
    assert (row.kind, row.subject) == ("break_lock", str(lock.token))
    assert "agent:2 broke the point lock on /a of user" in row.detail


def test_what_happened_is_counted(store: Store, other: Store, clock: ManualClock) -> None:
    with store.lock("/a"):
        with pytest.raises(Locked):
            other.lock("/a")
        clock.advance(8)
    with store.lock("/a"):
        clock.advance(2)
    stats = store.locks.stats()
    assert (stats.acquired, stats.refused, stats.released, stats.held) == (2, 1, 2, 0)
    assert (stats.mean_hold, stats.longest_hold) == (5, 8)


def test_it_is_healthy_again_as_soon_as_the_cause_is_gone(store: Store, other: Store, clock: ManualClock) -> None:
    with store.lock("/a", ttl=10):
        clock.advance(10)
        assert not store.locks.stats().healthy
        with pytest.raises(LockLost):
            store.write("/a", "late")
        with other.lock("/a"):
            stats = store.locks.stats()
            assert stats.healthy
            assert (stats.expired, stats.held, stats.stale) == (1, 1, 0)
    assert store.locks.stats().healthy
    assert store.locks.stats().lost == 1
