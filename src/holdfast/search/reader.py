"""What one process keeps between searches: the tail analysed in memory, and the tables' look-ups.

A search needs the tail, the pins and the head of one instant, read in one SQL transaction: read one after the other, a
fold in between would make rows that moved from the one to the other be missed, or be seen twice.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

from holdfast.backend import Backend
from holdfast.catalog import commits, pins, search_rows
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.search_rows import TailRow
from holdfast.errors import CorruptStore
from holdfast.host.threads import Helpers, Task
from holdfast.index.lance.lookup import Lookup, RowKey
from holdfast.index.tables import SearchTable, SearchTables
from holdfast.index.tailset import TailSet
from holdfast.index.text.analysis import language_in, language_term, query_tokens
from holdfast.index.text.languages import DEFAULT, LANGUAGES
from holdfast.search.answers.recent import RecentPassages
from holdfast.search.directory_contents import Below
from holdfast.search.meeting_contents import Meeting
from holdfast.search.sizes import KnownShares
from holdfast.search.spelling import doubtful, nearest, slips_in
from holdfast.search.wording import Variants, as_words

if TYPE_CHECKING:
    from holdfast.index.bm25 import CorpusStats
    from holdfast.index.embedding.embedder import Embedder

T = TypeVar("T")


@runtime_checkable
class KnowsWords(Protocol):
    """An embedder that can say whether it has a word whole."""

    def knows(self, word: str) -> bool:
        """Return whether a word in lower case means something to the model by itself."""
        ...


class EmbedderMoved(Exception):
    """Raised when the store turned to another embedder since a query was embedded; it is embedded and run again."""


@dataclass(frozen=True, kw_only=True)
class Instant:
    """The tail's answer to one query, and the versions of the tables that belong to it."""

    #: the tables of the embedder that the query's vector is of
    tables: SearchTables
    #: pinned versions by table name
    versions: dict[str, int]
    #: rows of the tail by key
    rows: dict[RowKey, TailRow]
    #: BM25 scores of the tail's rows that match, under the statistics of table and tail together
    text: dict[RowKey, float]
    #: cosine similarities of the tail's rows
    vector: dict[RowKey, float]
    #: those statistics; all zero where nobody needs them
    stats: "CorpusStats"
    #: whether matches come from several places, so that the live table's own scores do not stand
    is_mixed: bool
    #: whether rows put away in history are wanted too: the head had moved on from the commit that is searched, or its
    #: branch was made at one that shows what no head showed any more
    is_past: bool


