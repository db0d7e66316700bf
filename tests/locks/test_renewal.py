import threading
import time
from typing import NoReturn

import pytest

from holdfast.errors import HoldfastError, StorageFailed
from holdfast.front.store import Store
from holdfast.locks import renewal
from holdfast.locks.renewal import Renewer

#: seconds after which a renewal that did not come is a failed test
PATIENCE = 60


class Turns:
    """A lease that notes its renewals and can be told how the next one goes."""

    def __init__(self, ttl: float) -> None:
        self.ttl = ttl
        self.renewed = threading.Semaphore(0)
        self.kept = True
        self.trouble: BaseException | None = None

    def renew(self) -> bool:
        self.renewed.release()
        if self.trouble is not None:
            raise self.trouble
        return self.kept


def ended(renewer: Renewer[Turns]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while renewer.running and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return not renewer.running


def test_a_lease_is_renewed_again_and_again() -> None:
    renewer, lock = Renewer[Turns](), Turns(0.03)
    renewer.add(lock)
    for _ in range(3):
        assert lock.renewed.acquire(timeout=PATIENCE)
    assert renewer.close() == [lock]
    assert not renewer.running


def test_a_short_lease_is_renewed_though_a_long_one_came_first() -> None:
    renewer, long, short = Renewer[Turns](), Turns(3000), Turns(0.03)
    renewer.add(long)
    renewer.add(short)
    assert short.renewed.acquire(timeout=PATIENCE)
    assert not long.renewed.acquire(blocking=False)
    renewer.close()


def test_the_thread_ends_when_nothing_is_held() -> None:
    renewer, lock = Renewer[Turns](), Turns(0.03)
    renewer.add(lock)
    renewer.remove(lock)
    assert ended(renewer)
    renewer.add(lock)
    assert lock.renewed.acquire(timeout=PATIENCE)
    renewer.close()


def test_a_lost_lease_is_not_renewed_again() -> None:
    renewer, lock = Renewer[Turns](), Turns(0.03)
    lock.kept = False
    renewer.add(lock)
    assert lock.renewed.acquire(timeout=PATIENCE)
    assert ended(renewer)


def test_a_renewal_that_failed_is_tried_again_and_its_cause_kept() -> None:
    renewer, lock = Renewer[Turns](), Turns(0.03)
    lock.trouble = StorageFailed("no space")
    renewer.add(lock)
    for _ in range(2):
        assert lock.renewed.acquire(timeout=PATIENCE)
    assert renewer.trouble is lock.trouble
    lock.trouble = None
    for _ in range(3):
        assert lock.renewed.acquire(timeout=PATIENCE)
    assert renewer.trouble is None
    renewer.close()


@pytest.mark.parametrize(
    "error", [ImportError("half a module"), RuntimeError("no thread"), MemoryError(), SystemExit()]
)
def test_whatever_one_renewal_raises_it_and_the_others_are_made_again(error: BaseException) -> None:
    told: list[str] = []
    renewer = Renewer[Turns](report=lambda name, error: told.append(f"{name}: {error!r}"))
    bad, good = Turns(0.03), Turns(0.03)
    bad.trouble = error
    for lock in (bad, good):
        renewer.add(lock)
    for lock in (bad, good) * 2:
        assert lock.renewed.acquire(timeout=PATIENCE)
    assert f"holdfast-locks: {error!r}" in told
    assert set(renewer.close()) == {bad, good}


def test_a_lock_that_no_thread_can_keep_is_not_taken(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(HoldfastError, match="for want of a thread"):
            store.lock("/a")
    assert store.locks.list() == []
    with store.lock("/a") as lock:
        assert lock.held


def test_a_thread_that_is_not_asleep_yet_hears_that_it_is_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(threading.Thread):
        """A thread that begins when somebody waits for its end."""

        joined = threading.Event()

        def run(self) -> None:
            self.joined.wait(PATIENCE)
            super().run()

        def join(self, timeout: float | None = None) -> None:
            self.joined.set()
            super().join(PATIENCE)

    monkeypatch.setattr("threading.Thread", Late)
    monkeypatch.setattr(renewal, "LOOK_AROUND", 3600)
    renewer, lock = Renewer[Turns](), Turns(36_000)
    renewer.add(lock)
    assert renewer.close() == [lock]
    assert not renewer.running
