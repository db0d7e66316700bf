"""Hits out of groups of rows: what is quoted, where each stands, why, and where the next page begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from holdfast.index.lance.lookup import RowKey
from holdfast.index.text.analysis import language_in
from holdfast.search.answers.breakdown import breakdown
from holdfast.search.answers.generated import generated
from holdfast.search.answers.grouping import HitGroup
from holdfast.search.answers.passages import Passages
from holdfast.search.hits import Hit, HitPassage
from holdfast.search.order import Scored
from holdfast.search.request import Left, SearchRequest
from holdfast.search.rerank import Quote
from holdfast.search.visible import MOST_OTHERS, Visibility

#: decimals of a score
_DIGITS = 6


def beginning(left: Left | None, groups: Sequence[HitGroup]) -> int | None:
    """Return how many hits stand on the pages before; None while that cannot be told from these.

    A page goes on behind the last hit of the one before it, also where that has moved up or down meanwhile: words weigh
    otherwise when other documents come and go.
    """
    if left is None:
        return 0
    for number, group in enumerate(groups, start=1):
        key = group.best.key
        if key.ordinal == left.ordinal and key.content_id.startswith(left.content):
            return number
    return left.count if len(groups) >= left.count else None


@dataclass
class Answering:
    """Makes the hits of one search."""

    request: SearchRequest
    #: what is marked in the passages
    terms: tuple[str, ...]
    passages: Passages
    visibility: Visibility
    #: the passages that were looked at
    quotes: dict[RowKey, Quote]
    #: the words of the query by the terms that are looked for
    words: Mapping[str, str]

    def hits(self, groups: Sequence[HitGroup], begin: int) -> list[Hit]:
        """Return the page of hits from `begin` on."""
        page = groups[begin : begin + self.request.limit]
        self._quote(page)
        above = [groups[begin - 1].best if begin else None, *(group.best for group in page)]
        return [
            self._hit(group, number, before)
            for number, (group, before) in enumerate(zip(page, above, strict=False), start=begin + 1)
        ]

    def _quote(self, page: Sequence[HitGroup]) -> None:
        """Read the passages that are shown and were not looked at."""
        for _, groups in groupby(page, key=lambda group: id(group.found)):
            of_pool = list(groups)
            keys = [row.key for group in of_pool for row in self._shown(group) if row.key not in self.quotes]
            self.quotes |= self.passages.quotes(of_pool[0].found, keys)

    def _shown(self, group: HitGroup) -> list[Scored]:
        return group.rows[: self.request.passages]

    def _hit(self, group: HitGroup, number: int, above: Scored | None) -> Hit:
        best, shown = group.best, [self._passage(row) for row in self._shown(group)]
        quote = self.quotes[best.key]
        place = self.passages.place(group.found, best.key)
        return Hit(
            path=quote.path,
            title=quote.title,
            heading=shown[0].heading,
            text=shown[0].text,
            start=shown[0].start,
            end=shown[0].end,
            page=shown[0].page,
            score=shown[0].score,
            commit=self.request.seq,
            content_id=quote.content_id,
            also=self._also(group),
            passages=tuple(shown),
            generated=generated(quote.path, quote.passage.text),
            cursor=self.request.cursor(number, quote.content_id, best.key.ordinal),
            terms=self.terms,
            language=language_in(quote.passage.terms),
            why=breakdown(best, quote, self.words, group.found, place=place, above=above),
        )

    def _passage(self, row: Scored) -> HitPassage:
        passage = self.quotes[row.key].passage
        return HitPassage(
            heading=passage.heading,
            text=passage.text,
            start=passage.start,
            end=passage.end,
            page=passage.page,
            score=round(row.score, _DIGITS),
            terms=self.terms,
            language=language_in(passage.terms),
        )

    def _also(self, group: HitGroup) -> tuple[str, ...]:
        """Return the other paths of a document, and those of documents that say nearly the same."""
        known: Mapping[str, Sequence[str]] = self.visibility.paths
        others = [*known[group.best.key.content_id][1:]]
        for content in group.alike:
            others += known[content]
        return tuple(others[:MOST_OTHERS])
