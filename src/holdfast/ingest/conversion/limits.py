"""The limits of one document, named, so that a hostile or enormous file fails by itself."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ConversionLimits:
    """How large one document may be, as it lies on disk and as it unfolds.

    Passing a limit raises TooLarge for that document; the others of a batch go on.
    """

    #: largest PDF, Office or e-book file, in bytes as stored
    max_document_bytes: int = 512 * MIB
    #: largest text, code, HTML, CSV, JSON or e-mail file, in bytes as stored
    max_text_bytes: int = 100 * MIB
    #: largest sum of the unpacked members of a zip container (DOCX, PPTX, XLSX, EPUB), in bytes
    max_archive_bytes: int = 512 * MIB
    #: largest single unpacked member of a zip container, in bytes
    max_member_bytes: int = 128 * MIB
    #: how many times larger than packed the members of a zip container may be, all together
    max_archive_ratio: int = 200
    #: unpacked bytes below which the ratio is not looked at: small, very regular sheets are honest
    ratio_floor_bytes: int = 16 * MIB
    #: most members in a zip container
    max_archive_entries: int = 20_000
    #: pages of a PDF that are parsed together; the parser's time grows with their square
    pdf_pages_at_once: int = 500
    #: deepest nesting of elements inside an Office document or e-book
    max_nesting: int = 1024
    #: most table cells in one document
    max_table_cells: int = 10_000_000


DEFAULT_LIMITS = ConversionLimits()

#: what can be done about a document that passes one of them: they are no settings
REMEDY = "Split it into smaller documents, or leave it out"
