import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

import holdfast
from holdfast import Components
from holdfast.catalog.work import locks as rows
from holdfast.errors import Locked, LockLost, ReadOnly, Unsupported
from holdfast.front.store import Store
from holdfast.host import process as processes
from holdfast.host.clock import ManualClock
from holdfast.host.process import Identity
from holdfast.locks.held_lock import LONGEST_TTL, SHORTEST_TTL
from holdfast.locks.manager import LockManager
from holdfast.publish.transaction import Transaction
from holdfast.testing.seams import rooms
from tests.support.lock_managers import HERE
from tests.support.looking import contents_of, head

Process = Callable[..., LockManager]


def test_a_taken_path_is_refused_at_once_and_says_by_whom(store: Store, other: Store) -> None:
    with store.lock("/a", purpose="thinking", actor="agent:1"), pytest.raises(Locked) as refused:
        other.lock("/a")
    message = str(refused.value)
    assert "agent:1" in message
    assert "'thinking'" in message
    assert str(os.getpid()) in message
    assert "since 2023-11-14 22:13:20Z" in message
    assert "until 2023-11-14 22:18:20Z" in message
    assert refused.value.path == "/a"


def test_a_released_path_is_free(store: Store, other: Store) -> None:
    with store.lock("/a"):
        pass
    assert other.lock("/a").release()


def test_taking_a_lock_makes_nothing(store: Store) -> None:
    with store.lock("/not/there", mode="subtree"):
        assert contents_of(store) == {}


def test_all_paths_or_none(store: Store, other: Store) -> None:
    with store.lock("/b"):
        with pytest.raises(Locked):
            other.lock(["/a", "/b", "/c"])
        assert [info.path for info in store.locks.list()] == ["/b"]


def test_of_two_contenders_one_wins(store: Store, other: Store) -> None:
    won = []
    for contender, names in ((store, ["/a", "/b"]), (other, ["/b", "/a"])):
        with suppress(Locked):
            won.append(contender.lock(names))
    assert len(won) == 1


def test_tokens_only_grow(store: Store, other: Store) -> None:
    seen = []
    for turn in range(6):
        lock = (store, other)[turn % 2].lock(["/a", "/b"])
        seen += sorted(lock.tokens)
        lock.release()
    assert seen == sorted(set(seen))


def test_tokens_are_not_given_again_after_a_power_cut(process: Process, store: Store) -> None:
    before = process().acquire(["/a"]).token
    # What a power cut does to writes that were not durable: the counter and the locks are as they were long before.
    with rooms(store).engine.write() as conn:
        conn.run("UPDATE lock_numbers SET next_number = 1")
        conn.run("DELETE FROM locks")
    restarted = process(Identity("here", "boot-2", 1, "later"))
    assert restarted.acquire(["/a"]).token > before + rows.NUMBERS_PER_BLOCK - 10


def test_numbers_go_on_when_a_block_is_used_up(process: Process, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "NUMBERS_PER_BLOCK", 3)
    manager = process()
    tokens = [token for _ in range(5) for token in manager.acquire([f"/{_}a", f"/{_}b"]).tokens]
    assert tokens == sorted(set(tokens))


def test_an_ended_lease_is_free_for_others_and_lost_for_its_holder(
    store: Store, other: Store, clock: ManualClock
) -> None:
    lock = store.lock("/a", ttl=10)
    clock.advance(10)
    assert not lock.held
    taken = other.lock("/a")
    with pytest.raises(LockLost, match="agent:2"):
        lock.check()
    assert not lock.renew()
    assert not lock.release()
    assert taken.held


def test_an_ended_lease_cannot_publish_even_when_nobody_else_wanted_it(store: Store, clock: ManualClock) -> None:
    before = head(store)
    with store.lock("/a", ttl=10) as lock:
        clock.advance(10)
        assert not lock.renew()
        with pytest.raises(LockLost, match="lease ended"):
            store.write("/a", "late")
    assert head(store) == before


