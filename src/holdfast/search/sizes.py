"""How many candidates a search asks for: more where much of what earlier searches found was hidden.

What is hidden never changes the result: the lists that are fused are as long as if there were only what is shown. It
changes how much has to be asked for, and that the first round asks for enough is learnt from the searches before.
"""

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

#: how many times as many candidates as are wanted are asked for at first, at least: a few may be hidden
SPARE = 1.25
#: at first, at most
MOST_AT_FIRST = 5
#: how many times more the next round asks for, at least
GROWTH = 4
#: how many times as many as are wanted it asks for where little was shown
MOST_FURTHER = 16
#: how many times as many are asked for as would do if what is shown were the same share for every query
SPARE_BY_SHARE = 1.4
#: what shares are remembered of, of the latest searches
_REMEMBERED = 1000
#: what the latest search counts against those before it
_LATEST = 0.3

#: the id of a branch, and whether the past is read too
Searched = tuple[int, bool]


@dataclass(frozen=True, slots=True)
class Shares:
    """Which share of the candidates of each list is shown; None for a list without any."""

    text: float | None = None
    vector: float | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many candidates a round asks of each list; None for one that has enough."""

    text: int | None
    vector: int | None

    @staticmethod
    def at_first(wanted: int, shares: Shares) -> "Sizes":
        """Return what to ask for at first, where such shares were shown lately."""
        return Sizes(_first(wanted, shares.text), _first(wanted, shares.vector))

    def further(self, wanted: int, shares: Shares) -> "Sizes":
        """Return what to ask for next, where such shares were shown of what was asked for."""
        return Sizes(_next(self.text, wanted, shares.text), _next(self.vector, wanted, shares.vector))


def _first(wanted: int, share: float | None) -> int:
    return math.ceil(wanted * max(SPARE, min(_by_share(share), MOST_AT_FIRST)))


def _next(size: int | None, wanted: int, share: float | None) -> int:
    return max((size or wanted) * GROWTH, math.ceil(wanted * min(_by_share(share), MOST_FURTHER)))


def _by_share(share: float | None) -> float:
    """Return how many times as many as are wanted would do where such a share is shown."""
    return SPARE if share is None or share >= 1 else SPARE_BY_SHARE / max(share, 0.01)


class KnownShares:
    """The shares of the latest searches, by what was searched. Threads may share it."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._known: OrderedDict[Searched, Shares] = OrderedDict()

    def of(self, searched: Searched) -> Shares:
        """Return what was shown of late; nothing is known where nobody has searched."""
        with self._changing:
            return self._known.get(searched, Shares())

    def note(self, searched: Searched, seen: Shares) -> None:
        """Note what one search was shown of its candidates."""
        with self._changing:
            before = self._known.pop(searched, seen)
            now = Shares(_between(before.text, seen.text), _between(before.vector, seen.vector))
            self._known[searched] = now
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


def _between(before: float | None, seen: float | None) -> float | None:
    if before is None or seen is None:
        return before if seen is None else seen
    return before + _LATEST * (seen - before)
