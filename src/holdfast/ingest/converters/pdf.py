"""PDF through xberg, each page checked against the words that PDFium finds on it.

xberg keeps headings and tables and now and then loses a page or a column; PDFium keeps every word and no structure. A
page on which xberg lacks more than `MISSING_SHARE` of PDFium's words is given as PDFium reads it, with a warning.
"""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version as installed_version
from typing import Any

from holdfast.errors import ConversionFailed, TooLarge
from holdfast.host.importing import importing
from holdfast.ingest.conversion import archive, formats, pages
from holdfast.ingest.conversion.limits import ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Document
from holdfast.ingest.conversion.titles import first_heading, meaningful
from holdfast.ingest.converters.dates import iso
from holdfast.ingest.converters.extraction import engine
from holdfast.ingest.converters.words import missing_share

#: share of PDFium's words on a page that xberg's text may lack; hyphenation and ligatures make up a few per cent
MISSING_SHARE = 0.1
#: page numbers named in one warning
_NAMED_PAGES = 12
#: PDFium's code for a document that needs a password
_NEEDS_PASSWORD = 4

_LINEARIZED = re.compile(rb"/Linearized\s[^>]*?/L\s+(\d+)")
#: as PDFs show the items of a list; the first is the bullet of the symbol fonts, the second what xberg reads for the
#: bullet of the standard fonts
_BULLETS = "\uf0b7\x7f\u2022\u25cf\u25aa\u25e6"
_BULLETED = re.compile(rf"[ \t]*[{_BULLETS}][ \t]+(?=\S)")
_NEXT_BULLET = re.compile(rf"[ \t]+[{_BULLETS}][ \t]+(?=\S)")
_NUMBERED = re.compile(r"- (?=[0-9]{1,3}[.)] )")
_BREAK = re.compile(r"[\ufffe\x02]\n?")
# PDFium must not be entered by two threads at once.
PDFIUM = threading.Lock()


@dataclass(frozen=True)
class _Plain:
    """A PDF as PDFium reads it: every word, no structure."""

    #: the text of each page, in order
    pages: tuple[str, ...]
    metadata: dict[str, str]


@cache
def _pdfium_version() -> str:
    return installed_version("pypdfium2")


