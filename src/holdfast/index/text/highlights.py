"""Which words of a passage a query matched."""

from collections.abc import Iterable

from holdfast.index.text.languages import DEFAULT


def marks(text: str, terms: Iterable[str], language: str = DEFAULT) -> tuple[tuple[int, int], ...]:
    """Return the (start, end) of each word of `text` that gives one of `terms` in a language, in order."""
    from holdfast.index.text.analysis import word_spans

    wanted = set(terms)
    return tuple((start, end) for start, end, found in word_spans(text, language) if not wanted.isdisjoint(found))
