"""What tests of sessions share: a store that has a model, which is a real server on loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import holdfast
from holdfast import Components
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from tests.support.modelserver import ModelServer, configure, extract, serving
from tests.support.postgres import ENGINES


@pytest.fixture(params=ENGINES)
def catalog(request: pytest.FixtureRequest) -> str:
    """Run each test on both databases."""
    return str(request.param)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """Return a model server that remembers nothing, until its `brain` is replaced."""
    with serving(lambda asked, call: extract()) as running:
        yield running


@pytest.fixture
def knowing(folder: Path, clock: ManualClock, server: ModelServer) -> Iterator[Store]:
    """Return a store that has the server as its model."""
    configure(folder, server)
    with holdfast.open(folder, components=Components(clock=clock)) as opened:
        yield opened


@pytest.fixture
def reopened(folder: Path, clock: ManualClock) -> Iterator[Callable[[], Store]]:
    """Return a function that opens the store anew, as another process would."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(holdfast.open(folder, components=Components(clock=clock)))