class PdfConverter:
    """PDFs with a text layer: headings, tables and page numbers kept; pictures of text are not read."""

    name = "pdf"

    @property
    def version(self) -> str:
        """Our own rules' number and the versions of both parsers."""
        return f"2+xberg-{engine.version()}+pypdfium2-{_pdfium_version()}"

    def accepts(self, media_type: str) -> bool:
        """Tell whether the media type is PDF."""
        return media_type == formats.PDF

    def convert(self, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        """Return the pages in order, each after its marker line; the port's errors apply."""
        data = document.read()
        _check_whole(document.name, data)
        plain = _read_plain(document.name, data)
        if not plain.pages:
            raise ConversionFailed(f"{document.name} is damaged: it has no pages", path=document.name)
        found, warnings = _read_structured(document, data, limits)
        numbered, more = _merged(dict(found.pages), plain.pages)
        markdown = pages.join(numbered)
        return ConvertedDocument(
            markdown=markdown,
            title=found.title or meaningful(plain.metadata.get("Title")) or first_heading(markdown),
            author=found.author or meaningful(plain.metadata.get("Author")),
            created=iso(plain.metadata.get("CreationDate")) or found.created,
            modified=iso(plain.metadata.get("ModDate")) or found.modified,
            pages=len(plain.pages),
            warnings=warnings + more,
        )


def _check_whole(name: str, data: bytes) -> None:
    # Both parsers rebuild a table of contents for a file whose end is missing, and pass over what is gone in silence.
    declared = _LINEARIZED.search(data[:2048])
    if b"startxref" not in data or (declared and int(declared.group(1)) > len(data)):
        raise ConversionFailed(f"{name} is truncated: the end of the PDF is missing", path=name)


def _read_plain(name: str, data: bytes) -> _Plain:
    with importing():
        import pypdfium2

    with PDFIUM:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if getattr(error, "err_code", None) == _NEEDS_PASSWORD or "password" in str(error).lower():
                raise archive.encrypted(name) from error
            raise ConversionFailed(f"{name} is damaged: {str(error).rstrip('.')}", path=name) from error
        try:
            return _Plain(tuple(_page_text(document, at) for at in range(len(document))), document.get_metadata_dict())
        finally:
            document.close()


def _page_text(document: Any, at: int) -> str:
    with importing():
        import pypdfium2

    try:
        page = document[at]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        # A page that cannot be loaded has no words to compare with; the others still count.
        return ""
    try:
        return str(text_page.get_text_bounded()).replace("\r\n", "\n").replace("\0", "\ufffd")
    finally:
        text_page.close()
        page.close()


def _read_structured(
    document: Document, data: bytes, limits: ConversionLimits
) -> tuple[engine.Extracted, tuple[str, ...]]:
    try:
        parts = [
            (start, engine.extract(document.name, part, formats.PDF, limits))
            for start, part in _parts(data, limits.pdf_pages_at_once)
        ]
    except TooLarge:
        raise
    except ConversionFailed as error:
        return engine.Extracted(markdown=""), (f"headings and tables could not be read: {error.message}",)
    pages = tuple((start + number, text) for start, part in parts for number, text in part.pages)
    warnings = tuple(warning for _, part in parts for warning in part.warnings)
    return replace(parts[0][1], pages=pages), warnings


def _parts(data: bytes, most: int) -> Iterator[tuple[int, bytes]]:
    """Yield (pages before, PDF) of pieces of at most `most` pages: the whole file when it has no more."""
    with importing():
        import pypdfium2

    with PDFIUM:
        count = len(pypdfium2.PdfDocument(data))
    for start in range(0, count, most):
        yield start, data if count <= most else _cut(data, start, min(count, start + most))


def _cut(data: bytes, start: int, end: int) -> bytes:
    with importing():
        import pypdfium2

    buffer = io.BytesIO()
    with PDFIUM, closing(pypdfium2.PdfDocument(data)) as whole, closing(pypdfium2.PdfDocument.new()) as part:
        part.import_pages(whole, list(range(start, end)))
        part.save(buffer)
    return buffer.getvalue()


def _merged(structured: dict[int, str], plain: tuple[str, ...]) -> tuple[list[tuple[int, str]], tuple[str, ...]]:
    numbered, replaced, blank = [], [], []
    for number, wanted in enumerate(plain, 1):
        text = _with_lists(structured.get(number, "").replace("\0", "\ufffd"))
        if missing_share(wanted, text) > MISSING_SHARE:
            text = _with_lists(_BREAK.sub("", wanted))
            replaced.append(number)
        if not text.strip():
            blank.append(number)
        numbered.append((number, text))
    return numbered, _page_warnings(replaced, blank, len(plain))


def _with_lists(text: str) -> str:
    """Return the text with an item a line where a line begins with a bullet, and with one sign for each item."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if _BULLETED.match(line):
            lines[at] = _NEXT_BULLET.sub("\n- ", _BULLETED.sub("- ", line, count=1))
        elif _NUMBERED.match(line):
            lines[at] = line[2:]
    return "\n".join(lines).replace("\x7f", "\u2022").replace("\uf0b7", "\u2022")


def _page_warnings(replaced: list[int], blank: list[int], total: int) -> tuple[str, ...]:
    warnings = []
    if replaced:
        warnings.append(f"{_numbers(replaced)} read as plain text: words were missing from the structured reading")
    if len(blank) == total:
        warnings.append("no page has a text layer (a scan?): nothing in it can be searched")
    elif blank:
        warnings.append(f"{_numbers(blank)} without a text layer")
    return tuple(warnings)


def _numbers(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_NAMED_PAGES]))
    more = f" and {len(numbers) - _NAMED_PAGES} more" if len(numbers) > _NAMED_PAGES else ""
    return f"page {shown}" if len(numbers) == 1 else f"pages {shown}{more}"