class SearchReader:
    """The searching half of a store. Threads may share it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        #: of the embedder whose rows were searched last
        self._tail: TailSet[TailRow] = TailSet()
        self._newest = 0
        self._tail_of = backend.embedder
        self._lookups: dict[str, Lookup] = {}
        self.below: Below = Below()
        self.meeting: Meeting = Meeting()
        self.shares: KnownShares = KnownShares()
        self.recent: RecentPassages = RecentPassages()
        # They run the vector query beside the full-text one: Lance works outside Python's lock.
        self._helpers = Helpers(2, "holdfast-search")

    @property
    def embedder(self) -> "Embedder":
        return self._backend.chosen.load()

    def beside(self, work: Callable[[], T]) -> Task[T]:
        """Begin `work` in a second thread; raises Unsupported when the store was closed meanwhile."""
        return self._helpers.begin(work)

    def close(self) -> None:
        """End the helper threads, once they have done what searches under way wait for."""
        self._helpers.close(wait=False)

    def instant(
        self, tables: SearchTables, words: Sequence[Variants], vector: Any | None, branch: Branch, *, at: int
    ) -> Instant:
        """Return what the tail has for a query at the commit `at` of a branch, and the pins that belong to it.

        Raises EmbedderMoved when the store's embedder is no longer that of `tables`, which the vector is of.
        """
        # The lock keeps the tail in memory from moving on before this query has been scored against it.
        with self._lock:
            with self._backend.engine.read() as conn:
                # What searches look at is read in the transaction that says where its rows are.
                self._backend.follow(conn)
                if self._backend.embedder != tables.embedder:
                    raise EmbedderMoved
                versions = self._pinned(conn, tables)
                self._catch_up(conn)
                # What was the head when the search began may be the past by now, and its rows retired.
                is_past = branch.of_past or not commits.is_head(conn, branch, at)
            return self._score_tail(tables, versions, words, vector, is_past)

    def languages(self) -> tuple[str, ...]:
        """Return the languages of what is stored beside English, the commonest first."""
        with self._lock, self._backend.engine.read() as conn:
            self._backend.follow(conn)
            tables = self._backend.tables.current
            versions = self._pinned(conn, tables)
            self._catch_up(conn)
        terms = [language_term(language) for language in LANGUAGES]
        held = Counter(self._tail.stats(terms).frequencies)
        for table in tables.both:
            held += Counter(self.lookup_of(table).frequencies_of_few(versions[table.name], tuple(terms)))
        return tuple(language_in(term) for term, _ in sorted(held.items(), key=lambda item: (-item[1], item[0])))

    def meant(self, query: str, languages: Sequence[str]) -> list[str]:
        """Return terms that words of a query which nobody knows were likely meant for."""
        words = doubtful(query, self.embedder.knows if isinstance(self.embedder, KnowsWords) else lambda _: False)
        if not words:
            return []
        with self._lock, self._backend.engine.read() as conn:
            self._backend.follow(conn)
            tables = self._backend.tables.current
            version = self._pinned(conn, tables)[tables.live.name]
            self._catch_up(conn)
            live = self.lookup_of(tables.live)

        def frequency(term: str) -> int:
            return self._tail.stats([term]).frequencies[term] + live.document_frequency(version, term)

        spelt = {word: {term for each in (DEFAULT, *languages) for term in query_tokens(word, each)} for word in words}
        unknown = [word for word in words if not any(map(frequency, spelt[word]))]
        found: list[str] = []
        for word in unknown:
            near = set().union(*(live.near_terms(version, term, slips_in(word)) for term in spelt[word]))
            found += nearest(word, near | self._tail.terms(), frequency)
        return list(dict.fromkeys(found))

    def lookup_of(self, table: SearchTable) -> Lookup:
        """Return what a table is asked through."""
        if table.name not in self._lookups:
            self._lookups.setdefault(table.name, Lookup(table.table))
        return self._lookups[table.name]

    def _pinned(self, conn: Connection, tables: SearchTables) -> dict[str, int]:
        names = tables.names
        found = pins.current(conn, names)
        if missing := set(names) - found.keys():
            raise CorruptStore(f"No version of {sorted(missing)[0]} is pinned", path=sorted(missing)[0])
        return {name: pin.version for name, pin in found.items()}

    def _catch_up(self, conn: Connection) -> None:
        """Bring the tail in memory to the state that `conn` sees."""
        if self._tail_of != self._backend.embedder:
            self._tail, self._newest, self._tail_of = TailSet(), 0, self._backend.embedder
            self.shares = KnownShares()
        _, last, count = search_rows.tail_bounds(conn, self._backend.embedder)
        if last > self._newest:
            fresh = search_rows.tail_since(conn, self._backend.embedder, self._newest)
            self._tail.add({row.row_id: row for row in fresh})
            self._newest = last
        if len(self._tail) != count:
            # A fold takes rows from the front; garbage collection may take some from the middle.
            there = set(search_rows.tail_ids(conn, self._backend.embedder)) if count else set()
            self._tail.remove(self._tail.ids() - there)

    def _score_tail(
        self,
        tables: SearchTables,
        versions: dict[str, int],
        words: Sequence[Variants],
        vector: Any | None,
        is_past: bool,
    ) -> Instant:
        terms = list(dict.fromkeys(term for variants in words for term in variants))
        are_variants = any(len(variants) > 1 for variants in words)
        is_fused = vector is not None or are_variants
        corpora = [self._corpus(table, versions) for table in (tables.live, *((tables.history,) if is_past else ()))]
        stats, is_mixed = self._common_stats(corpora, terms, is_past, is_fused=is_fused)
        if are_variants:
            # Lance knows terms, and not that they are one word.
            stats, is_mixed = as_words(stats, words), True
        text: dict[Any, float] = self._tail.text_scores(terms, stats) if is_mixed else {}
        near: dict[Any, float] = {} if vector is None or not len(self._tail) else self._tail.vector_scores(vector)
        rows = {row_id: self._tail[row_id] for row_id in {*text, *near}}
        keys = {row_id: RowKey(row.content_id, row.ordinal) for row_id, row in rows.items()}
        return Instant(
            tables=tables,
            versions=versions,
            rows={keys[row_id]: row for row_id, row in rows.items()},
            text={keys[row_id]: score for row_id, score in text.items()},
            vector={keys[row_id]: score for row_id, score in near.items()},
            stats=stats,
            is_mixed=is_mixed,
            is_past=is_past,
        )

    def _corpus(self, table: SearchTable, versions: dict[str, int]) -> "Callable[[Sequence[str]], CorpusStats]":
        return partial(self.lookup_of(table).corpus, versions[table.name])

    def _common_stats(
        self,
        corpora: "list[Callable[[Sequence[str]], CorpusStats]]",
        terms: Sequence[str],
        is_past: bool,
        *,
        is_fused: bool,
    ) -> "tuple[CorpusStats, bool]":
        """Return the statistics of all places together, and whether matches come from others than the live table."""
        tail = self._tail.stats(terms)
        is_mixed = bool(terms) and (is_past or any(tail.frequencies.values()))
        if not terms or not (is_mixed or is_fused):
            return tail, False
        common = tail
        for corpus in corpora:
            common = common + corpus(terms)
        return common, is_mixed
