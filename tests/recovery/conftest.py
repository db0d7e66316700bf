"""Stores with something of every kind in them, and the identity of a process that is gone."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast import Components, faults
from holdfast.backend import Backend
from holdfast.blobs import objects
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.host.clock import ManualClock
from holdfast.publish import committing, intention, publication
from holdfast.testing.seams import rooms
from tests.recovery import litter

#: has something done once, when a write passes a fault point; the list tells whether it was
At = Callable[[str, Callable[[], object]], list[str]]


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
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a function that has something done once, when a write passes an instant; it tells whether it was."""

    def arrange(instant: str, do: Callable[[], object]) -> list[str]:
        passed: list[str] = []

        def point(name: str) -> None:
            if name == instant and not passed:
                passed.append(name)
                do()

        for module in (intention, publication, committing, objects, faults):
            monkeypatch.setattr(module, "point", point)
        return passed

    return arrange


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
    for work in (fill, lambda store: store.maintenance.gc()):
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


def fill(store: Store) -> None:
    store.write("/notes/a.md", "# A\n\nfirst")
    store.write("/notes/a.md", "# A\n\nsecond")
    store.write("/page.html", "<html><body><h1>Leases</h1><p>They expire.</p></body></html>")
    store.write("/long.md", litter.LONG_TEXT)
    store.write("/gone/long.md", litter.LONG_TEXT.replace("Heading", "Title"))
    store.write("/data.bin", os.urandom(100_000))
    store.remove("/gone", recursive=True)
    store.move("/notes", "/journal")
    store.maintenance.optimize()
    store.write("/journal/b.md", "in the tail")
