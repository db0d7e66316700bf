"""A passage carries its headings however they are written, and what only looks like one is text."""

import pytest

from holdfast.index.text.chunking import ChunkLimits, chunk

SMALL = ChunkLimits(target=30, maximum=40, minimum=1)

REST = """\
=====
Guide
=====

Before all.

Eviction policies
-----------------

.. _target:

# no heading here
Keys go.

The :ref:`maxmemory <limit>` directive
~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~

So many bytes.

Too long for its dots
...

A   B
==  ==
1   2
==  ==

Leases
------

They end.
"""
ASCIIDOC = (
    "= Locks\n\nAll of them.\n\n== Leases\n\n[source,sh]\n----\n# a comment\n----\n\n=== Ends ===\n\nIt is over.\n"
)
ORG = "#+TITLE: Home\n* TODO Milk :shop:\nTwo litres.\n** From where\nThe farm.\n* Bread\nRye.\n"
ROFF = '.TH LS 1\n.SH NAME\nls \\- list\n.SH "EXIT \\fBSTATUS\\fR"\n0 is fine.\n.SS Others\n1 is not.\n'
READ = "LS(1)\n\nNAME\n     ls - list\n\nSYNOPSIS\n     ls [x]\n\nEXIT STATUS\n     0 is fine.\n"
SETEXT = "Guide\n=====\n\nText.\n\nLeases\n---\n\nThey end.\n\n- item\n---\n\nTwo\nlines\n-----\n\n### Deep\n\nMore.\n"


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        (REST, ["Guide", "Guide > Eviction policies", "Guide > Eviction policies > The `maxmemory` directive",
                "Guide > Leases"]),
        (ASCIIDOC, ["Locks", "Locks > Leases", "Locks > Leases > Ends"]),
        (ORG, ["Milk", "Milk > From where", "Bread"]),
        (ROFF, ["NAME", "EXIT STATUS", "EXIT STATUS > Others"]),
        (READ, ["NAME", "SYNOPSIS", "EXIT STATUS"]),
        (SETEXT, ["Guide", "Guide > Leases", "Guide > Leases > Deep"]),
        ("Under\n-----\n\nA.\n\nOver\n====\n\nB.\n", ["Under", "Under > Over"]),
    ],
    ids=["reStructuredText", "AsciiDoc", "Org", "roff", "a manual page", "Setext", "outermost first"],
)  # fmt: skip
def test_headings_are_known_however_they_are_written(text: str, headings: list[str]) -> None:
    found = chunk(text, SMALL)
    assert list(dict.fromkeys(each.heading for each in found if each.heading)) == headings
    assert all(text[each.start : each.end] == each.text for each in found)


@pytest.mark.parametrize(
    "text",
    [
        "* one\n* two\n** strong ** words\n",
        "a = b\n\n----\n\nc\n",
        "| a |\n-----\n| b |\n",
        "Dear all,\n\nNAME\n   is missing.\n\nYours\n-- \nAnna\n",
        "> quoted\n=======\n",
        "...\n---\n\nwords\n",
    ],
)
def test_what_only_looks_like_a_heading_is_text(text: str) -> None:
    assert {each.heading for each in chunk(text, SMALL)} == {""}


def test_a_directive_in_markdown_does_not_make_its_headings_comments() -> None:
    text = "# Real\n\n:ref:`x`\n\nUnder\n-----\n\n## Deep\n\nwords\n"
    assert [each.heading for each in chunk(text, SMALL)] == ["Real", "Real > Under", "Real > Deep"]


def test_code_with_equals_signs_leaves_the_headings_of_markdown_as_they_are() -> None:
    text = "# Real\n\n```\n= not one\n== nor this\n```\n\n## Deep\n\nwords\n"
    assert [each.heading for each in chunk(text, SMALL)] == ["Real", "Real > Deep"]


def test_a_few_words_go_along_with_the_section_after_them() -> None:
    limits = ChunkLimits(target=30, maximum=40, minimum=10)
    text = f"# ls\n\n## Synopsis\n\nls [x]\n\n## Description\n\n{'It lists. ' * 4}\n\n## Else\n\nNothing.\n"
    assert [each.heading for each in chunk(text, limits)] == ["ls", "ls > Else"]
    assert [each.heading for each in chunk("# A\n\none\n\n# B\n\ntwo\n", limits)] == ["A", "B"]
