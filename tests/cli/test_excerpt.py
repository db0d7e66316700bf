"""Quoting a passage."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast.cli.excerpt import SHOWN, excerpt


def quoted(text: str, marks: list[tuple[int, int]], *, width: int = 60, full: bool = False) -> list[str]:
    return excerpt(text, marks, width=width, full=full, mark=lambda word: f"[{word}]")


def test_matches_are_marked() -> None:
    assert quoted("a stale lock is found", [(2, 7), (8, 12)]) == ["a [stale] [lock] is found"]


def test_a_heading_at_the_beginning_is_left_out() -> None:
    assert quoted("# Locks\n\n## Stale\n\nA lock.", [(2, 7), (21, 25)]) == ["A [lock]."]


def test_the_fence_of_a_block_of_code_and_the_beginning_of_a_page_are_left_out() -> None:
    assert quoted("<!-- page 2 -->\n\n# Locks\n```python\nlock()\n", [(35, 39)]) == ["[lock]()"]


def test_a_long_passage_is_shown_from_shortly_before_its_first_match() -> None:
    text = "before " * 100 + "needle " + "after " * 100
    shown = " ".join(quoted(text, [(700, 706)]))
    assert "[needle]" in shown
    assert shown.startswith("… before")
    assert shown.endswith("after …")
    assert len(shown) < SHOWN + 20


def test_a_whole_passage_is_shown_on_request() -> None:
    assert " ".join(quoted("word " * 200, [], full=True)) == ("word " * 200).strip()


def test_a_passage_that_is_only_a_heading_is_shown_as_nothing() -> None:
    assert quoted("# Locks\n", [(2, 7)]) == []


@given(st.text(), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9))), st.integers(1, 40), st.booleans())
def test_any_text_with_any_marks_can_be_quoted(text: str, spans: list[tuple[int, int]], width: int, full: bool) -> None:
    marks, last = [], 0
    for gap, length in spans:
        marks.append((last + gap, last + gap + length))
        last += gap + length
    lines = quoted(text, [(s, e) for s, e in marks if e <= len(text)], width=width, full=full)
    assert not any("\n" in line for line in lines)


def test_what_a_document_holds_moves_no_cursor() -> None:
    assert excerpt("a \x1b[2J lease", [(7, 12)], width=80, full=True, mark=str.upper) == ["a \\x1b[2J LEASE"]
