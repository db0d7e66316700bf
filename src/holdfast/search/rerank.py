"""What a person expects first: the best passages of the two rankings, put in order by seven plain signs more.

The rankings know passages only, and take a sentence that mentions a thing for as good as the page that is about it.
Added to the fused score, each with a stated weight:
- names: the query's words stand in the document's path or title, or in the headings above the passage. The share of
  them is squared, so that a page called just what was asked for is lifted, and one stray word of a long query is not;
- subject: the document's file name, its title or a heading is what was asked for, and not much else: twice the words
  it shares with the query by the words of both (Dice's coefficient), the best of them, squared too. A page called
  "Window functions" is about these, one called "Limits of window functions in views" less so;
- phrase: the share of the query's neighbouring words that are neighbours in the passage or its headings too;
- coverage: the share of the query's words that passage and names hold together. Full text alone is as glad of
  one word many times;
- document: other passages of the same document are among the first too: it is about this, and does not only mention it;
- pointers: a link in one of the first passages leads to the document and calls it, or a place in it, just what was
  asked for: an index or release notes mention a thing, and say which page defines it;
- links: a passage that is mostly labels of links (a table of contents, an index) points at the answer and is none. The
  share is squared too, for prose with a few links is prose.

Words that say nothing of what is asked for ("how", "do", "the") do not count here, unless there are no others; in a
phrase they do, for who remembers one remembers them too. The shares are not standardised over the candidates, as the
rankings are: half the words mean the same whatever else was found.
bench/quality.py measures all of this on real manuals.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from holdfast import paths
from holdfast.index.text.analysis import tokens
from holdfast.index.text.chunking import BREADCRUMB
from holdfast.search.links import label_share, names_given

#: what a passage gains whose names hold all of the query's words
NAMES = 3.0
#: what it gains when one of them is just the query
SUBJECT = 3.0
#: what it gains when all neighbouring words of the query are neighbours in it
PHRASE = 4.0
#: what it gains for holding all of them anywhere
COVERAGE = 2.0
#: what it gains when MOST_OTHERS passages of its document are among the first too
DOCUMENT = 1.0
#: what it gains when a link to its document is called just the query
POINTERS = 4.0
#: what a passage loses that holds nothing but labels of links
LINKS = 3.0
#: further passages of a document that count
MOST_OTHERS = 3
#: places at the top of the fused order: of a document's passages those there count, and the links in them
FIRST = 10

_QUESTION_WORDS = (
    "a an and are as at be by can do does for from how i in is it my of on or should that the there this to was what"
    " when where which who why will with you your"
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """What each sign adds to a passage's score."""

    names: float = 0.0
    subject: float = 0.0
    phrase: float = 0.0
    coverage: float = 0.0
    document: float = 0.0
    pointers: float = 0.0
    #: never above 0
    links: float = 0.0

    @property
    def total(self) -> float:
        """Return the sum."""
        named = self.names + self.subject + self.phrase + self.coverage
        return named + self.document + self.pointers + self.links


NO_LIFT = Lift()


def lifts(query: Sequence[str], quotes: Sequence[Quote], first: int = FIRST) -> list[Lift]:
    """Return what lifts each passage, given best first, for the terms (`query_tokens`) of a query.

    Of a document's passages only those among the `first` count: which rows stand at the end of a ranking is chance.
    """
    asked = set(query) - _question_terms() or set(query)
    neighbours = [f" {first} {second} " for first, second in pairwise(query)]
    among_first = Counter(quote.content_id for quote in quotes[:first])
    others = [among_first[quote.content_id] - (place < first) for place, quote in enumerate(quotes)]
    pointed = _pointed_to(asked, quotes[:first], {quote.path for quote in quotes})
    return [
        _lift(asked, neighbours, quote, count, pointed.get(quote.path, 0.0))
        for quote, count in zip(quotes, others, strict=True)
    ]


def _lift(asked: set[str], neighbours: Sequence[str], quote: Quote, others: int, pointed: float) -> Lift:
    folder, called = _names(quote)
    names = folder.union(*called)
    # Each term stands between spaces, so that searching the text finds whole terms, and none has to be cut out.
    terms = f" {quote.passage.terms} "
    return Lift(
        names=NAMES * _share(len(asked & names), len(asked)) ** 2,
        subject=SUBJECT * max(_likeness(asked, name) for name in called) ** 2,
        phrase=PHRASE * _share(sum(pair in terms for pair in neighbours), len(neighbours)),
        coverage=COVERAGE * _share(sum(term in names or f" {term} " in terms for term in asked), len(asked)),
        document=DOCUMENT * min(others, MOST_OTHERS) / MOST_OTHERS,
        pointers=POINTERS * pointed**2,
        # Subtracted from 0, not negated: a passage without links loses 0, and not -0.
        links=0.0 - LINKS * label_share(quote.passage.text) ** 2,
    )


def _names(quote: Quote) -> tuple[set[str], list[set[str]]]:
    """Return the terms of the folder, and of each thing the passage is called by: file name, title, headings.

    The file's ending says how it is written, not about what.
    """
    folder, name = paths.split(quote.path)
    called = [name.rpartition(".")[0] or name, quote.title, *quote.passage.heading.split(BREADCRUMB)]
    return set(tokens(folder)), [set(tokens(name)) for name in called]


def _pointed_to(asked: set[str], quotes: Sequence[Quote], documents: set[str]) -> dict[str, float]:
    """Return how nearly the best name that a link gives to each of the documents is what was asked for."""
    best: dict[str, float] = {}
    for quote in quotes:
        for document, name in names_given(quote.path, quote.passage.text, documents):
            best[document] = max(best.get(document, 0.0), _likeness(asked, set(tokens(name))))
    return best


def _likeness(asked: set[str], name: set[str]) -> float:
    """Return how nearly a name is what was asked for, from 0 to 1."""
    return _share(2 * len(asked & name), len(asked) + len(name))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


@cache
def _question_terms() -> frozenset[str]:
    return frozenset(tokens(_QUESTION_WORDS))
