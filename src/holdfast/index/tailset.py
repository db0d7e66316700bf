"""Search rows that are not in Lance yet, kept analysed in memory.

The tail is bounded (docs/architecture.md), so all of it is scored for every query; what takes time, the analysis of the
text, is done once when a row comes in. Scores are those that Lance would give.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from holdfast.host.importing import importing
from holdfast.index import bm25
from holdfast.index.bm25 import CorpusStats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ScoredRow(Protocol):
    """What of a search row is searched."""

    @property
    def terms(self) -> str:
        """Return what `analysis.terms_for` gave."""
        ...

    @property
    def vector(self) -> bytes:
        """Return the vector as little-endian float32: of length 1, or zeros."""
        ...


Row = TypeVar("Row", bound=ScoredRow)


@dataclass(frozen=True)
class _Analysed(Generic[Row]):
    row: Row
    counts: Mapping[str, int]
    length: int


def _everything(_: ScoredRow) -> bool:
    return True


class TailSet(Generic[Row]):
    """Tail rows by their id in the catalog. Threads may share it; a query sees a whole number of changes."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._rows: dict[Hashable, _Analysed[Row]] = {}
        self._holders: dict[str, set[Hashable]] = {}
        self._terms = 0
        self._matrix: tuple[list[Hashable], Any] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row_id: Hashable) -> bool:
        return row_id in self._rows

    def __getitem__(self, row_id: Hashable) -> Row:
        """Return the row of that id; raises KeyError if it is not here."""
        return self._rows[row_id].row

    def ids(self) -> set[Hashable]:
        """Return the ids of all rows."""
        with self._changing:
            return set(self._rows)

    def add(self, rows: Mapping[Any, Row]) -> None:
        """Take in rows by id; one whose id is here already replaces the other."""
        analysed = {row_id: _analyse(row) for row_id, row in rows.items()}
        with self._changing:
            for row_id, row in analysed.items():
                self._forget(row_id)
                self._rows[row_id] = row
                self._terms += row.length
                for term in row.counts:
                    self._holders.setdefault(term, set()).add(row_id)
            self._matrix = None

    def remove(self, row_ids: Iterable[Any]) -> None:
        """Let go of rows; ids that are not here are ignored."""
        with self._changing:
            for row_id in row_ids:
                self._forget(row_id)
            self._matrix = None

    def terms(self) -> set[str]:
        """Return every term that a row holds."""
        with self._changing:
            return set(self._holders)

    def stats(self, query: Collection[str]) -> CorpusStats:
        """Return the statistics of the tail alone, to be added to those of the table."""
        with self._changing:
            rows = sum(1 for row in self._rows.values() if row.length)
            return CorpusStats(rows, self._terms, {term: len(self._holders.get(term, ())) for term in query})

    def text_scores(
        self, query: Sequence[str], stats: CorpusStats, wanted: Callable[[Row], bool] = _everything
    ) -> dict[Hashable, float]:
        """Return the BM25 score, by row id, of the wanted rows that hold any of the query's terms (`query_tokens`).

        `stats` are those of the table and the tail together.
        """
        with self._changing:
            found = set().union(*(self._holders.get(term, ()) for term in query))
            rows = {row_id: self._rows[row_id] for row_id in found}
        return {
            row_id: bm25.score(query, row.counts, row.length, stats) for row_id, row in rows.items() if wanted(row.row)
        }

    def vector_scores(
        self, query: "NDArray[np.float32]", wanted: Callable[[Row], bool] = _everything
    ) -> dict[Hashable, float]:
        """Return the cosine similarity to `query`, by row id, of the wanted rows whose vector is not zero."""
        with self._changing:
            ids, matrix = self._vectors()
            rows = [self._rows[row_id].row for row_id in ids]
        similarities = (matrix @ query).tolist() if ids else []
        return {
            row_id: similarity for row_id, row, similarity in zip(ids, rows, similarities, strict=True) if wanted(row)
        }

    def _vectors(self) -> tuple[list[Hashable], Any]:
        """Return the ids of rows with a direction, and their vectors in the same order."""
        with importing():
            import numpy as np

        if self._matrix is None:
            vectors = {row_id: np.frombuffer(item.row.vector, dtype="<f4") for row_id, item in self._rows.items()}
            pointing = {row_id: vector for row_id, vector in vectors.items() if vector.any()}
            # In double precision, since in single the same product may differ from one call to the next.
            matrix = np.stack(list(pointing.values())).astype(np.float64) if pointing else np.zeros((0, 0))
            self._matrix = list(pointing), matrix
        return self._matrix

    def _forget(self, row_id: Hashable) -> None:
        row = self._rows.pop(row_id, None)
        if row is None:
            return
        self._terms -= row.length
        for term in row.counts:
            holders = self._holders[term]
            holders.discard(row_id)
            if not holders:
                del self._holders[term]


def _analyse(row: Row) -> _Analysed[Row]:
    terms = row.terms.split()
    return _Analysed(row, Counter(terms), len(terms))
