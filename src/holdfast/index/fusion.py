"""Two rankings into one: the sum of standardised scores.

The candidates of both lists are taken together, each list's scores over them are brought to mean 0 and deviation 1, so
that BM25 and cosine speak the same unit, and added: full text once, the vectors half, which measured best for the
built-in model (its card). A list in which all score alike says nothing and adds nothing.

What a candidate scores in the list that does not hold it:
- in full text 0, the truth if the list holds all that matched. If it was cut off at a limit, then the lowest score
  in it: the row matched worse than that, or not at all, and which of them is not known;
- in the vectors the lowest similarity in the list: every row has one, and it was not good enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import fmean
from typing import Any, Protocol, TypeVar

#: of full text, of vectors
WEIGHTS = (1.0, 0.5)


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


def fuse(
    text: Mapping[Key, float],
    vector: Mapping[Key, float],
    weights: tuple[float, float] = WEIGHTS,
    *,
    text_is_complete: bool = True,
) -> list[tuple[Key, float, Parts]]:
    """Return every key of either list with its fused score and the parts of it, best first, ties by key."""
    keys = sorted({**text, **vector})
    missing = 0.0 if text_is_complete else min(text.values(), default=0.0)
    from_text = _standardised([text.get(key, missing) for key in keys], weights[0])
    worst = min(vector.values(), default=0.0)
    from_vector = _standardised([vector.get(key, worst) for key in keys], weights[1])
    fused = [
        (key, by_text + by_vector, Parts(text.get(key), vector.get(key), by_text, by_vector))
        for key, by_text, by_vector in zip(keys, from_text, from_vector, strict=True)
    ]
    return sorted(fused, key=lambda item: -item[1])


def _standardised(scores: list[float], weight: float) -> list[float]:
    """Return the scores in deviations from their mean, weighted; zeros if they do not differ."""
    if not scores:
        return []
    mean = fmean(scores)
    deviation = sqrt(fmean((score - mean) ** 2 for score in scores))
    # Below this a deviation is the rounding of equal scores.
    if deviation <= 1e-9 * max(1.0, abs(mean)):
        return [0.0] * len(scores)
    return [weight * (score - mean) / deviation for score in scores]
