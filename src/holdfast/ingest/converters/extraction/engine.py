"""The one place that speaks to xberg, the Rust library that reads Office documents, PDF, HTML, e-books and mail.

What was learnt about it: it answers with coroutines only; it raises plain RuntimeError with the reason in the text; a
panic in Rust arrives as a BaseException; HTML nested deeper than 64 elements loses text without a word, and a larger
`max_depth` overflows its stack; a truncated PDF can come out empty without an error. All of it is turned into
Holdfast's terms here, or checked by the converters above.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as installed_version
from typing import Any

from holdfast.errors import ConversionFailed, HoldfastError, TooLarge
from holdfast.host.importing import importing
from holdfast.ingest.conversion import archive, formats
from holdfast.ingest.conversion.limits import REMEDY, ConversionLimits
from holdfast.ingest.conversion.titles import meaningful
from holdfast.ingest.converters.dates import iso
from holdfast.ingest.converters.extraction.foreign import finish

#: characters of xberg's own words kept in an error
_REASON_CHARACTERS = 300
#: in the words of a warning that says only that a check of the engine's own was not made
_CHECK_NOT_MADE = "the check did not run"
# A backslash before a sign stands for the sign; in code both stand for themselves. `\|` is kept, for a cell of a table
# would end there, and so is `\#` where it would begin a heading. The bound keeps the search linear.
_ESCAPE = re.compile(r"^ {0,3}\\#|\\([!#-/:-@\[-`{}~])|(?<!`)(`+)(?!`)[^\n]{0,2000}?(?<!`)\2(?!`)")


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """What xberg found in one document."""

    markdown: str
    #: (number, Markdown) of each page or slide, when the format has them
    pages: tuple[tuple[int, str], ...] = ()
    title: str | None = None
    author: str | None = None
    created: str | None = None
    modified: str | None = None
    warnings: tuple[str, ...] = ()


@cache
def version() -> str:
    """Return the installed xberg's version without importing it."""
    return installed_version("xberg")


def extract(
    name: str, data: bytes, media_type: str, limits: ConversionLimits, without: tuple[str, ...] = ()
) -> Extracted:
    """Return what xberg makes of `data`; of HTML, leave out the elements that the CSS selectors in `without` name.

    Raises ConversionFailed when the document is damaged or encrypted, or the parser panics; TooLarge past a limit.
    """
    try:
        result = finish(extracted_by_xberg(name, data, media_type, _config(limits, without)))
    except (KeyboardInterrupt, SystemExit, MemoryError, HoldfastError):
        raise
    except BaseException as error:
        # pyo3's PanicException derives from BaseException, so that `except Exception` would let it end the process.
        raise _failure(name, media_type, error) from error
    if result.errors:
        raise _failure(name, media_type, RuntimeError(result.errors[0].message))
    if not result.results:
        raise ConversionFailed(f"{name}: no document was found inside", path=name)
    return _extracted(result.results[0])


async def extracted_by_xberg(name: str, data: bytes, media_type: str, config: Any) -> Any:
    with importing():
        import xberg

    document = xberg.ExtractInput(kind="bytes", bytes=data, mime_type=media_type, filename=name.rpartition("/")[2])
    return await xberg.extract(document, config)


@cache
def _config(limits: ConversionLimits, without: tuple[str, ...]) -> Any:
    with importing():
        import xberg

    return xberg.ExtractionConfig(
        # Its cache lies in the user's home and would outlive the store; renditions are kept by Holdfast.
        use_cache=False,
        disable_ocr=True,
        enable_quality_processing=False,
        output_format="markdown",
        # Escapes would hide identifiers such as a_b from search and spoil quotations.
        escape_markdown=False,
        pages=xberg.PageConfig(extract_pages=True),
        max_archive_depth=0,
        html_options=xberg.ConversionOptions(
            extract_metadata=False, skip_images=True, compact_tables=True, exclude_selectors=list(without)
        ),
        security_limits=xberg.SecurityLimits(
            max_archive_size=limits.max_archive_bytes,
            max_compression_ratio=10 * limits.max_archive_ratio,
            max_files_in_archive=limits.max_archive_entries,
            max_nesting_depth=limits.max_nesting,
            max_xml_depth=limits.max_nesting,
            max_content_size=limits.max_member_bytes,
            max_table_cells=limits.max_table_cells,
        ),
    )


def unescaped(markdown: str) -> str:
    """Return `markdown` without the escapes that xberg writes even when told to write none.

    Code is left alone: `\\<` means something there.
    """
    lines, in_code = markdown.split("\n"), False
    for number, line in enumerate(lines):
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code and "\\" in line:
            lines[number] = _ESCAPE.sub(lambda found: found[1] or found[0], line)
    return "\n".join(lines)


def _extracted(found: Any) -> Extracted:
    metadata = found.metadata
    return Extracted(
        markdown=unescaped(found.content),
        pages=tuple((page.page_number, unescaped(page.content)) for page in found.pages or ()),
        title=meaningful(metadata.title),
        author=meaningful(", ".join(metadata.authors or ())),
        created=iso(metadata.created_at),
        modified=iso(metadata.modified_at),
        warnings=tuple(w.message for w in found.processing_warnings or () if _CHECK_NOT_MADE not in w.message),
    )


def _failure(name: str, media_type: str, error: BaseException) -> HoldfastError:
    reason = str(error).removeprefix("Parsing error: ")[:_REASON_CHARACTERS].rstrip(".")
    if "Security limit" in reason:
        return TooLarge(f"{name} passes a limit: {reason}", path=name, remedy=REMEDY)
    if "password" in reason.lower() or "encrypted" in reason.lower():
        return archive.encrypted(name)
    if type(error).__name__ == "PanicException":
        return ConversionFailed(f"{name} made the {formats.label(media_type)} parser fail: {reason}", path=name)
    return ConversionFailed(f"{name} is damaged, or no {formats.label(media_type)} file: {reason}", path=name)
