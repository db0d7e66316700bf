"""markitdown as an optional converter: `pip install holdfast[markitdown]`."""

import io
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any

from holdfast.errors import ConversionFailed, Unsupported
from holdfast.ingest import archive, formats
from holdfast.ingest.limits import Limits
from holdfast.ingest.port import Document, Rendition
from holdfast.ingest.titles import first_heading, tidy

_ENDINGS = {formats.PDF: ".pdf", formats.DOCX: ".docx", formats.PPTX: ".pptx", formats.XLSX: ".xlsx"}


class MarkItDownConverter:
    """PDF, DOCX, PPTX and XLSX by Microsoft's markitdown; no page numbers, no limits but the container's."""

    name = "markitdown"

    @property
    def version(self) -> str:
        """The installed markitdown's version; raises Unsupported when the extra is not installed."""
        try:
            return f"1+{installed_version('markitdown')}"
        except PackageNotFoundError as error:
            raise Unsupported(
                "markitdown is not installed", remedy="Install it with `pip install holdfast[markitdown]`"
            ) from error

    def accepts(self, media_type: str) -> bool:
        """Tell whether the media type is PDF, DOCX, PPTX or XLSX."""
        return media_type in _ENDINGS

    def convert(self, document: Document, limits: Limits) -> Rendition:
        """Return markitdown's Markdown; the port's errors apply."""
        data = document.read()
        if data.startswith(b"\xd0\xcf\x11\xe0"):
            raise archive.encrypted(document.name)
        if document.media_type != formats.PDF:
            archive.check(document.name, data, limits)
        try:
            found = _engine().convert_stream(io.BytesIO(data), file_extension=_ENDINGS[document.media_type])
        except Exception as error:
            raise ConversionFailed(
                f"{document.name} could not be read by markitdown: {error}", path=document.name
            ) from error
        return Rendition(found.markdown, title=tidy(found.title) or first_heading(found.markdown))


@cache
def _engine() -> Any:
    from markitdown import MarkItDown

    return MarkItDown(enable_plugins=False)
