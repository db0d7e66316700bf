"""Questions of `status`: how much of everything there is."""

from dataclasses import dataclass

from holdfast.catalog import subtrees
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
    return TreeSize(*subtrees.size_below(conn, branch, seq, ROOT_NODE))


def stored(conn: Connection) -> dict[str, tuple[int, int]]:
    """Return (contents, bytes) by where the bytes are: `inline` or `blobs`."""
    rows = conn.rows("SELECT place, n, size FROM content_counts WHERE n <> 0 OR size <> 0")
    return {row[0]: (row[1], row[2]) for row in rows}
