"""Converting one document: decide what it is, pick its converter, keep it within limits, contain its failure."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from holdfast.errors import ConversionFailed, HoldfastError, TooLarge, Unsupported
from holdfast.ingest.conversion import formats, media
from holdfast.ingest.conversion.limits import DEFAULT_LIMITS, REMEDY, ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Converter, Document
from holdfast.ingest.converters.html import HtmlConverter
from holdfast.ingest.converters.mail import MailConverter
from holdfast.ingest.converters.notebook import NotebookConverter
from holdfast.ingest.converters.office import OfficeConverter
from holdfast.ingest.converters.pdf import PdfConverter
from holdfast.ingest.converters.table import TableConverter
from holdfast.ingest.converters.text import TextConverter

__all__ = [
    "ConversionLimits",
    "ConvertedDocument",
    "Converter",
    "Document",
    "Registry",
    "convert",
    "default_registry",
    "open_document",
]


class Registry:
    """Converters in order of preference; the first that accepts a media type converts it."""

    def __init__(self, converters: Sequence[Converter]) -> None:
        self._converters = tuple(converters)

    def pick(self, document: Document) -> Converter:
        """Return the converter for `document`; raises Unsupported when none accepts its media type."""
        for converter in self._converters:
            if converter.accepts(document.media_type):
                return converter
        raise Unsupported(
            f"{document.name}: no converter reads {formats.label(document.media_type)}",
            path=document.name,
            remedy="Leave it out, or convert it to a supported format first",
        )

    def key(self, document: Document) -> str:
        """Return the key that the rendition of `document` will have, without converting it."""
        converter = self.pick(document)
        return f"{converter.name}/{converter.version}"


@cache
def default_registry() -> Registry:
    """Return the registry of all built-in converters; making it imports no parser."""
    return Registry(
        (
            TextConverter(),
            HtmlConverter(),
            PdfConverter(),
            OfficeConverter(),
            TableConverter(),
            NotebookConverter(),
            MailConverter(),
        )
    )


def open_document(name: str, source: Path | bytes) -> Document:
    """Return the document called `name`, its media type decided from its bytes and name.

    Raises Unsupported for a binary file that is no document, ConversionFailed when it cannot be read.
    """
    return Document(name, source, media.detect(name, source))


def convert(
    document: Document, limits: ConversionLimits = DEFAULT_LIMITS, registry: Registry | None = None
) -> ConvertedDocument:
    """Return the rendition of `document`, signed with its converter's name and version.

    An empty document has an empty rendition. Raises Unsupported, TooLarge or ConversionFailed, each naming the
    document; whatever else a parser throws becomes ConversionFailed, so that one document never ends a batch.
    """
    converter = (registry or default_registry()).pick(document)
    size = document.size()
    if size == 0:
        return ConvertedDocument(
            markdown="", converter=converter.name, version=converter.version, warnings=("the file is empty",)
        )
    _check_size(document, size, limits)
    try:
        rendition = converter.convert(document, limits)
    except HoldfastError:
        raise
    except MemoryError as error:
        raise TooLarge(f"{document.name} does not fit into memory", path=document.name, remedy=REMEDY) from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ConversionFailed(f"{document.name} could not be converted: {reason}", path=document.name) from error
    return replace(rendition, converter=converter.name, version=converter.version)


def _check_size(document: Document, size: int, limits: ConversionLimits) -> None:
    textual = formats.is_textual(document.media_type)
    largest = limits.max_text_bytes if textual else limits.max_document_bytes
    if size > largest:
        kind = formats.label(document.media_type)
        reason = f"{document.name} has {size} bytes; the limit for {kind} is {largest}"
        raise TooLarge(reason, path=document.name, remedy=REMEDY)
