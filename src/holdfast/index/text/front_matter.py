"""YAML front matter: what a Markdown text says about itself above its body, between two lines of `---`."""

import json
import re
from dataclasses import dataclass

#: lines, with the two of `---`; what is closed later is no front matter
LINES = 200
#: characters of one of its lines that are looked at
LINE_CHARACTERS = 2000
#: fields that a person would search for; the rest (dates, layouts, identifiers, sources) only serves programs
TELLING = (
    *("title", "subtitle", "description", "summary", "abstract", "keywords", "tags", "categories", "category"),
    *("topics", "aliases", "author", "authors"),
)
#: characters of those fields that searches look through
TELLING_CHARACTERS = 1000

_OPENING = re.compile(r"---[ \t]*\n")
_CLOSING = re.compile(r"(?:---|\.\.\.)[ \t]*\Z")
_KEY = re.compile(r"[\"']?([^\W\d][\w .:/@-]*?)[\"']?:(?:[ \t]+(.*))?\Z")
#: what a mapping may hold beside its keys: deeper lines, items, comments, the end of a list over several lines
_OTHER = re.compile(r"[ \t#]|-[ \t]|[\]}],?[ \t]*\Z|\Z")
_BLOCK = re.compile(r"\A[|>][+-]?(?:[ \t]|\Z)")
_MARKUP = re.compile(r"^[ \t]*(?:-[ \t]+)?(?:[|>][+-]?[ \t]*\Z)?|[\[\]{}\"]|(?<!\w)'|'(?!\w)")


@dataclass(frozen=True)
class FrontMatter:
    """The fields of a YAML front matter that Holdfast uses."""

    title: str | None = None
    author: str | None = None
    date: str | None = None
    #: what a person would search for in it, a field a line
    telling: str = ""
    #: characters that the front matter takes at the start of the text
    length: int = 0


def front_matter(markdown: str) -> FrontMatter:
    """Return the front matter of `markdown`, an empty one of length 0 when it has none.

    A text that begins with a horizontal rule has none, nor has one whose lines between the rules are not a mapping.
    No YAML is parsed: a field is its key's line and the deeper lines below it.
    """
    found = _lines(markdown)
    if found is None:
        return FrontMatter()
    lines, length = found
    fields = _fields(lines)
    telling = "\n".join(text for name in TELLING if (text := _words(fields.get(name, []))))
    title, author, date = (_one_text(fields.get(name, [])) for name in ("title", "author", "date"))
    return FrontMatter(title, author, date, telling[:TELLING_CHARACTERS], length)


def _lines(markdown: str) -> tuple[list[str], int] | None:
    """Return the lines between the two of `---`, and where the body begins."""
    opening = _OPENING.match(markdown)
    if not opening:
        return None
    lines: list[str] = []
    at = opening.end()
    for _ in range(LINES - 1):
        end = markdown.find("\n", at) + 1 or len(markdown)
        line = markdown[at:end].rstrip("\n")
        if _CLOSING.match(line):
            return lines, end
        # A blank line first is what stands below a horizontal rule.
        if at == end or not (_KEY.match(line) or _OTHER.match(line)) or not (lines or line.strip()):
            return None
        lines.append(line[:LINE_CHARACTERS])
        at = end
    return None


def _fields(lines: list[str]) -> dict[str, list[str]]:
    """Return the lines of each field by its name in lower case; of one that is there twice the first counts."""
    fields: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines:
        key = _KEY.match(line)
        if key:
            values = [key[2] or ""]
            fields.setdefault(key[1].strip().lower(), values)
        elif not line.startswith("#"):
            values.append(line)
    return fields


def _words(values: list[str]) -> str:
    """Return a value, be it text or a list, without what makes it YAML."""
    return " ".join(filter(None, (" ".join(_MARKUP.sub("", value).split()) for value in values)))


def _one_text(values: list[str]) -> str | None:
    """Return a value that is one text, on one line and without its quotes; None when it is a list or a mapping."""
    value = " ".join(_BLOCK.sub("", " ".join(values).strip()).split())
    if not value or value[0] in "[{&*!" or value.startswith("- "):
        return None
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return _unquoted(value) or None
    return value


def _unquoted(value: str) -> str:
    if value[0] == "'":
        return value[1:-1].replace("''", "'")
    try:
        return str(json.loads(value))
    except ValueError:
        return value[1:-1]
