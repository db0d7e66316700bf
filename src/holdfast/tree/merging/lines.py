"""The merge of three texts by lines.

With `difflib` of the standard library: of the two libraries for this, one is GPL, and the other has had no release for
years.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher

from holdfast.lines import whole_lines_of

#: lines of a text; what is longer is not merged by lines
MOST_LINES = 20_000
#: lines of one text times those of the other that `difflib` compares at once: it takes the cube of their number at
#: worst, as where every second line is blank
MOST_COMPARED = 100_000

#: lines of the ancestor, from and to, that one side replaced, and what by
_Edit = tuple[int, int, list[str]]
#: the places of a line in two texts
_Places = tuple[int, int]


def merged_text(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Return the text that has the changes of both sides, or None: when they meet in a line, or one is no UTF-8."""
    try:
        texts = [whole_lines_of(each.decode("utf-8")) for each in (base, ours, theirs)]
    except UnicodeDecodeError:
        return None
    if max(map(len, texts)) > MOST_LINES:
        return None
    old, mine, other = texts
    merged = _merged(old, _edits(old, mine), _edits(old, other))
    return None if merged is None else "".join(merged).encode("utf-8")


def _edits(old: list[str], new: list[str]) -> list[_Edit]:
    """Return what was replaced, in order."""
    found: list[_Edit] = []
    done = (0, 0)
    for start, end in _same(old, new):
        found += _edits_between(old[done[0] : start[0]], new[done[1] : start[1]], done[0])
        done = end
    return found


def _edits_between(old: list[str], new: list[str], first: int) -> list[_Edit]:
    """Return what was replaced in a stretch of the ancestor that begins at the line `first`."""
    if old == new:
        return []
    if len(old) * len(new) > MOST_COMPARED:
        return [(first, first + len(old), new)]
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(first + i, first + j, new[start:end]) for kind, i, j, start, end in codes if kind != "equal"]


def _same(old: list[str], new: list[str]) -> Iterator[tuple[_Places, _Places]]:
    """Yield stretches of the same lines, around those that each text has once: where they begin and end in both."""
    done = _onward(old, new, (0, 0))
    yield (0, 0), done
    for at in (*_anchors(old, new), (len(old), len(new))):
        if at >= done:
            start, done = _back(old, new, done, at), _onward(old, new, at)
            yield start, done


def _back(old: list[str], new: list[str], least: _Places, at: _Places) -> _Places:
    i, j = at
    while i > least[0] and j > least[1] and old[i - 1] == new[j - 1]:
        i, j = i - 1, j - 1
    return i, j


def _onward(old: list[str], new: list[str], at: _Places) -> _Places:
    i, j = at
    while i < len(old) and j < len(new) and old[i] == new[j]:
        i, j = i + 1, j + 1
    return i, j


def _anchors(old: list[str], new: list[str]) -> list[_Places]:
    """Return where lines stand that each text has once: the most of them that are in the same order in both."""
    times, places = Counter(new), {line: place for place, line in enumerate(new)}
    times_before = Counter(old)
    return _rising([(i, places[line]) for i, line in enumerate(old) if times_before[line] == times[line] == 1])


def _rising(pairs: list[_Places]) -> list[_Places]:
    """Return the longest row of pairs whose second numbers rise."""
    #: by length, the smallest number that a row of that length ends with, and which pair that is
    ends: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        ends[length : length + 1], last[length : length + 1] = [place], [number]
        before.append(last[length - 1] if length else None)
    found: list[_Places] = []
    at = last[-1] if last else None
    while at is not None:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]


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
