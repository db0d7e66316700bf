"""Searching a base: candidates by the indexes of its version, without the rows that the log has overtaken."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from holdfast.catalog.engine import batches
from holdfast.catalog.graph.bases import Base
from holdfast.host.importing import importing
from holdfast.index.bm25 import CorpusStats
from holdfast.index.lance.lookup import Lookup, SearchCandidate
from holdfast.index.lance.table import is_one_of
from holdfast.index.tables import TERMS
from holdfast.rows.bases import shape
from holdfast.rows.bases.reading import KEYS_AT_ONCE, LanceBase
from holdfast.rows.searched.columns import SearchColumns
from holdfast.rows.stored import StoredRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from holdfast.graph.searching.tails import AnalysedRow

#: how many times more each further round asks for
GROWTH = 4
#: rows asked for beyond those wanted, for those that are found and not shown
SPARE = 20


@dataclass
class Overtaken:
    """The rows of a base of which the log says something newer: they are found no more, and count no more."""

    keys: set[str] = field(default_factory=set)
    _rows: int = 0
    _terms: int = 0
    _holders: Counter[str] = field(default_factory=Counter)

    def add(self, keys: Iterable[str], terms: Callable[[list[str]], Iterable[str]]) -> None:
        """Take in keys that the log says something of; `terms` returns what the base has of rows."""
        fresh = [key for key in keys if key not in self.keys]
        for some in batches(fresh, KEYS_AT_ONCE):
            for held in filter(None, terms(some)):
                words = held.split()
                self._rows += 1
                self._terms += len(words)
                self._holders.update(set(words))
        self.keys.update(fresh)

    def stats(self, query: Sequence[str]) -> CorpusStats:
        """Return what has to be taken off the statistics of the base."""
        return CorpusStats(-self._rows, -self._terms, {term: -self._holders[term] for term in query})


@dataclass(frozen=True)
class SearchedBase:
    """The rows of one base, with what is searched of them."""

    base: Base
    reader: LanceBase
    lookup: Lookup
    columns: SearchColumns

    def terms(self, keys: Sequence[str]) -> list[str]:
        """Return the terms of some rows, of those that are there."""
        if not self.columns.texts.by_words:
            return []
        where = is_one_of(shape.KEY, keys)
        found: list[str] = self.lookup.table.rows(self.base.version, [TERMS], where)[TERMS].to_pylist()
        return found

    def stats(self, query: Sequence[str]) -> CorpusStats:
        """Return the statistics of all its rows."""
        if not self.columns.texts.by_words or not query or not self.base.rows:
            return CorpusStats(0, 0, dict.fromkeys(query, 0))
        return self.lookup.corpus(self.base.version, query)

    def by_words(self, query: Sequence[str], stats: CorpusStats, asked: "BaseQuery") -> list[SearchCandidate]:
        """Return the rows that match the terms best, best first, by the statistics of all that is searched."""
        if not self.columns.texts.by_words or not query or not self.base.rows:
            return []
        with importing():
            from lance.query import MatchQuery

        match = MatchQuery(" ".join(query), TERMS)

        def ask(size: int) -> list[SearchCandidate]:
            options = {"full_text_query": match, "limit": size, **asked.options}
            addresses, scores = self.lookup.scan(self.base.version, "_score", **options)
            return self.lookup.named(self.base.version, addresses, scores)

        return self.lookup.rescore(self.base.version, self._shown(ask, asked), query, stats)

    def by_meaning(self, query: "NDArray[np.float32]", asked: "BaseQuery") -> list[SearchCandidate]:
        """Return the rows of greatest cosine similarity, best first."""
        if not self.columns.texts.by_meaning or not query.any() or not self.base.rows:
            return []
        return self._shown(lambda size: self.lookup.nearest(self.base.version, query, size, asked.options), asked)

    def rows(self, candidates: Sequence[SearchCandidate]) -> "list[AnalysedRow]":
        """Return the rows of candidates, in their order."""
        from holdfast.graph.searching.tails import AnalysedRow

        if not candidates:
            return []
        names = [name for name in self.reader.columns if name not in shape.SEARCHED]
        terms = [TERMS] * bool(self.columns.texts.by_words)
        found = self.lookup.fetch(self.base.version, candidates, names + terms)
        held = found[TERMS].to_pylist() if terms else [""] * len(candidates)
        return [AnalysedRow(row, each, b"") for row, each in zip(self.reader.shown(found), held, strict=True)]

    def _shown(self, ask: Callable[[int], list[SearchCandidate]], asked: "BaseQuery") -> list[SearchCandidate]:
        """Ask for more until so many rows may be shown, or there are no more."""
        size = asked.wanted + SPARE
        while True:
            found = ask(size)
            shown = [each for each in found if each.key.content_id not in asked.hidden]
            if asked.meets is not None and shown:
                rows = self.rows(shown)
                shown = [each for each, row in zip(shown, rows, strict=True) if asked.meets(row.row)]
            if len(shown) >= asked.wanted or len(found) < size:
                return shown
            size *= GROWTH


@dataclass(frozen=True, kw_only=True)
class BaseQuery:
    """What is asked of a base beside the query itself."""

    #: rows that are wanted
    wanted: int
    #: keys of rows that are not shown
    hidden: frozenset[str]
    #: what of the filter Lance is told, as SQL; empty when nothing
    predicate: str = ""
    #: tells of each row whether it meets the filter; None where Lance does
    meets: Callable[[StoredRow], bool] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What Lance is told, so that it looks at no other rows."""
        return {"filter": self.predicate, "prefilter": True} if self.predicate else {}
