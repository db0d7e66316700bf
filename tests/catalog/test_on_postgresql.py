"""PostgreSQL takes every statement of the catalog as well: all functions are called with made-up arguments."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast.errors import BranchGone, HoldfastError
from holdfast.testing.seams import rooms
from tests.catalog.test_every_plan import RollBack, arguments, functions, more
from tests.support.postgres import POSTGRESQL


@pytest.fixture
def catalog() -> str:
    return POSTGRESQL


def test_every_statement_is_understood(folder: Path) -> None:
    refused: dict[str, str] = {}
    with holdfast.open(folder) as store:
        store.write("/d/note.md", "a pelican")
        store.session("s").append("user", "hello")
        for name, function in [*functions(), ("more", more)]:
            for given in arguments(function) if function is not more else [{}]:
                try:
                    with rooms(store).engine.write() as conn:
                        result = function(conn, **given)
                        if isinstance(result, Iterator):
                            list(itertools.islice(result, 10))
                        raise RollBack
                except (RollBack, BranchGone):
                    # What is made up is a branch that is not there.
                    pass
                except HoldfastError as error:
                    # What is made up may break a constraint; 42 is the class of what is not understood.
                    if getattr(error.__cause__, "sqlstate", "42").startswith(("42", "25")):
                        refused[name] = error.message
    assert refused == {}
