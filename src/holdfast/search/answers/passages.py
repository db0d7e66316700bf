"""Reading the passages that a search looks at, from the tail and from the tables."""

from collections.abc import Sequence
from typing import Any

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import contents
from holdfast.index.lance.lookup import RowKey
from holdfast.index.tables import SearchTable
from holdfast.search.reader import Instant, SearchReader
from holdfast.search.rerank import Passage, Quote
from holdfast.search.retrieve import Candidates
from holdfast.search.visible import Visibility

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

    def quotes(self, found: Candidates, keys: Sequence[RowKey]) -> dict[RowKey, Quote]:
        """Return the passages of `keys`, with the first path and the title of their documents."""
        if not keys:
            return {}
        with self._backend.engine.read() as conn:
            ids = list({key.content_id for key in keys})
            titles = contents.titles(conn, ids)
            self._visibility.read_paths(conn, ids)
        quotes = {}
        for key, passage in self._passages(found, keys).items():
            path = self._visibility.paths[key.content_id][0]
            title = titles.get(key.content_id) or paths.split(path)[1]
            quotes[key] = Quote(passage, key.content_id, path, title, key.ordinal)
        return quotes

    def similarities(self, found: Candidates, keys: Sequence[RowKey], vector: Any) -> dict[RowKey, float]:
        """Return how similar to the query rows are that the vectors did not find."""
        similar = {key: self._instant.vector[key] for key in keys if key in self._instant.vector}
        for table in self._tables:
            here = [found.where[key][1] for key in self._of(table, found, keys)]
            similar |= self._reader.lookup_of(table).similarities(self._instant.versions[table.name], here, vector)
        return similar

    def place(self, found: Candidates, key: RowKey) -> str:
        """Return where a row is: `tail`, `table` or `history`."""
        names = {table.name: place for table, place in zip(self._tables, ("table", "history"), strict=True)}
        return names[found.where[key][0]] if key in found.where else "tail"

    def _of(self, table: SearchTable, found: Candidates, keys: Sequence[RowKey]) -> list[RowKey]:
        return [key for key in keys if key in found.where and found.where[key][0] == table.name]

    def _passages(self, found: Candidates, keys: Sequence[RowKey]) -> dict[RowKey, Passage]:
        passages = {
            key: Passage(row.heading, row.text, row.terms, row.start, row.end, row.page)
            for key in keys
            if (row := self._instant.rows.get(key)) is not None and key not in found.where
        }
        for table in self._tables:
            here = self._of(table, found, keys)
            if not here:
                continue
            candidates = [found.where[key][1] for key in here]
            version = self._instant.versions[table.name]
            fetched = self._reader.lookup_of(table).fetch(version, candidates, PASSAGE_COLUMNS)
            columns = [fetched[name].to_pylist() for name in PASSAGE_COLUMNS]
            passages |= {key: Passage(*row) for key, row in zip(here, zip(*columns, strict=True), strict=True)}
        return passages
