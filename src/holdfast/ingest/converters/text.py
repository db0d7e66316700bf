"""Markdown, plain text, source code and JSON: what is text already."""

import json

from holdfast.index.text.front_matter import front_matter
from holdfast.ingest.conversion import formats
from holdfast.ingest.conversion.decode import decode
from holdfast.ingest.conversion.limits import ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Document
from holdfast.ingest.conversion.titles import first_heading, tidy
from holdfast.ingest.converters.dates import iso
from holdfast.ingest.converters.fences import fenced

#: JSON whose longest line is longer than this, in characters, is laid out anew so that it can be quoted by line
LONG_LINE = 2000
#: JSON above this size, in bytes, is never parsed to lay it out anew: the parsed form takes many times the memory
LAYOUT_BYTES = 8 * 1024 * 1024


class TextConverter:
    """Text as it stands: Markdown and plain text verbatim, code and JSON in a fence that names the language.

    The fence keeps `# comment` from being read as a heading, and the lines between the fences are the file's own, so
    that a hit quotes code exactly.
    """

    name = "text"
    version = "1"

    def accepts(self, media_type: str) -> bool:
        """Tell whether the media type is text, Markdown, code or JSON."""
        plain = media_type in (formats.MARKDOWN, formats.TEXT, formats.JSON)
        return plain or formats.language(media_type) is not None

    def convert(self, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        """Return the decoded text; bytes that no encoding explains are replaced and warned about, never refused."""
        decoded = decode(document.read())
        if document.media_type == formats.MARKDOWN:
            return _markdown(decoded.text, decoded.warnings)
        if document.media_type == formats.TEXT:
            return ConvertedDocument(markdown=decoded.text, warnings=decoded.warnings)
        if document.media_type == formats.JSON:
            text, warnings = _laid_out(decoded.text)
            return ConvertedDocument(markdown=fenced(text, "json"), warnings=decoded.warnings + warnings)
        return ConvertedDocument(
            markdown=fenced(decoded.text, formats.language(document.media_type) or ""), warnings=decoded.warnings
        )


def _markdown(text: str, warnings: tuple[str, ...]) -> ConvertedDocument:
    front = front_matter(text)
    title = tidy(front.title) or first_heading(text)
    return ConvertedDocument(
        markdown=text, title=title, author=tidy(front.author), created=iso(front.date), warnings=warnings
    )


def _laid_out(text: str) -> tuple[str, tuple[str, ...]]:
    if max(map(len, text.split("\n"))) <= LONG_LINE:
        return text, ()
    if len(text) > LAYOUT_BYTES:
        return text, (f"a single-line JSON of more than {LAYOUT_BYTES} bytes is kept as it is",)
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False), ()
    except (ValueError, RecursionError):
        return text, ("not valid JSON: kept as it is",)
