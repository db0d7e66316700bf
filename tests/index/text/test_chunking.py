import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.index.text.chunking import CHARS_PER_TOKEN, Chunk, ChunkLimits, chunk, without_page_markers

SMALL = ChunkLimits(target=30, maximum=40, minimum=6)
SENTENCE = "Leases expire when their holder stops renewing them. "


def headings(chunks: list[Chunk]) -> list[str]:
    return [found.heading for found in chunks]


def test_a_chunk_carries_the_headings_it_stands_under() -> None:
    sections = [
        "Intro of some length, not tiny.",
        "# Locks",
        SENTENCE,
        "## Leases ##",
        SENTENCE,
        "# About C#",
        SENTENCE,
    ]
    text = "\n\n".join(sections)
    assert headings(chunk(text, SMALL)) == ["", "Locks", "Locks > Leases", "About C#"]


def test_a_few_words_before_the_first_subsection_go_along_with_it() -> None:
    found = chunk(f"# Locks\n\n## Leases\n\n{SENTENCE}", SMALL)
    assert headings(found) == ["Locks > Leases"]
    assert found[0].text.startswith("# Locks")


def test_small_neighbouring_sections_stay_apart() -> None:
    assert headings(chunk("# A\n\none\n\n# B\n\ntwo\n", SMALL)) == ["A", "B"]


def test_a_heading_is_what_a_reader_sees_of_it_without_where_its_links_lead() -> None:
    text = (
        '# [`venv`](#module-venv "venv: Environments.") — Creation[¶](#module-venv "Permalink")\n\none\n\n'
        "## [Sets (all)](sets_(all).html)\n\ntwo\n"
    )
    assert headings(chunk(text, SMALL)) == ["`venv` — Creation", "`venv` — Creation > Sets (all)"]


def test_a_comment_in_fenced_code_is_no_heading() -> None:
    text = "# Real\n\n~~~python\n# not a heading\n```\n~~~\n\n```\n# neither, the fence is never closed\n"
    assert set(headings(chunk(text, SMALL))) == {"Real"}


def test_seven_marks_and_marks_without_a_space_are_no_heading() -> None:
    assert headings(chunk("####### seven\n\n#tag\n", SMALL)) == [""]


def test_fenced_code_that_fits_is_not_cut() -> None:
    code = "```\n" + "x = 1\n\n" * 15 + "```"
    found = chunk(f"{SENTENCE}\n\n{code}\n\n{SENTENCE}", SMALL)
    assert any(code in part.text for part in found)


def test_long_prose_is_cut_after_a_sentence() -> None:
    for part in chunk(SENTENCE * 50, SMALL):
        assert part.text.endswith("them.")


def test_a_long_table_is_cut_between_its_lines() -> None:
    for part in chunk("| name | value. of |\n" * 60, SMALL):
        assert part.text.startswith("|")
        assert part.text.endswith("|")


def test_words_are_kept_whole_where_there_are_no_sentences() -> None:
    assert {word for part in chunk("lease " * 500, SMALL) for word in part.text.split()} == {"lease"}


def test_a_letter_is_not_parted_from_its_accent() -> None:
    assert not any(part.text.startswith("\u0301") for part in chunk("e\u0301" * 999, SMALL))


def test_a_page_is_the_last_marker_at_or_before_the_start() -> None:
    text = f"{SENTENCE}\n<!-- page 1 -->\n{SENTENCE}\n\n<!-- page 2 -->\n\n{SENTENCE}"
    found = chunk(text, SMALL)
    assert [part.page for part in found] == [None, 1, 2]
    assert not any("<!--" in part.text for part in found)


def test_a_marker_inside_a_chunk_is_taken_out_for_readers() -> None:
    found = chunk(f"tiny\n<!-- page 7 -->\n{SENTENCE}", SMALL)
    assert len(found) == 1
    assert without_page_markers(found[0].text) == f"tiny\n{SENTENCE.strip()}"


