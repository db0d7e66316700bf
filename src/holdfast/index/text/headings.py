"""Headings that are not Markdown's: underlined ones, AsciiDoc's, Org's, and those of manual pages.

Which kind a text has is told by the whole of it (`headings_of`), since a line alone does not say: `* A` is a heading in
Org and an item elsewhere, and `# A` is a comment where headings are underlined. A text with the headings of Markdown
keeps those, and may have underlined ones of two levels beside them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

#: characters of one title; a longer line is a paragraph with a rule below it
MOST_TITLE = 200
#: of the section names that a manual page as it is read has, at least so many
LEAST_SECTIONS = 3

_RULES = "=\\-~^\"'#*+.`:_"
_ANY_RULE = re.compile(rf"\n([{_RULES}])\1{{2,}}[ \t\r]*(?:\n|\Z)")
# A line over the title, the title, and the line below. A title with a line above it too may be indented.
_UNDERLINED = re.compile(
    rf"^(?:(?P<over>([{_RULES}])\2{{2,}})[ \t\r]*\n[ \t]*)?(?P<title>[^\s\[|>][^\n]{{0,{MOST_TITLE}}})\n"
    rf"(?P<under>(?P<mark>[{_RULES}])(?P=mark){{2,}})[ \t\r]*(?:\n|\Z)",
    re.MULTILINE,
)
_MARKDOWN = re.compile(r"^#{1,6}[ \t]+\S", re.MULTILINE)
_DIRECTIVE = re.compile(r"^\.\. (?:[\w-]+::|_[^\n]+:|\[)|:[a-z][\w:-]*:`[^`\n]+`", re.MULTILINE)
_ASCIIDOC = re.compile(r"^(?P<mark>={1,6})[ \t]+(?P<title>\S[^\n]*)(?:\n|\Z)", re.MULTILINE)
_ORG = re.compile(r"^(?P<mark>\*{1,8})[ \t]+(?P<title>\S[^\n]*)(?:\n|\Z)", re.MULTILINE)
_ORG_KEYWORD = re.compile(r"^(?:#\+[A-Za-z_]+[: \n]|[ \t]*:PROPERTIES:[ \t]*$|\*+ (?:TODO|DONE) )", re.MULTILINE)
_ROFF = re.compile(r"^\.(?P<mark>SH|SS|Sh|Ss)[ \t]+(?P<title>\S[^\n]*)(?:\n|\Z)", re.MULTILINE)
_READ_MANUAL = re.compile(
    r"^(?P<mark>)(?P<title>[A-Z][A-Z0-9][A-Z0-9 ,/()_-]{0,60})[ \t\r]*\n(?=(?:[ \t]*\n)?[ \t]{3,}\S)", re.MULTILINE
)
_NAMED = re.compile(r"^(?:NAME|SYNOPSIS)[ \t\r]*$", re.MULTILINE)
_ROLE = re.compile(r":[a-z][\w:-]*:(?=`)")
_TARGET = re.compile(r"\s*<[^<>`]+>(?=`)")
_ORG_TAGS = re.compile(r"[ \t]+:[\w@:]+:[ \t]*$")
_ROFF_FONT = re.compile(r"\\f(?:[A-Z]|\([A-Z]{2})|\\&")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_ITEM = re.compile(r"[-*+][ \t]|\.\. |--")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, from the first character of its first line to the last of its last."""

    start: int
    end: int
    #: 1 is the outermost
    level: int
    title: str


@dataclass(frozen=True)
class Headings:
    """How the headings of one text are written."""

    #: yields those in a stretch of it that holds no blank line
    within: Callable[[str, int, int], Iterator[Heading]]
    #: whether those of Markdown are headings too
    has_markdown: bool


def _none(text: str, start: int, end: int) -> Iterator[Heading]:
    return iter(())


MARKDOWN_ONLY = Headings(_none, has_markdown=True)


