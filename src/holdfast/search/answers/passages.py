"""Reading the passages that a search looks at, from the tail and from the tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import contents
from holdfast.host.importing import importing
from holdfast.index.lance.lookup import Lookup, RowKey, SearchCandidate
from holdfast.index.tables import SearchTable
from holdfast.search.answers.recent import ReadPassage
from holdfast.search.reader import Instant, SearchReader
from holdfast.search.rerank import Passage, Quote
from holdfast.search.retrieve import Candidates
from holdfast.search.visible import Visibility

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: of a row in a table, in the order of `Passage`
PASSAGE_COLUMNS = ["heading", "text", "terms", "start", "end", "page"]


class Passages:
    """The passages of one search at one instant."""

    def __init__(self, backend: Backend, reader: SearchReader, instant: Instant, visibility: Visibility) -> None:
        self._backend = backend
        self._reader = reader
        self._instant = instant
        self._visibility = visibility
        self._tables = instant.tables.both
        #: of the rows that were read from tables with their vectors
        self._vectors: dict[RowKey, NDArray[np.float32]] = {}

    def quotes(self, found: Candidates, keys: Sequence[RowKey], *, with_vectors: bool = False) -> dict[RowKey, Quote]:
        """Return the passages of `keys`, with the first path and the title of their documents."""
        if not keys:
            return {}
        with self._backend.engine.read() as conn:
            ids = list({key.content_id for key in keys})
            titles = contents.titles(conn, ids)
            self._visibility.read_paths(conn, ids)
        quotes = {}
        for key, passage in self._passages(found, keys, with_vectors).items():
            path = self._visibility.paths[key.content_id][0]
            title = titles.get(key.content_id) or paths.split(path)[1]
            quotes[key] = Quote(passage, key.content_id, path, title, key.ordinal)
        return quotes

    def similarities(self, keys: Sequence[RowKey], vector: Any) -> dict[RowKey, float]:
        """Return how similar to the query rows are that were read with their vectors."""
        similar = {key: self._instant.vector[key] for key in keys if key in self._instant.vector}
        stored = [key for key in keys if key in self._vectors]
        if stored:
            with importing():
                import numpy as np

            # In double precision, since in single the same product may differ from one call to the next.
            near = np.stack([self._vectors[key] for key in stored]).astype(np.float64) @ vector
            similar |= zip(stored, near.tolist(), strict=True)
        return similar

    def place(self, found: Candidates, key: RowKey) -> str:
        """Return where a row is: `tail`, `table` or `history`."""
        names = {table.name: place for table, place in zip(self._tables, ("table", "history"), strict=True)}
        return names[found.where[key][0]] if key in found.where else "tail"

    def _of(self, table: SearchTable, found: Candidates, keys: Sequence[RowKey]) -> list[RowKey]:
        return [key for key in keys if key in found.where and found.where[key][0] == table.name]

    def _passages(self, found: Candidates, keys: Sequence[RowKey], with_vectors: bool) -> dict[RowKey, Passage]:
        passages = {
            key: Passage(row.heading, row.text, row.terms, row.start, row.end, row.page)
            for key in keys
            if (row := self._instant.rows.get(key)) is not None and key not in found.where
        }
        for table in self._tables:
            here = self._of(table, found, keys)
            if not here:
                continue
            read = self._read(table, [found.where[key][1] for key in here], with_vectors)
            passages |= {key: each.passage for key, each in zip(here, read, strict=True)}
            self._vectors |= {key: r.vector for key, r in zip(here, read, strict=True) if r.vector is not None}
        return passages

    def _read(self, table: SearchTable, rows: Sequence[SearchCandidate], with_vectors: bool) -> list[ReadPassage]:
        """Return rows of a table, those that were read lately from memory."""
        version, recent = self._instant.versions[table.name], self._reader.recent
        addresses = [row.row_address for row in rows]
        found = recent.among(table.name, version, addresses, with_vectors=with_vectors)
        if missing := [row for row in rows if row.row_address not in found]:
            fetched = _fetched(self._reader.lookup_of(table), version, missing, with_vectors)
            recent.keep(table.name, version, fetched)
            found |= fetched
        return [found[address] for address in addresses]


def _fetched(
    lookup: Lookup, version: int, rows: Sequence[SearchCandidate], with_vectors: bool
) -> dict[int, ReadPassage]:
    """Read rows of a table, with their vectors in the same step where these are asked for."""
    vector = [lookup.table.shape.vector] if with_vectors else []
    fetched = lookup.fetch(version, rows, [*PASSAGE_COLUMNS, *vector])
    passages = zip(*(fetched[name].to_pylist() for name in PASSAGE_COLUMNS), strict=True)
    vectors: Sequence[Any] = [None] * len(rows)
    if with_vectors:
        flat = fetched[lookup.table.shape.vector].combine_chunks().flatten().to_numpy()
        # Each a copy, or one that is kept would hold all of them.
        vectors = [each.copy() for each in flat.reshape(len(rows), -1)]
    return {
        row.row_address: ReadPassage(Passage(*passage), each)
        for row, passage, each in zip(rows, passages, vectors, strict=True)
    }
