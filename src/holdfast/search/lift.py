"""What a person expects first: the best passages of the two rankings, put in order by four plain signs more.

The rankings know passages only, and take a sentence that mentions a thing for as good as the page that is about it.
Added to the fused score, each with a stated weight:
- names: the query's words stand in the document's path or title, or in the headings above the passage. The share of
  them is squared, so that a page called just what was asked for is lifted, and one stray word of a long query is not;
- coverage: the share of the query's words that passage and names hold together. Full text alone is as glad of
  one word many times;
- document: other passages of the same document are among the first too: it is about this, and does not only mention it;
- links: a passage that is mostly labels of links (a table of contents, an index) points at the answer and is none. The
  share is squared too, for prose with a few links is prose.

Words that say nothing of what is asked for ("how", "do", "the") do not count here, unless there are no others. The
shares are not standardised over the candidates, as the rankings are: half the words mean the same whatever else was
found.
bench/quality.py measures all of this on real manuals.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from holdfast import paths
from holdfast.index.analysis import tokens
from holdfast.index.chunking import LINK

#: what a passage gains whose names hold all of the query's words
NAMES = 3.0
#: what it gains for holding all of them anywhere
COVERAGE = 4.0
#: what it gains when MOST_OTHERS passages of its document are among the first too
DOCUMENT = 1.0
#: what a passage loses that holds nothing but labels of links
LINKS = 3.0
#: further passages of a document that count
MOST_OTHERS = 3

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


@dataclass(frozen=True, slots=True)
class Lift:
    """What each sign adds to a passage's score."""

    names: float = 0.0
    coverage: float = 0.0
    document: float = 0.0
    #: never above 0
    links: float = 0.0

    @property
    def total(self) -> float:
        """Return the sum."""
        return self.names + self.coverage + self.document + self.links


NO_LIFT = Lift()


def lifts(query: Sequence[str], quotes: Sequence[Quote], first: int) -> list[Lift]:
    """Return what lifts each passage, given best first, for the terms (`query_tokens`) of a query.

    Of a document's passages only those among the `first` count: which rows stand at the end of a ranking is chance.
    """
    asked = [term for term in query if term not in _question_terms()] or list(query)
    among_first = Counter(quote.content_id for quote in quotes[:first])
    others = [among_first[quote.content_id] - (place < first) for place, quote in enumerate(quotes)]
    return [_lift(asked, quote, count) for quote, count in zip(quotes, others, strict=True)]


def _lift(asked: Sequence[str], quote: Quote, others: int) -> Lift:
    names = _names(quote)
    # Each term stands between spaces, so that searching the text finds whole terms, and none has to be cut out.
    terms = f" {quote.passage.terms} "
    return Lift(
        NAMES * _share(sum(term in names for term in asked), len(asked)) ** 2,
        COVERAGE * _share(sum(term in names or f" {term} " in terms for term in asked), len(asked)),
        DOCUMENT * min(others, MOST_OTHERS) / MOST_OTHERS,
        # Subtracted from 0, not negated: a passage without links loses 0, and not -0.
        0.0 - LINKS * _label_share(quote.passage.text) ** 2,
    )


def _names(quote: Quote) -> set[str]:
    """Return the terms of what stands above the passage. The file's ending says how it is written, not about what."""
    parent, name = paths.split(quote.path)
    return set(tokens(f"{parent} {name.rpartition('.')[0] or name} {quote.title} {quote.passage.heading}"))


def _label_share(text: str) -> float:
    """Return how much of what a reader sees of `text` is labels of links, from 0 to 1."""
    if "](" not in text:
        return 0.0
    links = list(LINK.finditer(text))
    labels = sum(len(link[1]) for link in links)
    return _share(labels, len(text) - sum(len(link[0]) for link in links) + labels)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


@cache
def _question_terms() -> frozenset[str]:
    return frozenset(tokens(_QUESTION_WORDS))
