"""Why a hit stands where it does: what it holds of the query, what each part gave, what put the one above it ahead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from holdfast.index.lance.lookup import RowKey
from holdfast.index.text.analysis import language_in, language_of_term, tokens, word_spans
from holdfast.index.text.languages import DEFAULT
from holdfast.search.hits import ScoreBreakdown
from holdfast.search.order import Scored
from holdfast.search.rerank import Lift, Quote
from holdfast.search.retrieve import Candidates

#: decimals of a part of a score
_DIGITS = 4
_SIGNS = tuple(each.name for each in fields(Lift))


def held(terms: Sequence[str], quote: Quote) -> tuple[str, ...]:
    """Return those of some terms that a passage, its path or its title holds, in their order."""
    names = set(tokens(f"{quote.path} {quote.title}", language_in(quote.passage.terms)))
    looked_through = f" {quote.passage.terms} "
    return tuple(term for term in terms if f" {term} " in looked_through or term in names)


def words_of(query: str, terms: Sequence[str]) -> dict[str, str]:
    """Return for each of some terms the word of a query that gives it; the term itself where none does."""
    said: dict[str, str] = {}
    for language in dict.fromkeys([DEFAULT, *map(language_of_term, terms)]):
        for start, end, found in word_spans(query, language):
            for term in found:
                said.setdefault(term, query[start:end])
    return {term: said.get(term, term) for term in terms}


def breakdown(
    row: Scored, quote: Quote, words: Mapping[str, str], found: Candidates, *, place: str, above: Scored | None
) -> ScoreBreakdown:
    """Return where the score of a row of a pool comes from.

    `words` has the words of the query by the terms that are looked for; `above` is the best row of the hit before it.
    """
    matched = _distinct(words[term] for term in held(list(words), quote))
    return ScoreBreakdown(
        text_rank=_rank(found.text.scores, row.key),
        text_score=row.parts.text,
        vector_rank=_rank(found.vector.scores, row.key),
        vector_score=row.parts.vector,
        matched=matched,
        missing=_distinct(word for word in words.values() if word not in matched),
        behind={} if above is None else _behind(row, above),
        place=place,
        **{f"from_{name}": value for name, value in _parts(row).items()},
    )


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _parts(row: Scored) -> dict[str, float]:
    """Return what each list and each sign gave to a score, by its name."""
    lists = {"text": row.parts.from_text, "vector": row.parts.from_vector}
    given = lists | {name: getattr(row.lift, name) for name in _SIGNS} | {"depth": row.depth}
    return {name: round(value, _DIGITS) for name, value in given.items()}


def _behind(row: Scored, above: Scored) -> dict[str, float]:
    """Return by how much more of each part the row above has it, the greatest difference first; without those of 0."""
    ours, theirs = _parts(row), _parts(above)
    differences = {name: round(theirs[name] - value, _DIGITS) for name, value in ours.items()}
    return dict(sorted(((n, d) for n, d in differences.items() if d), key=lambda each: (-abs(each[1]), each[0])))


def _rank(scores: Mapping[RowKey, float], key: RowKey) -> int | None:
    """Return the 1-based place of a row in a list; None when it is not there."""
    return next((rank for rank, each in enumerate(scores, start=1) if each == key), None)
