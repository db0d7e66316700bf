"""Text into full-text terms: the only analyser there is, for documents and queries, in the table and in the tail.

The terms of a row are stored in its `terms` column, separated by spaces, and Lance is told to split at white space and
to change nothing. What Lance indexes and what the tail scores are therefore the same terms by construction, in every
release of Lance, and not two analysers that must be kept alike.

A word gives
- itself, stemmed by its document's language (languages.py), folded (NFKC, case, accents) and marked with it, for stems
  of two languages that look alike are different words: in German `Überprüfungen` -> `uberpruf:de`. In English, and
  where the language cannot be told, what is ASCII is stemmed, and nothing marked: `Locks` -> `lock`;
- if it is an identifier, its parts too, all of them as in English whatever the language, split at underscores, at case
  and at digits: `HTTPServer2Go` gives `httpserver2go`, `http`, `server`, `go`; parts of one character are left out,
  since they match everything;
- if it is in a script that puts no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) or glues them
  together (Korean), every character and every pair of neighbouring ones. A query asks for the pairs only: a character
  alone would match too much.

The terms of a row of another language than English begin with one that names it (`:de`), and that no query gives.
"""

import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise

from holdfast.index.text.languages import DEFAULT, NOT_LATIN, STEMMERS

#: Name and version of what this file does. Rows analysed under another name must be analysed again.
ANALYSER = "holdfast-terms/2"
#: characters; a longer run without a separator is cut into words of this length, for documents and queries alike
MAX_WORD = 128
#: parts; an identifier that would give more (a hash, encoded bytes) is kept whole
MAX_PARTS = 8
#: distinct terms of a query that are looked for; the rest of a longer query is not used
MAX_QUERY_TERMS = 64
#: words whose terms are remembered
CACHED_WORDS = 100_000
#: characters; longer words are hardly ever met twice
_CACHED_LENGTH = 40

# `\w` has no combining marks, without which the words of many scripts would fall apart.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff"
    "\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3\u3099\u309a"
)
_UNSPACED = (
    "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[\w{_MARKS}]{{1,{MAX_WORD}}}")
_RUN = re.compile(rf"[{_UNSPACED}]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# Marks that are an accent on a letter. Vowel signs of other scripts are letters in their own right and stay.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670]")
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i", "ħ": "h"}
    | {"Ø": "O", "Ł": "L", "Đ": "D", "Æ": "AE", "Œ": "OE", "Þ": "TH", "Ð": "D", "Ħ": "H", "ß": "ss", "ẞ": "SS"}
)
_SOFT_HYPHEN = "\u00ad"
#: what the term begins with that names a row's language
_LANGUAGE = ":"

_stemmers = threading.local()


def tokens(text: str, language: str = DEFAULT) -> list[str]:
    """Return the terms of `text` in order, with repetitions, as they are indexed."""
    return _analyse(text, _document_words(language)).split()


def terms_for(heading: str, text: str, language: str = DEFAULT) -> str:
    """Return what goes into a row's `terms`: the terms of its heading and its text, separated by single spaces."""
    terms = tokens(f"{heading}\n{text}", language)
    return " ".join(terms if language == DEFAULT else [language_term(language), *terms])


def query_tokens(query: str, language: str = DEFAULT) -> list[str]:
    """Return the distinct terms to look for, in order of first appearance, at most MAX_QUERY_TERMS."""
    return list(dict.fromkeys(_analyse(query, _query_words(language)).split()))[:MAX_QUERY_TERMS]


def query_words(query: str) -> list[str]:
    """Return the words of a query, as it has them."""
    return _WORD.findall(query.replace(_SOFT_HYPHEN, ""))


def language_term(language: str) -> str:
    """Return the term that names the language of a row."""
    return _LANGUAGE + language


def language_of_term(term: str) -> str:
    """Return the language that a term is marked with."""
    return term.rpartition(_LANGUAGE)[2] if _LANGUAGE in term else DEFAULT


def language_in(terms: str) -> str:
    """Return the language by which the terms of a row were made."""
    return terms[1:].partition(" ")[0] if terms.startswith(_LANGUAGE) else DEFAULT


