"""Quoting a passage in a few lines, with what matched marked."""

import re
import textwrap
from collections.abc import Callable, Sequence

from holdfast.cli.output import visible

#: characters of a passage that are shown
SHOWN = 320
#: characters before the first match that are shown
BEFORE = 60

#: stand for the ends of a mark while lines are wrapped; code points that no text uses
_OPEN, _CLOSE = "\ue000", "\ue001"

#: headings, the fence that opens a block of code, and the notes of where a page begins
_OPENING = re.compile(r"(?:(?:#{1,6} |`{3,}|<!-- page )[^\n]*\n+)*")


def excerpt(
    text: str, marks: Sequence[tuple[int, int]], *, width: int, full: bool, mark: Callable[[str], str]
) -> list[str]:
    """Return the passage, or its part from shortly before the first match, in lines of at most `width` characters.

    What it begins with and is no text of its own is left out: headings, an opening fence.
    """
    body = len(_OPENING.match(text).group())  # type: ignore[union-attr]
    marks = [span for span in marks if span[0] >= body]
    start, end = (body, len(text)) if full else _window(text, body, marks)
    shown = [(max(s, start), min(e, end)) for s, e in marks if s < end and e > start]
    pieces, last = [], start
    for s, e in shown:
        pieces += [text[last:s], _OPEN, text[s:e], _CLOSE]
        last = e
    flat = visible(" ".join("".join([*pieces, text[last:end]]).split()))
    flat = ("… " if start > body else "") + flat + (" …" if end < len(text.rstrip()) else "")
    return [_marked(line, mark) for line in textwrap.wrap(flat, max(width, 20), break_on_hyphens=False)]


def _window(text: str, body: int, marks: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the part of `text` after `body` to show, from the beginning of a word to the end of one."""
    start = body
    if marks and len(text) - body > SHOWN and marks[0][0] - body > BEFORE:
        start = max(body, text.rfind(" ", 0, marks[0][0] - BEFORE) + 1)
    end = min(start + SHOWN, len(text))
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + SHOWN // 2)
    return start, end


def _marked(line: str, mark: Callable[[str], str]) -> str:
    parts = line.split(_OPEN)
    shown = [parts[0]]
    for part in parts[1:]:
        inside, _, after = part.partition(_CLOSE)
        shown += [mark(inside), after]
    return "".join(shown).replace(_CLOSE, "")
