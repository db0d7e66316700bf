"""Jupyter notebooks: prose as prose, code in fences, printed output after it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from holdfast.errors import ConversionFailed
from holdfast.ingest.conversion import formats
from holdfast.ingest.conversion.decode import decode
from holdfast.ingest.conversion.limits import ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Document
from holdfast.ingest.conversion.titles import first_heading, tidy
from holdfast.ingest.converters.fences import fenced
from holdfast.ingest.converters.plain_html import plain_text

#: characters kept of one printed output
OUTPUT_CHARACTERS = 4000

#: what a terminal takes for colours and the like
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
#: what stands for something that is no text: `<Figure size 640x480 with 1 Axes>`
_STAND_IN = re.compile(r"\s*<[^<>\n]*>\s*\Z")


class NotebookConverter:
    """Notebooks of format 4 (and 3, whose cells lie in worksheets)."""

    name = "notebook"
    version = "2"

    def accepts(self, media_type: str) -> bool:
        """Tell whether the media type is a Jupyter notebook."""
        return media_type == formats.NOTEBOOK

    def convert(self, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        """Return the cells in order; pictures are left out, long outputs are cut."""
        decoded = decode(document.read())
        book = _parsed(document.name, decoded.text)
        language = _language(book)
        parts = [part for cell in _cells(book) for part in _cell(cell, language) if part.strip()]
        markdown = "\n".join(part.rstrip("\n") + "\n" for part in parts)
        metadata = _dict(book.get("metadata"))
        authors = ", ".join(_text(author.get("name")) for author in _dicts(metadata.get("authors")))
        title = tidy(_text(metadata.get("title"))) or first_heading(markdown)
        return ConvertedDocument(markdown=markdown, title=title, author=tidy(authors), warnings=decoded.warnings)


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        book = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConversionFailed(f"{name} is damaged: not valid JSON ({error})", path=name) from error
    if not isinstance(book, dict) or not ("cells" in book or "worksheets" in book):
        raise ConversionFailed(f"{name} is no Jupyter notebook: it has no cells", path=name)
    return book


def _language(book: dict[str, Any]) -> str:
    metadata = _dict(book.get("metadata"))
    named = _dict(metadata.get("language_info")).get("name") or _dict(metadata.get("kernelspec")).get("language")
    return named if isinstance(named, str) and named.isalnum() else "python"


def _cells(book: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for sheet in [book, *_dicts(book.get("worksheets"))]:
        yield from _dicts(sheet.get("cells"))


def _cell(cell: dict[str, Any], language: str) -> Iterator[str]:
    source = _text(cell.get("source", cell.get("input")))
    if cell.get("cell_type") != "code":
        yield source
        return
    if source.strip():
        yield fenced(source, language)
    for output in _dicts(cell.get("outputs")):
        data = _dict(output.get("data"))
        if prose := _text(data.get("text/markdown")):
            yield prose
        elif printed := _printed(output, data).strip("\n"):
            cut = printed[:OUTPUT_CHARACTERS] + ("\n..." if len(printed) > OUTPUT_CHARACTERS else "")
            yield fenced(cut, "text")


def _printed(output: dict[str, Any], data: dict[str, Any]) -> str:
    if output.get("output_type") in ("error", "pyerr"):
        return f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
    plain = _text(output.get("text")) or _text(data.get("text/plain"))
    if len(data) > 1 and _STAND_IN.match(plain):
        return plain_text(_text(data.get("text/html")))
    return _ESCAPES.sub("", plain)


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
