"""Searching rows of the graph at one commit: candidates of the log and the bases, in the order that documents have."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.errors import Unsupported
from holdfast.graph.searching.expanding import expanded
from holdfast.graph.searching.filtering import check_known, has_all
from holdfast.graph.searching.hits import RowExplanation, RowHit, RowHits
from holdfast.graph.searching.reader import RowInstant, RowReader, SearchedType
from holdfast.index.lance.lookup import RowKey
from holdfast.rows.finding.asking import row_filter
from holdfast.rows.graph_rows import Codecs, GraphRow, Reached
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.searched.texts import RowTexts
from holdfast.rows.standing import codecs_at, rows_at
from holdfast.rows.stored import StoredRow
from holdfast.search.answers.breakdown import breakdown, words_of
from holdfast.search.hits import SearchMode
from holdfast.search.order import POOL, Asked, Order, Scored
from holdfast.search.request import TEXT, VECTOR, check_query
from holdfast.search.rerank import Passage, Quote
from holdfast.search.retrieve import Candidates, merged
from holdfast.search.sizes import GROWTH
from holdfast.search.wording import wording
from holdfast.tree.snapshot import check_readable


@dataclass(frozen=True, kw_only=True)
class RowSearchRequest:
    """A search of rows as the caller states it."""

    query: str
    #: the names of the types that are searched; None for all that can be
    types: tuple[str, ...] | None
    where: Mapping[str, Any]
    limit: int
    mode: SearchMode
    branch: Branch
    #: the commit to search at
    seq: int


def search_rows(backend: Backend, reader: RowReader, request: RowSearchRequest) -> RowExplanation:
    """Return the rows that answer a query, best first, and how they were found.

    Raises NotFound for a type or a property that is not there, Unsupported for a type of which nothing is searched, and
    for a mode or a limit that cannot be.
    """
    check_query(request.query, request.mode, request.limit)
    return _RowSearch(backend, reader, request).run()


def searched_types(schema: GraphSchema, named: Sequence[str] | None) -> list[TypeSchema]:
    """Return the types that are searched: those that are named, or all that can be."""
    if named is None:
        return [each for each in schema.live if RowTexts(each)]
    found = [schema.type_named(name) for name in dict.fromkeys(named)]
    for kind in found:
        if not RowTexts(kind):
            raise Unsupported(
                f"Nothing of {kind.name} is searched",
                path=kind.name,
                remedy="Declare a property of text with FullText or Embed, and apply the schema",
            )
    return found


class _RowSearch:
    """One run of one search."""

    def __init__(self, backend: Backend, reader: RowReader, request: RowSearchRequest) -> None:
        self._backend = backend
        self._reader = reader
        self._request = request
        self._codecs: Codecs = codecs_at(backend, request.branch, request.seq)
        self._rows = rows_at(backend, request.branch, request.seq)
        self._wording = wording(request.query)
        # A row that only the vectors found is marked too where it has words of the query.
        self._marked = tuple(self._wording.looked_for)
        self._words = words_of(request.query, self._marked)
        #: the last row so far
        self._above: Scored | None = None
        self._texts: dict[int, RowTexts] = {}
        self._stored: dict[RowKey, StoredRow] = {}
        self._told = RowExplanation(
            query=request.query,
            mode=request.mode,
            types=[],
            commit=request.seq,
            terms=[] if request.mode == VECTOR else list(self._marked),
            hits=RowHits((), self._expand),
        )

    def run(self) -> RowExplanation:
        told, request = self._told, self._request
        types = self._types()
        with self._timed("embed"):
            wants_vector = request.mode != TEXT and request.query.strip()
            vector = self._reader.embedder.encode([request.query])[0] if wants_vector else None
        with self._timed("log"):
            instants, stats = self._reader.instants(types, told.terms, vector)
        order = Order(Asked(self._wording, stats))
        hits: list[RowHit] = []
        for found in self._rings(instants):
            hits += self._hits_of(instants, found, order, vector)[: request.limit - len(hits)]
            if len(hits) == request.limit:
                break
        with self._backend.engine.read() as conn:
            # Nothing of what was looked at may have been taken meanwhile: it would only look as if it was not there.
            check_readable(conn, request.branch, request.seq)
        told.hits = RowHits(hits, self._expand)
        return told

    def _types(self) -> list[SearchedType]:
        request = self._request
        kinds = searched_types(self._codecs.schema, request.types)
        check_known(kinds, request.where)
        kinds = [kind for kind in kinds if has_all(kind, request.where)]
        self._told.types = [kind.name for kind in kinds]
        self._texts = {kind.id: RowTexts(kind) for kind in kinds}
        return [self._searched(kind) for kind in kinds]

    def _searched(self, kind: TypeSchema) -> SearchedType:
        meets = row_filter(self._codecs, kind, self._request.where).holds
        return SearchedType(
            branch=self._request.branch, seq=self._request.seq, kind=kind, wanted=lambda each: meets(each.row)
        )

    def _rings(self, instants: Sequence[RowInstant]) -> Iterator[Candidates]:
        """Yield the pool, and then what larger ones hold, until there is no more."""
        size = POOL
        while True:
            found = self._gather(instants, size)
            yield found
            if found.text.exhausted and found.vector.exhausted:
                return
            size *= GROWTH

    def _gather(self, instants: Sequence[RowInstant], wanted: int) -> Candidates:
        """Ask for more candidates until so many of each list are known, or there are no more."""
        text = {key: score for instant in instants for key, score in instant.text.items()}
        near = {key: score for instant in instants for key, score in instant.vector.items()}
        size = wanted
        with self._timed("candidates"):
            while True:
                self._told.rounds += 1
                size *= GROWTH
                found = Candidates(merged([], text, size, {}), merged([], near, size, {}))
                if found.has(wanted):
                    break
        self._told.candidates = {"text": len(found.text.scores), "vector": len(found.vector.scores)}
        return found.first(wanted)

    def _hits_of(self, instants: Sequence[RowInstant], found: Candidates, order: Order, vector: Any) -> list[RowHit]:
        """Return the next hits, of the rows that are found now."""
        close, rest = order.next(found)
        with self._timed("fetch"):
            quotes = self._quotes(instants, [row.key for row in close])
            similar = {key: instant.vector[key] for instant in instants for key in quotes if key in instant.vector}
        with self._timed("lift"):
            rows = order.put(order.lifted(close, quotes, similar), rest)[: self._request.limit]
        with self._timed("fetch"):
            quotes |= self._quotes(instants, [row.key for row in rows if row.key not in quotes])
        above = [self._above, *rows]
        self._above = above[-1]
        return [self._hit(row, quotes[row.key], found, before) for row, before in zip(rows, above, strict=False)]

    def _quotes(self, instants: Sequence[RowInstant], keys: Sequence[RowKey]) -> dict[RowKey, Quote]:
        quotes = {}
        for instant in instants:
            for key in keys:
                if (found := instant.rows.get(key)) is not None:
                    self._stored[key] = found.row
                    quotes[key] = self._quote(key, found.row, found.terms)
        return quotes

    def _quote(self, key: RowKey, row: StoredRow, terms: str) -> Quote:
        """Return a row as a passage: one that is called by its key, and stands below its type."""
        kind = self._codecs.schema.type_of(row.type_id)
        text = self._texts[row.type_id].text(row.data)
        passage = Passage(heading="", text=text, terms=terms, start=0, end=len(text), page=None)
        return Quote(passage, key.content_id, f"/{kind.name}/{row.key}", row.key)

    def _hit(self, row: Scored, quote: Quote, found: Candidates, above: Scored | None) -> RowHit:
        return RowHit(
            row=self._codecs.shown(self._stored[row.key]),
            text=quote.passage.text,
            score=round(row.score, 6),
            commit=self._request.seq,
            terms=self._marked,
            why=breakdown(row, quote, self._words, found, place="log", above=above),
        )

    def _expand(
        self, start: Sequence[GraphRow], steps: str, hops: int, where: Mapping[str, Any] | None, limit: int | None
    ) -> list[Reached]:
        return list(islice(expanded(self._rows, self._codecs, start, steps, hops, where), limit))

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        spent = (time.perf_counter() - began) * 1000
        self._told.milliseconds[stage] = round(self._told.milliseconds.get(stage, 0.0) + spent, 3)
