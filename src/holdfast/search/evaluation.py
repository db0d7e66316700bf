"""How well searches find what is wanted: recall, mean reciprocal rank and nDCG over queries of one's own."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast import paths
from holdfast.errors import InvalidPath, Unsupported

#: queries that are listed as the worst
WORST = 10
#: characters of a line that a message quotes
_SHOWN = 60
_LOOKS = '{"query": "how are locks fenced", "wanted": ["/docs/locks.md"]}'


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAnswer:
    """A query, and the documents that answer it."""

    query: str
    #: paths of files, any of which answers; a directory stands for all below it
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult:
    """What became of one query."""

    query: str
    wanted: tuple[str, ...]
    #: 1-based places of the hits that answer, in order
    ranks: tuple[int, ...]
    #: the path of the first hit; None when nothing was found
    first: str | None

    @property
    def rank(self) -> int | None:
        """The place of the first hit that answers; None when none does."""
        return self.ranks[0] if self.ranks else None

    @property
    def recall(self) -> float:
        """The share of the wanted documents that were found."""
        return min(1.0, len(self.ranks) / len(self.wanted))

    @property
    def ndcg(self) -> float:
        """The gain of the wanted documents, each less the lower it stands, as a share of the best that there can be."""
        best = sum(_gain(rank) for rank in range(1, max(len(self.wanted), len(self.ranks)) + 1))
        return min(1.0, sum(map(_gain, self.ranks)) / best)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How well one way to search finds what is wanted."""

    results: tuple[QueryResult, ...]
    #: hits that were looked through
    limit: int

    @property
    def recall(self) -> float:
        """The share of the wanted documents that were found, in the mean over the queries."""
        return _mean([each.recall for each in self.results])

    @property
    def first(self) -> float:
        """The share of the queries whose first hit answers."""
        return _mean([float(each.rank == 1) for each in self.results])

    @property
    def mrr(self) -> float:
        """The mean reciprocal rank: of 1 over the place of the first hit that answers, 0 when none does."""
        return _mean([1 / each.rank if each.rank else 0.0 for each in self.results])

    @property
    def ndcg(self) -> float:
        """The normalised discounted cumulative gain, in the mean over the queries."""
        return _mean([each.ndcg for each in self.results])

    @property
    def worst(self) -> list[QueryResult]:
        """The queries that found least, the worst first; without those that found all there is at once."""
        found = sorted((each for each in self.results if each.ndcg < 1), key=lambda each: each.ndcg)
        return found[:WORST]


def answer_of(path_of_hit: Sequence[str], wanted: Iterable[str]) -> list[str]:
    """Return which of the wanted paths a hit answers, by any of its own."""
    return [each for each in wanted if any(paths.is_within(path, each) for path in path_of_hit)]


def result_of(asked: WantedAnswer, hits: Iterable[Sequence[str]]) -> QueryResult:
    """Return what became of a query that gave such hits, each by its paths; a wanted document counts once."""
    left, ranks, first = list(asked.wanted), [], None
    for rank, hit in enumerate(hits, start=1):
        first = hit[0] if rank == 1 else first
        if answered := answer_of(hit, left):
            ranks += [rank] * len(answered)
            left = [each for each in left if each not in answered]
    return QueryResult(query=asked.query, wanted=asked.wanted, ranks=tuple(ranks), first=first)


def wanted_answers(lines: Iterable[str | Mapping[str, Any]]) -> list[WantedAnswer]:
    """Return the queries of JSON lines, or of objects; raises Unsupported, naming the number of a bad one."""
    found = []
    for number, line in enumerate(lines, start=1):
        # Some editors begin a file of UTF-8 with a mark.
        said = line.removeprefix("\ufeff") if isinstance(line, str) else line
        if isinstance(said, str) and not said.strip():
            continue
        found.append(_wanted_answer(number, said))
    if not found:
        raise Unsupported("There is no query to ask", remedy=f"Write one on each line: {_LOOKS}")
    return found


def _wanted_answer(number: int, line: str | Mapping[str, Any]) -> WantedAnswer:
    try:
        given = json.loads(line) if isinstance(line, str) else line
        query, wanted = given["query"], given["wanted"]
        wanted = [wanted] if isinstance(wanted, str) else list(wanted)
        if not isinstance(query, str) or not query.strip() or not wanted or not all(isinstance(w, str) for w in wanted):
            raise TypeError
        return WantedAnswer(query=query, wanted=tuple(dict.fromkeys(map(paths.parse, wanted))))
    except (ValueError, TypeError, KeyError, RecursionError, InvalidPath) as error:
        raise Unsupported(
            f"Line {number} is no query with wanted paths: {str(line).strip()[:_SHOWN]}",
            remedy=f"Write it as {_LOOKS}",
        ) from error


def _gain(rank: int) -> float:
    return 1 / math.log2(rank + 1)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
