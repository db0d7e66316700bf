"""Histories to be thinned, on both databases."""

import pytest

from tests.support.postgres import SQLITE


@pytest.fixture(params=[SQLITE, "postgresql"])
def catalog(request: pytest.FixtureRequest) -> str:
    return str(request.param)
