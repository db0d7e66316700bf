"""Seeded schedules of agents that take locks, stall, die, are robbed and publish, over one clock.

One SQL transaction is one step, so a schedule is a list of steps. An oracle of its own, which knows only what was
granted and when, says after each publish whether it may have happened.
"""

import dataclasses
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import holdfast
from holdfast.backend import Backend
from holdfast.catalog.branches import MAIN
from holdfast.catalog.work.locks import LockRow
from holdfast.errors import Locked, LockLost
from holdfast.hooks import Hooks
from holdfast.host.clock import ManualClock
from holdfast.host.process import Identity
from holdfast.locks.context import using
from holdfast.locks.held_lock import HeldLock
from holdfast.locks.manager import LockManager
from holdfast.locks.modes import POINT, SUBTREE, PathLock, conflicts, reduced
from holdfast.locks.renewal import Renewer
from holdfast.locks.table import GrantedLock, LockRequest
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import Transaction, publish_at_head
from holdfast.testing.seams import rooms

SEEDS = 2400
CHUNK = 300
STEPS = 24
AGENTS = 3
TTL = 10.0
PATHS = ("/s/a", "/s/a/b", "/s/a/c", "/s/ab")


class ByHand(Renewer[HeldLock]):
    """Renews nothing by itself."""

    def add(self, lock: HeldLock) -> None: ...


@dataclass(eq=False)
class Tenure:
    """What the oracle knows of one lock."""

    wants: list[PathLock]
    lock: HeldLock
    #: the step at which it was granted
    granted: int
    expires: float
    gone: bool = False


@dataclass(eq=False)
class Agent:
    """One process, with at most one lock and one place in the queue."""

    manager: LockManager
    backend: Backend
    tenure: Tenure | None = None
    asked: LockRequest | None = None
    ticket: int | None = None


