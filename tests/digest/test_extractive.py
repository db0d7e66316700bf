"""Abstracts and overviews without a model."""

import pytest

from holdfast.digest.digest import ABSTRACT_CHARACTERS, OVERVIEW_CHARACTERS, DirectoryItem, cut
from holdfast.digest.extractive import Extractive

PAPER = """---
title: Locks
author: A. Nonymous
---
# Stale locks

*A. Nonymous, 2024*

![a picture](x.png)

| a | b |
|---|---|
| 1 | 2 |

```python
print("This is code. It is not prose.")
```

Yes. A lock that **outlives** its [holder](http://x) is stale! It blocks others.

## Detection

Leases detect them. They expire.

## Recovery

Fencing tokens keep the late holder out.
"""


def test_the_abstract_is_the_first_sentence_that_says_something() -> None:
    text = PAPER.replace("Yes. A lock", "A lock")
    assert Extractive().of_text(None, text).abstract == "A lock that outlives its holder is stale!"


def test_the_overview_is_an_outline_with_a_sentence_each() -> None:
    lines = Extractive().of_text(None, PAPER).overview.split("\n")
    assert lines == [
        "- Stale locks: Yes.",
        "  - Detection: Leases detect them.",
        "  - Recovery: Fencing tokens keep the late holder out.",
    ]


def test_a_transcript_is_told_by_what_was_said() -> None:
    said = "**user** (1): Where are my keys kept?\n\n**assistant** (2): In the drawer. Look."
    text = f"# Session x\n\n*2 messages, now*\n\n{said}"
    pair = Extractive().of_text(None, text)
    assert pair.abstract == "Where are my keys kept?"
    assert pair.overview == "- Where are my keys kept?\n- In the drawer."


@pytest.mark.parametrize(
    ("title", "text", "abstract"),
    [
        (None, "Hi.", "Hi."),
        ("Title", "# \n\n```\ncode\n```", "Title"),
        (None, "# Only a heading", "Only a heading"),
        (None, "| a |\n|---|", "| a | |---|"),
        (None, "没有空格的一句话。还有一句。", "没有空格的一句话。"),
    ],
)
def test_texts_without_much_prose_have_an_abstract_all_the_same(title: str | None, text: str, abstract: str) -> None:
    assert Extractive().of_text(title, text).abstract == abstract


def test_digests_are_bounded() -> None:
    pair = Extractive().of_text(
        None, "word " * 200_000 + "\n\n" + "\n\n".join(f"Sentence {n} " * 30 for n in range(500))
    )
    assert len(pair.abstract) <= ABSTRACT_CHARACTERS
    assert len(pair.overview) <= OVERVIEW_CHARACTERS
    assert cut("one two three", 9) == "one two…"
    assert cut("onetwothree", 5) == "onet…"


def test_a_folder_is_told_by_its_documents() -> None:
    children = [
        DirectoryItem("A", "About a.", False),
        DirectoryItem(None, "About b.", False),
        DirectoryItem(None, None, False),
        DirectoryItem(None, "2 documents", True),
    ]
    pair = Extractive().of_folder(children)
    assert pair.abstract == "2 documents, 1 folder, 1 file without text: A; About b."
    assert "- **A**: About a.\n- About b.\n- folder: 2 documents" in pair.overview
    assert Extractive().of_folder([]).abstract == "Empty"
    many = Extractive().of_folder([DirectoryItem(f"T{n}", "x", False) for n in range(100)])
    assert many.abstract == "100 documents: T0; T1; T2; T3; …"
    assert many.overview.endswith("and 20 more")


def test_a_folder_of_one_document_is_told_by_that() -> None:
    assert (
        Extractive().of_folder([DirectoryItem("A", "About a.", False), DirectoryItem(None, None, False)]).abstract
        == "About a."
    )
    assert Extractive().of_folder([DirectoryItem(None, "1 document", True)]).abstract == "1 document"
