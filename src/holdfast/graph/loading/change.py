"""A load as a part of its commit: checked against what others committed while it was staged."""

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.catalog import settings
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.catalog.graph import bases, log, schemas
from holdfast.catalog.graph.log import LogRow, LogSpan
from holdfast.catalog.history.ground import Ground
from holdfast.graph.loading.report import LoadMode
from holdfast.graph.loading.rows import LoadedRows
from holdfast.host.importing import importing
from holdfast.index.hashing import hashes_of
from holdfast.rows.bases import shape
from holdfast.rows.bases.staging import StagedBase
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.stored import stored

#: rows of other commits that are looked at; after more the load is staged anew
MAX_READ = 1000


class LoadOutdated(Exception):
    """Raised when somebody committed what a load has to be checked against anew."""


@dataclass(kw_only=True)
class LoadChange:
    """Staged bases of the types of a load, to be read from its commit on."""

    branch: Branch
    #: the commit that it was staged at
    covers: int
    schema: GraphSchema
    loaded: Mapping[int, LoadedRows]
    staged: Mapping[int, StagedBase]
    mode: LoadMode
    seed: int
    #: the name of the embedder that its vectors are of
    embedder: str

    def __post_init__(self) -> None:
        self.ground = Ground(self.branch, self.covers, self._check, lost=LoadOutdated)

    def __len__(self) -> int:
        """Return how many rows it brings, but for types that stay as they are."""
        return sum(self.loaded[type_id].count for type_id in self.staged)

    def write(self, conn: Connection, commit: Commit, nodes: Mapping[int, int]) -> None:
        """Have the types be read from what was staged."""
        for type_id, staged in self.staged.items():
            kind = self.schema.type_of(type_id)
            bases.add(conn, self.branch, staged.as_base(kind, seq=commit.id, covers=self.covers, loaded=True))
        now = settings.embedder(conn)
        if now is not None and now.name != self.embedder:
            # The store moved while it was staged: upkeep makes what is searched of it anew.
            settings.put(conn, settings.GRAPH_LOOKED, settings.SCHEMA_APPLIED)

    def _check(self, conn: Connection, after: int, head: int) -> None:
        if head > after and self._is_changed(conn, after, head):
            raise LoadOutdated

    def _is_changed(self, conn: Connection, after: int, head: int) -> bool:
        if schemas.at(conn, self.branch, head, after) is not None:
            return True
        related = self._related()
        if any(base.type_id in related for base in bases.loaded(conn, self.branch, after, head)):
            return True
        said = log.said(conn, LogSpan(self.branch, after, head), limit=MAX_READ + 1)
        return len(said) > MAX_READ or any(self._matters(row) for row in said if row.type_id in related)

    def _related(self) -> set[int]:
        """Return the types whose rows the load was checked against."""
        related = set(self.loaded)
        for edge in self.schema.live:
            if edge.kind == "edge" and (edge.id in self.loaded or self.mode == "overwrite"):
                related |= {edge.id, *(node.id for node in self.schema.endpoints(edge))}
        return related

    def _matters(self, row: LogRow) -> bool:
        if self.mode == "overwrite":
            return True
        kind = self.schema.type_of(row.type_id)
        if row.row is None and kind.kind == "node" and self._is_endpoint(kind, row.key):
            return True
        rows = self.loaded.get(row.type_id)
        if rows is None:
            return False
        limits = kind.cardinality
        if limits.most_per_source is not None or limits.most_per_target is not None:
            return True
        return _has(rows, shape.KEY, row.key, self.seed) or self._has_unique(kind, rows, row)

    def _is_endpoint(self, node: TypeSchema, key: str) -> bool:
        for rows in self.loaded.values():
            ends = ((shape.SRC, rows.kind.source), (shape.DST, rows.kind.target))
            if any(type_id == node.id and _has(rows, column, key, self.seed) for column, type_id in ends):
                return True
        return False

    def _has_unique(self, kind: TypeSchema, rows: LoadedRows, row: LogRow) -> bool:
        with importing():
            import numpy as np

        said = stored(row)
        asked = [shape.column_of(each.id) for each in kind.live if each.unique and shape.is_looked_up(each.type)]
        if said is None or not asked:
            return False
        batch = shape.encoded_rows(kind, [said])
        found = [(column, hashes_of(batch.column(column), self.seed)[0]) for column in asked]
        return any(value != 0 and bool(np.any(rows.hashes(column) == value)) for column, value in found)


def _has(rows: LoadedRows, column: str, text: str, seed: int) -> bool:
    with importing():
        import numpy as np

        with importing():
            import pyarrow as pa

    return bool(np.any(rows.hashes(column) == hashes_of(pa.array([text]), seed)[0]))
