"""What stands at a path at the head, as far as a lock needs to know."""

from dataclasses import dataclass

from holdfast.catalog import commits, entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.entries import Entry
from holdfast.errors import NotADirectory
from holdfast.tree import walking


@dataclass(frozen=True, slots=True)
class _Head:
    conn: Connection
    branch: Branch
    seq: int

    def child(self, parent: int, name: str) -> Entry | None:
        return entries.child(self.conn, self.branch, self.seq, parent, name)

    def children(self, parent: int) -> list[Entry]:
        return entries.children(self.conn, self.branch, self.seq, parent)


def is_file(conn: Connection, branch: Branch, path: str) -> bool:
    """Return whether a file stands at a parsed path at the head of `branch`."""
    try:
        entry = walking.find(_Head(conn, branch, commits.head(conn, branch)), path)
    except NotADirectory:
        return False
    return entry is not None and not entry.is_dir
