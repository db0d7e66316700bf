"""Which words of a passage a query matched."""

from collections.abc import Iterable


def marks(text: str, terms: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) of each word of `text` that gives one of `terms`, in order."""
    from holdfast.index.text.analysis import word_spans

    wanted = set(terms)
    return tuple((start, end) for start, end, found in word_spans(text) if not wanted.isdisjoint(found))
