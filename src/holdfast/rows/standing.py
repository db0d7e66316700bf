"""The rows of a branch at a commit, and their schema, of an open store."""

from functools import lru_cache, partial

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, Read, within
from holdfast.catalog.graph import schemas
from holdfast.rows.bases.reading import open_base
from holdfast.rows.committed import CommittedRows
from holdfast.rows.differences import GraphSide, RowDifference, differences
from holdfast.rows.graph_rows import Codecs
from holdfast.rows.reading import GraphReads
from holdfast.rows.schema.types import GraphSchema


def rows_at(backend: Backend, branch: Branch, seq: int, read: Read | None = None) -> CommittedRows:
    """Return the rows of a branch at a commit, read with `read` unless each question is to have a read of its own."""
    return CommittedRows(read or backend.engine.read, branch, seq, partial(open_base, backend, branch))


def codecs_at(backend: Backend, branch: Branch, seq: int, read: Read | None = None) -> Codecs:
    """Return what encodes and decodes the rows of a branch at a commit; of no types when no schema was applied."""
    with (read or backend.engine.read)() as conn:
        found = schemas.at(conn, branch, seq)
    return _codecs(found.document if found else "")


def side_at(backend: Backend, branch: Branch, seq: int, read: Read | None = None) -> GraphSide:
    """Return the graph of a branch at a commit, to be compared or merged."""
    return GraphSide(rows_at(backend, branch, seq, read), codecs_at(backend, branch, seq, read))


@lru_cache(maxsize=16)
def _codecs(document: str) -> Codecs:
    return Codecs(GraphSchema.from_json(document) if document else GraphSchema())


class SnapshotGraph(GraphReads):
    """The graph as it was at one commit, as `snapshot.graph`."""

    def __init__(self, backend: Backend, branch: Branch, seq: int) -> None:
        self._rows = rows_at(backend, branch, seq)
        self._codecs = codecs_at(backend, branch, seq)

    def _seen(self) -> tuple[CommittedRows, Codecs]:
        return self._rows, self._codecs


def changed_by(backend: Backend, conn: Connection, branch: Branch, seq: int) -> list[RowDifference]:
    """Return what the commit `seq` of a branch did to the graph, in order of type and key."""
    old, new = (side_at(backend, branch, each, within(conn)) for each in (seq - 1, seq))
    return list(differences(old, new))
