"""Texts are merged by lines: with the changes of both sides, or not at all, at a bounded cost."""

from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.tree.merging import lines
from holdfast.tree.merging.lines import MOST_COMPARED, merged_text

TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "d\n", "\n"]), max_size=12).map("".join).map(str.encode)


@given(TEXTS, TEXTS)
def test_what_one_side_changed_or_both_alike_is_the_result(old: bytes, new: bytes) -> None:
    assert merged_text(old, new, old) == merged_text(old, old, new) == merged_text(old, new, new) == new


def test_line_ends_and_a_missing_last_one_stay() -> None:
    assert merged_text(b"a\r\nb\r\nc", b"A\r\nb\r\nc", b"a\r\nb\r\nC") == b"A\r\nb\r\nC"
    assert merged_text(b"a\nb\nc", b"A\nb\nc", b"a\nb\nc\nd") == b"A\nb\nc\nd"
    assert merged_text(b"a\nb\nc", b"a\nb\nc\n", b"a\nb\nc\nd") is None


def test_nothing_but_a_line_feed_ends_a_line() -> None:
    old, ours, theirs = "a\u2028b\fc\n\nd\re\n", "A\u2028b\fc\n\nd\re\n", "a\u2028b\fC\n\nd\re\n"
    assert merged_text(old.encode(), ours.encode(), theirs.encode()) is None
    assert merged_text(old.encode(), ours.encode(), old.replace("d", "D").encode()) == ours.replace("d", "D").encode()


@pytest.mark.parametrize("first", ["paragraph {}\n", "same\n"])
def test_long_texts_of_repeated_lines_are_never_compared_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    compared = []

    class Counting(SequenceMatcher[str]):
        def __init__(self, junk: None, a: list[str], b: list[str], autojunk: bool) -> None:
            compared.append(len(a) * len(b))
            super().__init__(junk, a[:1], b[:1], autojunk)

    monkeypatch.setattr(lines, "SequenceMatcher", Counting)
    old = [first.format(number // 2) if number % 2 else "\n" for number in range(2000)]
    new = [f"edited {number}\n" if number % 20 == 1 else line for number, line in enumerate(old)]
    merged_text("".join(old).encode(), "".join(new).encode(), "".join(old).encode())
    assert max(compared, default=0) <= MOST_COMPARED


def test_a_long_text_with_a_blank_line_between_any_two_is_merged() -> None:
    old = [f"paragraph {number // 2}\n" if number % 2 else "\n" for number in range(2000)]
    ours = [f"ours {number}\n" if number % 20 == 1 else line for number, line in enumerate(old)]
    theirs = [f"theirs {number}\n" if number % 20 == 11 else line for number, line in enumerate(old)]
    both = [mine if mine != line else other for line, mine, other in zip(old, ours, theirs, strict=True)]
    merged = merged_text(*("".join(each).encode() for each in (old, ours, theirs)))
    assert merged == "".join(both).encode()
