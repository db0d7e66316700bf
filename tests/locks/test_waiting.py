import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast import Components
from holdfast.errors import Locked
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.host.process import Identity
from holdfast.locks import manager
from holdfast.locks.bell import Bell
from holdfast.locks.manager import LockManager
from holdfast.locks.modes import PathLock
from holdfast.locks.table import PLACE_LEASE, GrantedLock, LockRequest, RefusedLock

Process = Callable[..., LockManager]

#: seconds after which a thread that should have ended is a failed test
PATIENCE = 60


class Turning:
    """A clock that is turned by sleeping, and does something else as well while a waiter sleeps."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.meanwhile: Callable[[], object] = lambda: None

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
        self.meanwhile()


def request(*names: str, holder: str, mode: str = "point") -> LockRequest:
    wants = [PathLock(name, mode) for name in names]
    return LockRequest(
        wants=lambda _: wants,
        holder=holder,
        mine=(holder,),
        nested=False,
        actor=holder,
        purpose="",
        ttl=1000.0,
        since=0.0,
    )


def refused(agent: LockManager, asked: LockRequest, ticket: int | None = None) -> RefusedLock:
    outcome = agent.table.grant(asked, ticket=ticket, wait=True)
    assert isinstance(outcome, RefusedLock)
    return outcome


def test_a_wait_ends_when_its_time_is_over(store: Store, other: Store, clock: ManualClock) -> None:
    began = clock.now()
    with store.lock("/a"), pytest.raises(Locked):
        other.lock("/a", timeout=30)
    assert clock.now() == pytest.approx(began + 30)
    assert store.locks.waiting() == []
    assert store.locks.stats().timed_out == 1


def test_a_wait_ends_with_the_lease_of_who_does_not_renew(folder: Path, store: Store, clock: ManualClock) -> None:
    store.lock("/a", ttl=100)
    began = clock.now()
    with holdfast.open(folder, components=Components(clock=clock)) as other:
        lock = other.lock("/a", timeout=None)
    assert clock.now() == pytest.approx(began + 100, abs=0.1)
    assert lock.token > 0
    assert store.locks.stats().longest_wait == pytest.approx(100, abs=0.1)


def test_a_wait_ends_with_the_release(folder: Path, store: Store, clock: ManualClock) -> None:
    held, turning = store.lock("/a", ttl=1000), Turning(clock)
    with holdfast.open(folder, components=Components(clock=turning)) as other:
        turning.meanwhile = held.release
        assert other.lock("/a", timeout=10).held


@pytest.mark.parametrize("how", ["release", "break"])
def test_a_waiter_in_the_same_process_is_woken_and_need_not_look(
    folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(manager, "FIRST_LOOK", 3600)
    monkeypatch.setattr(manager, "LONGEST_LOOK", 3600)
    with holdfast.open(folder) as store:
        held, taken = store.lock("/a"), threading.Event()

        def wait() -> None:
            with store.lock("/a", timeout=None):
                taken.set()

        waiter = threading.Thread(target=wait, daemon=True)
        waiter.start()
        while not store.locks.waiting():
            assert waiter.is_alive()
        if how == "release":
            held.release()
        else:
            store.locks.revoke("/a", force=True)
        assert taken.wait(PATIENCE)
        waiter.join(PATIENCE)
        assert store.locks.waiting() == []


def test_a_ring_between_look_and_sleep_is_not_missed() -> None:
    from holdfast.host.clock import SystemClock

    bell = Bell(SystemClock())
    heard = bell.rings
    bell.ring()
    # Returns at once: a missed ring would make this the longest test of all.
    bell.wait(heard, 3600)


def test_those_who_wait_are_served_in_order_of_arrival(process: Process) -> None:
    agent = process()
    held = agent.acquire(["/a"])
    first = refused(agent, request("/a", holder="first")).ticket
    second = refused(agent, request("/a", holder="second")).ticket
    held.release()
    assert refused(agent, request("/a", holder="second"), second).blockers[0].holder == "first"
    with pytest.raises(Locked, match="first"):
        agent.acquire(["/a"])
    assert isinstance(agent.table.grant(request("/a", holder="first"), ticket=first, wait=True), GrantedLock)


def test_a_waiter_for_much_is_not_overtaken_by_those_who_want_little(process: Process) -> None:
    agent = process()
    agent.acquire(["/a/1"])
    ticket = refused(agent, request("/a", holder="all", mode="subtree")).ticket
    with pytest.raises(Locked, match="all"):
        agent.acquire(["/a/2"])
    assert agent.acquire(["/b"]).held
    assert ticket is not None


def test_a_later_waiter_hides_no_earlier_one(process: Process) -> None:
    agent = process()
    agent.acquire(["/a/x"])
    early = refused(agent, request("/a/x", holder="early")).ticket
    middle = refused(agent, request("/a", holder="middle", mode="subtree")).ticket
    refused(agent, request("/a", holder="late"))
    blockers = refused(agent, request("/a", holder="middle", mode="subtree"), middle).blockers
    assert {row.holder for row in blockers if row.number == early} == {"early"}


def test_a_waiter_that_died_lets_the_next_one_through(process: Process) -> None:
    ended: set[int] = set()
    first, second = (process(Identity("here", "b", pid, "t"), lambda who: who.pid in ended) for pid in (1, 2))
    held = second.acquire(["/a"])
    refused(first, request("/a", holder="dies"))
    held.release()
    with pytest.raises(Locked):
        second.acquire(["/a"])
    ended.add(1)
    assert second.acquire(["/a"]).held


def test_a_waiter_that_gives_no_sign_of_life_loses_its_place_and_no_more(process: Process, clock: ManualClock) -> None:
    agent = process()
    held = agent.acquire(["/a"], ttl=1000)
    slow = refused(agent, request("/a", holder="slow")).ticket
    clock.advance(PLACE_LEASE)
    quick = refused(agent, request("/a", holder="quick")).ticket
    again = refused(agent, request("/a", holder="slow"), slow).ticket
    assert again is not None
    assert quick is not None
    assert again > quick
    held.release()
    assert isinstance(agent.table.grant(request("/a", holder="quick"), ticket=quick, wait=True), GrantedLock)


def test_a_waiter_keeps_its_place_however_long_it_waits(folder: Path, store: Store, clock: ManualClock) -> None:
    held, turning = store.lock("/a", ttl=1000), Turning(clock)
    places: set[int] = set()
    turning.meanwhile = lambda: places.update(info.token for info in store.locks.waiting())
    with holdfast.open(folder, components=Components(clock=turning)) as other, pytest.raises(Locked):
        other.lock("/a", timeout=3 * PLACE_LEASE)
    assert len(places) == 1
    assert held.held


def test_a_wait_that_is_interrupted_leaves_the_queue(folder: Path, store: Store, clock: ManualClock) -> None:
    turning = Turning(clock)

    def interrupt() -> None:
        raise KeyboardInterrupt

    turning.meanwhile = interrupt
    with store.lock("/a"), holdfast.open(folder, components=Components(clock=turning)) as other:
        with pytest.raises(KeyboardInterrupt):
            other.lock("/a", timeout=None)
        assert store.locks.waiting() == []
