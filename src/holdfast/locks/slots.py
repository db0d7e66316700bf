"""What stands at a path at the head, as far as a lock needs to know."""

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.errors import NotADirectory
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree, within


def is_file(conn: Connection, branch: Branch, path: str) -> bool:
    """Return whether a file stands at a parsed path at the head of `branch`."""
    try:
        entry = walking.find(CommittedTree.at_head(within(conn), branch), path)
    except NotADirectory:
        return False
    return entry is not None and not entry.is_dir
