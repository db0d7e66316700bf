"""What one process keeps between searches of rows: those of the log, analysed in memory, by branch and type."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.graph import bases
from holdfast.catalog.graph.bases import Base
from holdfast.graph.searching.bases import SearchedBase
from holdfast.graph.searching.tails import AnalysedRow, RowTail
from holdfast.host.threads import Task
from holdfast.index.bm25 import CorpusStats
from holdfast.index.embedding.chosen import ChosenEmbedder
from holdfast.index.lance.lookup import Lookup, RowKey
from holdfast.rows.bases.reading import open_base
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.searched.columns import SearchColumns
from holdfast.rows.searched.vectors import embedded
from holdfast.search.reader import EmbedderMoved, SearchReader

T = TypeVar("T")

#: rows of a base; up to here the rows that hold a term are counted, so that a fold changes no score
COUNTED_UP_TO = 2_000_000
#: types of branches whose rows are kept analysed, of the latest searches
_REMEMBERED = 64

#: a branch, a type as its schema says it, an embedder, and the base that the log is over
_TailOf = tuple[int, TypeSchema, str, tuple[str, int] | None]


@dataclass(frozen=True, kw_only=True)
class SearchedType:
    """A type that is searched, at one commit of a branch."""

    branch: Branch
    seq: int
    kind: TypeSchema
    #: what makes the vectors
    chosen: ChosenEmbedder
    #: whether a row may be found
    wanted: Callable[[AnalysedRow], bool]


@dataclass(frozen=True, kw_only=True)
class RowInstant:
    """What the rows in memory of one type have for a query."""

    kind: TypeSchema
    #: the base that is searched too, and the keys of its rows of which the log says something newer
    base: SearchedBase | None
    overtaken: frozenset[str]
    #: rows that are scored one by one
    log_rows: int
    #: rows by key, those that match or are compared
    rows: dict[RowKey, AnalysedRow]
    #: BM25 scores, under the statistics of all that is searched together
    text: dict[RowKey, float]
    #: cosine similarities
    vector: dict[RowKey, float]


class RowReader:
    """The half of a store that searches rows. Threads may share it."""

    def __init__(self, backend: Backend, documents: SearchReader) -> None:
        self._backend = backend
        self._documents = documents
        self._lock = threading.Lock()
        self._tails: OrderedDict[_TailOf, RowTail] = OrderedDict()
        #: by name of table
        self._lookups: dict[str, Lookup] = {}

    def beside(self, work: Callable[[], T]) -> Task[T]:
        """Begin `work` in a second thread; raises Unsupported when the store was closed meanwhile."""
        return self._documents.beside(work)

    def instants(
        self, types: Sequence[SearchedType], terms: Sequence[str], vector: Any | None
    ) -> tuple[list[RowInstant], CorpusStats]:
        """Return what each type has for a query, and the statistics of all of them together.

        Raises EmbedderMoved when the store's embedder is no longer that of the types, which the vector is of, and
        ProviderFailed when one behind an endpoint does not answer; without a vector none is asked.
        """
        # The lock keeps the rows in memory from moving on before this query has been scored against them.
        with self._lock:
            tails = [self._tail(each) for each in types]
            if vector is not None:
                for tail in tails:
                    tail.embed_rows()
            stats = sum((tail.stats(terms) for tail in tails), CorpusStats(0, 0))
            return [_scored(each, tail, terms, vector, stats) for each, tail in zip(types, tails, strict=True)], stats

    def _tail(self, asked: SearchedType) -> RowTail:
        with self._backend.engine.read() as conn:
            self._backend.follow(conn)
            if self._backend.embedder != asked.chosen.name:
                raise EmbedderMoved
            table = SearchColumns(asked.kind, asked.chosen).table_name
            base = bases.at(conn, asked.branch, asked.kind.id, asked.seq, table)
            named = (base.table, base.version) if base else None
            key = asked.branch.id, asked.kind, asked.chosen.name, named
            tail = self._tails.get(key)
            if tail is not None and tail.seq <= asked.seq:
                tail.advance(conn, asked.branch, asked.seq)
                self._tails.move_to_end(key)
                return tail
        found = self._made(asked, base)
        if tail is None:
            # A search in the past does not cost those of the present their rows.
            self._tails[key] = found
            while len(self._tails) > _REMEMBERED:
                self._tails.popitem(last=False)
        return found

    def _made(self, asked: SearchedType, base: Base | None) -> RowTail:
        searched = self._searched(asked, base) if base is not None else None
        tail = RowTail(asked.kind, partial(_embedded, asked.chosen), base.covers if base else 0, base=searched)
        if base is not None and searched is None:
            # Its columns are not those of today: until the next fold its rows are scored one by one.
            tail.put(open_base(self._backend, asked.branch, base).every())
        with self._backend.engine.read() as conn:
            tail.advance(conn, asked.branch, asked.seq)
        return tail

    def _searched(self, asked: SearchedType, base: Base) -> SearchedBase | None:
        """Return how a base is searched; None for one that was made before what is searched today was declared."""
        columns = SearchColumns(asked.kind, asked.chosen)
        if base.table != columns.table_name:
            return None
        reader = open_base(self._backend, asked.branch, base)
        lookup = self._lookups.setdefault(
            base.table, Lookup(self._backend.tables.graph(base.table).table, counted=COUNTED_UP_TO)
        )
        return SearchedBase(base, reader, lookup, columns)


def _embedded(chosen: ChosenEmbedder, texts: Iterable[str]) -> dict[str, bytes]:
    return embedded(chosen.load(), texts)


def _scored(
    asked: SearchedType, tail: RowTail, terms: Sequence[str], vector: Any | None, stats: CorpusStats
) -> RowInstant:
    met: dict[str, bool] = {}

    def wanted(each: AnalysedRow) -> bool:
        # Both lists ask it of the same rows.
        if each.row.key not in met:
            met[each.row.key] = asked.wanted(each)
        return met[each.row.key]

    text = tail.rows.text_scores(terms, stats, wanted)
    near = {} if vector is None or not len(tail.rows) else tail.rows.vector_scores(vector, wanted)
    keys = {key: RowKey(str(key), asked.kind.id) for key in {*text, *near}}
    return RowInstant(
        kind=asked.kind,
        base=tail.base,
        overtaken=frozenset(tail.overtaken.keys),
        log_rows=len(tail.rows),
        rows={row_key: tail.rows[key] for key, row_key in keys.items()},
        text={keys[key]: score for key, score in text.items()},
        vector={keys[key]: score for key, score in near.items()},
    )
