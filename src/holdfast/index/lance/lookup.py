"""What the search asks of the table: candidates by full text and by vector, corpus statistics, rows by key."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from holdfast.host.importing import importing
from holdfast.index import bm25
from holdfast.index.bm25 import CorpusStats
from holdfast.index.lance.content_set import ContentSet
from holdfast.index.lance.errors import reading
from holdfast.index.lance.row_addresses import Addresses
from holdfast.index.lance.row_set import ADDRESS, RowSet
from holdfast.index.lance.segments import fragments, partitions_for, segments
from holdfast.index.lance.table import VersionedTable, is_one_of
from holdfast.index.rows import HIT_COLUMNS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

#: rows; up to here the rows that hold a term are counted, above the number is worked out from one row's score
COUNTED_UP_TO = 5_000
#: how many times as many rows as asked for are compared by their exact vectors, after the index's rounded ones
REFINE = 2
#: rows beyond those asked for that are compared so at most: reading them takes longer than finding them
MOST_REFINED = 30
#: partitions of the vector index that are searched at least
LEAST_PROBES = 24
#: of the partitions above that, one in so many is searched too
PROBES_SHARE = 16
#: contents; among so few, vectors are compared one by one
FEW_CONTENTS = 500
#: what tells the rows of one content apart, beside the key; rows of the graph have none
ORDINAL = "ordinal"
#: rows to choose from, as a multiple of those asked for, below which a vector index is not used
ENOUGH_TO_CHOOSE = 50
#: rows whose terms are looked through for one like another
NEAR_ROWS = 50
#: statistics kept in memory, by version and term
_REMEMBERED = 10_000

T = TypeVar("T")


class RowKey(NamedTuple):
    """What names a search row."""

    content_id: str
    ordinal: int = 0


class SearchCandidate(NamedTuple):
    """A row that a query found."""

    key: RowKey
    #: BM25, or cosine similarity
    score: float
    #: where the row is at that version; gives the row fastest
    row_address: int


class Lookup:
    """Questions to one search table, always at a pinned version. Threads may share it."""

    def __init__(self, table: VersionedTable, *, counted: int = COUNTED_UP_TO) -> None:
        self.table = table
        #: rows; up to here the rows that hold a term are counted
        self._counted_up_to = counted
        #: what names a row
        self._key_columns = [each for each in (table.shape.key, ORDINAL) if each in table.shape.schema.names]
        self._remembered: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._remembering = threading.Lock()
        self._addresses = Addresses(table)

    def rows_of(self, version: int, contents: ContentSet) -> RowSet:
        """Return where the rows of many contents are; rows of others only where their hashes are the same."""
        return self._addresses.rows_of(version, contents)

    def text_candidates(
        self,
        version: int,
        query: Sequence[str],
        limit: int,
        *,
        ids: Iterable[str] | None = None,
        not_ids: Iterable[str] | None = None,
    ) -> list[SearchCandidate]:
        """Return the `limit` rows that match the terms (`query_tokens`) best, best first, ties by key.

        With `ids` only rows of these contents are looked at, with `not_ids` only rows of others.
        """
        if not query or limit < 1:
            return []
        with importing():
            from lance.query import MatchQuery

        match = MatchQuery(" ".join(query), self.table.shape.text)
        where = _filter(self.table.shape.key, _listed(ids), _listed(not_ids))
        addresses, scores = self.scan(version, "_score", full_text_query=match, limit=limit, **where)
        return self.named(version, addresses, scores)

    def vector_candidates(
        self,
        version: int,
        query: "NDArray[np.float32]",
        limit: int,
        *,
        ids: Iterable[str] | None = None,
        not_ids: Iterable[str] | None = None,
        exact: bool = False,
    ) -> list[SearchCandidate]:
        """Return the `limit` rows of greatest cosine similarity, best first, ties by key; none for a zero query.

        Rows are compared exactly if `exact`, if few `ids` are given, or if no vector index was built; else the index
        says which rows are compared: a few of the nearest may be missed, but never are fewer returned than there are.
        """
        if limit < 1 or not query.any():
            return []
        wanted, unwanted = _listed(ids), _listed(not_ids)
        few = wanted is not None and len(wanted) <= FEW_CONTENTS
        where = _filter(self.table.shape.key, wanted, unwanted)
        if exact or few:
            return self._one_by_one(version, query, limit, where)
        return self.nearest(version, query, limit, where)

    def nearest(
        self, version: int, query: "NDArray[np.float32]", limit: int, where: dict[str, Any]
    ) -> list[SearchCandidate]:
        """Return the `limit` rows of greatest cosine similarity of those that a filter lets through."""
        with importing():
            import numpy as np

        if self.table.count(version) >= limit * ENOUGH_TO_CHOOSE:
            found = self._by_index(version, query, limit, where)
            if len(found) == limit:
                return found
            # The index looks into its nearest partitions only, and what was wanted lies mostly in others.
        nearest = [each.row_address for each in self._one_by_one(version, query, limit, where)]
        # Lance reckons in single precision, and a score is to be the same wherever the row is.
        return self.most_similar(version, np.array(nearest, np.uint64), query, limit) if nearest else []

    def _by_index(
        self, version: int, query: "NDArray[np.float32]", limit: int, where: dict[str, Any]
    ) -> list[SearchCandidate]:
        """Return the rows nearest by their exact vectors among those nearest by the index's rounded ones.

        Lance would do that too (`refine_factor`), and read the rows that its list is about: in a table of many
        fragments that takes it several times as long as the search in the index, and as reading them by address.
        """
        nearest = self._nearest(query, min(REFINE * limit, limit + MOST_REFINED)) | {"nprobes": self.probes(version)}
        addresses, _ = self.scan(version, "_distance", nearest=nearest, **where)
        return self.most_similar(version, addresses, query, limit)

    def _one_by_one(
        self, version: int, query: "NDArray[np.float32]", limit: int, where: dict[str, Any]
    ) -> list[SearchCandidate]:
        nearest = self._nearest(query, limit) | {"use_index": False}
        addresses, distances = self.scan(version, "_distance", nearest=nearest, **where)
        return self.named(version, addresses, 1.0 - distances)

    def _nearest(self, query: "NDArray[np.float32]", limit: int) -> dict[str, Any]:
        return {"column": self.table.shape.vector, "q": as_arrow(query), "k": limit, "metric": "cosine"}

    def most_similar(
        self, version: int, addresses: "NDArray[np.uint64]", query: "NDArray[np.float32]", limit: int
    ) -> list[SearchCandidate]:
        """Return the `limit` of some rows that are most similar to `query`; rows without a direction never are."""
        with importing():
            import numpy as np
            import pyarrow as pa

        column = self.table.shape.vector
        found = self._take(version, addresses, [*self._key_columns, column])
        vectors = found[column].combine_chunks().flatten().to_numpy().reshape(len(addresses), len(query))
        # In double precision, since in single the same product may differ from one call to the next.
        exact = vectors.astype(np.float64) @ query
        similar = np.where(np.any(vectors, axis=1), exact, -np.inf)
        best = top(np.flatnonzero(similar > -np.inf), similar[similar > -np.inf], limit)[0]
        # As a list: an array of numpy would bring a part of it that takes long to import.
        rows = found.take(pa.array(best.tolist(), pa.int64()))
        return self._candidates(rows, addresses[best], similar[best])

    def similarities(
        self, version: int, candidates: Sequence[SearchCandidate], query: "NDArray[np.float32]"
    ) -> dict[RowKey, float]:
        """Return the cosine similarity of rows that were found at this same version."""
        if not candidates:
            return {}
        found = self.fetch(version, candidates, [self.table.shape.vector])
        vectors = found[self.table.shape.vector].combine_chunks().flatten().to_numpy()
        similar = vectors.reshape(len(candidates), len(query)).astype("f8") @ query
        return {candidate.key: float(near) for candidate, near in zip(candidates, similar, strict=True)}

    def named(
        self, version: int, addresses: "NDArray[np.uint64]", scores: "NDArray[np.float32]"
    ) -> list[SearchCandidate]:
        """Return rows as candidates, best first, ties by key."""
        return self._candidates(self._take(version, addresses, self._key_columns), addresses, scores)

    def corpus(self, version: int, query: Iterable[str] = ()) -> CorpusStats:
        """Return the statistics of the table at `version`, with the frequencies of the query's terms."""
        rows, terms = self._once((version,), lambda: self._size(version))
        return CorpusStats(rows, terms, {term: self.document_frequency(version, term) for term in query})

    def document_frequency(self, version: int, term: str) -> int:
        """Return how many rows hold the term; in a large table with removed rows, very nearly."""
        return self._once((version, term), lambda: self._frequency(version, term))

    def frequencies_of_few(self, version: int, terms: tuple[str, ...]) -> dict[str, int]:
        """Return how many rows hold each of some terms, most of which none does; asked once of a version."""

        def ask() -> dict[str, int]:
            if not self._holds_any(version, terms):
                return {}
            found = {term: self.document_frequency(version, term) for term in terms}
            return {term: count for term, count in found.items() if count}

        return self._once(("few", version, terms), ask)

    def _holds_any(self, version: int, terms: tuple[str, ...]) -> bool:
        with importing():
            from lance.query import MatchQuery

        query = MatchQuery(" ".join(terms), self.table.shape.text)
        return len(self.scan(version, "_score", full_text_query=query, limit=1)[0]) > 0

    def fetch(
        self, version: int, candidates: Sequence[SearchCandidate], columns: list[str] | None = None
    ) -> "pa.Table":
        """Return the rows of candidates found at this same version, in their order; by default all a hit is made of."""
        with importing():
            import numpy as np

        addresses = np.array([candidate.row_address for candidate in candidates], np.uint64)
        return self._take(version, addresses, columns or HIT_COLUMNS)

    def rescore(
        self, version: int, candidates: Sequence[SearchCandidate], query: Sequence[str], stats: CorpusStats
    ) -> list[SearchCandidate]:
        """Return full-text candidates with the score they have under other statistics (table and tail), best first."""
        terms = self.fetch(version, candidates, ["terms"])["terms"].to_pylist() if candidates else []
        found = []
        for candidate, text in zip(candidates, terms, strict=True):
            words = text.split()
            score = bm25.score(query, Counter(words), len(words), stats)
            found.append(SearchCandidate(candidate.key, score, candidate.row_address))
        return sorted(found, key=_best_first)

    def scan(self, version: int, column: str, **options: Any) -> "tuple[NDArray[np.uint64], NDArray[np.float32]]":
        """Return the addresses and the scores of the rows that a query finds, and nothing that the rows hold."""
        # The scoring column is named because Lance warns on standard error about each query that leaves it out.
        with reading(self.table.name, version):
            found = self.table.open(version).scanner(columns=[column], with_row_id=True, **options).to_table()
        return found[ADDRESS].to_numpy(), found[column].to_numpy()

    def _take(self, version: int, addresses: "NDArray[np.uint64]", columns: list[str]) -> "pa.Table":
        with reading(self.table.name, version):
            return self.table.open(version)._take_rows(addresses.tolist(), columns=columns)

    def probes(self, version: int) -> int:
        """Return how many partitions of the vector index a query looks into."""
        partitions = partitions_for(self._once(("rows", version), lambda: self.table.count(version)))
        return LEAST_PROBES + partitions // PROBES_SHARE

    def _size(self, version: int) -> tuple[int, int]:
        with importing():
            import pyarrow.compute as pc

        # Lance leaves rows without a term out of its statistics.
        lengths = self.table.rows(version, ["length"], "length > 0")["length"]
        return len(lengths), pc.sum(lengths).as_py() or 0

    def _frequency(self, version: int, term: str) -> int:
        rows, terms = self._once((version,), lambda: self._size(version))
        indexed = self._once(("indexed", version), lambda: self._indexed_rows(version))
        if min(rows, indexed) <= self._counted_up_to:
            return self._counted(version, term)
        # Counting a frequent term reads all of its rows; one row's score tells the term's weight, hence its frequency.
        best = self._best(version, term)
        if best is None:
            return 0
        score, words = best
        weight = score / bm25.saturation(words.count(term), len(words), terms / rows)
        return round(bm25.frequency_of(weight, indexed) * rows / indexed)

    def near_terms(self, version: int, term: str, most: int) -> set[str]:
        """Return terms of rows that hold one like this, after the first letter: the like ones and others."""
        return self._once(("near", version, term, most), lambda: self._near_terms(version, term, most))

    def _near_terms(self, version: int, term: str, most: int) -> set[str]:
        with importing():
            from lance.query import MatchQuery

        # Two neighbours swapped are two changes to Lance.
        match = MatchQuery(term, self.table.shape.text, fuzziness=min(2, most + 1), prefix_length=1)
        with reading(self.table.name, version):
            scanner = self.table.open(version).scanner(
                columns=["terms", "_score"], full_text_query=match, limit=NEAR_ROWS
            )
            return {each for terms in scanner.to_table()["terms"].to_pylist() for each in terms.split()}

    def _indexed_rows(self, version: int) -> int:
        """Return how many of the rows with terms the full-text index covers, taking them to be evenly spread."""
        column = self.table.shape.text
        covered = frozenset().union(*(part.fragments for part in segments(self.table, version, column)))
        sizes = fragments(self.table, version)
        share = sum(rows for number, rows in sizes.items() if number in covered) / max(1, sum(sizes.values()))
        return round(share * self._once((version,), lambda: self._size(version))[0])

    def _counted(self, version: int, term: str) -> int:
        with importing():
            from lance.query import MatchQuery

        with reading(self.table.name, version):
            found = self.table.open(version).scanner(
                columns=["_score"], full_text_query=MatchQuery(term, self.table.shape.text)
            )
            return int(found.count_rows())

    def _best(self, version: int, term: str) -> tuple[float, list[str]] | None:
        """Return the score and the terms of the indexed row that matches best."""
        with importing():
            from lance.query import MatchQuery

        query = MatchQuery(term, self.table.shape.text)
        with reading(self.table.name, version):
            found = self.table.open(version).scanner(
                columns=["terms", "_score"], full_text_query=query, limit=1, fast_search=True
            )
            rows = found.to_table().to_pylist()
        return (rows[0]["_score"], rows[0]["terms"].split()) if rows else None

    def _candidates(
        self, rows: "pa.Table", addresses: "NDArray[np.uint64]", scores: "NDArray[np.float32]"
    ) -> list[SearchCandidate]:
        keys = map(RowKey, *(rows[column].to_pylist() for column in self._key_columns))
        found = map(SearchCandidate, keys, scores.tolist(), addresses.tolist())
        return sorted(found, key=_best_first)

    def _once(self, key: tuple[object, ...], ask: Callable[[], T]) -> T:
        """Return what `ask` said the first time: what a version holds never changes."""
        with self._remembering:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                found: T = self._remembered[key]
                return found
        answer = ask()
        with self._remembering:
            self._remembered[key] = answer
            while len(self._remembered) > _REMEMBERED:
                self._remembered.popitem(last=False)
        return answer


