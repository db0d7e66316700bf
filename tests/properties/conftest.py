"""Properties are the same on both databases."""

import pytest

from tests.support.postgres import POSTGRESQL, SQLITE


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def catalog(request: pytest.FixtureRequest) -> str:
    """Return which database the store's catalog lives in."""
    return str(request.param)
