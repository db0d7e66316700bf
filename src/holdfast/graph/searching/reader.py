"""What one process keeps between searches of rows: those of the log, analysed in memory, by branch and type."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.graph import bases
from holdfast.catalog.graph.bases import Base
from holdfast.graph.searching.tails import AnalysedRow, RowTail
from holdfast.index.bm25 import CorpusStats
from holdfast.index.lance.lookup import RowKey
from holdfast.rows.bases.reading import open_base
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.searched.vectors import embedded
from holdfast.search.reader import SearchReader

if TYPE_CHECKING:
    from holdfast.index.embedding.embedder import Embedder

#: types of branches whose rows are kept analysed, of the latest searches
_REMEMBERED = 64

#: a branch, a type as its schema says it, and the base that its log is over
_TailOf = tuple[int, TypeSchema, tuple[str, int] | None]


@dataclass(frozen=True, kw_only=True)
class SearchedType:
    """A type that is searched, at one commit of a branch."""

    branch: Branch
    seq: int
    kind: TypeSchema
    #: whether a row may be found
    wanted: Callable[[AnalysedRow], bool]


@dataclass(frozen=True, kw_only=True)
class RowInstant:
    """What the rows in memory of one type have for a query."""

    type_id: int
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

    @property
    def embedder(self) -> "Embedder":
        return self._documents.embedder

    def instants(
        self, types: Sequence[SearchedType], terms: Sequence[str], vector: Any | None
    ) -> tuple[list[RowInstant], CorpusStats]:
        """Return what each type has for a query, and the statistics of all of them together."""
        # The lock keeps the rows in memory from moving on before this query has been scored against them.
        with self._lock:
            tails = [self._tail(each) for each in types]
            stats = sum((tail.rows.stats(terms) for tail in tails), CorpusStats(0, 0))
            return [_scored(each, tail, terms, vector, stats) for each, tail in zip(types, tails, strict=True)], stats

    def _tail(self, asked: SearchedType) -> RowTail:
        with self._backend.engine.read() as conn:
            base = bases.at(conn, asked.branch, asked.kind.id, asked.seq)
            key = asked.branch.id, asked.kind, (base.table, base.version) if base else None
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
        tail = RowTail(asked.kind, partial(embedded, self.embedder), base.covers if base else 0)
        if base is not None:
            tail.put(open_base(self._backend, asked.branch, base).every())
        with self._backend.engine.read() as conn:
            tail.advance(conn, asked.branch, asked.seq)
        return tail


def _scored(
    asked: SearchedType, tail: RowTail, terms: Sequence[str], vector: Any | None, stats: CorpusStats
) -> RowInstant:
    text = tail.rows.text_scores(terms, stats, asked.wanted)
    near = {} if vector is None or not len(tail.rows) else tail.rows.vector_scores(vector, asked.wanted)
    keys = {key: RowKey(str(key), asked.kind.id) for key in {*text, *near}}
    return RowInstant(
        type_id=asked.kind.id,
        rows={row_key: tail.rows[key] for key, row_key in keys.items()},
        text={keys[key]: score for key, score in text.items()},
        vector={keys[key]: score for key, score in near.items()},
    )
