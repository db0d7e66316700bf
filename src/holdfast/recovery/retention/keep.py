"""How much of its history a store keeps, as a person says it."""

import re
from dataclasses import dataclass
from datetime import timedelta

from holdfast.bootstrap import KEEP
from holdfast.errors import Unsupported

_SECONDS = {"h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}

#: how a caller says it: so many commits, a time, or either as text: `100`, `12h`, `30d`, `8w`, and `all`
KeepArgument = int | str | timedelta


@dataclass(frozen=True, slots=True)
class Keep:
    """What each branch keeps of its commits: the newest so many, or those of a time."""

    #: the newest commits of a branch; None when it is a time
    commits: int | None = None
    #: seconds before the newest commit of the store; None when it is a number
    seconds: float | None = None


def parsed(said: KeepArgument) -> Keep | None:
    """Return what somebody says, None for all; raises Unsupported for what cannot be meant."""
    if isinstance(said, timedelta):
        if said.total_seconds() <= 0:
            raise _unclear(said)
        return Keep(seconds=said.total_seconds())
    text = str(said).strip()
    if isinstance(said, bool) or not re.fullmatch(KEEP, text):
        raise _unclear(said)
    if text == "all":
        return None
    if text.isdecimal():
        return Keep(commits=int(text))
    return Keep(seconds=int(text[:-1]) * _SECONDS[text[-1]])


def _unclear(said: object) -> Unsupported:
    return Unsupported(
        f"{said!r} does not say how much history to keep",
        remedy="Give a number of commits for each branch, hours, days or weeks (12h, 30d, 8w), or `all`",
    )
