"""Two rankings into one: both scores as shares of the most that there can be, weighted and added.

- Full text: a row's BM25 as a share of what one would score that held every word of the query without end, and as it
  is: of a long query a small share is evidence too, of a short one a stray word is not.
- Vectors: the cosine similarity as a share of the best there is. A question in other words than the documents' is like
  none of them, and what it is most like is meant all the same. Below FAINT all are alike by chance. Of other embedders
  than the built-in one it is what is above the similarity of unlike texts (embedding/nearness.py).

Scores standardised over the candidates, which were used at first, took the three rows of a small store that share a
stray word with the query for three in a hundred thousand (docs/search.md). The weights were learned
(bench/learning.py).

What a candidate scores in the list that does not hold it, until its passage is looked at (search/order.py):
- in full text 0, the truth if the list holds all that matched. If it was cut off at a limit, then the lowest score
  in it: the row matched worse than that, or not at all, and which of them is not known;
- in the vectors the lowest similarity in the list: every row has one, and it was not good enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

#: what a row gains whose text matches all that can be matched, and what for each point of BM25
TEXT, EVIDENCE = 1.8, 0.16
#: what the row gains whose vector is nearest to the query's
VECTOR = 6.2
#: the same, where the vectors are of a model that reads sentences, which errs less
VECTOR_OF_SENTENCES = 16.0
#: what the best similarity is taken for where it is less
FAINT = 0.3


@dataclass(frozen=True)
class Nearness:
    """How similarities are read."""

    #: what the row gains whose vector is nearest to the query's
    weight: float = VECTOR
    #: the similarity of texts that have nothing in common
    unlike: float = 0.0

    def adds(self, similarity: float, best: float) -> float:
        """Return what a cosine similarity adds, where `best` is the greatest that was found."""
        return self.weight * (similarity - self.unlike) / max(best - self.unlike, FAINT * (1 - self.unlike))


#: how those of the built-in model are read
BUILT_IN_NEARNESS = Nearness()


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


def by_text(score: float, most: float) -> float:
    """Return what a BM25 score adds, where `most` cannot be reached."""
    return TEXT * min(1.0, score / most) + EVIDENCE * score if most > 0 else 0.0


def fuse(
    text: Mapping[Key, float],
    vector: Mapping[Key, float],
    most: float,
    *,
    text_is_complete: bool = True,
    nearness: Nearness = BUILT_IN_NEARNESS,
) -> list[tuple[Key, Parts]]:
    """Return every key of either list with the parts of its fused score, best first, ties by key."""
    missing = 0.0 if text_is_complete else min(text.values(), default=0.0)
    worst, best = min(vector.values(), default=0.0), max(vector.values(), default=0.0)
    fused = []
    for key in sorted({**text, **vector}):
        from_text, from_vector = by_text(text.get(key, missing), most), nearness.adds(vector.get(key, worst), best)
        fused.append((key, Parts(text.get(key), vector.get(key), from_text, from_vector)))
    return sorted(fused, key=lambda item: -item[1].total)
