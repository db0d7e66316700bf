"""Words that a query misspells: near ones that the store knows are joined to it.

A word is taken for a slip only when no passage of the store holds it and the model does not know it either; a name that
the store does not have stays what it is, beside what was joined. One slip is looked for in short words and two in long
ones, never in the first letter, and only a word that LEAST_PASSAGES passages hold is joined, so that a slip in a
document brings no other.
"""

import re
from collections.abc import Callable, Iterable

from holdfast.index.text.analysis import query_tokens

#: letters of the shortest word that is looked for under another spelling, and of the shortest in which two slips are
LEAST_LETTERS, LETTERS_FOR_TWO = 4, 8
#: passages that hold a word, at least, for it to be joined
LEAST_PASSAGES = 3
#: near words that one word is joined by
MOST_JOINED = 3

_WORD = re.compile(r"[A-Za-z]+")


def doubtful(query: str, is_known: Callable[[str], bool]) -> list[str]:
    """Return the words of a query, in lower case, that may be slips: `is_known` tells what the model knows."""
    words = dict.fromkeys(word.lower() for word in re.findall(r"\w+", query) if _WORD.fullmatch(word))
    return [
        word for word in words if len(word) >= LEAST_LETTERS and len(query_tokens(word)) == 1 and not is_known(word)
    ]


def slips_in(word: str) -> int:
    """Return how many slips a word may hold."""
    return 2 if len(word) >= LETTERS_FOR_TWO else 1


def nearest(word: str, terms: Iterable[str], frequency: Callable[[str], int]) -> list[str]:
    """Return those of some terms that a word was most likely meant for, the likeliest first."""
    spelt, most = {word, *query_tokens(word)}, slips_in(word)
    distances = {
        term: min(distance(each, term, most) for each in spelt)
        for term in terms
        if term[:1] == word[:1] and _WORD.fullmatch(term)
    }
    near = {term: far for term, far in distances.items() if far <= most}
    for closest in range(1, most + 1):
        found = {term: frequency(term) for term, far in near.items() if far == closest}
        held = [term for term, count in found.items() if count >= LEAST_PASSAGES]
        if held:
            return sorted(held, key=lambda term: (-found[term], term))[:MOST_JOINED]
    return []


def distance(one: str, other: str, most: int) -> int:
    """Return how many letters were left out, added, changed or swapped with a neighbour; above `most` any number."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        now = [i]
        for j, against in enumerate(other, start=1):
            cost = min(row[j] + 1, now[-1] + 1, row[j - 1] + (letter != against))
            if before and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        before, row = row, now
    return row[-1]
