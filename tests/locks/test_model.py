"""The lock table against the conflict table: whatever is done in whatever order, one is granted what it may have."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

import holdfast
from holdfast.catalog.branches import MAIN
from holdfast.errors import Locked
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.host.process import Identity
from holdfast.locks.held_lock import HeldLock
from holdfast.locks.manager import LockManager
from holdfast.locks.modes import MOVE, POINT, SUBTREE, PathLock, conflicts, wanted
from holdfast.locks.renewal import Renewer
from holdfast.testing.seams import rooms

AGENTS = 3
TTL = 10.0

#: paths that are prefixes of each other as paths, and as mere text
PATHS = ("/", "/a", "/a/b", "/a/b/c", "/a-b", "/a0", "/ab", "/ä/b", "/b")


class ByHand(Renewer[HeldLock]):
    """Renews nothing by itself."""

    def add(self, lock: HeldLock) -> None: ...


@dataclass
class Held:
    """What the model knows of one lock."""

    agent: int
    lock: HeldLock
    wants: list[PathLock]
    expires: float


class LockTableMachine(RuleBasedStateMachine):
    """Three agents, a clock, and a list that says what each of them must have."""

    held = Bundle("held")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.model: list[Held] = []
        self.highest = 0
        self.dead: set[int] = set()
        self.engine = rooms(store).engine
        with self.engine.write(durable=False) as conn:
            for table in ("locks", "lock_queue", "lock_counts"):
                conn.run(f"DELETE FROM {table}")
        self.managers = [self.manager(pid) for pid in range(AGENTS)]

    def manager(self, pid: int) -> LockManager:
        owner = Identity("here", "boot", pid, "then")
        return LockManager(
            self.engine, self.clock, MAIN, owner=owner, dead=lambda who: who.pid in self.dead, renewer=ByHand()
        )

    @rule(
        target=held,
        agent=st.integers(0, AGENTS - 1),
        names=st.lists(st.sampled_from(PATHS), min_size=1, max_size=3),
        mode=st.sampled_from([POINT, SUBTREE, MOVE]),
    )
    def acquire(self, agent: int, names: list[str], mode: str) -> Held | None:
        names = (names * 2)[:2] if mode == MOVE else names
        wants = wanted(names, mode)
        clash = any(conflicts(mine, theirs) for mine in wants for each in self.model for theirs in each.wants)
        try:
            lock = self.managers[agent].acquire(names, mode=mode, ttl=TTL)
        except Locked:
            assert clash, f"{wants} was refused, and nothing stands in the way"
            return None
        assert not clash, f"{wants} was granted against {self.model}"
        assert min(lock.tokens) > self.highest
        self.highest = max(lock.tokens)
        assert sorted(grant.want for grant in lock.grants) == wants
        self.model.append(Held(agent, lock, wants, self.clock.now() + TTL))
        return self.model[-1]

    @rule(each=consumes(held))
    def release(self, each: Held | None) -> None:
        if each is not None:
            assert each.lock.release() is (each in self.model)
            self.forget(each)

    @rule(each=held)
    def renew(self, each: Held | None) -> None:
        if each is not None:
            assert each.lock.renew() is (each in self.model)
            each.expires = self.clock.now() + TTL

    @rule(each=held)
    def break_one_path(self, each: Held | None) -> None:
        if each in self.model and each is not None:
            path = each.lock.paths[0]
            self.managers[0].take_away(path, by="test", force=True)
            each.lock.release()
            self.forget(each)

    @rule(seconds=st.sampled_from([1.0, 4.0, TTL]))
    def turn_the_clock(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.model = [each for each in self.model if each.expires > self.clock.now()]

    @rule(agent=st.integers(0, AGENTS - 1))
    def die(self, agent: int) -> None:
        self.dead.add(self.managers[agent].table.owner.pid)
        self.managers[agent] = self.manager(AGENTS + len(self.dead))
        for each in [each for each in self.model if each.agent == agent]:
            self.forget(each)
            # A dead process gives nothing back: its handle here is dropped as it is.
            each.lock._ended = "released"

    @invariant()
    def what_the_model_holds_is_held(self) -> None:
        for each in self.model:
            assert each.lock.held, f"{each} was lost"

    def forget(self, gone: Held) -> None:
        self.model = [each for each in self.model if each is not gone]


@pytest.fixture(scope="module")
def quick_store(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a store whose commits are not fsynced: what is tested here is order, not durability."""
    folder = shutil.copytree(pristine, tmp_path_factory.mktemp("quick") / "kb")
    return holdfast.open(folder, durability="relaxed")


def test_the_lock_table_does_what_the_conflict_table_says(quick_store: Store) -> None:
    class OnThisStore(LockTableMachine):
        def __init__(self) -> None:
            super().__init__(quick_store)

    run_state_machine_as_test(OnThisStore, settings=settings(max_examples=60, stateful_step_count=30))
