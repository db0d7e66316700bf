"""Titles, front matter, dates, fences and page markers."""

import pytest

from holdfast.index.text.front_matter import front_matter
from holdfast.ingest.conversion import pages
from holdfast.ingest.conversion.titles import first_heading, meaningful
from holdfast.ingest.converters.dates import iso
from holdfast.ingest.converters.extraction.engine import unescaped
from holdfast.ingest.converters.fences import fenced
from holdfast.ingest.converters.words import missing_share


@pytest.mark.parametrize(
    ("markdown", "title"),
    [
        ("# One\n## Two", "One"),
        ("text\n\n### Late ###\n", "Late"),
        ("Under\n=====\n", "Under"),
        ("Lines\n---\n", "Lines"),
        ("- item\n---\n", None),
        ("| a | b |\n---\n", None),
        ("```sh\n# comment\n```\n# Real", "Real"),
        ("~~~\n# comment\n```\n# still\n~~~\n# Real", "Real"),
        ("#hashtag\n", None),
        ("# [Linked](http://x) `code` **bold**", "Linked code bold"),
        ("---\ndate: 2024-01-02\n---\n# After", "After"),
        ("# \n# Second", "Second"),
        ("", None),
    ],
)
def test_the_first_heading_outside_of_code_is_the_title(markdown: str, title: str | None) -> None:
    assert first_heading(markdown) == title


def test_front_matter_is_read_by_plain_fields() -> None:
    front = front_matter("---\ntitle: 'A: b'\nauthor: Ann\ntags: [x]\ndate: 2024-01-02\n---\nbody")
    assert (front.title, front.author, front.date) == ("A: b", "Ann", "2024-01-02")
    assert front_matter("---\ntitle: [odd]\n---\n").title is None
    assert front_matter("text\n---\ntitle: x\n---\n").title is None


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ('"Say \\"when\\""', 'Say "when"'),
        ("'It''s late'", "It's late"),
        ("over\n  two lines", "over two lines"),
        (">-\n  folded\n  text", "folded text"),
        ("a: b > c | d", "a: b > c | d"),
        ("\n  - one\n  - two", None),
        ("", None),
    ],
)
def test_a_title_in_front_matter_is_what_its_yaml_means(written: str, title: str | None) -> None:
    assert front_matter(f"---\ntitle: {written}\n---\n").title == title


def test_front_matter_tells_what_a_person_would_search_for() -> None:
    lines = [
        "layout: post",
        "tags: [locks, 'fencing tokens']",
        "# a comment",
        "Aliases:",
        "- Hold",
        "- don't go",
        "description: |",
        "  Of leases:",
        "  how they end.",
        "uuid: 1234",
    ]
    front = front_matter("\n".join(["---", *lines, "---", ""]))
    assert front.telling == "Of leases: how they end.\nlocks, fencing tokens\nHold don't go"


def test_fillers_are_no_titles() -> None:
    assert meaningful("(anonymous)") is None
    assert meaningful(" Untitled ") is None
    assert meaningful("A  title\nin lines") == "A title in lines"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-01-02", "2024-01-02"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05+00:00"),
        ("D:20240102030405+01'00'", "2024-01-02T03:04:05+01:00"),
        ("D:2024", "2024-01-01T00:00:00+00:00"),
        ("Tue, 2 Jan 2024 03:04:05 -0500", "2024-01-02T03:04:05-05:00"),
        ("D:20249999", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_become_iso_8601_or_nothing(written: str | None, moment: str | None) -> None:
    assert iso(written) == moment


def test_a_fence_cannot_be_closed_from_inside() -> None:
    assert fenced("```\nx\n```` y", "md").startswith("`````md\n")
    assert fenced("x\n\n") == "```\nx\n```\n"


def test_page_starts_are_found_by_offset() -> None:
    text = pages.join([(1, "first"), (2, ""), (3, "third <!-- page 4 -->\n<!-- page 4 -->")])
    starts = pages.starts(text)
    assert [number for _, number in starts] == [1, 2, 3]
    assert all(text[offset:].startswith(f"<!-- page {number} -->\n") for offset, number in starts)


def test_words_are_compared_without_case_and_line_ends() -> None:
    assert missing_share("Fenc-\ning Token", "the fencing token") == 0
    assert missing_share("soft\u00adware", "software") == 0
    assert missing_share("a b c d", "a b") == 0.5
    assert missing_share("a a", "a") == 0.5
    assert missing_share("", "anything") == 0


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1\\. Intro \\<a@b\\> 2\\.5", "1. Intro <a@b> 2.5"),
        ("C:\\\\new \\\\\\\\host\\\\share \\~ \\+", "C:\\new \\\\host\\share ~ +"),
        ("| a\\|b | \\`c |", "| a\\|b | `c |"),
        ("\\# no heading, C\\#", "\\# no heading, C#"),
        ("```\ngrep '\\<w'\n```\n`\\<` \\< ``\\>`` \\>", "```\ngrep '\\<w'\n```\n`\\<` < ``\\>`` >"),
        ('[a](b "the \\"c\\"")', '[a](b "the \\"c\\"")'),
        ("line\\\nend", "line\\\nend"),
    ],
)
def test_escapes_are_undone_in_prose_and_kept_in_code_and_where_they_hold_a_table(written: str, meant: str) -> None:
    assert unescaped(written) == meant
