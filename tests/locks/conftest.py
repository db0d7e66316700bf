"""Two agents on one store, and managers that claim to be whatever process a test needs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast import Components
from holdfast.catalog.branches import MAIN
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.host.process import Identity
from holdfast.locks.manager import LockManager
from holdfast.testing.seams import rooms
from tests.support.lock_managers import HERE
from tests.support.postgres import ENGINES


@pytest.fixture(params=ENGINES)
def catalog(request: pytest.FixtureRequest) -> str:
    """Run each test on both databases."""
    return str(request.param)


@pytest.fixture
def other(folder: Path, store: Store, clock: ManualClock) -> Iterator[Store]:
    """Return the same store, opened by somebody else."""
    with holdfast.open(folder, components=Components(clock=clock), actor="agent:2") as opened:
        yield opened


@pytest.fixture
def process(store: Store, clock: ManualClock) -> Iterator[Callable[..., LockManager]]:
    """Return a function that makes a lock manager of a process; `dead` names the pids that have ended."""
    made: list[LockManager] = []

    def make(owner: Identity = HERE, dead: Callable[[Identity], bool | None] = lambda _: False) -> LockManager:
        made.append(LockManager(rooms(store).engine, clock, MAIN, owner=owner, dead=dead))
        return made[-1]

    yield make
    for each in made:
        each.keeping.renewer.close()
