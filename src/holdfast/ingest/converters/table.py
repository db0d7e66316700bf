"""CSV and TSV as one Markdown table."""

import csv
import io
from collections.abc import Iterable

from holdfast.errors import ConversionFailed, TooLarge
from holdfast.ingest.conversion import formats
from holdfast.ingest.conversion.decode import decode
from holdfast.ingest.conversion.limits import REMEDY, ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Document

#: characters from which the separator is told
_SAMPLE = 4096


class TableConverter:
    """Separated values, the first row as the heading; quotes, line breaks in cells and ragged rows are understood."""

    name = "table"
    version = "1"

    def accepts(self, media_type: str) -> bool:
        """Tell whether the media type is CSV or TSV."""
        return media_type in (formats.CSV, formats.TSV)

    def convert(self, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        """Return the table; raises TooLarge when it has more cells than `limits` allows."""
        decoded = decode(document.read())
        separator = "\t" if document.media_type == formats.TSV else _separator(decoded.text)
        rows = csv.reader(io.StringIO(decoded.text), delimiter=separator)
        try:
            lines = list(_lines(rows, document.name, limits.max_table_cells))
        except csv.Error as error:
            raise ConversionFailed(f"{document.name} is not a readable table: {error}", path=document.name) from error
        return ConvertedDocument(markdown="\n".join(lines) + "\n" if lines else "", warnings=decoded.warnings)


def _separator(text: str) -> str:
    try:
        return csv.Sniffer().sniff(text[:_SAMPLE].rpartition("\n")[0] or text[:_SAMPLE], delimiters=",;\t|").delimiter
    except csv.Error:
        return ","


def _lines(rows: Iterable[list[str]], name: str, most_cells: int) -> Iterable[str]:
    width = cells = 0
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        first = width == 0
        width = width or len(row)
        cells += len(row)
        if cells > most_cells:
            raise TooLarge(f"{name} has more than {most_cells} table cells", path=name, remedy=REMEDY)
        yield _line(row + [""] * (width - len(row)))
        if first:
            yield _line(["---"] * width)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
