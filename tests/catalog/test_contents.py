"""Contents are written once, whoever brings them again."""

import pytest

from holdfast.catalog import contents
from holdfast.catalog.contents import Content
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.support.postgres import ENGINES

SMALL, LARGE = Content("aa", 5, "text/plain", inline=True), Content("bb", 70_000, "text/plain", inline=False)


@pytest.fixture(params=ENGINES)
def catalog(request: pytest.FixtureRequest) -> str:
    """Run each test on both databases."""
    return str(request.param)


def test_what_is_there_already_is_left_as_it_is(store: Store) -> None:
    with rooms(store).engine.write() as conn:
        contents.insert(conn, [(SMALL, b"first"), (LARGE, None), (SMALL, b"first")])
        contents.insert(conn, [(SMALL, b"other"), (LARGE, b"other"), (Content("cc", 3, "text/plain", True), b"new")])
        assert contents.known_among(conn, ["aa", "bb", "cc", "dd"]) == {"aa", "bb", "cc"}
        assert [contents.inline_data(conn, each) for each in ("aa", "bb", "cc")] == [b"first", None, b"new"]


def test_nothing_to_write_is_nothing_written(store: Store) -> None:
    with rooms(store).engine.write() as conn:
        contents.insert(conn, [])
        assert [*contents.every(conn)] == []
