"""Questions of `status`: how much of everything there is."""

from dataclasses import dataclass

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.values import ROOT_NODE


@dataclass(frozen=True, slots=True)
class TreeSize:
    """What is visible at one commit."""

    files: int
    directories: int
    #: bytes of the files, each counted as often as it stands somewhere
    size: int


def tree_size(conn: Connection, branch: Branch, seq: int) -> TreeSize:
    """Return how much is visible at commit `seq`."""
    row = conn.row(
        f"""WITH RECURSIVE below(node_id) AS (
            SELECT CAST({ROOT_NODE} AS BIGINT) UNION
            SELECT e.node_id FROM below JOIN entries e ON e.parent_id = below.node_id
            WHERE e.branch_id = :branch AND e.content_id IS NULL AND e.to_seq > :seq AND e.from_seq <= :seq)
        SELECT count(e.content_id), count(*) - count(e.content_id), coalesce(sum(e.size), 0)
        FROM below JOIN entries e ON e.parent_id = below.node_id
        WHERE e.branch_id = :branch AND e.to_seq > :seq AND e.from_seq <= :seq""",
        {"branch": branch.id, "seq": seq},
    )
    return TreeSize(row[0], row[1], int(row[2])) if row else TreeSize(0, 0, 0)


def stored(conn: Connection) -> dict[str, tuple[int, int]]:
    """Return (contents, bytes) by where the bytes are: `inline` or `blobs`."""
    rows = conn.rows("SELECT place, n, size FROM content_counts WHERE n <> 0 OR size <> 0")
    return {row[0]: (row[1], row[2]) for row in rows}