def test_the_first_line_keeps_its_indentation() -> None:
    assert chunk("\n\n    indented code\n", SMALL)[0].text == "    indented code"


def test_chunks_begin_after_the_front_matter_at_the_offsets_of_the_text() -> None:
    text = f"---\ntitle: Fences\nlayout: post\ntags:\n  - locks\n  - 'leases'\n---\n\n{SENTENCE}\n\n# Next\n\nmore\n"
    first, second = chunk(text, SMALL)
    assert first.text == SENTENCE.strip() == text[first.start : first.end]
    assert (first.about, second.about) == ("Fences\nlocks leases", "")


def test_front_matter_with_nothing_below_it_is_a_chunk() -> None:
    assert [part.text for part in chunk("---\ntitle: Fences\n---\n")] == ["---\ntitle: Fences\n---"]


@pytest.mark.parametrize(
    "text",
    [
        f"---\n\n{SENTENCE}\n\n---\n\nmore",
        f"---\n{SENTENCE}\n---\nmore",
        "---\ntitle: never closed\n\nmore",
        "---\n" + "key: value\n" * 200 + "---\nmore",
        '+++\ntitle = "of another kind"\n+++\nmore',
        " ---\ntitle: indented\n---\nmore",
    ],
)
def test_what_only_looks_like_front_matter_is_text(text: str) -> None:
    first = chunk(text)[0]
    assert (first.start, first.about) == (0, "")


@pytest.mark.parametrize("text", ["", " \n\t\n", "<!-- page 1 -->\n", "----\n\n#\n"])
def test_text_without_a_word_gives_no_chunk(text: str) -> None:
    assert chunk(text) == []


def test_plain_text_has_no_headings_and_is_cut_between_lines() -> None:
    found = chunk("# a comment\nx = 1\n\n\n" + "call(1)\n" * 100, SMALL, plain=True)
    assert set(headings(found)) == {""}
    assert all(part.text.endswith((")", "1")) for part in found)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "#" * 1_000_000,
        "`" * 100_000,
        "```\n" * 50_000,
        "# \n" * 20_000,
        "\n" * 500_000,
        " " * 500_000,
        ("`" * 999 + "x\n") * 500,
        "<!-- page 1 " * 20_000,
        "[" * 200_000,
        "| " * 200_000,
        "a\u0301" * 200_000,
        "---\n" + "a" * 500_000 + ": b\n---\nx",
        "---\n" + "- [\n" * 100_000,
    ],
)
@pytest.mark.parametrize("plain", [True, False])
def test_hostile_text_is_cut_into_bounded_exact_pieces(text: str, plain: bool) -> None:
    check(text, chunk(text, plain=plain), ChunkLimits())


@given(st.text(alphabet="# \n`~a.-|<!>é日", max_size=600), st.booleans())
def test_any_text_is_cut_into_bounded_exact_pieces(text: str, plain: bool) -> None:
    found = chunk(text, SMALL, plain=plain)
    check(text, found, SMALL)
    kept = "".join(part.text for part in found)
    assert sum(map(str.isalnum, text)) == sum(map(str.isalnum, kept))


def test_a_mixed_document_is_kept_in_whole() -> None:
    rng = random.Random(7)
    blocks = [
        f"# H{rng.random()}",
        SENTENCE * 3,
        "- item\n- item",
        "```\ncode\n\ncode\n```",
        "| a | b |\n|---|---|",
        "x" * 500,
    ]
    text = "\n\n".join(rng.choice(blocks) for _ in range(400))
    found = chunk(text)
    check(text, found, ChunkLimits())
    assert "".join(text.split()) == "".join("".join(part.text.split()) for part in found)


def check(text: str, found: list[Chunk], limits: ChunkLimits) -> None:
    assert [part.ordinal for part in found] == list(range(len(found)))
    end = 0
    for part in found:
        assert end <= part.start < part.end
        assert part.text == text[part.start : part.end]
        assert len(part.text) <= limits.maximum * CHARS_PER_TOKEN
        end = part.end
