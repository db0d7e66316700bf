"""The embedded engine is one."""

import functools
from pathlib import Path

import pytest

from holdfast.catalog.engines.sqlite import SqliteEngine
from holdfast.testing.engines import EngineSuite, Opener


class TestSqliteEngine(EngineSuite):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        SqliteEngine(tmp_path / "catalog.db", create=True).close()
        return functools.partial(SqliteEngine, tmp_path / "catalog.db")
