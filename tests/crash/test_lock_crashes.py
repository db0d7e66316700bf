"""Every step of a lock's life, killed before and after its commit: all of it or none, and nobody waits for the dead."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog import audit
from holdfast.errors import Locked
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.support.processes import Child

pytestmark = pytest.mark.crash

OPEN = "store = holdfast.open(sys.argv[1], actor='child')\n"
TAKE = OPEN + "lock = store.lock(['/a', '/b'], mode='subtree', ttl=3600)\n"


@dataclass(frozen=True)
class Step:
    """One step of a lock's life, done by a child that is killed on the way."""

    code: str
    before: str
    after: str
    #: paths that are held, by the dead, when it was killed before and after the commit
    left_before: tuple[str, ...]
    left_after: tuple[str, ...]


BOTH = ("/a", "/b")

STEPS = {
    "acquire": Step(TAKE, "lock.before_grant_commit", "lock.after_grant", (), BOTH),
    "renew": Step(TAKE + "lock.renew()", "lock.before_renew_commit", "lock.after_renew", BOTH, BOTH),
    "release": Step(TAKE + "lock.release()", "lock.before_release_commit", "lock.after_release", BOTH, ()),
    "upgrade": Step(
        TAKE + "with lock: store.lock('/c')", "lock.before_grant_commit@2", "lock.after_grant@2", BOTH, (*BOTH, "/c")
    ),
}


def killed_at(start: Callable[..., Child], point: str, code: str, folder: Path, *more: object) -> None:
    name, _, passage = point.partition("@")
    assert start(code, folder, *more, faults=f"{name}=kill@{passage or 1}").ended_by_kill()


def take_everything(store: Store, above: int = 0) -> None:
    """Take what the dead held, at once and with a higher token."""
    with store.lock(["/a", "/b", "/c"], mode="subtree", timeout=0) as lock:
        assert min(lock.tokens) > above
    assert store.locks.list() == []
    assert store.locks.waiting() == []
    assert store.locks.stats().healthy


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_is_killed_is_done_or_not(folder: Path, child: Callable[..., Child], name: str, when: str) -> None:
    step = STEPS[name]
    killed_at(child, step.before if when == "before" else step.after, step.code, folder)
    with holdfast.open(folder) as store:
        left = store.locks.list()
        assert tuple(info.path for info in left) == (step.left_before if when == "before" else step.left_after)
        assert {info.state for info in left} <= {"stale"}
        take_everything(store, above=max([info.token for info in left], default=0))


def test_numbers_that_were_being_set_aside_are_set_aside_again(folder: Path, child: Callable[..., Child]) -> None:
    killed_at(child, "lock.before_reserve_commit", TAKE, folder)
    with holdfast.open(folder) as store:
        take_everything(store)


def test_a_waiter_that_is_killed_leaves_no_place_behind(folder: Path, child: Callable[..., Child]) -> None:
    with holdfast.open(folder) as store:
        with store.lock("/a"):
            killed_at(child, "lock.after_refusal", OPEN + "store.lock('/a', timeout=None)", folder)
            assert store.locks.waiting() == []
        take_everything(store)


@pytest.mark.parametrize("point", ["lock.before_break_commit", "lock.after_break"])
def test_a_break_that_is_killed_is_audited_if_it_was_done(
    folder: Path, child: Callable[..., Child], point: str
) -> None:
    with holdfast.open(folder) as store:
        lock = store.lock("/a")
        killed_at(child, point, OPEN + "store.locks.revoke('/a', force=True)", folder)
        done = point == "lock.after_break"
        assert lock.held is not done
        with rooms(store).engine.read() as conn:
            assert len([row for row in audit.newest(conn, 10) if row.kind == "break_lock"]) == done
        lock.release()
        take_everything(store)


def test_a_hand_over_that_is_killed_before_its_commit_frees_the_lock(folder: Path, child: Callable[..., Child]) -> None:
    killed_at(child, "lock.before_hand_over_commit", TAKE + "lock.hand_over()", folder)
    with holdfast.open(folder) as store:
        take_everything(store)


def test_a_hand_over_whose_claim_was_never_told_can_be_broken(folder: Path, child: Callable[..., Child]) -> None:
    killed_at(child, "lock.after_hand_over", TAKE + "lock.hand_over()", folder)
    with holdfast.open(folder) as store:
        assert {info.state for info in store.locks.list()} == {"handed_over"}
        with pytest.raises(Locked, match="not yet adopted"):
            store.lock("/a")
        for path in BOTH:
            store.locks.revoke(path, force=True)
        take_everything(store)


@pytest.mark.parametrize("point", ["lock.before_adopt_commit", "lock.after_adopt"])
def test_an_adoption_that_is_killed_was_or_was_not(folder: Path, child: Callable[..., Child], point: str) -> None:
    with holdfast.open(folder) as store:
        claim = store.lock("/a").hand_over()
        killed_at(child, point, OPEN + "store.locks.adopt(sys.argv[2])", folder, claim)
        if point == "lock.before_adopt_commit":
            assert store.locks.adopt(claim).release()
        take_everything(store)
