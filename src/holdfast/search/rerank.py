"""What a person expects first: the best passages of the two rankings, put in order by six plain signs more.

The rankings know passages only, and take a sentence that mentions a thing for as good as the page that is about it.
Added to the fused score, each with a weight that was learned (bench/learning.py, docs/search.md):
- subject: the document's file name, its title or a heading is what was asked for, and not much else: twice the words
  it shares with the query by the words of both (Dice's coefficient), the best of them, squared. A page called
  "Window functions" is about these, one called "Limits of window functions in views" less so;
- phrase: the share of the query's neighbouring words that are neighbours in the passage or its headings too;
- coverage: the share of the query's words that passage and names hold together. Full text alone is as glad of
  one word many times;
- opening: how early in its document a passage stands. What a document is about it says first;
- pointers: a link in one of the first passages leads to the document and calls it, or a place in it, just what was
  asked for: an index or release notes mention a thing, and say which page defines it;
- links: a passage that is mostly labels of links (a table of contents, an index) points at the answer and is none. The
  share is squared too, for prose with a few links is prose.

Words that say nothing of what is asked for ("how", "do", "the") do not count, here or in full text, unless there are no
others; in a phrase they do, for who remembers one remembers them too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from holdfast import paths
from holdfast.index.text.analysis import language_in, tokens
from holdfast.index.text.chunking import BREADCRUMB
from holdfast.index.text.languages import DEFAULT
from holdfast.search.links import label_share, names_given
from holdfast.search.wording import Wording

#: what a passage gains when one of its names is just the query
SUBJECT = 4.0
#: what it gains when all neighbouring words of the query are neighbours in it
PHRASE = 2.1
#: what it gains for holding all of them anywhere
COVERAGE = 0.9
#: what the first passage of a document gains; the second a half of it, the third a third
OPENING = 3.0
#: what it gains when a link to its document is called just the query
POINTERS = 1.4
#: what a passage loses that holds nothing but labels of links
LINKS = 0.4
#: places at the top of the fused order whose links count
FIRST = 10


@dataclass(frozen=True, slots=True)
class Passage:
    """A search row, as it is quoted."""

    heading: str
    text: str
    #: what full text looked through, separated by single spaces
    terms: str
    start: int
    end: int
    page: int | None


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage, and the document it is from."""

    passage: Passage
    content_id: str
    path: str
    title: str
    #: how many passages of the document stand before it
    ordinal: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """What each sign adds to a passage's score."""

    subject: float = 0.0
    phrase: float = 0.0
    coverage: float = 0.0
    opening: float = 0.0
    pointers: float = 0.0
    #: never above 0
    links: float = 0.0

    @property
    def total(self) -> float:
        """Return the sum."""
        return self.subject + self.phrase + self.coverage + self.opening + self.pointers + self.links


NO_LIFT = Lift()


def lifts(asked: Wording, quotes: Sequence[Quote]) -> list[Lift]:
    """Return what lifts each passage, given best first, by the terms of a query in the passage's language."""
    neighbours = {each: [f" {one} {two} " for one, two in pairwise(terms)] for each, terms in asked.terms.items()}
    pointed = _pointed_to(asked, quotes[:FIRST], {quote.path for quote in quotes})
    found = []
    for quote in quotes:
        language = language_in(quote.passage.terms)
        pairs = neighbours.get(language, neighbours[DEFAULT])
        found.append(_lift(asked.telling_in(language), pairs, quote, pointed.get(quote.path, 0.0)))
    return found


def _lift(asked: frozenset[str], neighbours: Sequence[str], quote: Quote, pointed: float) -> Lift:
    folder, called = _names(quote)
    names = folder.union(*called)
    # Each term stands between spaces, so that searching the text finds whole terms, and none has to be cut out.
    terms = f" {quote.passage.terms} "
    return Lift(
        subject=SUBJECT * max(_likeness(asked, name) for name in called) ** 2,
        phrase=PHRASE * _share(sum(pair in terms for pair in neighbours), len(neighbours)),
        coverage=COVERAGE * _share(sum(term in names or f" {term} " in terms for term in asked), len(asked)),
        opening=OPENING / (1 + quote.ordinal),
        pointers=POINTERS * pointed**2,
        # Subtracted from 0, not negated: a passage without links loses 0, and not -0.
        links=0.0 - LINKS * label_share(quote.passage.text) ** 2,
    )


def _names(quote: Quote) -> tuple[set[str], list[set[str]]]:
    """Return the terms of the folder, and of each thing the passage is called by: file name, title, headings.

    The file's ending says how it is written, not about what.
    """
    folder, name = paths.split(quote.path)
    language = language_in(quote.passage.terms)
    called = [name.rpartition(".")[0] or name, quote.title, *quote.passage.heading.split(BREADCRUMB)]
    return set(tokens(folder, language)), [set(tokens(name, language)) for name in called]


def _pointed_to(asked: Wording, quotes: Sequence[Quote], documents: set[str]) -> dict[str, float]:
    """Return how nearly the best name that a link gives to each of the documents is what was asked for."""
    best: dict[str, float] = {}
    for quote in quotes:
        language = language_in(quote.passage.terms)
        telling = asked.telling_in(language)
        for document, name in names_given(quote.path, quote.passage.text, documents):
            best[document] = max(best.get(document, 0.0), _likeness(telling, set(tokens(name, language))))
    return best


def _likeness(asked: frozenset[str], name: set[str]) -> float:
    """Return how nearly a name is what was asked for, from 0 to 1."""
    return _share(2 * len(asked & name), len(asked) + len(name))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
