"""Candidates: ask the tables for more until enough of what they find is visible.

How many are wanted does not depend on how many hits are asked for (order.py). Hidden rows never starve a result: each
round asks for more (sizes.py), until so many are visible or the lists are exhausted. When a search is restricted to a
part of the tree, the tables are told its contents and look at nothing else: the list is the one that a table of these
contents alone would give.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from holdfast.backend import Backend
from holdfast.index.lance.content_set import ContentSet
from holdfast.index.lance.filtered_lookup import Among
from holdfast.index.lance.lookup import Lookup, RowKey, SearchCandidate
from holdfast.search.reader import Instant, SearchReader
from holdfast.search.sizes import Shares, Sizes

#: of the rows wanted, one in so many do where the others all score the same
FEWER = 2
#: how many times as many rows as are wanted are looked through for what persons wrote, where others crowd it out
CROWDED = 8
#: rows of one score up to which all of them are asked for, so that which come first is not chance
MOST_TIED = 2_000
#: decimals of a score that count: Lance reckons in single precision, the tail in double
SAME_DIGITS = 5


@dataclass(frozen=True)
class Query:
    """What is looked for."""

    terms: list[str]
    #: None when vectors are not searched
    vector: Any | None
    #: contents that alone may be found, each by its id when they are few; None for all
    only: frozenset[str] | ContentSet | None
    #: whether rows of contents that no branch shows any more are wanted too
    with_history: bool


@dataclass
class Ranking:
    """One list of candidates, best first, from all places together."""

    #: score by key, in order of rank
    scores: dict[RowKey, float] = field(default_factory=dict)
    #: whether asking for more cannot bring any
    exhausted: bool = True
    #: rows of the last score, of which there are more than were asked for
    tied: list[RowKey] = field(default_factory=list)
    #: whether there are more, which nobody will ask for
    is_cut: bool = False

    def __len__(self) -> int:
        return len(self.scores) + len(self.tied)

    def among(self, shown: set[str]) -> "Ranking":
        """Return the rows of contents that are shown."""
        scores = {key: score for key, score in self.scores.items() if key.content_id in shown}
        return Ranking(scores, self.exhausted, [key for key in self.tied if key.content_id in shown])

    def written(self, wanted: int, generated: set[str]) -> "Ranking":
        """Return the rows of what persons wrote, as many as there are among the first CROWDED times those wanted."""
        if not any(key.content_id in generated for key in (*self.scores, *self.tied)):
            return self
        is_cut = not self.exhausted and self.has(CROWDED * wanted)
        within = self.first(CROWDED * wanted) if is_cut else self
        scores = {key: score for key, score in within.scores.items() if key.content_id not in generated}
        return Ranking(scores, self.exhausted, [k for k in within.tied if k.content_id not in generated], is_cut)

    def share(self, shown: "Ranking") -> float | None:
        """Return which share of the rows is among those that are shown; None of no rows."""
        return len(shown) / len(self) if len(self) else None

    def has(self, wanted: int) -> bool:
        """Return whether it is known what `first` gives, or all that there is."""
        if self.exhausted or self.is_cut or len(self.scores) >= wanted:
            return True
        return len(self) > wanted and len(self.scores) >= wanted // FEWER

    def starves(self, wanted: int) -> bool:
        """Return whether there are too few rows, those of the last score counted."""
        return not self.exhausted and not self.is_cut and len(self) < wanted

    def first(self, count: int) -> "Ranking":
        """Return the `count` best; without those of the last score when there are more of it, unless few would be left.

        Which rows of one score come first is nothing that a person asked for, and finding all of them takes long.
        """
        best = list(self.scores.items())
        if len(best) <= count:
            return replace(self, tied=[])
        above = [row for row in best[:count] if row[1] > best[count][1]]
        return Ranking(dict(above if len(above) >= count // FEWER else best[:count]), exhausted=False)


@dataclass
class Candidates:
    """What the lists hold, and where each row was found in the tables."""

    text: Ranking = field(default_factory=Ranking)
    vector: Ranking = field(default_factory=Ranking)
    #: (table name, candidate) for rows that are not in the tail
    where: dict[RowKey, tuple[str, SearchCandidate]] = field(default_factory=dict)

    @property
    def is_hybrid(self) -> bool:
        """Return whether both lists hold something, so that there is something to fuse."""
        return bool(self.text.scores and self.vector.scores)

    def __len__(self) -> int:
        return max(len(self.text), len(self.vector))

    def among(self, shown: set[str]) -> "Candidates":
        """Return the rows of contents that are shown."""
        return replace(self, text=self.text.among(shown), vector=self.vector.among(shown))

    def written(self, wanted: int, generated: set[str]) -> "Candidates":
        """Return the rows of what persons wrote."""
        return replace(self, text=self.text.written(wanted, generated), vector=self.vector.written(wanted, generated))

    def shares(self, shown: "Candidates") -> Shares:
        """Return which share of each list is among those that are shown."""
        return Shares(self.text.share(shown.text), self.vector.share(shown.vector))

    def has(self, wanted: int) -> bool:
        """Return whether the first `wanted` rows of both lists are known, or all that there are."""
        return self.text.has(wanted) and self.vector.has(wanted)

    def starve(self, wanted: int) -> bool:
        """Return whether a list has too few rows for another reason than that many score the same."""
        return self.text.starves(wanted) or self.vector.starves(wanted)

    def lacking(self, wanted: int, sizes: Sizes) -> Sizes:
        """Return the sizes of those lists that have too few rows."""
        return Sizes(None if self.text.has(wanted) else sizes.text, None if self.vector.has(wanted) else sizes.vector)

    def first(self, count: int) -> "Candidates":
        """Return the `count` best of each list."""
        return replace(self, text=self.text.first(count), vector=self.vector.first(count))

    def contents(self) -> Iterable[str]:
        """Yield the content of every row that was found."""
        return (key.content_id for ranking in (self.text, self.vector) for key in (*ranking.scores, *ranking.tied))


class Gatherer:
    """Gathers the candidates of one query at one instant."""

    def __init__(self, backend: Backend, reader: SearchReader, instant: Instant, query: Query) -> None:
        self._reader = reader
        self._instant = instant
        self._query = query
        tables = [instant.tables.live] + ([instant.tables.history] if query.with_history else [])
        self._tables = [(table.name, reader.lookup_of(table)) for table in tables]
        self._tail_text = _among(query.only, instant.text)
        self._tail_vector = _among(query.only, instant.vector)

    def gather(self, sizes: Sizes, before: Candidates) -> Candidates:
        """Return so many candidates of each list, without those of the last score when there are more of it.

        A list without a size stays as it was before.
        """
        where = dict(before.where)
        near = None if (size := sizes.vector) is None else self._reader.beside(partial(self._vector_parts, size))
        text, vector = before.text, before.vector
        if sizes.text is not None:
            text = merged(self._text_parts(sizes.text), self._tail_text, sizes.text, where)
        if near is not None and size is not None:
            vector = merged(near.result(), self._tail_vector, size, where)
        return Candidates(text, vector, where)

    def _text_parts(self, size: int) -> list[tuple[str, list[SearchCandidate]]]:
        def ask(lookup: Lookup, version: int) -> list[SearchCandidate]:
            if isinstance(self._query.only, ContentSet):
                found = self._among(lookup, version).text_candidates(self._query.terms, size)
            else:
                found = lookup.text_candidates(version, self._query.terms, size, ids=self._query.only)
            if self._instant.is_mixed:
                # Matches come from several places: all are scored by the statistics of all, so that they compare, and
                # so that nothing changes when a fold brings them together.
                found = lookup.rescore(version, found, self._query.terms, self._instant.stats)
            return found

        return self._each(ask)

    def _vector_parts(self, size: int) -> list[tuple[str, list[SearchCandidate]]]:
        vector: Any = self._query.vector
        if vector is None:
            return []

        def ask(lookup: Lookup, version: int) -> list[SearchCandidate]:
            if isinstance(self._query.only, ContentSet):
                return self._among(lookup, version).vector_candidates(vector, size)
            return lookup.vector_candidates(version, vector, size, ids=self._query.only)

        return self._each(ask)

    def _among(self, lookup: Lookup, version: int) -> Among:
        assert isinstance(self._query.only, ContentSet)
        return Among(lookup, version, lookup.rows_of(version, self._query.only))

    def _each(self, ask: Callable[[Lookup, int], list[SearchCandidate]]) -> list[tuple[str, list[SearchCandidate]]]:
        return [(name, ask(lookup, self._instant.versions[name])) for name, lookup in self._tables]


def _among(only: frozenset[str] | ContentSet | None, tail: dict[RowKey, float]) -> dict[RowKey, float]:
    """Return the rows of the tail that may be found."""
    if only is None or not tail:
        return tail
    contents = {key.content_id for key in tail}
    here = only.among(contents) if isinstance(only, ContentSet) else contents & only
    return {key: score for key, score in tail.items() if key.content_id in here}


def merged(
    parts: list[tuple[str, list[SearchCandidate]]],
    tail: dict[RowKey, float],
    size: int,
    where: dict[RowKey, tuple[str, SearchCandidate]],
) -> Ranking:
    """Return the `size` best of all parts and the tail; a row found twice counts once, in the tail first."""
    scores = dict(tail)
    for name, candidates in parts:
        for candidate in candidates:
            if candidate.key not in tail:
                where.setdefault(candidate.key, (name, candidate))
                scores.setdefault(candidate.key, candidate.score)
    rounded = ((key, round(score, SAME_DIGITS)) for key, score in scores.items())
    best = sorted(rounded, key=lambda row: (-row[1], row[0]))
    full = any(len(candidates) >= size for _, candidates in parts)
    exhausted = not full and len(best) <= size
    # The table cuts its list anywhere among rows of one score. Which of them it gives changes when rows are folded, and
    # with them the spread of scores that fusion goes by. Of very many that score the same, chance decides.
    if exhausted or len(best) < size or size >= MOST_TIED:
        return Ranking(dict(best[:size]), exhausted)
    least = best[size - 1][1]
    return Ranking(
        {key: score for key, score in best[:size] if score > least},
        exhausted,
        [key for key, score in best[:size] if score <= least],
    )
