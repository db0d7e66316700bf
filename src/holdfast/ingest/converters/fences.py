"""Code blocks that cannot be closed by what is inside them."""

import re

_TICKS = re.compile(r"^[ \t]*(`{3,})", re.M)


def fenced(text: str, language: str = "") -> str:
    """Return `text` as a fenced block whose fence is longer than any in it."""
    longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}\n"
