"""What a Markdown text says about itself: its front matter and its first heading."""

import re
from dataclasses import dataclass

#: characters of a text in which a first heading is looked for
HEADING_WITHIN = 200_000
#: longest title kept, in characters
TITLE_CHARACTERS = 300

#: characters of one line that are looked at
_LINE_CHARACTERS = 1000

_FILLERS = {"untitled", "anonymous", "unspecified", "unknown", "powerpoint presentation", "document", "title"}
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FIELD = re.compile(r"^([A-Za-z_]+):[ \t]+(.+?)[ \t]*$", re.M)
_ATX = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(.+?)\1")


@dataclass(frozen=True)
class FrontMatter:
    """The fields of a YAML front matter that Holdfast uses."""

    title: str | None = None
    author: str | None = None
    date: str | None = None
    #: characters that the front matter takes at the start of the text
    length: int = 0


def front_matter(markdown: str) -> FrontMatter:
    """Return the front matter of `markdown`; only plain `key: value` lines are read, lists and nesting are not."""
    found = _FRONT.match(markdown)
    if not found:
        return FrontMatter()
    fields = {key.lower(): _unquoted(value) for key, value in reversed(_FIELD.findall(found.group(1)))}
    return FrontMatter(
        tidy(fields.get("title")), tidy(fields.get("author")), tidy(fields.get("date")), length=found.end()
    )


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


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return "" if value[0] in "[{|>&*!" else value
