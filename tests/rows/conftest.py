import pytest

from holdfast.front.store import Store
from tests.support.graphs import with_graph
from tests.support.postgres import ENGINES


@pytest.fixture(params=ENGINES)
def catalog(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def graphed(store: Store) -> Store:
    """Return a store with the small graph's types, and no rows."""
    return with_graph(store)
