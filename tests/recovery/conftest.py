"""Stores whose clock agrees with that of the file system, as recovery compares the two."""

import time

import pytest
from holdfast import process
from holdfast.backend import Backend
from holdfast.clock import ManualClock
from holdfast.store import Store

from tests.recovery import litter


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(time.time())


@pytest.fixture
def backend(store: Store) -> Backend:
    return store._backend


@pytest.fixture(scope="session")
def dead() -> process.Identity:
    """Return the identity of a process that is gone."""
    return litter.dead_process()
