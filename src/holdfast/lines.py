"""The lines of a text, as an editor counts them."""

from io import StringIO


def lines_of(text: str) -> list[str]:
    """Return the lines of `text` without their ends, which are a line feed or a carriage return and a line feed.

    Nothing else ends a line: `str.splitlines` also counts form feeds, U+2028 and others, which editors show within one.
    """
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def whole_lines_of(text: str) -> list[str]:
    """Return the same lines with their ends: joined, they are the text."""
    return StringIO(text, newline="\n").readlines()
