"""The search tables of a store: the live one, and the history of the same shape that only old snapshots read."""

import fcntl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.catalog.search_rows import TailRow
from holdfast.host import disk
from holdfast.host.importing import importing

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.index.lance.table import StagedRows, VersionedTable


#: what intents call the tables of the graph, all together
GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class TableAppend:
    """Rows that are staged, and committed as a detached version on top of `base` that nobody reads yet."""

    base: int
    version: int
    staged: "StagedRows"


class SearchTable:
    """One search table, opened when it is first used so that a command which does not search never imports Lance."""

    def __init__(self, name: str, root: Path, dimensions: int, *, durable: bool) -> None:
        self.name = name
        self._root = root
        self._dimensions = dimensions
        self._durable = durable

    @cached_property
    def table(self) -> "VersionedTable":
        """The Lance table."""
        from holdfast.index.lance.table import VersionedTable
        from holdfast.index.rows import search_shape

        return VersionedTable(self._root / f"{self.name}.lance", search_shape(self._dimensions), durable=self._durable)

    def append(self, base: int, rows: Sequence[TailRow]) -> TableAppend:
        """Stage rows and commit them on top of the version `base`, durable when it returns."""
        staged = self.table.stage(self.as_arrow(rows))
        return TableAppend(base, self.table.attach(base, staged), staged)

    def rebase(self, current: int, append: TableAppend) -> int:
        """Commit staged rows again, on top of the version `current`; returns the new version."""
        return self.table.attach(current, append.staged)

    def as_arrow(self, rows: Sequence[TailRow]) -> "pa.Table":
        """Return rows in the shape of the table."""
        with importing():
            import numpy as np

            with importing():
                import pyarrow as pa

        from holdfast.index.rows import search_shape

        shape = search_shape(self._dimensions)
        vectors = np.frombuffer(b"".join(row.vector for row in rows), dtype="<f4")
        columns = {
            name: [getattr(row, name) for row in rows]
            for name in ("content_id", "ordinal", "heading", "text", "terms", "start", "end", "page")
        }
        columns["length"] = [len(row.terms.split()) for row in rows]
        columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors), self._dimensions)
        return pa.table({name: columns[name] for name in shape.schema.names}, schema=shape.schema)


class GraphTable:
    """A table of rows of the graph, which the catalog's bases name versions of; opened when it is first used."""

    def __init__(self, name: str, root: Path, *, durable: bool) -> None:
        self.name = name
        self._root = root
        self._path = root / f"{name}.lance"
        self._durable = durable

    @cached_property
    def table(self) -> "VersionedTable":
        """The Lance table, which has the columns that it was made with; raises CorruptStore when it cannot be read."""
        with importing():
            import lance

        from holdfast.index.lance.errors import reading
        from holdfast.index.lance.table import FIRST_VERSION

        with reading(self.name, FIRST_VERSION):
            return self._versioned(lance.dataset(str(self._path), version=FIRST_VERSION).schema)

    def create(self, columns: "pa.Schema") -> int:
        """Make the table, empty, unless it is there; returns its first version."""
        disk.make_dir(self._root)
        # Of two that make it at once, the second would take the first one's half for the rest of a crash.
        with disk.locked(self._root, fcntl.LOCK_EX):
            return self._versioned(columns).create()

    def _versioned(self, columns: "pa.Schema") -> "VersionedTable":
        from holdfast.index.lance.table import TableShape, VersionedTable

        return VersionedTable(self._path, TableShape(columns, key="key"), durable=self._durable)


class Tables:
    """The tables of a store: those of the graph, and the search tables of one embedder."""

    def __init__(self, root: Path, embedder: str, dimensions: int, *, durable: bool = True) -> None:
        self.root = root
        self._durable = durable
        self._graph: dict[str, GraphTable] = {}
        self.live: SearchTable = SearchTable(f"search-{embedder}", root, dimensions, durable=durable)
        self.history: SearchTable = SearchTable(f"search-{embedder}-history", root, dimensions, durable=durable)

    def settle(self) -> None:
        """Force every file of every table to the disk, whoever wrote it; raises StorageFailed when the disk refuses."""
        disk.settle_tree(self.root)

    def graph(self, name: str) -> GraphTable:
        """Return the table of the graph called so."""
        return self._graph.setdefault(name, GraphTable(name, self.root, durable=self._durable))

    def all_of(self, name: str) -> "list[SearchTable | GraphTable]":
        """Return the tables that an intent means by a name; empty for a name of none."""
        if name == GRAPH:
            found = sorted(folder.name.removesuffix(".lance") for folder in self.root.glob("graph-*.lance"))
            return [self.graph(each) for each in found]
        return [table for table in (self.live, self.history) if table.name == name]

    @property
    def every(self) -> "list[SearchTable | GraphTable]":
        """All tables that there are."""
        return [table for name in self.intended for table in self.all_of(name)]

    @property
    def intended(self) -> tuple[str, ...]:
        """What intents call the tables."""
        return *self.names, GRAPH

    @property
    def names(self) -> tuple[str, str]:
        return self.live.name, self.history.name