def test_a_renewed_lease_is_not_lost(store: Store, other: Store, clock: ManualClock) -> None:
    lock = store.lock("/a", ttl=10)
    for _ in range(5):
        clock.advance(9)
        assert lock.renew()
    with pytest.raises(Locked):
        other.lock("/a")


def test_a_transaction_is_fenced_by_the_lock_it_was_given(store: Store, other: Store, clock: ManualClock) -> None:
    lock = store.lock("/a", ttl=10)

    def dawdle(tx: Transaction) -> None:
        tx.write("/a", "mine")
        clock.advance(10)
        with other.lock("/a"):
            other.write("/a", "theirs")

    with pytest.raises(LockLost):
        store.transaction(lock=lock)(dawdle)
    assert store.read("/a") == b"theirs"


def test_a_transaction_that_runs_again_is_fenced_too(store: Store, other: Store) -> None:
    lock = store.lock("/a")
    store.transaction(lock=lock, retries=1)(lambda tx: tx.write("/a", "mine"))
    other.locks.revoke("/a", force=True)
    with pytest.raises(LockLost, match="broken"):
        store.transaction(lock=lock, retries=1)(lambda tx: tx.write("/a", "again"))
    assert store.read("/a") == b"mine"


def test_one_lost_path_of_several_stops_the_publish(store: Store, other: Store) -> None:
    with store.lock(["/a", "/b"]):
        other.locks.revoke("/b", force=True)
        with pytest.raises(LockLost):
            store.write("/a", "late")
    assert not store.exists("/a")


def test_a_released_lock_fences_nothing_in(store: Store) -> None:
    lock = store.lock("/a")
    lock.release()
    with pytest.raises(LockLost, match="released"), store.transaction(lock=lock) as tx:
        tx.write("/a", "late")
    with pytest.raises(LockLost, match="released"), lock:
        pass


def test_a_holder_that_died_on_this_host_is_superseded_at_once(process: Process) -> None:
    ended: set[int] = set()
    first, second = (process(Identity("here", "boot-1", pid, "then"), lambda who: who.pid in ended) for pid in (1, 2))
    first.acquire(["/a"], mode="subtree", ttl=1000)
    with pytest.raises(Locked):
        second.acquire(["/a/b"])
    ended.add(1)
    assert second.acquire(["/a/b"]).held


def test_a_dead_holder_below_a_wanted_subtree_is_superseded(process: Process) -> None:
    ended: set[int] = set()
    first, second, third = (
        process(Identity("here", "boot-1", pid, "then"), lambda who: who.pid in ended) for pid in (1, 2, 3)
    )
    # More than one look at the rows below takes in, and a living one behind them.
    first.acquire([f"/a/{i}" for i in range(450)])
    alive = second.acquire(["/a/9999"])
    ended.add(1)
    with pytest.raises(Locked, match="/a/9999"):
        third.acquire(["/a"], mode="subtree")
    alive.release()
    assert third.acquire(["/a"], mode="subtree").held


def test_a_holder_on_another_host_keeps_its_lease(process: Process, clock: ManualClock) -> None:
    away = process(Identity("elsewhere", "boot-9", 1, "then"), lambda _: None)
    away.acquire(["/a"], ttl=60)
    here = process(HERE, lambda who: None if who.host != "here" else True)
    clock.advance(59)
    with pytest.raises(Locked):
        here.acquire(["/a"])
    clock.advance(1)
    assert here.acquire(["/a"]).held


def test_a_process_of_another_boot_or_start_time_is_dead() -> None:
    here = processes.current()
    assert processes.is_dead(here) is False
    assert processes.is_dead(Identity(here.host, "another boot", here.pid, here.started)) is True
    assert processes.is_dead(Identity(here.host, here.boot, here.pid, "another start")) is True
    assert processes.is_dead(Identity("another host", here.boot, here.pid, here.started)) is None


