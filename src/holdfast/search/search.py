"""Searching a store at one commit: gather, keep what is visible, fuse, look closely, group, quote."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import pins
from holdfast.catalog.engine import within
from holdfast.catalog.values import ROOT_NODE
from holdfast.errors import CorruptStore
from holdfast.index.embedding.meaning import meaning_of
from holdfast.index.lance.content_set import ContentSet
from holdfast.index.lance.lookup import RowKey
from holdfast.search.answers.answering import Answering, beginning
from holdfast.search.answers.breakdown import words_of
from holdfast.search.answers.generated import generated
from holdfast.search.answers.grouping import Documents, HitGroup, by_passage
from holdfast.search.answers.passages import Passages
from holdfast.search.hits import Explanation
from holdfast.search.order import LIFTED, POOL, Asked, Order, Scored
from holdfast.search.reader import EmbedderMoved, Instant, SearchReader
from holdfast.search.request import HYBRID, TEXT, VECTOR, SearchRequest
from holdfast.search.rerank import Quote
from holdfast.search.retrieve import Candidates, Gatherer, Query
from holdfast.search.sizes import GROWTH, Shares, Sizes
from holdfast.search.visible import Visibility
from holdfast.search.wording import wording
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.snapshot import check_readable

#: rounds among all rows that may find too few visible ones, before the tables are told what is visible
UNTOLD_ROUNDS = 2
#: times that a search begins anew because the version it read was replaced, and removed
MOST_OVERTAKEN = 20


def search(backend: Backend, reader: SearchReader, request: SearchRequest) -> Explanation:
    """Return the hits, best first, and how they were found.

    Raises NotFound when `under` is not there, Unsupported for a mode or limit that cannot be. A search that garbage
    collection overtook, by removing a version of the table that it had opened, is run once more on the newer one.
    """
    request.check()
    for _ in range(MOST_OVERTAKEN):
        tables = backend.tables.current
        with backend.engine.read() as conn:
            pinned = pins.fingerprint(conn)
        try:
            return _Search(backend, reader, request).run()
        except EmbedderMoved:
            continue
        except CorruptStore:
            with backend.engine.read() as conn:
                backend.follow(conn)
                if pins.fingerprint(conn) == pinned and backend.tables.current is tables:
                    raise
    return _Search(backend, reader, request).run()


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
        with self._timed("languages"):
            self._languages = reader.languages()
        self._read(request.query)

    def _read(self, query: str) -> None:
        """Take what a query says."""
        self._query = query
        self._wording = wording(query, self._languages)
        # A passage that only the vectors found is marked too where it has words of the query.
        self._marked = tuple(self._wording.looked_for)
        self._told.terms = [] if self._request.mode == VECTOR else list(self._marked)

    def run(self) -> Explanation:
        told, request = self._told, self._request
        with self._timed("spelling"):
            query = self._as_meant()
        # Together with the embedder: the vector is compared with those of its own rows alone.
        tables = self._backend.tables.current
        with self._timed("embed"):
            asked = query if request.query.strip() and request.mode != TEXT else ""
            self._meaning = meaning_of(self._backend.chosen.load, asked, alone=request.mode == VECTOR)
        with self._timed("filter"):
            only = _common(self._contents_below(), self._contents_meeting())
        words = [] if request.mode == VECTOR else self._wording.words
        with self._timed("tail"):
            instant = self._reader.instant(tables, words, self._meaning.vector, request.branch, at=request.seq)
        told.tail_rows = len(instant.rows)
        self._answer(instant, Query(told.terms, self._meaning.vector, only, instant.is_past))
        with self._backend.engine.read() as conn:
            # Nothing of what was looked at may have been taken meanwhile: it would only look as if it was not there.
            check_readable(conn, request.branch, request.seq)
        return told

    def _answer(self, instant: Instant, query: Query) -> None:
        """Put the page of hits that is asked for into what is told."""
        told, request = self._told, self._request
        passages = Passages(self._backend, self._reader, instant, self._visibility)
        order = Order(Asked(self._wording, instant.stats, self._meaning.nearness))
        documents, quotes = Documents(self._marked), dict[RowKey, Quote]()
        groups: list[HitGroup] = []
        begin = beginning(request.left, groups)
        for found in self._rings(instant, query):
            rows = self._in_order(found, order, passages, quotes)
            with self._timed("group"):
                fresh = documents.of(rows, found, quotes) if request.by == "document" else by_passage(rows, found)
                groups += fresh
                begin = beginning(request.left, groups)
            if begin is not None and len(groups) > begin + request.limit:
                break
            if rows and not fresh and len(found) > POOL:
                # Many passages more, and no document that was not there: what is left has little to do with the query.
                break
        told.before = len(groups) if begin is None else begin
        words = words_of(self._query, self._marked)
        answering = Answering(request, self._marked, passages, self._visibility, quotes, words)
        with self._timed("quote"):
            told.hits = answering.hits(groups, told.before)
        if len(groups) > told.before + request.limit:
            told.cursor = told.hits[-1].cursor

    def _as_meant(self) -> str:
        """Return the query, joined by what words of it were likely meant for. One list alone takes it as it is."""
        query = self._request.query
        if self._request.mode == HYBRID and (meant := self._reader.meant(query, self._languages)):
            query = " ".join([query, *meant])
            self._read(query)
        return query

    def _rings(self, instant: Instant, query: Query) -> Iterator[Candidates]:
        """Yield the pool, and then what larger ones hold, until there is no more; at the end what no person wrote."""
        size = POOL
        while True:
            found = self._gather(instant, query, size)
            yield found
            if found.text.exhausted and found.vector.exhausted:
                break
            size *= GROWTH
        # All there is has been gathered. What no person wrote comes last, if the search comes to it.
        if self._visibility.generated:
            yield self._found.among(self._visibility.shown & self._visibility.generated)

    def _in_order(
        self, found: Candidates, order: Order, passages: Passages, quotes: dict[RowKey, Quote]
    ) -> list[Scored]:
        """Return the rows that are found now, in the order of the hits; of the pool, the best are looked at closely."""
        with self._timed("fuse"):
            rest, is_pool = order.fresh(found), not quotes
        close, last = list[Scored](), list[Scored]()
        with self._timed("fetch"):
            # What no person wrote leaves its place to what follows, so that it crowds nothing out.
            while is_pool and rest and len(close) < LIFTED:
                batch, rest = rest[: LIFTED - len(close)], rest[LIFTED - len(close) :]
                quotes |= passages.quotes(found, [row.key for row in batch], with_vectors=found.is_hybrid)
                for row in batch:
                    quote = quotes[row.key]
                    (last if generated(quote.path, quote.passage.text) else close).append(row)
        if found.is_hybrid and close:
            with self._timed("similarity"):
                unknown = [row.key for row in close if row.parts.vector is None]
                similar = passages.similarities(unknown, self._meaning.vector)
            with self._timed("lift"):
                close = order.lifted(close, quotes, similar)
        return order.put(close, rest, last)

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
            standing = found.among(self._visibility.shown)
            shares = found.shares(standing)
            shown = standing.written(wanted, self._visibility.generated)
            if learnt:
                self._reader.shares.note(searched, shares)
            if shown.has(wanted):
                self._found = found
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

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        spent = (time.perf_counter() - began) * 1000
        self._told.milliseconds[stage] = round(self._told.milliseconds.get(stage, 0.0) + spent, 3)


def _common(
    one: frozenset[str] | ContentSet | None, other: frozenset[str] | ContentSet | None
) -> frozenset[str] | ContentSet | None:
    """Return the contents that are in both sets, of which None is the one of all."""
    if one is None or other is None:
        return one if other is None else other
    if isinstance(one, ContentSet):
        return one.common(other) if isinstance(other, ContentSet) else frozenset(one.among(other))
    return one & other if isinstance(other, frozenset) else frozenset(other.among(one))
