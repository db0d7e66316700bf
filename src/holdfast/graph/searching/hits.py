"""What a search of rows gives back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from holdfast.arguments import checks_arguments
from holdfast.index.text.highlights import marks
from holdfast.rows.graph_rows import GraphRow, M, Reached
from holdfast.rows.reading import LIMIT
from holdfast.search.hits import ScoreBreakdown, SearchMode


@dataclass(frozen=True, slots=True, kw_only=True)
class RowHit:
    """A row of the graph that a search found."""

    row: GraphRow
    #: the texts that its type has searched, one after another
    text: str
    #: higher is better; comparable within one search only
    score: float
    #: the commit at which the graph was searched
    commit: int
    #: what full text looked for
    terms: tuple[str, ...]
    why: ScoreBreakdown

    def instance(self, type: type[M]) -> M:
        """Return the row as an instance of its Python class."""
        return type.of_graph(self.row.values)

    @property
    def marks(self) -> tuple[tuple[int, int], ...]:
        """Spans of `text` that the query matched, as (start, end), in order."""
        return marks(self.text, self.terms)


#: goes along edges from some rows: the rows, the steps, hops, filter and limit
Expand = Callable[[Sequence[GraphRow], str, int, Mapping[str, Any] | None, int | None], list[Reached]]


@checks_arguments
class RowHits(Sequence[RowHit]):
    """The rows that a search found, best first."""

    def __init__(self, hits: Sequence[RowHit], expand: Expand) -> None:
        self._hits = tuple(hits)
        self._expand = expand

    @overload
    def __getitem__(self, place: int) -> RowHit: ...
    @overload
    def __getitem__(self, place: slice) -> "RowHits": ...
    def __getitem__(self, place: int | slice) -> "RowHit | RowHits":
        if isinstance(place, slice):
            return RowHits(self._hits[place], self._expand)
        return self._hits[place]

    def __len__(self) -> int:
        return len(self._hits)

    def __iter__(self) -> Iterator[RowHit]:
        return iter(self._hits)

    def __repr__(self) -> str:
        return f"<RowHits: {len(self._hits)}>"

    def expand(
        self, steps: str, *, hops: int = 1, where: Mapping[str, Any] | None = None, limit: int | None = LIMIT
    ) -> list[Reached]:
        """Return the nodes within `hops` of the nodes that were found, along `steps`, nearest first.

        As `store.graph.expand` from all of them together, at the commit that was searched: nodes that were found are
        not reached again. Edges that were found are not gone along.
        """
        return self._expand([hit.row for hit in self._hits], steps, hops, where, limit)


@dataclass(kw_only=True)
class RowExplanation:
    """How a search of rows found its hits: candidates, and the time of each stage."""

    query: str
    mode: SearchMode
    #: the names of the types that were searched
    types: list[str]
    commit: int
    #: what full text looked for
    terms: list[str]
    hits: RowHits
    #: rows that were looked at, by list: `text`, `vector`
    candidates: dict[str, int] = field(default_factory=dict)
    #: rows of bases that were found and not counted, as the log says something newer of them
    overtaken: int = 0
    #: how often candidates were asked for
    rounds: int = 0
    #: rows of the log, and of bases, that were searched
    log_rows: int = 0
    base_rows: int = 0
    #: milliseconds by stage
    milliseconds: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return all but the hits, for `--json`."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "hits"}
