"""What all tests share: scratch stores, a clock that is turned by hand, and child processes that may be killed."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import holdfast
from holdfast import Components, Limits, faults
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from tests.support import postgres
from tests.support.postgres import SQLITE
from tests.support.processes import Child

settings.register_profile(
    "holdfast", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("holdfast"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "holdfast")

# A shell that runs the tests in the background has them ignore Ctrl-C, and their children would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store nobody writes to: copying it is quicker than making one per test."""
    made = tmp_path_factory.mktemp("pristine") / "kb"
    holdfast.create(made, components=Components(clock=ManualClock())).close()
    return made


@pytest.fixture
def catalog() -> str:
    """Return which database the store's catalog lives in; the rooms that need no more than a catalog are on both."""
    return SQLITE


@pytest.fixture(scope="session")
def pristine_on_postgresql(postgresql: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store like `pristine` whose catalog is on the server: its database is copied for each test."""
    made = tmp_path_factory.mktemp("pristine") / "on-postgresql"
    holdfast.create(postgresql.database(), data=made, components=Components(clock=ManualClock())).close()
    return made


@pytest.fixture
def folder(tmp_path: Path, pristine: Path, catalog: str, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Return the folder of a new store that is not open."""
    if catalog == SQLITE:
        yield Path(shutil.copytree(pristine, tmp_path / "kb"))
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    with postgres.copied(server, request.getfixturevalue("pristine_on_postgresql"), tmp_path / "kb") as copy:
        yield copy


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that only moves when told to."""
    return ManualClock()


@pytest.fixture
def limits() -> Limits:
    """Return the limits that `store` is opened with; a test that wants others parametrizes this."""
    return Limits()


@pytest.fixture
def store(folder: Path, clock: ManualClock, limits: Limits) -> Iterator[Store]:
    """Return a new, open store."""
    with holdfast.open(folder, components=Components(clock=clock, limits=limits)) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """Return the PostgreSQL server of these tests; where there can be none, what asks for it is skipped."""
    if reason := postgres.missing():
        pytest.skip(reason)
    running = postgres.Server()
    yield running
    running.stop()


@pytest.fixture
def database(postgresql: postgres.Server) -> Iterator[str]:
    """Return the address of a new database with nothing in it."""
    address = postgresql.database()
    yield address
    postgresql.drop(address)


@pytest.fixture
def child() -> Iterator[Callable[..., Child]]:
    """Return a function that starts `python -c code` with arguments; what still runs at the end is killed."""
    started: list[Child] = []

    def start(code: str, *args: object, faults: str = "") -> Child:
        started.append(Child(code, *args, faults=faults))
        return started[-1]

    yield start
    for each in started:
        each.end()


@pytest.fixture
def armed() -> Iterator[Callable[[str], None]]:
    """Return `faults.arm`, disarmed at the end."""
    yield faults.arm
    faults.arm("")
