"""What language a text is in, told by the words that every text of a language is full of.

Small words ("der", "and", "les") make up a third to a half of a text, and are nearly all that is needed: each found
votes for the languages that have it, and counts for less the more of them there are. Scripts that one language alone
uses here tell by themselves. A text that nothing is said of is analysed as English is.

The languages are those that Snowball has a stemmer for and that there is a list of small words for. Some others are
listed too, so that they are not taken for a neighbour whose stems would be wrong.
"""

import re
from collections import Counter
from functools import cache

from holdfast.index.text.small_words import SMALL_WORDS

#: how a text is analysed that nothing is known of; what is stored of it carries no mark
DEFAULT = "en"
#: characters at the beginning of a text that are looked at
LOOKED_AT = 2_000
#: different small words that must be found
LEAST_FOUND = 2
#: how many times the votes of the second language the first must have
CLEARLY = 1.25
#: of all words, the share of votes that there must be
LEAST_SHARE = 0.05

#: Snowball's names of the languages it has stemmers for
STEMMERS = {
    **{"ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english"},
    **{
        "es": "spanish",
        "et": "estonian",
        "eu": "basque",
        "fi": "finnish",
        "fr": "french",
        "ga": "irish",
        "hi": "hindi",
    },
    **{"hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali"},
    **{"nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian"},
    **{"sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish"},
}

#: all that can be told
LANGUAGES = tuple(sorted({*STEMMERS, *SMALL_WORDS}))
#: languages of another script than the Latin one: words in that are English there
NOT_LATIN = frozenset(["ar", "bg", "el", "fa", "he", "hi", "hy", "ne", "ru", "sr", "ta", "uk", "yi"])
#: scripts that tell the language
_SCRIPTS = {
    "el": re.compile("[\u0370-\u03ff]"),
    "hy": re.compile("[\u0530-\u058f]"),
    "ta": re.compile("[\u0b80-\u0bff]"),
    "yi": re.compile("[\u05f0-\u05f2]"),
}
# What is part of a longer name ("v2", "pre-commit") is no word of a language.
_WORD = re.compile(
    r"(?<![\w-])[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0963\u200c])*(?![\w-])"
)
_CODE = re.compile(
    r"^```.*?(?:^```|\Z)|``[^`\n]+``|`[^`\n]+`|<[^<>\n]+>|\]\([^()\n]*\)|\w+://\S+", re.MULTILINE | re.DOTALL
)


def language_of(text: str) -> str:
    """Return the code of the language that a text is in; DEFAULT when that cannot be told."""
    return known_language(text) or DEFAULT


def known_language(text: str) -> str | None:
    """Return the code of the language that a text is in, None when that cannot be told."""
    words = _WORD.findall(_CODE.sub(" ", text[:LOOKED_AT]).lower())
    script = _by_script(words)
    return script or _by_small_words(Counter(words), len(words))


def small_words(language: str) -> frozenset[str]:
    """Return the words of a language that say nothing of what a text is about; none of a language without a list."""
    return _small_words().get(language, frozenset())


def _by_script(words: list[str]) -> str | None:
    if all(word.isascii() for word in words):
        return None
    for language, letters in _SCRIPTS.items():
        if 2 * sum(letters.search(word) is not None for word in words) > len(words):
            return language
    return None


def _by_small_words(words: Counter[str], count: int) -> str | None:
    votes: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for word, often in words.items():
        for language in (having := _having().get(word, ())):
            votes[language] += often / len(having)  # type: ignore[assignment]
            found[language] += 1
    ranked = [*votes.most_common(2), ("", 0)]
    (best, most), (_, second) = ranked[:2] if votes else (("", 0), ("", 0))
    clearly = most >= CLEARLY * second and most >= LEAST_SHARE * count
    return best if best and clearly and found[best] >= LEAST_FOUND else None


@cache
def _small_words() -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in SMALL_WORDS.items()}


@cache
def _having() -> dict[str, tuple[str, ...]]:
    """Return the languages that have each small word."""
    having: dict[str, tuple[str, ...]] = {}
    for language, words in _small_words().items():
        for word in words:
            having[word] = (*having.get(word, ()), language)
    return having
