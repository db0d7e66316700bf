"""Cursors of pages: only the question that they are of takes them."""

import pytest

from holdfast.cursors import PagedQuestion
from holdfast.errors import Unsupported

ASKED = PagedQuestion("search", {"query": "stale locks", "mode": "hybrid", "where": {"a": 1, "b": [2]}})


def test_a_cursor_gives_its_place_back_to_the_question_it_is_of() -> None:
    cursor = ASKED.cursor(7, 10, "abc")
    assert ASKED.place(cursor, [int, int, str]) == [7, 10, "abc"]
    again = PagedQuestion("search", {**ASKED.parts, "where": {"b": [2], "a": 1}})
    assert again.place(cursor, [int, int, str]) == [7, 10, "abc"]


def test_another_question_refuses_it_and_says_what_differs() -> None:
    other = PagedQuestion("search", {**ASKED.parts, "mode": "text", "query": "fresh locks"})
    with pytest.raises(Unsupported, match="its query and mode differ"):
        other.place(ASKED.cursor(1), [int])
    with pytest.raises(Unsupported, match="is of another search"):
        PagedQuestion("search", {"query": "stale locks"}).place(ASKED.cursor(1), [int])
    with pytest.raises(Unsupported, match="no cursor of a find"):
        PagedQuestion("find", ASKED.parts).place(ASKED.cursor(1), [int])


@pytest.mark.parametrize(
    "text", ["", "x", "c1-5", "äöü", "W10", "WzFd", "bnVsbA", "\ud800", "[" * 9000, "W3siYSI6MX1d"]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Unsupported, match="is no cursor"):
        ASKED.place(text, [int])


def test_a_place_of_other_parts_is_refused() -> None:
    with pytest.raises(Unsupported, match="is no cursor"):
        ASKED.place(ASKED.cursor("one"), [int])
    with pytest.raises(Unsupported, match="is no cursor"):
        ASKED.place(ASKED.cursor(True), [int])
