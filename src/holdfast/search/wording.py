"""What a query asks for, in the terms of every language that a store holds.

A passage has the terms of its document's language, so a word of a query is looked for under its stem in each of them:
"Sperren" under `sperr:de`, as German has it, and under `sperren`, as English would. These are one word all the same:
BM25 can reach the most of one of them, and signs look at those of the passage's language.

When the query's own language can be told by its small words, these are not looked for, and of the other languages only
English is asked too. When it cannot, they are: that "de" is common in Spanish and French is what tells these passages.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest

from holdfast.index import bm25
from holdfast.index.bm25 import CorpusStats
from holdfast.index.text.analysis import MAX_QUERY_TERMS, query_tokens, query_words, tokens
from holdfast.index.text.languages import DEFAULT, known_language, small_words

#: languages of a store that a query is stemmed in, the commonest of them
MOST_LANGUAGES = 8

_QUESTION_WORDS = (
    "a an and are as at be by can do does for from how i in is it my of on or should that the there this to was what"
    " when where which who why will with you your"
)

#: the terms that a word has in different languages, each once
Variants = tuple[str, ...]


@dataclass(frozen=True)
class Wording:
    """The terms of a query. DEFAULT is always one of the languages."""

    #: all terms in order, by language
    terms: Mapping[str, Sequence[str]]
    #: those of them that say what is asked for; all when none does
    telling: Mapping[str, frozenset[str]]
    #: what full text looks for, word by word
    words: Sequence[Variants]

    @property
    def looked_for(self) -> list[str]:
        """Return the terms that full text looks for."""
        return list(dict.fromkeys(term for variants in self.words for term in variants))

    def terms_in(self, language: str) -> Sequence[str]:
        """Return the terms of the query in a language, or as English has them."""
        return self.terms.get(language, self.terms[DEFAULT])

    def telling_in(self, language: str) -> frozenset[str]:
        """Return those that say what is asked for."""
        return self.telling.get(language, self.telling[DEFAULT])

    def most(self, stats: CorpusStats) -> float:
        """Return the BM25 that no row can reach: of one that holds every word, in one language, without end."""
        return sum(_weight(variants, stats) for variants in self.words) * (bm25.K1 + 1)


def as_words(stats: CorpusStats, words: Iterable[Variants]) -> CorpusStats:
    """Return statistics in which a term is as frequent as its word is in all languages together.

    Else what few documents of one language say would weigh more than the same word where it is common.
    """
    shared = dict(stats.frequencies)
    for variants in words:
        count = min(stats.rows, sum(stats.frequencies.get(term, 0) for term in variants))
        shared |= {term: max(count, shared.get(term, 0)) for term in variants}
    return replace(stats, frequencies=shared)


def wording(query: str, languages: Collection[str] = (DEFAULT,)) -> Wording:
    """Return what a query asks for in a store that holds documents of some languages."""
    known = known_language(query) if any(each != DEFAULT for each in languages) else None
    asked = _asked([known] if known in languages and known else languages)
    # The small words of a question in German are none in another language, though some look like it ("die", "was").
    own = small_words(known or "")
    all_words = [{each: query_tokens(word, each) for each in asked} for word in query_words(query)]
    said = [word for word in query_words(query) if word.casefold() not in own]
    telling = [{each: _telling(query_tokens(word, each), each) for each in asked} for word in said]
    words = [variants for word in said for variants in _variants(_looked_for(word, asked))]
    words = words or [variants for word in all_words for variants in _variants(word)]
    return Wording(
        {each: query_tokens(query, each) for each in asked},
        {each: frozenset(_joined(telling, each) or _joined(all_words, each)) for each in asked},
        list(dict.fromkeys(words))[:MAX_QUERY_TERMS],
    )


def _asked(languages: Collection[str]) -> list[str]:
    """Return the languages to ask in, English first."""
    return [DEFAULT, *[language for language in languages if language != DEFAULT][:MOST_LANGUAGES]]


def _looked_for(word: str, languages: Iterable[str]) -> dict[str, list[str]]:
    """Return the terms of a word that full text looks for, by language.

    A small word is looked for in its own language when that of the query cannot be told. It is common there, and so
    weighs little in all of them; looked for in the other languages alone it would be rare, and bring these.
    """
    terms = {each: query_tokens(word, each) for each in languages}
    return terms | {DEFAULT: _telling(terms[DEFAULT], DEFAULT)}


def _telling(terms: Iterable[str], language: str) -> list[str]:
    """Return the terms of a word that say what is asked for."""
    return [term for term in terms if term not in _small_terms(language)]


def _variants(word: Mapping[str, Sequence[str]]) -> list[Variants]:
    """Return the terms of a word, each with what it is in other languages. Parts of identifiers are the same in all."""
    places = zip_longest(*word.values())
    return [tuple(dict.fromkeys(term for term in place if term is not None)) for place in places]


def _joined(words: Iterable[Mapping[str, Sequence[str]]], language: str) -> list[str]:
    return [term for word in words for term in word[language]]


def _weight(variants: Variants, stats: CorpusStats) -> float:
    """Return the greatest weight of a word's terms that some passage holds; of the first when none does."""
    held = [term for term in variants if stats.frequencies.get(term)] or variants[:1]
    return max(bm25.idf(stats.rows, stats.frequencies.get(term, 0)) for term in held)


@cache
def _small_terms(language: str) -> frozenset[str]:
    if language == DEFAULT:
        return frozenset(tokens(_QUESTION_WORDS))
    return frozenset(tokens(" ".join(small_words(language)), language))
