"""Two rankings into one: both scores as shares of the most that there can be, weighted and added.

- Full text: a row's BM25 as a share of what one would score that held every word of the query without end. A small
  share says little, so it counts once as it is and once squared.
- Vectors: the cosine similarity, as it is.

Nothing here depends on what else was found. Scores standardised over the candidates, which were used before, took the
three rows of a small store that share a stray word with the query for three in a hundred thousand (docs/search.md).
The weights were learned (bench/learning.py); those of the vectors are for the built-in model.

What a candidate scores in the list that does not hold it, until its passage is looked at (search/order.py):
- in full text 0, the truth if the list holds all that matched. If it was cut off at a limit, then the lowest score
  in it: the row matched worse than that, or not at all, and which of them is not known;
- in the vectors the lowest similarity in the list: every row has one, and it was not good enough.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from holdfast.index import bm25
from holdfast.index.bm25 import CorpusStats

#: what a row gains whose text matches all that can be matched: by the share of it, and by the square of that
TEXT, STRONG = 4.0, 2.4
#: what a row gains whose vector is the query's
VECTOR = 7.4


class _Orderable(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


Key = TypeVar("Key", bound=_Orderable)


@dataclass(frozen=True)
class Parts:
    """Where a fused score comes from."""

    #: BM25; None where full text did not find the row
    text: float | None
    #: cosine similarity; None where the vectors did not find the row
    vector: float | None
    #: what full text added to the fused score
    from_text: float
    #: what the vectors added to the fused score
    from_vector: float

    @property
    def total(self) -> float:
        """Return the fused score."""
        return self.from_text + self.from_vector


def most_of(terms: Iterable[str], stats: CorpusStats) -> float:
    """Return the BM25 that no row can reach: of one that holds every term without end."""
    return sum(bm25.idf(stats.rows, stats.frequencies.get(term, 0)) * (bm25.K1 + 1) for term in terms)


def by_text(score: float, most: float) -> float:
    """Return what a BM25 score adds, where `most` (`most_of`) cannot be reached."""
    share = min(1.0, score / most) if most > 0 else 0.0
    return TEXT * share + STRONG * share**2


def by_vector(similarity: float) -> float:
    """Return what a cosine similarity adds."""
    return VECTOR * similarity


def fuse(
    text: Mapping[Key, float], vector: Mapping[Key, float], most: float, *, text_is_complete: bool = True
) -> list[tuple[Key, Parts]]:
    """Return every key of either list with the parts of its fused score, best first, ties by key."""
    missing = 0.0 if text_is_complete else min(text.values(), default=0.0)
    worst = min(vector.values(), default=0.0)
    fused = []
    for key in sorted({**text, **vector}):
        from_text, from_vector = by_text(text.get(key, missing), most), by_vector(vector.get(key, worst))
        fused.append((key, Parts(text.get(key), vector.get(key), from_text, from_vector)))
    return sorted(fused, key=lambda item: -item[1].total)