@dataclass
class World:
    """One schedule under way."""

    backend: Backend
    rng: random.Random
    clock: ManualClock
    agents: list[Agent] = field(default_factory=list)
    tenures: list[Tenure] = field(default_factory=list)
    dead: set[int] = field(default_factory=set)
    born: int = 0
    step: int = 0
    publishes: int = 0
    losses: int = 0

    def agent(self) -> Agent:
        self.born += 1
        owner = Identity("here", "boot", self.born, "then")
        manager = LockManager(
            self.backend.engine, self.clock, MAIN, owner=owner, dead=lambda who: who.pid in self.dead, renewer=ByHand()
        )
        backend = dataclasses.replace(self.backend, clock=self.clock, hooks=Hooks(publish_guards=[manager]))
        return Agent(manager, backend)

    # --- steps

    def ask(self, agent: Agent) -> None:
        """Ask for locks, or once more for those that were asked for before."""
        if agent.tenure is not None:
            return
        if agent.asked is None:
            names = self.rng.sample(PATHS, self.rng.choice([1, 1, 2]))
            wants = reduced(PathLock(name, self.rng.choice([POINT, SUBTREE])) for name in names)
            holder = f"{agent.manager.table.owner.pid}:{self.step}"
            agent.asked = LockRequest(
                wants=lambda _: wants,
                holder=holder,
                mine=(holder,),
                nested=False,
                actor="agent",
                purpose="",
                ttl=TTL,
                since=self.clock.now(),
            )
        outcome = agent.manager.table.grant(agent.asked, ticket=agent.ticket, wait=True)
        if isinstance(outcome, GrantedLock):
            self.note_grant(agent, outcome.rows)
        else:
            agent.ticket = outcome.ticket

    def note_grant(self, agent: Agent, rows: tuple[LockRow, ...]) -> None:
        assert agent.asked is not None
        lock = HeldLock(agent.manager.keeping, rows, holder=agent.asked.holder, ttl=TTL)
        wants = [PathLock(row.path, row.mode) for row in rows]
        assert not [other for other in self.standing() if clash(wants, other.wants)], "granted against a live lock"
        assert all(min(lock.tokens) > max(other.lock.tokens) for other in self.tenures), "a token went back"
        agent.tenure = Tenure(wants, lock, self.step, self.clock.now() + TTL)
        self.tenures.append(agent.tenure)
        agent.asked = agent.ticket = None

    def publish(self, agent: Agent) -> None:
        """Change one of the paths that the lock is for."""
        tenure = agent.tenure
        if tenure is None:
            self.intrude(agent)
            return
        path = self.rng.choice(tenure.wants).path
        try:
            with using(tenure.lock):
                publish_at_head(agent.backend, lambda tx: toggle(tx, path), [], CommitOptions(MAIN))
        except LockLost:
            assert tenure not in self.standing(), "a live lock was called lost"
            self.losses += 1
        except Locked:
            assert tenure in self.standing(), "a lost lock must be called lost"
        else:
            self.publishes += 1
            assert tenure in self.standing(), "published after the lease"
            later = [other for other in self.tenures if other.granted > tenure.granted]
            assert not [other for other in later if clash(tenure.wants, other.wants)], "published over a later holder"

    def intrude(self, agent: Agent) -> None:
        """Change a path without a lock."""
        path = self.rng.choice(PATHS)
        try:
            publish_at_head(agent.backend, lambda tx: toggle(tx, path), [], CommitOptions(MAIN))
        except Locked:
            return
        assert not [other for other in self.standing() if clash([PathLock(path)], other.wants)], "published over a lock"

    def renew(self, agent: Agent) -> None:
        """Renew in time, or too late."""
        if agent.tenure is not None:
            kept = agent.tenure.lock.renew()
            assert kept is (agent.tenure in self.standing())
            agent.tenure.expires = self.clock.now() + TTL if kept else agent.tenure.expires

    def release(self, agent: Agent) -> None:
        """Give the lock back, held or lost."""
        if agent.tenure is not None:
            assert agent.tenure.lock.release() is (agent.tenure in self.standing())
            agent.tenure.gone = True
            agent.tenure = None

    def rob(self, agent: Agent) -> None:
        """Have one path broken by hand; the holder does not know."""
        if agent.tenure is not None and agent.tenure in self.standing():
            path = self.rng.choice(agent.tenure.wants).path
            self.rng.choice(self.agents).manager.take_away(path, by="somebody", force=True)
            agent.tenure.gone = True

    def die(self, agent: Agent) -> None:
        """End a process without a word, and begin another in its stead."""
        self.dead.add(agent.manager.table.owner.pid)
        if agent.tenure is not None:
            agent.tenure.gone = True
        self.agents[self.agents.index(agent)] = self.agent()

    def time_passes(self, _: Agent) -> None:
        """Turn the clock: by a little, or past every lease."""
        self.clock.advance(self.rng.choice([1.0, TTL / 2, TTL]))

    def standing(self) -> list[Tenure]:
        return [each for each in self.tenures if not each.gone and each.expires > self.clock.now()]


def clash(some: list[PathLock], others: list[PathLock]) -> bool:
    return any(conflicts(one, other) for one in some for other in others)


def toggle(tx: Transaction, path: str) -> None:
    if tx.exists(path):
        tx.remove(path, recursive=True)
    else:
        tx.mkdir(path, parents=True)


def play(backend: Backend, seed: int) -> World:
    """Play one schedule; it asserts on the way."""
    with backend.engine.write(durable=False) as conn:
        for table in ("locks", "lock_queue"):
            conn.run(f"DELETE FROM {table}")
    world = World(backend, random.Random(seed), ManualClock())
    world.agents = [world.agent() for _ in range(AGENTS)]
    steps = [world.ask, world.publish, world.renew, world.release, world.rob, world.die, world.time_passes]
    for step in world.rng.choices(steps, weights=[7, 7, 2, 2, 1, 1, 3], k=STEPS):
        world.step += 1
        step(world.rng.choice(world.agents))
    return world


@pytest.fixture(scope="module")
def backend(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """Return a store's backend that does not fsync: what is tested here is order, not durability."""
    folder = shutil.copytree(pristine, tmp_path_factory.mktemp("quick") / "kb")
    return rooms(holdfast.open(folder, durability="relaxed"))


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_two_holders_of_conflicting_locks_never_both_publish(backend: Backend, first: int) -> None:
    worlds = [play(backend, seed) for seed in range(first, first + CHUNK)]
    # A schedule in which nothing happens proves nothing.
    assert sum(world.publishes for world in worlds) > CHUNK / 2
    assert sum(world.losses for world in worlds) > CHUNK / 20
