"""Regular expressions in a spelling that has one meaning only: to `re` today, to `re` as it warns to be one day, and
to `regex`.

Inside a set, `[`, `--`, `&&`, `~~` and `||` may come to mean nested sets and set operations, of which `re` warns, and
`[:alpha:]` is a class to `regex` already. Escaped, they are what they are to `re`: characters.
"""

import re

_ESCAPE = r"\\N\{[^}]*\}|\\."
#: what is to be told apart to know where a set begins, and what in it is a range
_TOKEN = re.compile(
    rf"""(?P<escape>{_ESCAPE}) | (?P<remark>\(\?\#[^)]*\)) | (?P<flags>\(\?(?P<on>[aiLmsux]*)(?:-(?P<off>[imsx]+))?[:)])
    | (?P<open>\() | (?P<close>\)) | (?P<set>\[\^?+)(?P<body>\]?+(?:{_ESCAPE}|[^]\\])*+)\] | (?P<unended>\[.*)
    | (?P<comment>\#[^\n]*)""",
    re.VERBOSE | re.DOTALL,
)
_RANGE = re.compile(rf"({_ESCAPE}|.)(?:-({_ESCAPE}|.))?", re.DOTALL)
#: characters that may mean more in a set than themselves
_TELLING = "[-&~|"


def respelled(pattern: str) -> str:
    """Return an expression that means what `pattern` means to `re`, and of which nobody warns."""
    parts: list[str] = []
    # For each group around, whether spaces and comments in it are left out (the flag `x`).
    verbose = [False]
    place = 0
    while found := _TOKEN.search(pattern, place):
        parts.append(pattern[place : found.start()])
        place = found.end()
        if found["comment"] and not verbose[-1]:
            # A `#` like any other character.
            place = found.start() + 1
            parts.append("#")
        elif found["set"]:
            parts.append(_set(found["set"], found["body"]))
        elif found["unended"]:
            # Refused by `re`, which is not to warn of what would follow.
            parts.append("[")
        else:
            _enter_or_leave(found, verbose)
            parts.append(found[0])
    return "".join((*parts, pattern[place:]))


def _enter_or_leave(found: re.Match[str], verbose: list[bool]) -> None:
    if found["flags"]:
        now = "x" in found["on"] or (verbose[-1] and "x" not in (found["off"] or ""))
        if found[0].endswith(")"):
            verbose[-1] = now
        else:
            verbose.append(now)
    elif found["open"]:
        verbose.append(verbose[-1])
    elif found["close"] and len(verbose) > 1:
        verbose.pop()


def _set(begin: str, body: str) -> str:
    classes = {character for pair in _RANGE.findall(body) for character in pair}
    spelled = f"{begin}{_RANGE.sub(_plain, body)}]"
    if begin == "[^" and any({f"\\{each}", f"\\{each.upper()}"} <= classes for each in "dsw"):
        # `[^\d\D]` matches nothing, and to `regex` everything.
        return f"(?:(?!){spelled})"
    return spelled


def _plain(found: re.Match[str]) -> str:
    ends = (found[1],) if found[2] is None else (found[1], found[2])
    return "-".join(f"\\{end}" if end in _TELLING else end for end in ends)
