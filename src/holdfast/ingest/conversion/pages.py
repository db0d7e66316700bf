"""Page markers: how a place in a rendition is traced back to the page it came from."""

import re
from collections.abc import Iterable

_MARKER = re.compile(r"^<!-- page (\d+) -->$", re.M)
_IMITATION = re.compile(r"<!--(?=\s*page\s+\d+\s*-->)")


def join(pages: Iterable[tuple[int, str]]) -> str:
    """Return one Markdown text of the numbered `pages`, each after a line `<!-- page N -->`."""
    parts = []
    for number, text in pages:
        # What a page itself says must not be taken for a marker.
        body = _IMITATION.sub("&lt;!--", text).strip("\n")
        parts.append(f"<!-- page {number} -->\n\n{body}\n" if body.strip() else f"<!-- page {number} -->\n")
    return "\n".join(parts)


def starts(markdown: str) -> list[tuple[int, int]]:
    """Return (offset, page number) of every page in `markdown`, in order; offsets are in characters."""
    return [(found.start(), int(found.group(1))) for found in _MARKER.finditer(markdown)]
