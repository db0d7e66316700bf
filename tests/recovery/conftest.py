"""Stores with something of every kind in them, and the identity of a process that is gone."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import holdfast
from holdfast import Components, faults
from holdfast.backend import Backend
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.host.clock import ManualClock
from holdfast.testing.seams import rooms
from tests.support import litter
from tests.support.instants import At


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(time.time())


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Backend:
    """Return the parts of the store that the test uses."""
    name = "filled" if "filled" in request.fixturenames else "store"
    store: Store = request.getfixturevalue(name)
    return rooms(store)


@pytest.fixture
def at() -> Iterator[At]:
    """Return a function that has something done once, when a write passes an instant; it tells whether it was."""
    with ExitStack() as stack:

        def arrange(instant: str, do: Callable[[], object]) -> list[str]:
            passed: list[str] = []

            def point(name: str) -> None:
                if name == instant and not passed:
                    passed.append(name)
                    do()

            stack.enter_context(faults.observing(point))
            return passed

        yield arrange


@pytest.fixture(scope="session")
def dead() -> process.Identity:
    """Return the identity of a process that is gone."""
    return litter.dead_process()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, pristine: Path) -> Path:
    """Return a store that nobody changes, with something of every kind and no litter."""
    folder = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("model") / "kb"))
    # One worker is enough to convert a page, and quicker to start than two.
    with (folder / "holdfast.toml").open("a") as settings:
        settings.write("\n[ingest]\njobs = 1\n")
    for work in (litter.fill, lambda store: store.maintenance.gc()):
        # Opened anew for the second, so that no upkeep runs beside it.
        with holdfast.open(folder) as store:
            work(store)
    return folder


@pytest.fixture
def filled(folder: Path, model: Path, clock: ManualClock) -> Iterator[Store]:
    """Return a store with something of every kind: inline, blob, tail, table, history, renditions, moves, removals."""
    shutil.rmtree(folder)
    shutil.copytree(model, folder)
    with holdfast.open(folder, components=Components(clock=clock)) as store:
        yield store
