"""Candidates among some rows of a table only: as exact as if the table held no others (and the statistics stayed).

Where Lance can be told the rows in a short predicate it ranks these alone. Rows that lie scattered among too many
others are told to it roughly; of what it finds the rows wanted are kept, and more is asked for until they are enough.
Only addresses and scores are read for that, so asking for all that match stays cheap.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.host.importing import importing
from holdfast.index.lance.errors import reading
from holdfast.index.lance.lookup import REFINE, Lookup, SearchCandidate, top
from holdfast.index.lance.row_set import ADDRESS, RowSet
from holdfast.index.lance.segments import unindexed_rows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

#: rows whose vectors are read and compared one by one; of more, the index is asked
COMPARED_EXACTLY = 1_000
#: how many times more each further round asks for
GROWTH = 8
#: partitions of a vector index that are searched, as a multiple of those for all rows: some rows lie mostly in others
MORE_PROBES = 4


@dataclass(frozen=True)
class Among:
    """Questions about some rows of a table at one version."""

    lookup: Lookup
    version: int
    rows: RowSet

    def text_candidates(self, query: Sequence[str], limit: int) -> list[SearchCandidate]:
        """Return the `limit` rows that match the terms best, best first, ties by key."""
        if not query or limit < 1 or not len(self.rows):
            return []
        with importing():
            from lance.query import MatchQuery

        match = MatchQuery(" ".join(query), self.lookup.table.shape.text)

        def ask(size: int) -> "pa.Table":
            return self._scan("_score", full_text_query=match, limit=size)

        if not unindexed_rows(self.lookup.table, self.version, self.lookup.table.shape.text):
            return self.lookup.named(self.version, *self._best(ask, "_score", limit))
        # Lance scores rows without an index by the statistics of those that pass the filter: with a few to spare, they
        # are scored anew by those of the table.
        found = self.lookup.named(self.version, *self._best(ask, "_score", REFINE * limit))
        stats = self.lookup.corpus(self.version, query)
        return self.lookup.rescore(self.version, found, query, stats)[:limit]

    def vector_candidates(self, query: "NDArray[np.float32]", limit: int) -> list[SearchCandidate]:
        """Return the `limit` rows of greatest cosine similarity, best first, ties by key; none for a zero query."""
        if limit < 1 or not query.any() or not len(self.rows):
            return []
        addresses = self.rows.addresses
        if len(addresses) > COMPARED_EXACTLY:
            addresses = self._near(query, REFINE * limit)
        return self.lookup.most_similar(self.version, addresses, query, limit)

    def _near(self, query: "NDArray[np.float32]", limit: int) -> "NDArray[np.uint64]":
        """Return the addresses of about the nearest rows, by the index's rounded vectors."""
        table = self.lookup.table
        nearest = {"column": table.shape.vector, "q": query, "metric": "cosine"}

        def ask(size: int, probes: int) -> "pa.Table":
            return self._scan("_distance", nearest={**nearest, "k": size, "nprobes": probes})

        addresses, distances = self._mine(ask(limit, MORE_PROBES * self.lookup.probes(self.version)), "_distance")
        if len(addresses) < limit:
            # What a few partitions do not hold may lie in any other.
            every = max(1, table.count(self.version))
            return self._best(lambda size: ask(size, every), "_distance", limit)[0]
        return top(addresses, -distances, limit)[0]

    def _best(
        self, ask: Callable[[int], "pa.Table"], column: str, limit: int
    ) -> "tuple[NDArray[np.uint64], NDArray[np.float32]]":
        """Ask for more until there are `limit` of the rows, or no more; returns their addresses and scores."""
        size = limit
        while True:
            found = ask(size)
            addresses, scores = self._mine(found, column)
            if len(addresses) >= limit or found.num_rows < size:
                return top(addresses, -scores if column == "_distance" else scores, limit)
            size *= GROWTH

    def _mine(self, found: "pa.Table", column: str) -> "tuple[NDArray[np.uint64], NDArray[np.float32]]":
        """Return the addresses and scores of those that are among the rows."""
        addresses = found[ADDRESS].to_numpy()
        mine = self.rows.holds(addresses)
        return addresses[mine], found[column].to_numpy()[mine]

    def _scan(self, column: str, **options: Any) -> "pa.Table":
        with reading(self.lookup.table.name, self.version):
            return (
                self.lookup.table.open(self.version)
                .scanner(columns=[column], with_row_id=True, filter=self.rows.predicate, prefilter=True, **options)
                .to_table()
            )
