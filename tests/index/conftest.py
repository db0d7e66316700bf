from pathlib import Path

import pytest

from holdfast.index.lance.table import VersionedTable
from holdfast.index.rows import search_shape
from tests.support.search_rows import DIMENSIONS, search_table


@pytest.fixture
def table(tmp_path: Path) -> VersionedTable:
    """A search table that is quick to write."""
    return search_table(tmp_path)


@pytest.fixture
def durable_table(tmp_path: Path) -> VersionedTable:
    """A search table that fsyncs, as stores have it."""
    return VersionedTable(tmp_path / "durable" / "search", search_shape(DIMENSIONS))