def _analyse(text: str, words: "Words") -> str:
    if _SOFT_HYPHEN in text:
        text = text.replace(_SOFT_HYPHEN, "")
    return " ".join(map(words.__getitem__, _WORD.findall(text)))


class Words(dict[str, str]):
    """The terms of words met before; forgets all when full, which is cheaper than deciding what to keep."""

    def __init__(self, analyse: Callable[[str], Iterator[str]]) -> None:
        super().__init__()
        self._analyse_word = analyse

    def __missing__(self, word: str) -> str:
        terms = " ".join(dict.fromkeys(self._analyse_word(word)))
        if len(word) <= _CACHED_LENGTH:
            if len(self) >= CACHED_WORDS:
                self.clear()
            self[word] = terms
        return terms


def _word_terms(word: str, *, grams: Callable[[str], Iterator[str]], language: str) -> Iterator[str]:
    if not word.isascii():
        word = unicodedata.normalize("NFKC", word)
        if _RUN.search(word):
            yield from _mixed_terms(word, grams, language)
            return
    yield from _spaced_terms(word, language)


def _mixed_terms(word: str, grams: Callable[[str], Iterator[str]], language: str) -> Iterator[str]:
    """Yield the terms of a word that is at least partly in a script without spaces."""
    end = 0
    for run in _RUN.finditer(word):
        yield from _spaced_terms(word[end : run.start()], language)
        yield from grams(_fold(run.group()))
        end = run.end()
    yield from _spaced_terms(word[end:], language)


def _spaced_terms(word: str, language: str) -> Iterator[str]:
    if word.strip("_"):
        plain = _without_accents(word)
        # Case and digits part words in Latin letters only; elsewhere they do not mean a new word.
        parts = _PART.findall(plain) if plain.isascii() else [part for part in plain.split("_") if part]
        if len(parts) == 1 and _is_of(language, word):
            yield _stem_in(language, word)
            return
        yield _stem(_fold(plain))
        if 1 < len(parts) <= MAX_PARTS:
            yield from (_stem(_fold(part)) for part in parts if len(part) > 1)


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word))).translate(_LETTERS)


def _fold(word: str) -> str:
    # Casefolding can bring out new accents (as in the Turkish capital I with a dot), hence the second pass.
    return word.lower() if word.isascii() else _without_accents(word.casefold())


def _stem(word: str) -> str:
    return _stemmed(DEFAULT, word) if word.isascii() else word


def _stem_in(language: str, word: str) -> str:
    """Return the stem of a word of another language than English, folded after it, for stems depend on accents."""
    return _fold(_stemmed(language, unicodedata.normalize("NFC", word.casefold()))) + language_term(language)


def _is_of(language: str, word: str) -> bool:
    """Return whether a word is of a language that is not English: a number is of none, Latin letters not of Russian."""
    return language != DEFAULT and not (word.isascii() and (language in NOT_LATIN or word.isdigit()))


def _stemmed(language: str, word: str) -> str:
    """Return the stem of a word; the word itself in a language that there is no stemmer for."""
    try:
        stem = getattr(_stemmers, language)
    except AttributeError:
        # A stemmer is not safe to share between threads.
        import Stemmer

        name = STEMMERS.get(language)
        stem = Stemmer.Stemmer(name).stemWord if name else str
        setattr(_stemmers, language, stem)
    return str(stem(word))


def _document_grams(run: str) -> Iterator[str]:
    yield from run
    yield from _pairs(run)


def _query_grams(run: str) -> Iterator[str]:
    return _pairs(run) if len(run) > 1 else iter(run)


def _pairs(run: str) -> Iterator[str]:
    return (first + second for first, second in pairwise(run))


@cache
def _document_words(language: str) -> Words:
    return Words(lambda word: _word_terms(word, grams=_document_grams, language=language))


@cache
def _query_words(language: str) -> Words:
    return Words(lambda word: _word_terms(word, grams=_query_grams, language=language))


def word_spans(text: str, language: str = DEFAULT) -> Iterator[tuple[int, int, list[str]]]:
    """Yield (start, end, terms) of each word of `text`, in order, for showing what matched."""
    words = _document_words(language)
    for word in _WORD.finditer(text):
        yield word.start(), word.end(), words[word.group()].split()
