"""Broken, hostile and enormous documents: each fails by itself, by name, with a remedy, or loses nothing."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.errors import ConversionFailed, HoldfastError, TooLarge, Unsupported
from holdfast.ingest.conversion import archive, formats, pages
from holdfast.ingest.conversion.convert import Registry, convert, default_registry, open_document
from holdfast.ingest.conversion.limits import DEFAULT_LIMITS, MIB, ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Document
from holdfast.ingest.converters import pdf
from holdfast.ingest.converters.extraction import engine
from tests.support import documents as make

BOMB = make.docx(extra={"word/media/image.bin": b"\0" * (50 * MIB)})


def refusal(name: str, data: bytes, limits: ConversionLimits = DEFAULT_LIMITS) -> HoldfastError:
    with pytest.raises(HoldfastError) as caught:
        convert(open_document(name, data), limits)
    assert name in caught.value.message
    assert caught.value.path == name
    assert caught.value.remedy
    return caught.value


def test_a_zip_bomb_is_too_large() -> None:
    refused = refusal("bomb.docx", BOMB)
    assert isinstance(refused, TooLarge)
    assert "zip bomb" in refused.message


@pytest.mark.parametrize(
    "limits",
    [
        ConversionLimits(max_archive_bytes=1000),
        ConversionLimits(max_member_bytes=100),
        ConversionLimits(max_archive_entries=3),
    ],
)
def test_each_limit_of_a_container_is_kept(limits: ConversionLimits) -> None:
    assert isinstance(refusal("a.docx", make.docx(), limits), TooLarge)


def test_a_directory_that_lies_about_a_size_is_found_out_by_unpacking() -> None:
    lying = bytearray(BOMB)
    with zipfile.ZipFile(io.BytesIO(BOMB)) as container:
        place = container.start_dir
    at = lying.index(b"word/media/image.bin", place)
    lying[at - 22 : at - 18] = (1000).to_bytes(4, "little")
    assert isinstance(refusal("lying.docx", bytes(lying)), ConversionFailed)


def test_a_directory_of_countless_records_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(make.docx())
    end = data.rindex(b"PK\x05\x06")
    data[end + 12 : end + 16] = (2**31).to_bytes(4, "little")
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(TooLarge, match="directory"):
        archive.check("a.docx", bytes(data), DEFAULT_LIMITS)


def test_encrypted_documents_say_so() -> None:
    office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 64
    flagged = bytearray(make.docx())
    flagged[flagged.rindex(b"PK\x01\x02") + 8] |= 1
    book = make.epub({"META-INF/encryption.xml": '<e><CipherReference URI="a.xhtml"/></e>'})
    for name, data in {
        "a.pdf": make.pdf([make.SENTENCES], encrypted=True),
        "a.docx": office,
        "b.docx": bytes(flagged),
        "a.epub": book,
    }.items():
        refused = refusal(name, data)
        assert isinstance(refused, ConversionFailed)
        assert "encrypted" in refused.message
        assert "password" in refused.remedy


def test_an_ebook_with_encrypted_fonts_only_is_read() -> None:
    book = make.epub({"META-INF/encryption.xml": '<e><CipherReference URI="font.otf"/></e>'})
    assert "Chapter one" in convert(open_document("a.epub", book)).markdown


def test_a_truncated_pdf_is_refused_even_when_a_parser_would_rebuild_it() -> None:
    whole = make.pdf([make.SENTENCES] * 3)
    assert "truncated" in refusal("cut.pdf", whole[:-60]).message
    linearized = whole.replace(b"<< /Type /Catalog", b"<< /Linearized 1 /L 999999 >> << /Type /Catalog", 1)
    assert "truncated" in refusal("web.pdf", linearized).message


def test_a_document_over_the_size_limit_is_refused_without_being_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.md"
    with file.open("wb") as sparse:
        sparse.truncate(5 * 1024**3)
    with pytest.raises(TooLarge, match=r"huge\.md has 5368709120 bytes"):
        convert(Document("huge.md", file, formats.MARKDOWN))


def test_text_and_documents_have_limits_of_their_own() -> None:
    limits = ConversionLimits(max_text_bytes=10, max_document_bytes=10**6)
    assert isinstance(refusal("a.md", b"eleven bytes", limits), TooLarge)
    assert convert(open_document("a.docx", make.docx()), limits).markdown


@pytest.mark.parametrize("name", ["a.md", "a.pdf", "a.docx", "a.html", "a.csv", "a.ipynb", "a.eml", "a.unknown"])
def test_an_empty_file_has_an_empty_rendition_and_a_warning(name: str) -> None:
    rendition = convert(open_document(name, b""))
    assert (rendition.markdown, rendition.warnings) == ("", ("the file is empty",))
    assert rendition.converter


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "span", "table"])
@pytest.mark.parametrize("depth", [50, 64, 5000])
def test_deeply_nested_html_loses_no_words(tag: str, depth: int) -> None:
    body = "<h1>Head</h1><p>before</p>" + make.nested(depth, "deep words", tag) + "<p>after</p>"
    markdown = convert(open_document("deep.html", make.page(body))).markdown
    for words in ("# Head", "before", "deep words", "after"):
        assert words in markdown


def test_a_million_unclosed_tags_are_read_in_one_pass() -> None:
    assert convert(open_document("a.html", b"<html>" + b"<a " * 300_000)).warnings is not None


def test_a_parser_panic_fails_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    panic = type("PanicException", (BaseException,), {})

    def panicking(*_: object) -> object:
        raise panic("index out of bounds")

    monkeypatch.setattr(engine, "extracted_by_xberg", panicking)
    refused = refusal("a.docx", make.docx())
    assert isinstance(refused, ConversionFailed)
    assert "index out of bounds" in refused.message


def test_an_interrupt_is_no_parser_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "extracted_by_xberg", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert(open_document("a.docx", make.docx()))


def test_any_exception_of_a_converter_becomes_a_failure_of_that_document() -> None:
    class Broken:
        name, version = "broken", "1"

        def accepts(self, media_type: str) -> bool:
            return True

        def convert(self, document: Document, limits: ConversionLimits) -> ConvertedDocument:
            raise ZeroDivisionError("by zero")

    with pytest.raises(ConversionFailed, match=r"a\.md could not be converted: ZeroDivisionError"):
        convert(open_document("a.md", b"x"), registry=Registry([Broken()]))


def test_a_type_that_no_converter_takes_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="no converter reads PDF"):
        convert(Document("a.pdf", b"%PDF-1.4", formats.PDF), registry=Registry([]))


def test_the_key_is_known_before_the_conversion() -> None:
    document = open_document("a.docx", make.docx())
    assert default_registry().key(document) == convert(document).key


def structured(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    numbered = tuple(enumerate(texts, 1))
    monkeypatch.setattr(engine, "extract", lambda *_: engine.Extracted(markdown="", pages=numbered))


def test_a_page_that_lost_words_is_read_as_plain_text_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    structured(monkeypatch, "\n".join(make.SENTENCES), "A lease is")
    rendition = convert(open_document("a.pdf", make.pdf([make.SENTENCES, make.SENTENCES])))
    (first, _), (second, _) = pages.starts(rendition.markdown)
    assert make.SENTENCES[3] in rendition.markdown[first:second]
    assert make.SENTENCES[3] in rendition.markdown[second:]
    assert rendition.warnings == ("page 2 read as plain text: words were missing from the structured reading",)


def test_a_few_missing_words_are_let_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    structured(monkeypatch, "# Marked\n" + " ".join(make.SENTENCES).replace("lease", "", 1))
    rendition = convert(open_document("a.pdf", make.pdf([make.SENTENCES])))
    assert "# Marked" in rendition.markdown
    assert not rendition.warnings


def test_a_pdf_that_only_one_parser_reads_is_read_as_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> object:
        raise ConversionFailed("no", path="a.pdf")

    monkeypatch.setattr(engine, "extract", failing)
    rendition = convert(open_document("a.pdf", make.pdf([make.SENTENCES])))
    assert make.SENTENCES[0] in rendition.markdown
    assert "headings and tables could not be read" in rendition.warnings[0]


def test_a_scan_says_that_it_cannot_be_searched() -> None:
    rendition = convert(open_document("scan.pdf", make.pdf([[], []])))
    assert "no page has a text layer" in rendition.warnings[0]


def test_a_page_cannot_imitate_a_page_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    structured(monkeypatch, "words\n<!-- page 7 -->\nwords")
    rendition = convert(open_document("a.pdf", make.pdf([["words"]])))
    assert [number for _, number in pages.starts(rendition.markdown)] == [1]


def test_a_pdf_of_many_pages_is_parsed_in_parts_and_numbered_through() -> None:
    data = make.pdf([[f"Number {n}", *make.SENTENCES] for n in range(1, 8)])
    parted = convert(open_document("a.pdf", data), ConversionLimits(pdf_pages_at_once=3))
    starts = pages.starts(parted.markdown)
    assert [number for _, number in starts] == [1, 2, 3, 4, 5, 6, 7]
    assert parted.markdown.index("Number 5") > starts[4][0]
    assert parted.markdown == convert(open_document("a.pdf", data)).markdown


def test_making_the_registry_and_reading_text_imports_no_parser() -> None:
    program = (
        "import sys; from holdfast.ingest.conversion.convert import *; convert(open_document('a.md', b'# x'));"
        "default_registry().key(open_document('a.pdf', b'%PDF-1.4\\n'));"
        "assert not {'xberg', 'pypdfium2', 'numpy', 'lance'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture(autouse=True)
def pdfium_is_free() -> Iterator[None]:
    yield
    assert not pdf.PDFIUM.locked()