def as_arrow(vector: "NDArray[np.float32]") -> "pa.Array":
    """Return a vector for Lance, which would itself make it one by way of a part of numpy that takes long to import."""
    with importing():
        import pyarrow as pa

    return pa.Array.from_buffers(pa.float32(), len(vector), [None, pa.py_buffer(vector.astype("<f4").tobytes())])


def top(
    addresses: "NDArray[Any]", scores: "NDArray[np.float32]", limit: int
) -> "tuple[NDArray[Any], NDArray[np.float32]]":
    """Return the `limit` rows of the greatest scores."""
    with importing():
        import numpy as np

    order = np.argsort(-scores, kind="stable")[:limit]
    return addresses[order], scores[order]


def _best_first(candidate: SearchCandidate) -> tuple[float, RowKey]:
    return -candidate.score, candidate.key


def _listed(ids: Iterable[str] | None) -> list[str] | None:
    return None if ids is None else list(ids)


def _filter(column: str, ids: list[str] | None, not_ids: list[str] | None) -> dict[str, Any]:
    """Return the options that let Lance look at rows of some contents only, before it ranks."""
    parts = []
    if ids is not None:
        parts.append(is_one_of(column, ids) if ids else "false")
    if not_ids:
        parts.append(f"NOT ({is_one_of(column, not_ids)})")
    return {"filter": " AND ".join(parts), "prefilter": True} if parts else {}
