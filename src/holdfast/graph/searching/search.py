"""Searching rows of the graph at one commit: candidates of the log and the bases, in the order that documents have."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.errors import ProviderFailed, Unsupported
from holdfast.graph.searching.bases import SPARE, BaseQuery
from holdfast.graph.searching.expanding import expanded
from holdfast.graph.searching.filtering import asked_of_base, check_known, has_all
from holdfast.graph.searching.hits import RowExplanation, RowHit, RowHits
from holdfast.graph.searching.reader import RowInstant, RowReader, SearchedType
from holdfast.graph.searching.tails import AnalysedRow
from holdfast.index.bm25 import CorpusStats
from holdfast.index.embedding.embedder import query_vectors
from holdfast.index.lance.lookup import RowKey, SearchCandidate
from holdfast.rows.finding.asking import row_filter
from holdfast.rows.graph_rows import Codecs, GraphRow, Reached
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.searched.columns import SearchColumns
from holdfast.rows.searched.texts import RowTexts
from holdfast.rows.standing import codecs_at, rows_at
from holdfast.rows.stored import StoredRow
from holdfast.search.answers.breakdown import breakdown, words_of
from holdfast.search.hits import SearchMode
from holdfast.search.order import POOL, Asked, Order, Scored
from holdfast.search.reader import EmbedderMoved
from holdfast.search.request import HYBRID, TEXT, VECTOR, check_query
from holdfast.search.rerank import Passage, Quote
from holdfast.search.retrieve import Candidates, merged
from holdfast.search.sizes import GROWTH
from holdfast.search.wording import wording
from holdfast.tree.snapshot import check_readable

log: logging.Logger = logging.getLogger("holdfast.search")


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
    while True:
        try:
            return _RowSearch(backend, reader, request).run()
        except EmbedderMoved:
            # A store moves seldom: whoever was overtaken begins anew with the embedder of now.
            continue


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
        #: by type: what of the filter Lance is told of its base, and what is asked of each row beside that
        self._filters: dict[int, tuple[str, Callable[[StoredRow], bool] | None]] = {}
        # One for the query and the rows, whatever the store turns to meanwhile.
        self._chosen = backend.chosen
        self._vector: Any = None
        self._stats = CorpusStats(0, 0)
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
        try:
            instants = self._instants(types, by_meaning=request.mode != TEXT and bool(request.query.strip()))
        except ProviderFailed as error:
            if request.mode != HYBRID:
                raise
            log.warning("searching rows by words alone: %s", error.message)
            instants = self._instants(types, by_meaning=False)
        told.log_rows = sum(each.log_rows for each in instants)
        told.base_rows = sum(each.base.base.rows for each in instants if each.base is not None)
        told.overtaken = sum(len(each.overtaken) for each in instants)
        order = Order(Asked(self._wording, self._stats))
        hits: list[RowHit] = []
        for found in self._rings(instants):
            hits += self._hits_of(instants, found, order)[: request.limit - len(hits)]
            if len(hits) == request.limit:
                break
        with self._backend.engine.read() as conn:
            # Nothing of what was looked at may have been taken meanwhile: it would only look as if it was not there.
            check_readable(conn, request.branch, request.seq)
        told.hits = RowHits(hits, self._expand)
        return told

    def _instants(self, types: list[SearchedType], *, by_meaning: bool) -> list[RowInstant]:
        with self._timed("embed"):
            self._vector = query_vectors(self._chosen.load(), [self._request.query])[0] if by_meaning else None
        with self._timed("log"):
            instants, self._stats = self._reader.instants(types, self._told.terms, self._vector)
        return instants

    def _types(self) -> list[SearchedType]:
        request = self._request
        kinds = searched_types(self._codecs.schema, request.types)
        check_known(kinds, request.where)
        kinds = [kind for kind in kinds if has_all(kind, request.where)]
        self._told.types = [kind.name for kind in kinds]
        self._texts = {kind.id: RowTexts(kind) for kind in kinds}
        return [self._searched(kind) for kind in kinds]

    def _searched(self, kind: TypeSchema) -> SearchedType:
        asked = row_filter(self._codecs, kind, self._request.where)
        self._filters[kind.id] = asked_of_base(asked, SearchColumns(kind, self._chosen))
        return SearchedType(
            branch=self._request.branch,
            seq=self._request.seq,
            kind=kind,
            chosen=self._chosen,
            wanted=lambda each: asked.holds(each.row),
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
        size = wanted + SPARE
        with self._timed("candidates"):
            while not (found := self._candidates(instants, size)).has(wanted):
                size *= GROWTH
        self._told.candidates = {"text": len(found.text.scores), "vector": len(found.vector.scores)}
        return found.first(wanted)

    def _candidates(self, instants: Sequence[RowInstant], size: int) -> Candidates:
        """Return so many candidates of each list."""
        self._told.rounds += 1
        found = Candidates()
        near = self._reader.beside(partial(self._by_meaning, instants, size))
        log_text = {key: score for instant in instants for key, score in instant.text.items()}
        log_near = {key: score for instant in instants for key, score in instant.vector.items()}
        found.text = merged(self._by_words(instants, size), log_text, size, found.where)
        found.vector = merged(near.result(), log_near, size, found.where)
        return found

    def _by_words(self, instants: Sequence[RowInstant], size: int) -> list[tuple[str, list[SearchCandidate]]]:
        return [
            _of_type(each, each.base.by_words(self._told.terms, self._stats, self._asked(each, size)))
            for each in instants
            if each.base is not None
        ]

    def _by_meaning(self, instants: Sequence[RowInstant], size: int) -> list[tuple[str, list[SearchCandidate]]]:
        return [
            _of_type(each, each.base.by_meaning(self._vector, self._asked(each, size)))
            for each in instants
            if each.base is not None and self._vector is not None
        ]

    def _asked(self, instant: RowInstant, size: int) -> BaseQuery:
        predicate, meets = self._filters[instant.kind.id]
        return BaseQuery(wanted=size, hidden=instant.overtaken, predicate=predicate, meets=meets)

    def _hits_of(self, instants: Sequence[RowInstant], found: Candidates, order: Order) -> list[RowHit]:
        """Return the next hits, of the rows that are found now."""
        close, rest = order.next(found)
        with self._timed("fetch"):
            quotes = self._quotes(instants, found, [row.key for row in close])
            similar = self._similarities(instants, found, [row.key for row in close if row.parts.vector is None])
        with self._timed("lift"):
            rows = order.put(order.lifted(close, quotes, similar), rest)[: self._request.limit]
        with self._timed("fetch"):
            quotes |= self._quotes(instants, found, [row.key for row in rows if row.key not in quotes])
        above = [self._above, *rows]
        self._above = above[-1]
        return [self._hit(row, quotes[row.key], found, before) for row, before in zip(rows, above, strict=False)]

    def _quotes(self, instants: Sequence[RowInstant], found: Candidates, keys: Sequence[RowKey]) -> dict[RowKey, Quote]:
        rows: dict[RowKey, AnalysedRow] = {}
        for instant in instants:
            mine = [key for key in keys if key.ordinal == instant.kind.id]
            rows |= {key: instant.rows[key] for key in mine if key not in found.where}
            if instant.base is not None:
                there = [key for key in mine if key in found.where]
                rows |= zip(there, instant.base.rows([found.where[key][1] for key in there]), strict=True)
        self._stored |= {key: each.row for key, each in rows.items()}
        return {key: self._quote(key, each.row, each.terms) for key, each in rows.items()}

    def _similarities(
        self, instants: Sequence[RowInstant], found: Candidates, keys: Sequence[RowKey]
    ) -> dict[RowKey, float]:
        """Return how similar to the query rows are that the vectors did not find."""
        if self._vector is None:
            return {}
        similar = {key: each.vector[key] for each in instants for key in keys if key in each.vector}
        for instant in instants:
            if instant.base is not None and instant.base.columns.texts.by_meaning:
                mine = [key for key in keys if key.ordinal == instant.kind.id and key in found.where]
                there = [found.where[key][1] for key in mine]
                scores = instant.base.lookup.similarities(instant.base.base.version, there, self._vector)
                similar |= {key: scores[candidate.key] for key, candidate in zip(mine, there, strict=True)}
        return similar

    def _quote(self, key: RowKey, row: StoredRow, terms: str) -> Quote:
        """Return a row as a passage: one that is called by its key, and stands below its type."""
        kind = self._codecs.schema.type_of(row.type_id)
        text = self._texts[row.type_id].text(row.data)
        passage = Passage(heading="", text=text, terms=terms, start=0, end=len(text), page=None)
        return Quote(passage, key.content_id, f"/{kind.name}/{row.key}", row.key)

    def _hit(self, row: Scored, quote: Quote, found: Candidates, above: Scored | None) -> RowHit:
        place = "base" if row.key in found.where else "log"
        return RowHit(
            row=self._codecs.shown(self._stored[row.key]),
            text=quote.passage.text,
            score=round(row.score, 6),
            commit=self._request.seq,
            terms=self._marked,
            why=breakdown(row, quote, self._words, found, place=place, above=above),
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


def _of_type(instant: RowInstant, found: list[SearchCandidate]) -> tuple[str, list[SearchCandidate]]:
    """Return candidates of a base under keys that tell types apart."""
    named = [each._replace(key=RowKey(each.key.content_id, instant.kind.id)) for each in found]
    return instant.kind.name, named
