"""DOCX, PPTX, XLSX, EPUB and RTF through xberg."""

from holdfast.errors import ConversionFailed
from holdfast.ingest.conversion import archive, formats, pages
from holdfast.ingest.conversion.limits import ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Document
from holdfast.ingest.conversion.titles import first_heading
from holdfast.ingest.converters import slides
from holdfast.ingest.converters.extraction import engine

_ZIPPED = (formats.DOCX, formats.PPTX, formats.XLSX, formats.EPUB)
_OLE = b"\xd0\xcf\x11\xe0"


class OfficeConverter:
    """Office documents and e-books: headings, lists and tables kept, pictures left out.

    Slides are numbered like pages. A zip container is unpacked under limits before a parser sees it.
    """

    name = "office"

    @property
    def version(self) -> str:
        """Our own settings' number and xberg's version."""
        return f"2+xberg-{engine.version()}"

    def accepts(self, media_type: str) -> bool:
        """Tell whether the media type is DOCX, PPTX, XLSX, EPUB or RTF."""
        return media_type in _ZIPPED or media_type == formats.RTF

    def convert(self, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        """Return the Markdown of the document; the port's errors apply."""
        data = document.read()
        if data.startswith(_OLE):
            # Office wraps an encrypted DOCX, PPTX or XLSX in a container of the old kind.
            raise archive.encrypted(document.name)
        if document.media_type in _ZIPPED:
            _check_container(document, data, limits)
        if document.media_type == formats.EPUB and archive.locked_chapters(document.name, data, limits):
            raise archive.encrypted(document.name)
        found = engine.extract(document.name, data, document.media_type, limits)
        shown = slides.as_shown(data, found.pages) if document.media_type == formats.PPTX else ()
        return _rendition(found, shown)


def _check_container(document: Document, data: bytes, limits: ConversionLimits) -> None:
    # xberg takes a zip without slides for a presentation without words.
    if archive.check(document.name, data, limits) != document.media_type:
        kind = formats.label(document.media_type)
        raise ConversionFailed(f"{document.name} is a zip file without a {kind} document inside", path=document.name)


def _rendition(found: engine.Extracted, shown: tuple[tuple[int, str], ...]) -> ConvertedDocument:
    # The engine leaves its own sign where a table of an RTF ends in a way that it does not expect.
    markdown = pages.join(shown) if shown else found.markdown.replace("\n[TABLE_ROW]\n", "\n")
    return ConvertedDocument(
        markdown=markdown,
        title=found.title or first_heading(markdown),
        author=found.author,
        created=found.created,
        modified=found.modified,
        pages=len(shown) or None,
        warnings=found.warnings,
    )
