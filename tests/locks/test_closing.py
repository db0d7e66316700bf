"""A store that is closed leaves no lock behind, whatever its other threads are in the middle of."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import holdfast
from holdfast import Components
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.locks import table
from tests.support.interrupts import in_time
from tests.support.lock_managers import manager_of

Pausing = Callable[[str], tuple[threading.Event, threading.Event]]


@pytest.fixture
def pausing(monkeypatch: pytest.MonkeyPatch) -> Pausing:
    """Return a function that has a thread stop at a point: one event says that it is there, one has it go on."""

    def pause(name: str) -> tuple[threading.Event, threading.Event]:
        there, go_on = threading.Event(), threading.Event()

        def point(reached: str) -> None:
            if reached == name and threading.current_thread() is not threading.main_thread():
                there.set()
                go_on.wait(30)

        monkeypatch.setattr(table, "point", point)
        return there, go_on

    return pause


def _use(store: Store) -> None:
    # Refused, unless it is done before the store is closed.
    with suppress(holdfast.Unsupported), store.lock("/a"):
        pass


@pytest.mark.parametrize("name", ["lock.before_grant_commit", "lock.after_grant"])
def test_a_lock_that_is_being_taken_is_not_left_behind(
    name: str, folder: Path, store: Store, clock: ManualClock, pausing: Pausing, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, go_on = pausing(name)
    closing = holdfast.open(folder, components=Components(clock=clock))
    if name == "lock.before_grant_commit":
        # The end waits for the writers' turn, which the grant has.
        end = manager_of(closing).close

        def let_it_go_on() -> None:
            go_on.set()
            end()

        monkeypatch.setattr(manager_of(closing), "close", let_it_go_on)
    user = threading.Thread(target=_use, args=(closing,), daemon=True)
    user.start()
    assert there.wait(30)
    in_time(closing.close)
    go_on.set()
    user.join(30)
    assert not user.is_alive()
    assert not store.locks.list()
    store.lock("/a").release()


def test_a_lock_that_is_being_given_back_is_not_left_behind(folder: Path, store: Store, clock: ManualClock) -> None:
    closing = holdfast.open(folder, components=Components(clock=clock))
    lock = manager_of(closing).acquire(["/a"])
    # What a thread has done that is about to give it back.
    lock._ended = "released"
    closing.close()
    assert not store.locks.list()


def test_a_lock_that_was_handed_over_outlives_the_store_it_was_taken_through(
    folder: Path, store: Store, clock: ManualClock
) -> None:
    with holdfast.open(folder, components=Components(clock=clock)) as closing:
        claim = closing.lock("/a").hand_over()
    store.locks.adopt(claim).release()


def test_a_lock_of_a_closed_store_is_renewed_no_longer(folder: Path, store: Store, clock: ManualClock) -> None:
    closing = holdfast.open(folder, components=Components(clock=clock))
    lock = manager_of(closing).acquire(["/a"])
    closing.close()
    # What is left of one whose giving back the end came before.
    lock._left = True
    renewer = lock.keeping.renewer
    renewer.add(lock)
    renewer._renew(lock)
    assert not renewer.close()