def headings_of(text: str) -> Headings:
    """Return how the headings of a text are written."""
    markdown = _MARKDOWN.search(text)
    # What stands in code below a heading says nothing about how that is written.
    if (marked := _marked(text, markdown.start() if markdown else len(text))) is not None:
        return marked
    if not _ANY_RULE.search(text):
        return MARKDOWN_ONLY
    first = next((found.start() for found in _UNDERLINED.finditer(text) if _is_title(text, found)), len(text))
    if markdown and (markdown.start() < first or not _DIRECTIVE.search(text)):
        return Headings(_Underlined({("=", False): 1, ("-", False): 2}).within, has_markdown=True)
    styles = _styles(text)
    return Headings(_Underlined(styles).within, has_markdown=False) if styles else MARKDOWN_ONLY


def _marked(text: str, end: int) -> Headings | None:
    """Return how headings are marked that have a sign before them; None when none has before `end`."""
    if _ROFF.search(text, 0, end):
        return Headings(_each(_ROFF, lambda mark: 1 if mark in ("SH", "Sh") else 2, _roff_title), has_markdown=False)
    if _ORG_KEYWORD.search(text, 0, end) and _ORG.search(text):
        return Headings(_each(_ORG, len, _org_title), has_markdown=False)
    if _ASCIIDOC.search(text, 0, end):
        return Headings(_each(_ASCIIDOC, len, _asciidoc_title), has_markdown=False)
    if _NAMED.search(text, 0, end) and len(_READ_MANUAL.findall(text)) >= LEAST_SECTIONS:
        return Headings(_each(_READ_MANUAL, lambda _: 1, str.strip), has_markdown=False)
    return None


def _styles(text: str) -> dict[tuple[str, bool], int]:
    """Return the level of each way in which titles are underlined: the first that is met is the outermost."""
    styles: dict[tuple[str, bool], int] = {}
    for found in _UNDERLINED.finditer(text):
        if (style := _style(found)) and _is_title(text, found):
            styles.setdefault(style, len(styles) + 1)
    return styles


def _is_title(text: str, found: re.Match[str]) -> bool:
    """Return whether what is underlined is a title, and nothing stands in the line above it."""
    at = found.start()
    return _style(found) is not None and not text[text.rfind("\n", 0, max(at - 1, 0)) + 1 : at].strip()


def _style(found: re.Match[str]) -> tuple[str, bool] | None:
    """Return how a title is underlined; None when it is none."""
    title, under, over = found["title"].rstrip(), found["under"], found["over"]
    if not _LETTER_OR_DIGIT.search(title) or _ITEM.match(title) or (over and over[0] != under[0]):
        return None
    # Markdown lets these two be of any length; elsewhere a short one is a rule, or dots that leave something out.
    if under[0] not in "=-" and len(under) < len(title):
        return None
    return under[0], bool(over)


@dataclass(frozen=True)
class _Underlined:
    """Underlined titles, by how they are underlined."""

    levels: dict[tuple[str, bool], int]

    def within(self, text: str, start: int, end: int) -> Iterator[Heading]:
        """Yield the title that a stretch begins with."""
        found = _UNDERLINED.match(text, start, end)
        style = found and _style(found)
        if found and style in self.levels:
            yield Heading(start, found.end(), self.levels[style], _plain(found["title"]))


def _each(
    pattern: re.Pattern[str], level: Callable[[str], int], title: Callable[[str], str]
) -> Callable[[str, int, int], Iterator[Heading]]:
    def within(text: str, start: int, end: int) -> Iterator[Heading]:
        for found in pattern.finditer(text, start, end):
            yield Heading(found.start(), found.end(), level(found["mark"]), title(found["title"])[:MOST_TITLE])

    return within


def _plain(title: str) -> str:
    """Return a title without the markup of reStructuredText."""
    return _TARGET.sub("", _ROLE.sub("", title)).replace("``", "`").strip()


def _asciidoc_title(title: str) -> str:
    # MediaWiki, which looks the same, closes its titles.
    return title.rstrip().rstrip("=").rstrip()


def _org_title(title: str) -> str:
    return _ORG_TAGS.sub("", title).removeprefix("TODO ").removeprefix("DONE ").strip()


def _roff_title(title: str) -> str:
    return _ROFF_FONT.sub("", title).strip().strip('"')
