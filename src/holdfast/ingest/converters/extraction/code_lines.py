"""Lines of code that the engine takes for the underline of a heading, even inside a block of code.

The ruler of a table that a program printed, `-----`, would make its first line a heading: such lines carry a mark while
the engine reads the page.
"""

import re

#: a character that no text holds: Unicode keeps it free for a program's own use
_MARK = "\ufdd0"
_OPENING = re.compile(r"<pre(?=[\s>])[^<>]*>", re.I)
_CLOSING = re.compile(r"</pre", re.I)
# Nothing that was matched is given back: a line is read once, whatever it holds.
_RULER = re.compile(r"^(?=(?:<[^<>\n]*>)*+[ \t]*+[-=]++[ \t]*+(?:<[^<>\n]*>)*+[ \t\r]*+$)", re.MULTILINE)


def marked(page: str) -> str:
    """Return an HTML page with a mark before each line of its code that looks like an underline."""
    parts, at = [], 0
    while opening := _OPENING.search(page, at):
        closing = _CLOSING.search(page, opening.end())
        if not closing:
            break
        parts += [page[at : opening.end()], _RULER.sub(_MARK, page[opening.end() : closing.start()])]
        at = closing.start()
    return "".join((*parts, page[at:]))


def unmarked(markdown: str) -> str:
    """Return `markdown` without the marks."""
    return markdown.replace(_MARK, "")