def test_a_process_that_counts_pids_otherwise_is_not_judged_by_its_pid() -> None:
    here = processes.current()
    assert processes.is_dead(replace(here, namespace="another container", started="then")) is None
    assert processes.is_dead(replace(here, namespace="another container", boot="another boot")) is True
    assert not processes.is_stopped(replace(here, namespace="another container"))


def test_an_identity_written_before_it_named_a_namespace_is_read() -> None:
    here = processes.current()
    old = json.loads(here.to_json())
    del old["namespace"]
    assert processes.is_dead(Identity.from_json(json.dumps(old))) is False
    assert processes.is_dead(Identity.from_json(json.dumps({**old, "started": "then"}))) is True
    assert Identity.from_json(here.to_json()) == here


def test_a_lock_whose_owner_cannot_be_read_is_a_lock(store: Store, other: Store, clock: ManualClock) -> None:
    store.lock("/a", ttl=60)
    with rooms(store).engine.write() as conn:
        conn.run("UPDATE locks SET owner = '{\"pid\": tru'")
    with pytest.raises(Locked, match="cannot be read"):
        other.lock("/a")
    assert [info.state for info in store.locks.list()] == ["held"]
    clock.advance(60)
    assert other.lock("/a").held


def test_a_lock_whose_lease_makes_no_sense_is_told_of_and_broken(store: Store, other: Store) -> None:
    store.lock("/a")
    with rooms(store).engine.write() as conn:
        conn.run("UPDATE locks SET expires = :never", {"never": float("inf")})
    with pytest.raises(Locked, match="until a time that cannot be read"):
        other.lock("/a")
    assert len(other.locks.revoke("/a", force=True)) == 1


def test_what_expired_and_nobody_wants_is_cleared_away(store: Store, clock: ManualClock) -> None:
    store.lock("/a", ttl=10)
    clock.advance(10)
    store.lock("/b")
    assert [info.path for info in store.locks.list()] == ["/b"]


def test_closing_a_store_gives_its_locks_back(folder: Path, other: Store, clock: ManualClock) -> None:
    with holdfast.open(folder, components=Components(clock=clock)) as short:
        short.lock("/a")
    assert other.lock("/a").held


@pytest.mark.parametrize("ttl", [0, SHORTEST_TTL / 2, LONGEST_TTL * 2, float("inf"), float("nan")])
def test_a_ttl_has_bounds(store: Store, ttl: float) -> None:
    with pytest.raises(Unsupported):
        store.lock("/a", ttl=ttl)
    lock = store.lock("/a")
    with pytest.raises(Unsupported):
        lock.hand_over(ttl=ttl)
    assert lock.held


def test_a_timeout_is_not_negative(store: Store) -> None:
    with pytest.raises(Unsupported):
        store.lock("/a", timeout=-1)


def test_a_store_opened_for_reading_takes_no_locks(folder: Path) -> None:
    with holdfast.open(folder, read_only=True) as reader:
        assert reader.locks.list() == []
        with pytest.raises(ReadOnly):
            reader.lock("/a")


@pytest.mark.parametrize("point", ["lock.after_grant", "lock.before_grant_commit"])
def test_an_acquire_that_is_interrupted_leaves_nothing(store: Store, armed: Callable[[str], None], point: str) -> None:
    with store.lock("/outer") as outer:
        armed(f"{point}=error")
        with pytest.raises(OSError, match="fault"):
            store.lock("/a")
        armed("")
        assert outer.held
        assert [info.path for info in store.locks.list()] == ["/outer"]


def test_a_waiter_that_is_interrupted_at_once_leaves_no_place(
    store: Store, other: Store, armed: Callable[[str], None]
) -> None:
    with store.lock("/a"):
        armed("lock.after_refusal=error")
        with pytest.raises(OSError, match="fault"):
            other.lock("/a", timeout=None)
        armed("")
        assert store.locks.waiting() == []
