"""Regular expressions that end: what `grep` looks for, in lines that may be of any length.

Python's `re` goes through every way in which `(a|aa)+$` could match, for years, and lets no other thread run meanwhile:
no lock is renewed. So only what cannot be slow is looked for with `re`, which is quick to import; everything else with
`regex`, which takes a limit and lets others run. What `re` accepts is accepted, and means what it means there.
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from holdfast.errors import InvalidPath, TooLarge
from holdfast.tree.respelling import respelled

#: characters of a regular expression; a longer one takes minutes to prepare
LONGEST_PATTERN = 10_000
#: seconds that looking for an expression may take in the lines of one file; what is of use takes a hundredth of one
SECONDS_PER_FILE = 10.0

#: what repeats: an expression without it looks at each character a bounded number of times
_REPEATS = re.compile(r"[*+?{]")
#: what is escaped, a repetition, or a brace that is only a brace; `regex` has further meanings for the last
_BRACE = re.compile(r"(\\N\{[^}]*\}|\\.|\{\d+,?\d*\}|\{,\d*\})|\{", re.DOTALL)

#: where an expression matches, for a text and a number of seconds
_Find = Callable[[str, float], Iterator[Any]]


class Expression:
    """A regular expression, prepared."""

    def __init__(self, pattern: str, *, ignore_case: bool) -> None:
        self._pattern = pattern
        self._find = _prepared(pattern, ignore_case)

    def matches(self, lines: list[str], path: str) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """Yield the number of each line that it matches, from 1, and where; raises TooLarge when that takes too long.

        Where it matches nothing but an empty text, no place is named.
        """
        left = SECONDS_PER_FILE
        for number, line in enumerate(lines, start=1):
            began = time.perf_counter()
            try:
                found = [match.span() for match in self._find(line, left)]
            except (TimeoutError, MemoryError) as error:
                raise self._too_slow(path, number) from error
            left = max(left - (time.perf_counter() - began), 0.001)
            if found:
                yield number, [span for span in found if span[0] < span[1]]

    def _too_slow(self, path: str, line: int) -> TooLarge:
        return TooLarge(
            f"Looking for {self._pattern[:200]!r} takes too long in line {line} of {path}",
            path=path,
            remedy="Repeat nothing that holds a repetition or a choice, as in (a|aa)+; or look for plain text",
        )


def _prepared(pattern: str, ignore_case: bool) -> _Find:
    if len(pattern) > LONGEST_PATTERN:
        raise InvalidPath(
            f"A regular expression of {len(pattern)} characters is too long; {LONGEST_PATTERN} are allowed",
            path=pattern,
            remedy="Look for a part of it",
        )
    try:
        plain = respelled(pattern)
        quick = re.compile(plain, re.IGNORECASE if ignore_case else 0)
        return _limited(plain, ignore_case) if _REPEATS.search(pattern) else lambda text, _: quick.finditer(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidPath(
            f"{pattern[:200]!r} is not a regular expression ({error})",
            path=pattern,
            remedy="Escape it, or see Python's re",
        ) from error


def _limited(pattern: str, ignore_case: bool) -> _Find:
    import regex

    plain_braces = _BRACE.sub(lambda found: found[1] or r"\{", pattern)
    try:
        compiled = regex.compile(plain_braces, regex.VERSION0 | (regex.IGNORECASE if ignore_case else 0))
    except regex.error as error:
        raise re.error(str(error)) from error

    def find(text: str, seconds: float) -> Iterator[Any]:
        first = compiled.search(text, timeout=seconds)
        return iter(()) if first is None else compiled.finditer(text, timeout=seconds)

    return find
