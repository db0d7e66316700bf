"""BM25 as Lance computes it, for rows that are not in Lance.

score = sum over the query's terms of idf * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length / mean length)),
idf = ln(1 + (N - df + 0.5) / (df + 0.5)). Lance takes N, df and the mean length over all indexed segments together,
rows removed since included; tests/index/test_bm25.py holds this file against Lance's own scores.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

K1 = 1.2
B = 0.75


@dataclass(frozen=True)
class CorpusStats:
    """What BM25 has to know about all the rows together."""

    #: how many rows hold any term; Lance does not count the others
    rows: int
    #: terms in all rows together, repetitions counted
    terms: int
    #: how many rows hold each of the query's terms
    frequencies: Mapping[str, int] = field(default_factory=dict)

    @property
    def mean_length(self) -> float:
        """Return the mean number of terms in a row; 1 where there are no rows."""
        return self.terms / self.rows if self.rows and self.terms else 1.0

    def __add__(self, other: "CorpusStats") -> "CorpusStats":
        """Return the statistics of two disjoint sets of rows taken together."""
        terms = {*self.frequencies, *other.frequencies}
        frequencies = {term: self.frequencies.get(term, 0) + other.frequencies.get(term, 0) for term in terms}
        return CorpusStats(self.rows + other.rows, self.terms + other.terms, frequencies)


def idf(rows: int, frequency: int) -> float:
    """Return the weight of a term that `frequency` of `rows` rows hold."""
    # An estimated or outdated frequency may pass the number of rows; the weight stays positive.
    return math.log1p(max(rows - frequency + 0.5, 0.0) / (frequency + 0.5))


def frequency_of(weight: float, rows: int) -> int:
    """Return the frequency that gives a term this weight: the inverse of `idf`."""
    return min(rows, max(0, round((rows + 1) / math.exp(weight) - 0.5)))


def saturation(count: int, length: int, mean_length: float) -> float:
    """Return what `count` occurrences in a row of `length` terms are worth, before the term's weight."""
    return count * (K1 + 1) / (count + K1 * (1 - B + B * length / mean_length))


def score(query: Iterable[str], counts: Mapping[str, int], length: int, stats: CorpusStats) -> float:
    """Return the score of a row in which each term occurs `counts` times, for distinct query terms; 0 for no match."""
    mean = stats.mean_length
    return sum(
        idf(stats.rows, stats.frequencies.get(term, 0)) * saturation(counts[term], length, mean)
        for term in query
        if counts.get(term)
    )
