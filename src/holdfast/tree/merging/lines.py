"""The merge of three texts by lines.

With `difflib` of the standard library: of the two libraries for this, one is GPL, and the other has had no release for
years.
"""

from difflib import SequenceMatcher

#: lines of a text; what is longer is not merged by lines, as the comparison takes the square of that at worst
MOST_LINES = 20_000

#: lines of the ancestor, from and to, that one side replaced, and what by
_Edit = tuple[int, int, list[str]]


def merged_text(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Return the text that has the changes of both sides, or None: when they meet in a line, or one is no UTF-8."""
    try:
        texts = [each.decode("utf-8").splitlines(keepends=True) for each in (base, ours, theirs)]
    except UnicodeDecodeError:
        return None
    if max(map(len, texts)) > MOST_LINES:
        return None
    old, mine, other = texts
    merged = _merged(old, _edits(old, mine), _edits(old, other))
    return None if merged is None else "".join(merged).encode("utf-8")


def _edits(old: list[str], new: list[str]) -> list[_Edit]:
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(start, end, new[first:last]) for kind, start, end, first, last in codes if kind != "equal"]


def _merged(old: list[str], mine: list[_Edit], other: list[_Edit]) -> list[str] | None:
    """Return the lines with the edits of both, or None where two of them touch and are not the same."""
    merged: list[str] = []
    done, last = 0, None
    for edit in sorted([*mine, *other], key=lambda edit: edit[:2]):
        start, end, lines = edit
        if edit == last:
            continue
        # Edits that only touch are in conflict too: nobody can say which comes first.
        if last is not None and start <= done:
            return None
        merged += old[done:start] + lines
        done, last = end, edit
    return merged + old[done:]
