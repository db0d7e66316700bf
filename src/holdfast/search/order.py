"""One order of hits, whatever the limit: the first three of ten are the three.

The pool is fixed: the first POOL visible rows of each list. They are fused, the LIFTED best are looked at closely (what
each scores in the list that did not hold it, and the signs of rerank.py), and the others follow as the lists had them.
When more hits are asked for than the pool holds, a pool GROWTH times as large is gathered, and what it has beyond the
last one follows in turn. No step knows how many hits are asked for; a search only stops sooner or later.

A row that follows scores no higher than the last before it: what its own score lost is told (`from_depth`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from holdfast.index import bm25
from holdfast.index.bm25 import CorpusStats
from holdfast.index.fusion import BUILT_IN_NEARNESS, Nearness, Parts, by_text, fuse
from holdfast.index.lance.lookup import RowKey
from holdfast.search.rerank import NO_LIFT, Lift, Quote, lifts
from holdfast.search.retrieve import Candidates
from holdfast.search.wording import Wording

#: visible candidates of each list that are fused
POOL = 60
#: of them, best first, those whose passages are looked at
LIFTED = 40


@dataclass(frozen=True, slots=True)
class Scored:
    """A row on its way to becoming a hit."""

    key: RowKey
    score: float
    parts: Parts
    lift: Lift = NO_LIFT
    #: what it lost for following others; never above 0
    depth: float = 0.0


@dataclass(frozen=True)
class Asked:
    """What a query asks for."""

    wording: Wording
    #: of all places that are searched
    stats: CorpusStats
    nearness: Nearness = BUILT_IN_NEARNESS

    @cached_property
    def most(self) -> float:
        """Return the BM25 that no row can reach."""
        return self.wording.most(self.stats)

    def text_score(self, quote: Quote) -> float:
        """Return the BM25 of a passage."""
        terms, asked = quote.passage.terms.split(), self.wording.looked_for
        return bm25.score(asked, {term: terms.count(term) for term in asked}, len(terms), self.stats)


@dataclass
class Order:
    """The rows put in order so far."""

    asked: Asked
    _seen: set[RowKey] = field(default_factory=set)
    _least: float | None = None
    #: the greatest similarity: the same in every pool
    _nearest: float = 0.0

    def fresh(self, found: Candidates) -> list[Scored]:
        """Return the rows that were not found before, best first."""
        rows = [row for row in self._fused(found) if row.key not in self._seen]
        self._seen.update(row.key for row in rows)
        return rows

    def next(self, found: Candidates) -> tuple[list[Scored], list[Scored]]:
        """Return the rows that were not found before: those to be looked at closely, and those that follow them."""
        close = LIFTED if found.is_hybrid and not self._seen else 0
        fresh = self.fresh(found)
        return fresh[:close], fresh[close:]

    def put(self, *parts: list[Scored]) -> list[Scored]:
        """Return the parts one after the other, in the order of the hits: none scores above those before it."""
        rows: list[Scored] = []
        for part in parts:
            rows += _below(self._least, part)
            self._least = rows[-1].score if rows else self._least
        return rows

    def lifted(
        self, rows: list[Scored], quotes: Mapping[RowKey, Quote], similar: Mapping[RowKey, float]
    ) -> list[Scored]:
        """Return rows by what the lists and the signs say of them, best first.

        `similar` has the similarity of those that the vectors did not find.
        """
        found = lifts(self.asked.wording, [quotes[row.key] for row in rows])
        scored = []
        for row, lift in zip(rows, found, strict=True):
            parts = self._exact(row, quotes[row.key], similar)
            scored.append(replace(row, score=parts.total + lift.total, parts=parts, lift=lift))
        return sorted(scored, key=lambda row: -row.score)

    def _exact(self, row: Scored, quote: Quote, similar: Mapping[RowKey, float]) -> Parts:
        """Return the parts of a row's score, what it scores in the list that did not hold it among them."""
        parts = row.parts
        if parts.text is None:
            parts = replace(parts, from_text=by_text(self.asked.text_score(quote), self.asked.most))
        if parts.vector is None and row.key in similar:
            parts = replace(parts, from_vector=self.asked.nearness.adds(similar[row.key], self._nearest))
        return parts

    def _fused(self, found: Candidates) -> list[Scored]:
        text, vector = found.text.scores, found.vector.scores
        if not found.is_hybrid:
            # One list alone keeps its own scores: they mean something by themselves.
            alone = (text or vector).items()
            return [Scored(key, score, Parts(text.get(key), vector.get(key), 0.0, 0.0)) for key, score in alone]
        self._nearest = max(vector.values())
        whole, nearness = found.text.exhausted, self.asked.nearness
        fused = fuse(text, vector, self.asked.most, text_is_complete=whole, nearness=nearness)
        return [Scored(key, parts.total, parts) for key, parts in fused]


def _below(least: float | None, rows: list[Scored]) -> list[Scored]:
    """Return rows, best first, with scores that are not above `least`."""
    if least is None or not rows or rows[0].score <= least:
        return rows
    loss = least - rows[0].score
    return [replace(row, score=row.score + loss, depth=loss) for row in rows]
