"""Comparing two readings of one text by their words."""

import re
from collections import Counter

_WORD = re.compile(r"\w+")
# A word broken at a line's end: PDFium gives U+FFFE or U+0002 for such a hyphen.
_BROKEN = re.compile(r"[-\u00ad\u2010\ufffe\x02]\s*\n\s*|[\u00ad\ufffe\x02]")


def words(text: str) -> Counter[str]:
    """Return how often each word occurs in `text`, case aside, words broken over lines joined."""
    return Counter(_WORD.findall(_BROKEN.sub("", text).casefold()))


def missing_share(wanted: str, given: str) -> float:
    """Return the share (0 to 1) of the words of `wanted`, counted as often as they occur, that `given` lacks."""
    expected = words(wanted)
    total = expected.total()
    return (expected - words(given)).total() / total if total else 0.0
