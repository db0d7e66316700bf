"""The search tables of a store: the live one, and the history of the same shape that only old snapshots read."""

import fcntl
import hashlib
import re
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
    from holdfast.index.ordered import OrderedCopy


#: what intents call the tables of the graph, all together
GRAPH = "graph"
#: the folder of the ordered copies of the graph's tables
ORDERED = "ordered"
#: ordered copies of one table that a process keeps open
COPIES_OPEN = 8
#: of a table of the graph whose rows are searched: the terms of full text, how many they are, and the vector
TERMS, LENGTH, VECTOR = "terms", "length", "vector"


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

    def rows_of(self, version: int, ids: Sequence[str]) -> list[TailRow]:
        """Return the rows of contents at a version, in no order."""
        from holdfast.index.lance.table import is_one_of

        found = self.table.rows(version, where=is_one_of("content_id", ids))
        vectors = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).astype("<f4")
        wide = vectors.reshape(found.num_rows, -1)
        names = ("content_id", "ordinal", "heading", "text", "terms", "start", "end", "page")
        columns = [found[name].to_pylist() for name in names]
        rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
        return [TailRow(row_id=0, vector=vector.tobytes(), **row) for row, vector in zip(rows, wide, strict=True)]

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
        # What waits for its vector has none, and no direction in the table.
        none = bytes(4 * self._dimensions)
        vectors = np.frombuffer(b"".join(row.vector or none for row in rows), dtype="<f4")
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
        self._copies: dict[tuple[int, str], OrderedCopy] = {}

    def copy_at(self, version: int, column: str) -> Path:
        """Return where the ordered copy of a version by a column is, if there is one."""
        return self._root / ORDERED / f"{self.name}-{version}-{column}.arrow"

    def copy(self, version: int, column: str, rows: int) -> "OrderedCopy | None":
        """Return the ordered copy of a version, which has so many rows, by a column; None when there is none."""
        found = self._copies.get((version, column))
        path = self.copy_at(version, column)
        if found is not None or not path.exists():
            return found
        from holdfast.index.ordered import NotOrdered, OrderedCopy

        try:
            found = OrderedCopy(path, column, rows)
        except (NotOrdered, OSError):
            # The table has it all.
            return None
        while len(self._copies) >= COPIES_OPEN:
            self._copies.pop(next(iter(self._copies)), None)
        return self._copies.setdefault((version, column), found)

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
        from holdfast.index.lance.table import TableShape, VersionedTable

        disk.make_dir(self._root)
        # Of two that make it at once, the second would take the first one's half for the rest of a crash.
        with disk.locked(self._root, fcntl.LOCK_EX):
            return VersionedTable(self._path, TableShape(columns, key="key"), durable=self._durable).create()

    def _versioned(self, columns: "pa.Schema") -> "VersionedTable":
        from holdfast.index.lance.table import TableShape, VersionedTable

        # Only what is there can be searched; each of these has an index in every version that a base names.
        text, vector = (name if name in columns.names else "" for name in (TERMS, VECTOR))
        return VersionedTable(self._path, TableShape(columns, "key", text, vector), durable=self._durable)


@dataclass(frozen=True, slots=True)
class SearchTables:
    """The search tables of one embedder."""

    embedder: str
    live: SearchTable
    history: SearchTable

    @property
    def names(self) -> tuple[str, str]:
        return self.live.name, self.history.name

    @property
    def both(self) -> tuple[SearchTable, SearchTable]:
        return self.live, self.history


class Tables:
    """The tables of a store: those of the graph, and the search tables of each embedder that it has rows of."""

    def __init__(self, root: Path, embedder: str, dimensions: int, *, durable: bool = True) -> None:
        self.root = root
        self._durable = durable
        self._graph: dict[str, GraphTable] = {}
        self._search: dict[str, SearchTables] = {}
        #: those that searches look at, all of one embedder: one look at this attribute gives what belongs together
        self.current: SearchTables = self.of(embedder, dimensions)

    @property
    def live(self) -> SearchTable:
        return self.current.live

    @property
    def history(self) -> SearchTable:
        return self.current.history

    def of(self, embedder: str, dimensions: int) -> SearchTables:
        """Return the search tables of an embedder, the same objects every time."""
        if embedder not in self._search:
            name = table_name(embedder)
            live = SearchTable(name, self.root, dimensions, durable=self._durable)
            history = SearchTable(f"{name}-history", self.root, dimensions, durable=self._durable)
            self._search.setdefault(embedder, SearchTables(embedder, live, history))
        return self._search[embedder]

    def of_table(self, table: SearchTable) -> SearchTables:
        """Return the search tables that a table is one of."""
        return next(tables for tables in list(self._search.values()) if table in tables.both)

    def turn_to(self, embedder: str, dimensions: int) -> None:
        """Have searches look at the tables of another embedder from now on."""
        self.current = self.of(embedder, dimensions)

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
        return [table for table in (*self.current.both, *self.others) if table.name == name]

    @property
    def others(self) -> list[SearchTable]:
        """The search tables of other embedders: of one that the store is moving to, and of former ones."""
        known = {table.name: table for tables in list(self._search.values()) for table in tables.both}
        found = sorted(folder.name.removesuffix(".lance") for folder in self.root.glob("search-*.lance"))
        # Nothing is written to one that is not known: what its vectors are like is of no interest.
        return [
            known.get(name) or SearchTable(name, self.root, 1, durable=self._durable)
            for name in found
            if name not in self.names
        ]

    @property
    def every(self) -> "list[SearchTable | GraphTable]":
        """All tables that there are."""
        return [*self.current.both, *self.others, *self.all_of(GRAPH)]

    @property
    def intended(self) -> tuple[str, ...]:
        """What intents call the tables."""
        return *self.names, *(table.name for table in self.others), GRAPH

    def may_mean(self, name: str) -> bool:
        """Tell whether an intent may call a table so: one may be killed before there is a folder of that name."""
        return name == GRAPH or re.fullmatch(r"search-[A-Za-z0-9._-]{1,120}", name) is not None

    @property
    def names(self) -> tuple[str, str]:
        return self.current.names


def table_name(embedder: str) -> str:
    """Return what the live search table of an embedder is called, which is the name of a folder, too."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", embedder) and not embedder.endswith("-history"):
        return f"search-{embedder}"
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", embedder)[:60].strip("-.")
    return f"search-{plain}-{hashlib.blake2b(embedder.encode(), digest_size=6).hexdigest()}"
