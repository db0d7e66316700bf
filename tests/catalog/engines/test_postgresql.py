"""The engine for a fleet is one; and what only a server can do: be gone, and be back."""

import functools

import pytest

from holdfast.testing.engines import EngineSuite, Opener


class TestPostgresEngine(EngineSuite):
    @pytest.fixture
    def opener(self, database: str) -> Opener:
        from holdfast.catalog.engines.postgresql import PostgresEngine

        return functools.partial(PostgresEngine, database)
