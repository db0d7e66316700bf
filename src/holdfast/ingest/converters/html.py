"""HTML through xberg, with a check that nothing was lost in deep nesting."""

import functools
import html
import re

from holdfast.ingest.conversion import formats
from holdfast.ingest.conversion.decode import Decoded, decode, marked_encoding
from holdfast.ingest.conversion.limits import ConversionLimits
from holdfast.ingest.conversion.port import ConvertedDocument, Document
from holdfast.ingest.conversion.titles import first_heading, meaningful, tidy
from holdfast.ingest.converters.dates import iso
from holdfast.ingest.converters.extraction import code_lines, engine
from holdfast.ingest.converters.extraction.handles import without_handles
from holdfast.ingest.converters.plain_html import plain_text
from holdfast.ingest.converters.words import missing_share

#: CSS selectors of what stands around a text on every page of a site, where it is no `<nav>`: roles, and the classes of
#: DocBook, Sphinx and MediaWiki. The engine knows no combinators.
BOILERPLATE = (
    *("[role=navigation]", "[role=banner]", "[role=contentinfo]", "[role=search]"),
    *(".navheader", ".navfooter", ".mobile-nav", ".sphinxsidebar", "div.footer", ".mw-editsection"),
)
#: nesting above which the rendition is compared with the page's plain text; xberg drops what lies deeper than 64
CHECKED_DEPTH = 60
#: share of the plain text's words that a rendition of a deep page may lack
MISSING_SHARE = 0.1
#: bytes in which the character set is declared, by the HTML standard
_CHARSET_WITHIN = 1024
#: characters in which title, author and dates are looked for
_HEAD_WITHIN = 256 * 1024

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.I)
# None of these looks past the next "<": a page of a million unclosed tags is read in one pass.
_TITLE = re.compile(r"<title[^<>]*>([^<]*)</title>", re.I)
_META = re.compile(r"<meta\s[^<>]*>", re.I)
_ATTRIBUTE = re.compile(r"([A-Za-z:_-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^<>]*?(/?)>")
#: a raised number or letter after another, which without a sign between them would be read as one: 2³² as 232
_POWER = re.compile(r"(?<=[\w)])<sup(?:\s[^<>]*)?>([-−+]?(?:\d{1,4}|[ijknmx]))</sup\s*>", re.I)
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_CREATED = ("article:published_time", "dcterms.created", "dc.date", "date")
_MODIFIED = ("article:modified_time", "dcterms.modified", "last-modified")


class HtmlConverter:
    """Web pages: headings, lists, tables and code kept; scripts, styles, navigation, pictures, permalinks left out."""

    name = "html"

    @property
    def version(self) -> str:
        """Our own settings' number and xberg's version."""
        return f"3+xberg-{engine.version()}"

    def accepts(self, media_type: str) -> bool:
        """Tell whether the media type is HTML."""
        return media_type == formats.HTML

    def convert(self, document: Document, limits: ConversionLimits) -> ConvertedDocument:
        """Return the page's Markdown; a page nested too deep for its structure comes as plain text with a warning."""
        decoded = decode_page(document.read())
        page = without_handles(decoded.text)
        # The engine takes a title for text when the page leaves out its <head> tags, as it may.
        body = _POWER.sub(r"^\1", _TITLE.sub("", page, count=1))
        markdown, warnings = _read(document.name, body, limits)
        fields = _meta_fields(page[:_HEAD_WITHIN])
        return ConvertedDocument(
            markdown=markdown,
            title=_title(page[:_HEAD_WITHIN]) or first_heading(markdown),
            author=tidy(fields.get("author")),
            created=_first_date(fields, _CREATED),
            modified=_first_date(fields, _MODIFIED),
            warnings=decoded.warnings + warnings,
        )


def decode_page(data: bytes) -> Decoded:
    """Return the text of a page: a byte order mark decides, then valid UTF-8, then the page's own declaration."""
    declared = _CHARSET.search(data[:_CHARSET_WITHIN])
    if declared and not marked_encoding(data):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return _as_declared(data, declared.group(1).decode("ascii"))
    return decode(data)


def _as_declared(data: bytes, encoding: str) -> Decoded:
    try:
        return decode(data.decode(encoding).encode("utf-8"))
    except (LookupError, UnicodeError):
        return decode(data)


def nesting(page: str) -> int:
    """Return how deep the elements of `page` nest, counting elements that were never closed."""
    depth = deepest = 0
    for closing, tag, alone in _TAG.findall(page):
        if alone or tag.lower() in _VOID:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _read(name: str, page: str, limits: ConversionLimits) -> tuple[str, tuple[str, ...]]:
    """Return the page's Markdown and what was lost on the way."""
    data = code_lines.marked(page).encode("utf-8")
    whole = functools.partial(engine.extract, name, data, formats.HTML, limits)
    if nesting(page) > CHECKED_DEPTH:
        plain = plain_text(page)
        if missing_share(plain, whole().markdown) > MISSING_SHARE:
            reason = f"elements nest deeper than {CHECKED_DEPTH}: read as plain text, lists and tables are lost"
            return plain, (reason,)
    markdown = whole(without=BOILERPLATE).markdown
    # A page that is nothing but navigation is a page of its own.
    return code_lines.unmarked(markdown if markdown.strip() else whole().markdown), ()


def _title(page: str) -> str | None:
    found = _TITLE.search(page)
    return meaningful(html.unescape(found.group(1))) if found else None


def _meta_fields(page: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for tag in _META.findall(page):
        attributes = {key.lower(): html.unescape(a or b or c) for key, a, b, c in _ATTRIBUTE.findall(tag)}
        key = attributes.get("name") or attributes.get("property") or ""
        if key and "content" in attributes:
            fields.setdefault(key.lower(), attributes["content"])
    return fields


def _first_date(fields: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := iso(fields.get(name)))), None)
