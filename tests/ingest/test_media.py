"""What a file is: its bytes first, its name second."""

from pathlib import Path

import pytest

from holdfast.errors import ConversionFailed, Unsupported
from holdfast.ingest.conversion import formats
from holdfast.ingest.conversion.media import detect
from tests.support import documents as make


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.md", b"# Head\n", formats.MARKDOWN),
        ("a.py", b"x = 1\n", "text/x-code.python"),
        ("Makefile", b"all:\n", "text/x-code.makefile"),
        ("README", b"words\n", formats.TEXT),
        ("a.csv", b"a,b\n", formats.CSV),
        ("a.unknown", b"words\n", formats.TEXT),
        ("a.eml", b"Subject: x\n\nbody", formats.EML),
        ("a.eml", b"no header at all", formats.TEXT),
        ("a.html", b"<p>fragment</p>", formats.HTML),
        ("a.txt", "grüße".encode("utf-16"), formats.TEXT),
        ("a.txt", "words without a mark".encode("utf-16-be"), formats.TEXT),
        ("a.txt", b"caf\xe9", formats.TEXT),
    ],
)
def test_text_is_what_its_name_says(name: str, data: bytes, expected: str) -> None:
    assert detect(name, data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (make.pdf([["words"]]), formats.PDF),
        (b"junk before\n" + make.pdf([["words"]]), formats.PDF),
        (make.docx(), formats.DOCX),
        (make.pptx([("a", "b")]), formats.PPTX),
        (make.xlsx([["a"]]), formats.XLSX),
        (make.epub(), formats.EPUB),
        (rb"{\rtf1 words}", formats.RTF),
    ],
)
@pytest.mark.parametrize("name", ["a.md", "a.docx", "a.pdf", "a"])
def test_a_signature_outweighs_the_name(name: str, data: bytes, expected: str) -> None:
    assert detect(name, data) == expected


def test_a_text_that_mentions_the_pdf_signature_is_no_pdf() -> None:
    assert detect("a.md", b"A file starts with the bytes `%PDF-1.7` if it is one.") == formats.MARKDOWN


def test_a_web_page_saved_under_a_binary_name_is_a_web_page() -> None:
    assert detect("paper.pdf", b"<!-- saved -->\n<!DOCTYPE html><html>404</html>") == formats.HTML
    assert detect("paper.pdf", b"Not found") == formats.TEXT


def test_a_page_of_comments_is_told_quickly() -> None:
    assert detect("a.unknown", b"<!---->" * 1000) == formats.TEXT


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n rest", "a PNG image"),
        (bytes(range(256)) * 4, "a binary file"),
        (b"text with one \0 in it", "a binary file"),
        (b"\x01\x02\x03\x04" * 10, "a binary file"),
        (make.zipped({"readme.txt": "hello"}), "a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old binary Office file"),
    ],
)
def test_a_binary_file_is_refused_by_its_kind_with_a_remedy(data: bytes, kind: str) -> None:
    with pytest.raises(Unsupported, match=kind) as caught:
        detect("dir/notes.md", data)
    assert caught.value.path == "dir/notes.md"
    assert caught.value.remedy


def test_a_truncated_office_file_is_still_one_so_that_its_converter_can_say_it_is_damaged() -> None:
    assert detect("a.docx", make.docx()[:300]) == formats.DOCX
    with pytest.raises(Unsupported, match="zip archive"):
        detect("a.zip", make.docx()[:300])


def test_an_empty_file_is_what_its_name_says() -> None:
    assert detect("a.pdf", b"") == formats.PDF
    assert detect("a", b"") == formats.TEXT


def test_a_file_on_disk_is_read_and_a_missing_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_bytes(make.docx())
    assert detect("a.md", file) == formats.DOCX
    with pytest.raises(ConversionFailed, match=r"gone\.md cannot be read"):
        detect("gone.md", tmp_path / "gone.md")
