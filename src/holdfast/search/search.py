"""Searching a store at one commit: gather, keep what is visible, fuse, quote, lift."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import contents, pins
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import within
from holdfast.catalog.properties.conditions import Condition
from holdfast.catalog.values import ROOT_NODE
from holdfast.errors import CorruptStore, Unsupported
from holdfast.index.embedding.embedder import query_vectors
from holdfast.index.lance.content_set import ContentSet
from holdfast.index.lance.lookup import RowKey
from holdfast.index.text.analysis import query_tokens
from holdfast.search.hits import Explanation, Hit, ScoreBreakdown
from holdfast.search.order import POOL, Asked, Order, Scored
from holdfast.search.reader import Instant, SearchReader
from holdfast.search.rerank import Passage, Quote, telling
from holdfast.search.retrieve import Candidates, Gatherer, Query
from holdfast.search.sizes import GROWTH, Shares, Sizes
from holdfast.search.visible import MOST_OTHERS, Visibility
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.snapshot import check_readable

HYBRID, TEXT, VECTOR = "hybrid", "text", "vector"
MODES = (HYBRID, TEXT, VECTOR)
#: rounds among all rows that may find too few visible ones, before the tables are told what is visible
UNTOLD_ROUNDS = 2
#: of a row in a table, in the order of `Passage`
PASSAGE_COLUMNS = ["heading", "text", "terms", "start", "end", "page"]
#: times that a search begins anew because the version it read was replaced, and removed
MOST_OVERTAKEN = 20
#: hits that one search may ask for
MOST_HITS = 1000


@dataclass(frozen=True)
class SearchRequest:
    """A search as the caller states it; `under` is parsed."""

    query: str
    under: str
    limit: int
    mode: str
    branch: Branch
    #: the commit to search at
    seq: int
    #: what the properties of a file have to meet; None for any
    condition: Condition | None = None


def search(backend: Backend, reader: SearchReader, request: SearchRequest) -> Explanation:
    """Return the hits, best first, and how they were found.

    Raises NotFound when `under` is not there, Unsupported for a mode or limit that cannot be. A search that garbage
    collection overtook, by removing a version of the table that it had opened, is run once more on the newer one.
    """
    check_query(request.query, request.mode, request.limit)
    for _ in range(MOST_OVERTAKEN):
        with backend.engine.read() as conn:
            pinned = pins.fingerprint(conn)
        try:
            return _Search(backend, reader, request).run()
        except CorruptStore:
            with backend.engine.read() as conn:
                if pins.fingerprint(conn) == pinned:
                    raise
    return _Search(backend, reader, request).run()


def check_query(query: str, mode: str, limit: int) -> None:
    """Raise Unsupported for a query, a mode or a limit that cannot be."""
    if mode not in MODES:
        raise Unsupported(f"There is no search mode {mode!r}", remedy=f"Use one of {', '.join(MODES)}")
    try:
        query.encode()
    except UnicodeEncodeError as error:
        # Half a character, as the command line makes of bytes that are no UTF-8.
        raise Unsupported(f"{query[:60]!r} is not valid Unicode", remedy="Write it in UTF-8") from error
    if not 0 < limit <= MOST_HITS:
        raise Unsupported(f"A search gives 1 to {MOST_HITS} hits, not {limit}")


class _Search:
    """One run of one search."""

    def __init__(self, backend: Backend, reader: SearchReader, request: SearchRequest) -> None:
        self._backend = backend
        self._reader = reader
        self._request = request
        self._visibility = Visibility(request.branch, request.seq, request.under, request.condition)
        self._told = Explanation(
            query=request.query, mode=request.mode, under=request.under, commit=request.seq, terms=[]
        )
        self._read(request.query)

    def _read(self, query: str) -> None:
        """Take what a query says."""
        self._terms = query_tokens(query)
        # A passage that only the vectors found is marked too where it has words of the query.
        self._marked = tuple(telling(self._terms))
        self._told.terms = [] if self._request.mode == VECTOR else telling(self._terms)

    def run(self) -> Explanation:
        told, request = self._told, self._request
        with self._timed("spelling"):
            query = self._as_meant()
        with self._timed("embed"):
            wants_vector = request.mode != TEXT and request.query.strip()
            vector = query_vectors(self._reader.embedder, [query])[0] if wants_vector else None
        with self._timed("filter"):
            only = _common(self._contents_below(), self._contents_meeting())
        with self._timed("tail"):
            instant = self._reader.instant(told.terms, vector, request.branch, at=request.seq)
        told.tail_rows = len(instant.rows)
        order = Order(Asked(self._terms, told.terms, instant.stats))
        for found in self._rings(instant, Query(told.terms, vector, only, instant.is_past)):
            told.hits += self._hits_of(instant, found, order, vector)
            if len(told.hits) == request.limit:
                break
        with self._backend.engine.read() as conn:
            # Nothing of what was looked at may have been taken meanwhile: it would only look as if it was not there.
            check_readable(conn, request.branch, request.seq)
        return told

    def _as_meant(self) -> str:
        """Return the query, joined by what words of it were likely meant for. One list alone takes it as it is."""
        query = self._request.query
        if self._request.mode == HYBRID and (meant := self._reader.meant(query)):
            query = " ".join([query, *meant])
            self._read(query)
        return query

    def _rings(self, instant: Instant, query: Query) -> Iterator[Candidates]:
        """Yield the pool, and then what larger ones hold, until there is no more."""
        size = POOL
        while True:
            found = self._gather(instant, query, size)
            yield found
            if found.text.exhausted and found.vector.exhausted:
                return
            size *= GROWTH

    def _hits_of(self, instant: Instant, found: Candidates, order: Order, vector: Any) -> list[Hit]:
        """Return the next hits, of the rows that are found now."""
        with self._timed("fuse"):
            close, rest = order.next(found)
        with self._timed("fetch"):
            quotes = self._quotes(instant, found, [row.key for row in close])
            similar = self._similarities(instant, found, [row.key for row in close if row.parts.vector is None], vector)
        with self._timed("lift"):
            rows = order.put(order.lifted(close, quotes, similar), rest)
            rows = rows[: self._request.limit - len(self._told.hits)]
        with self._timed("fetch"):
            quotes |= self._quotes(instant, found, [row.key for row in rows if row.key not in quotes])
        return self._hits(found, rows, quotes)

    def _contents_below(self) -> frozenset[str] | ContentSet | None:
        """Return the contents below `under`, None for all."""
        request = self._request
        if request.under == paths.ROOT:
            return None
        self._told.filter = "prefilter"
        with self._backend.engine.read() as conn:
            tree = CommittedTree(within(conn), request.branch, request.seq)
            top = walking.need(tree, request.under)
            if not top.is_dir:
                return frozenset([top.content_id] if top.content_id else [])
            return self._reader.below.contents(conn, request.branch, request.seq, top.node_id)

    def _contents_meeting(self) -> frozenset[str] | ContentSet | None:
        """Return the contents whose properties meet the condition; None for all, and when that cannot be told."""
        request = self._request
        if request.condition is None:
            return None
        self._told.filter = "prefilter"
        with self._backend.engine.read() as conn:
            return self._reader.meeting.contents(conn, request.branch, request.seq, request.condition)

    def _gather(self, instant: Instant, query: Query, wanted: int) -> Candidates:
        """Ask for more candidates until so many of each list are visible, or there are no more."""
        gatherer, searched = self._gatherer(instant, query), (self._request.branch.id, instant.is_past)
        learnt = query.only is None and self._request.condition is None
        known = self._reader.shares.of(searched) if learnt else Shares()
        sizes, found, rounds = Sizes.at_first(wanted, known), Candidates(), 0
        while True:
            rounds += 1
            found = self._round(gatherer, sizes, found)
            shown = found.among(self._visibility.shown)
            shares = found.shares(shown)
            if learnt:
                self._reader.shares.note(searched, shares)
            if shown.has(wanted):
                self._tell(found)
                return shown.first(wanted)
            sizes = sizes.further(wanted, shares)
            if query.only is None and rounds >= UNTOLD_ROUNDS and shown.starve(wanted):
                # Most of what matches stands nowhere: it was removed lately, or came after the commit that is searched.
                query = replace(query, only=self._contents_of_commit())
                gatherer, sizes = self._gatherer(instant, query), Sizes.at_first(wanted, Shares())
            sizes = shown.lacking(wanted, sizes)

    def _gatherer(self, instant: Instant, query: Query) -> Gatherer:
        return Gatherer(self._backend, self._reader, instant, query)

    def _round(self, gatherer: Gatherer, sizes: Sizes, before: Candidates) -> Candidates:
        """Return the candidates of one more round, having found out which of them stand."""
        self._told.rounds += 1
        with self._timed("candidates"):
            found = gatherer.gather(sizes, before)
        with self._timed("visibility"), self._backend.engine.read() as conn:
            self._visibility.look(conn, found.contents())
        return found

    def _contents_of_commit(self) -> frozenset[str] | ContentSet:
        """Return all contents that stand in the tree."""
        self._told.filter = "prefilter"
        with self._timed("filter"), self._backend.engine.read() as conn:
            return self._reader.below.contents(conn, self._request.branch, self._request.seq, ROOT_NODE)

    def _tell(self, found: Candidates) -> None:
        self._told.candidates = {"text": len(found.text.scores), "vector": len(found.vector.scores)}
        reasons = list(self._visibility.hidden.values())
        self._told.hidden = {reason: reasons.count(reason) for reason in sorted(set(reasons))}

    def _quotes(self, instant: Instant, found: Candidates, keys: list[RowKey]) -> dict[RowKey, Quote]:
        """Return the passages of `keys`, with the first path and the title of their documents."""
        with self._backend.engine.read() as conn:
            ids = list({key.content_id for key in keys})
            titles = contents.titles(conn, ids)
            self._visibility.read_paths(conn, ids)
        quotes = {}
        for key, passage in self._passages(instant, found, keys).items():
            path = self._visibility.paths[key.content_id][0]
            title = titles.get(key.content_id) or paths.split(path)[1]
            quotes[key] = Quote(passage, key.content_id, path, title, key.ordinal)
        return quotes

    def _similarities(
        self, instant: Instant, found: Candidates, keys: list[RowKey], vector: Any
    ) -> dict[RowKey, float]:
        """Return how similar to the query rows are that the vectors did not find."""
        similar = {key: instant.vector[key] for key in keys if key in instant.vector}
        for table in (self._backend.tables.live, self._backend.tables.history):
            here = [found.where[key][1] for key in keys if key in found.where and found.where[key][0] == table.name]
            similar |= self._reader.lookup_of(table).similarities(instant.versions[table.name], here, vector)
        return similar

    def _passages(self, instant: Instant, found: Candidates, keys: list[RowKey]) -> dict[RowKey, Passage]:
        """Return the passages of `keys`, from the tail or from the table each was found in."""
        passages = {
            key: Passage(row.heading, row.text, row.terms, row.start, row.end, row.page)
            for key in keys
            if (row := instant.rows.get(key)) is not None and key not in found.where
        }
        for table in (self._backend.tables.live, self._backend.tables.history):
            here = [key for key in keys if key in found.where and found.where[key][0] == table.name]
            if not here:
                continue
            candidates = [found.where[key][1] for key in here]
            fetched = self._reader.lookup_of(table).fetch(instant.versions[table.name], candidates, PASSAGE_COLUMNS)
            columns = [fetched[name].to_pylist() for name in PASSAGE_COLUMNS]
            passages |= {key: Passage(*row) for key, row in zip(here, zip(*columns, strict=True), strict=True)}
        return passages

    def _hits(self, found: Candidates, best: list[Scored], quotes: dict[RowKey, Quote]) -> list[Hit]:
        ranks = found.ranks()
        return [self._hit(row, quotes[row.key], breakdown(row, ranks, self._place(found, row.key))) for row in best]

    def _hit(self, row: Scored, quote: Quote, why: ScoreBreakdown) -> Hit:
        passage, others = quote.passage, self._visibility.paths[quote.content_id][1:]
        return Hit(
            path=quote.path,
            title=quote.title,
            heading=passage.heading,
            text=passage.text,
            start=passage.start,
            end=passage.end,
            page=passage.page,
            score=round(row.score, 6),
            commit=self._request.seq,
            content_id=quote.content_id,
            also=tuple(others[:MOST_OTHERS]),
            terms=self._marked,
            why=why,
        )

    def _place(self, found: Candidates, key: RowKey) -> str:
        names = {self._backend.tables.live.name: "table", self._backend.tables.history.name: "history"}
        return names[found.where[key][0]] if key in found.where else "tail"

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        spent = (time.perf_counter() - began) * 1000
        self._told.milliseconds[stage] = round(self._told.milliseconds.get(stage, 0.0) + spent, 3)


def breakdown(row: Scored, ranks: tuple[dict[RowKey, int], dict[RowKey, int]], place: str) -> ScoreBreakdown:
    """Return where the score of a row comes from, given the ranks of all rows by text and by vector."""
    parts, lift, (text_ranks, vector_ranks) = row.parts, row.lift, ranks
    return ScoreBreakdown(
        text_rank=text_ranks.get(row.key),
        text_score=parts.text,
        vector_rank=vector_ranks.get(row.key),
        vector_score=parts.vector,
        from_text=round(parts.from_text, 4),
        from_vector=round(parts.from_vector, 4),
        from_subject=round(lift.subject, 4),
        from_phrase=round(lift.phrase, 4),
        from_coverage=round(lift.coverage, 4),
        from_opening=round(lift.opening, 4),
        from_pointers=round(lift.pointers, 4),
        from_links=round(lift.links, 4),
        from_depth=round(row.depth, 4),
        place=place,
    )


def _common(
    one: frozenset[str] | ContentSet | None, other: frozenset[str] | ContentSet | None
) -> frozenset[str] | ContentSet | None:
    """Return the contents that are in both sets, of which None is the one of all."""
    if one is None or other is None:
        return one if other is None else other
    if isinstance(one, ContentSet):
        return one.common(other) if isinstance(other, ContentSet) else frozenset(one.among(other))
    return one & other if isinstance(other, frozenset) else frozenset(other.among(one))
