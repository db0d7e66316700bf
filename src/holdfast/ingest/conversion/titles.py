"""Titles: the first heading of a Markdown text, and what a program wrote where nobody gave one."""

import re

from holdfast.index.text.front_matter import front_matter

#: characters of a text in which a first heading is looked for
HEADING_WITHIN = 200_000
#: longest title kept, in characters
TITLE_CHARACTERS = 300

#: characters of one line that are looked at
_LINE_CHARACTERS = 1000

_FILLERS = {
    *("untitled", "anonymous", "unspecified", "unknown", "powerpoint presentation", "document", "title"),
    *("unknown title", "unknown author", "python-docx", "openpyxl", "slide 1"),
}
_ATX = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(.+?)\1")


def first_heading(markdown: str) -> str | None:
    """Return the text of the first heading that is not inside a code fence, without its markup, or None."""
    start = front_matter(markdown).length
    lines = [line[:_LINE_CHARACTERS] for line in markdown[start : start + HEADING_WITHIN].split("\n")]
    fence = ""
    for number, line in enumerate(lines):
        opening = _FENCE.match(line)
        if fence or opening:
            fence = _fence_after(fence, line, opening)
            continue
        heading = _ATX.match(line)
        text = heading.group(1) if heading else _underlined(line, lines[number + 1 : number + 2])
        if text and (title := tidy(_plain(text))):
            return title
    return None


def tidy(text: str | None) -> str | None:
    """Return `text` on one line and of bounded length, None when nothing is left of it."""
    joined = " ".join((text or "").split())
    return joined[:TITLE_CHARACTERS] or None


def meaningful(text: str | None) -> str | None:
    """Return `text` tidied, None when it is only what a program fills in where nobody wrote a title or a name."""
    found = tidy(text)
    return None if found and found.strip("()").lower() in _FILLERS else found


def _fence_after(fence: str, line: str, opening: re.Match[str] | None) -> str:
    if not fence:
        return opening.group(1) if opening else ""
    closed = line.strip().startswith(fence) and not line.strip().strip(fence[0])
    return "" if closed else fence


def _underlined(line: str, following: list[str]) -> str | None:
    # A rule or a table's ruler also looks like an underline: only a line of words above it makes a heading.
    words = bool(line.strip()) and not line.lstrip().startswith(("-", "|", ">", "*", "+", "="))
    return line if words and following and _UNDERLINE.match(following[0]) else None


def _plain(text: str) -> str:
    return _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", text))
