"""The queue is tested on both databases that a catalog can live in."""

import pytest

from tests.support.postgres import ENGINES


@pytest.fixture(params=ENGINES)
def catalog(request: pytest.FixtureRequest) -> str:
    """Run each test on both databases."""
    return str(request.param)
