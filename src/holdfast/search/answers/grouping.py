"""Rows into hits: the passages of a document are one hit, and documents that say nearly the same are one too.

Whoever asks wants ten answers and not ten passages of three pages. Of the rows of a pool (order.py), those of a
document that stands already are its further passages; and a document of which the best passage is nearly one that was
looked at of a document above it is named beside that (`also`), and has no place of its own. It is nearly the same when
ALIKE of their runs of RUN terms are in both (Jaccard), they hold the same numbers, and it has no word of the query that
the other lacks: one invoice is not another. So are the two forms of a page that Sphinx puts into a manual, `page.html`
and `_sources/page.rst.txt`, whatever they say.

Only what one pool holds is compared, so that nothing depends on how far a search goes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.index.lance.lookup import RowKey
from holdfast.search.answers.breakdown import held
from holdfast.search.order import Scored
from holdfast.search.rerank import Quote
from holdfast.search.retrieve import Candidates

#: terms of a run
RUN = 3
#: share of the runs of two passages that are in both, from which on they say the same
ALIKE = 0.8
#: runs of a passage that can be compared, at least: short ones are alike by chance
LEAST_RUNS = 20

_NUMBER = re.compile(r"\S*[0-9]\S*")
_FORM = re.compile(r"(\.(rst|md|ipynb))?\.(txt|html?|rst|md)$")
_SOURCES = "/_sources/"

#: the hash of its terms: two different ones have the same about once in 2**64
_Run = int


@dataclass
class HitGroup:
    """A hit in the making: the rows of one document, best first, or one row."""

    rows: list[Scored]
    #: the pool that it is of
    found: Candidates
    #: ids of the contents that say nearly the same
    alike: list[str] = field(default_factory=list)

    @property
    def best(self) -> Scored:
        """Return the row that the hit stands for."""
        return self.rows[0]


def by_passage(rows: Iterable[Scored], found: Candidates) -> list[HitGroup]:
    """Return each row as a hit of its own."""
    return [HitGroup([row], found) for row in rows]


@dataclass
class Documents:
    """The documents that were put in order so far."""

    #: what is looked for
    asked: Sequence[str]
    _seen: set[str] = field(default_factory=set)

    def of(self, rows: Iterable[Scored], found: Candidates, quotes: Mapping[RowKey, Quote]) -> list[HitGroup]:
        """Return the documents that were not there before, in the order of their best rows.

        `quotes` has the rows that were looked at. A document that was looked at has those of its rows alone.
        """
        groups: dict[str, HitGroup] = {}
        for row in rows:
            content = row.key.content_id
            if content in self._seen:
                continue
            group = groups.setdefault(content, HitGroup([], found))
            if not group.rows or row.key in quotes or group.best.key not in quotes:
                group.rows.append(row)
        self._seen |= groups.keys()
        return self._folded(list(groups.values()), quotes)

    def _folded(self, groups: list[HitGroup], quotes: Mapping[RowKey, Quote]) -> list[HitGroup]:
        """Return the documents without those that are nearly the same as one above, which name them."""
        kept: list[HitGroup] = []
        above = _Above(self.asked)
        for group in groups:
            looked_at = [quotes[row.key] for row in group.rows if row.key in quotes]
            other = above.like(looked_at[0]) if looked_at else None
            if other is not None:
                other.alike.append(group.best.key.content_id)
                continue
            kept.append(group)
            above.add(group, looked_at)
        return kept


@dataclass
class _Above:
    """The documents above the one that is looked at."""

    asked: Sequence[str]
    _passages: list[tuple[HitGroup, Quote, set[_Run]]] = field(default_factory=list)
    #: the passages of whose first runs it is one
    _holding: dict[_Run, list[int]] = field(default_factory=dict)
    #: the runs of the passage that was asked about last, which is added next
    _asked_about: tuple[Quote | None, set[_Run]] = (None, set())
    #: by the name that both forms of a page have
    _pages: dict[str, tuple[HitGroup, str]] = field(default_factory=dict)

    def add(self, group: HitGroup, quotes: Sequence[Quote]) -> None:
        for quote in quotes:
            found = self._asked_about[1] if quote is self._asked_about[0] else runs(quote)
            for run in _first(found):
                self._holding.setdefault(run, []).append(len(self._passages))
            self._passages.append((group, quote, found))
            self._pages.setdefault(page_of(quote.path), (group, quote.path))

    def like(self, quote: Quote) -> HitGroup | None:
        """Return the first document that this one is nearly the same as."""
        twin = self._pages.get(page_of(quote.path))
        if twin is not None and (_SOURCES in twin[1]) != (_SOURCES in quote.path):
            return twin[0]
        wanted = runs(quote)
        self._asked_about = quote, wanted
        if len(wanted) < LEAST_RUNS:
            return None
        places = {place for run in _first(wanted) for place in self._holding.get(run, ())}
        for place in sorted(places):
            group, other, theirs = self._passages[place]
            both = len(wanted & theirs)
            if both >= ALIKE * (len(theirs) + len(wanted) - both) and self._adds_nothing(quote, other):
                return group
        return None

    def _adds_nothing(self, quote: Quote, other: Quote) -> bool:
        """Return whether a passage has neither numbers that another lacks nor words that were asked for."""
        return _numbers(quote) == _numbers(other) and set(held(self.asked, quote)) <= set(held(self.asked, other))


def runs(quote: Quote) -> set[_Run]:
    """Return the runs of terms of a passage."""
    terms = quote.passage.terms.split()
    return set(map(hash, zip(*(terms[start:] for start in range(RUN)), strict=False)))


def _first(found: set[_Run]) -> list[_Run]:
    """Return so many of the runs, in one order of all, that two passages which are nearly the same share one of them.

    Of the others neither holds enough: who has none of these runs holds less than ALIKE of the passage.
    """
    return sorted(found)[: len(found) - int(ALIKE * len(found)) + 1]


def page_of(path: str) -> str:
    """Return what the two forms of a page have in common: its path without `_sources` and how it ends."""
    return _FORM.sub("", path.replace(_SOURCES, "/", 1))


def _numbers(quote: Quote) -> set[str]:
    return set(_NUMBER.findall(quote.passage.terms))
