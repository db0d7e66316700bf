"""One order of hits, whatever the limit: the first three of ten are the three.

The pool is fixed: the first POOL visible rows of each list. They are fused, the LIFTED best are looked at closely
(rerank.py), and the others follow as the lists had them. When more hits are asked for than the pool holds, a pool
GROWTH times as large is gathered, and what it has beyond the last one follows in turn. No step knows how many hits are
asked for; a search only stops sooner or later.

A row that follows scores no higher than the last before it: what its own score lost is told (`from_depth`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from holdfast.index.fusion import Parts, fuse
from holdfast.index.lance.lookup import RowKey
from holdfast.search.rerank import NO_LIFT, Lift, Quote, lifts
from holdfast.search.retrieve import Candidates

#: visible candidates of each list that are fused
POOL = 100
#: of them, best first, those whose passages are looked at
LIFTED = 50


@dataclass(frozen=True, slots=True)
class Scored:
    """A row on its way to becoming a hit."""

    key: RowKey
    score: float
    parts: Parts
    lift: Lift = NO_LIFT
    #: what it lost for following others; never above 0
    depth: float = 0.0


@dataclass
class Order:
    """The rows put in order so far."""

    _seen: set[RowKey] = field(default_factory=set)
    _least: float | None = None

    def next(self, found: Candidates) -> tuple[list[Scored], list[Scored]]:
        """Return the rows that were not found before: those to be looked at closely, and those that follow them."""
        fresh = [row for row in _fused(found) if row.key not in self._seen]
        close = LIFTED if found.is_hybrid and not self._seen else 0
        self._seen.update(row.key for row in fresh)
        return fresh[:close], fresh[close:]

    def put(self, close: list[Scored], rest: list[Scored]) -> list[Scored]:
        """Return both in the order of the hits."""
        if close:
            self._least = close[-1].score
        rest = _below(self._least, rest)
        if rest:
            self._least = rest[-1].score
        return close + rest


def lifted(terms: Sequence[str], rows: list[Scored], quotes: Mapping[RowKey, Quote]) -> list[Scored]:
    """Return rows by what the lists and the signs say of them, best first."""
    found = lifts(terms, [quotes[row.key] for row in rows])
    scored = [replace(row, score=row.score + lift.total, lift=lift) for row, lift in zip(rows, found, strict=True)]
    return sorted(scored, key=lambda row: -row.score)


def _fused(found: Candidates) -> list[Scored]:
    text, vector = found.text.scores, found.vector.scores
    if not found.is_hybrid:
        # One list alone keeps its own scores: they mean something by themselves.
        alone = (text or vector).items()
        return [Scored(key, score, Parts(text.get(key), vector.get(key), 0.0, 0.0)) for key, score in alone]
    return [Scored(*row) for row in fuse(text, vector, text_is_complete=found.text.exhausted)]


def _below(least: float | None, rows: list[Scored]) -> list[Scored]:
    """Return rows, best first, with scores that are not above `least`."""
    if least is None or not rows or rows[0].score <= least:
        return rows
    loss = least - rows[0].score
    return [replace(row, score=row.score + loss, depth=loss) for row in rows]
