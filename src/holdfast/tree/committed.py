"""The committed tree: a branch as it was at one commit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from holdfast.catalog import commits, entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Read, within
from holdfast.catalog.entries import Entry
from holdfast.catalog.properties import stored
from holdfast.host.held import held


@dataclass(frozen=True, slots=True)
class CommittedTree:
    """A branch as it was at one commit, read from the catalog.

    With an engine's `read`, each question has an SQL transaction of its own, for callers that live long; with
    `within(conn)`, all are asked in the one under way.
    """

    read: Read
    branch: Branch
    #: the commit
    seq: int

    @classmethod
    def at_head(cls, read: Read, branch: Branch) -> "CommittedTree":
        """Return a branch as it is now."""
        with read() as conn:
            return cls(read, branch, commits.head(conn, branch))

    @held
    def in_one_read(self) -> Iterator["CommittedTree"]:
        """Return the same tree, all questions asked in one SQL transaction for as long as the context lasts."""
        with self.read() as conn:
            yield replace(self, read=within(conn))

    def child(self, parent: int, name: str) -> Entry | None:
        """Return what is called `name` under the node `parent`."""
        with self.read() as conn:
            return entries.child(conn, self.branch, self.seq, parent, name)

    def children(self, parent: int) -> list[Entry]:
        """Return all that is directly under the node `parent`, in no order."""
        with self.read() as conn:
            return entries.children(conn, self.branch, self.seq, parent)

    def named(self, parent: int, names: Iterable[str]) -> list[Entry]:
        """Return what has one of `names` directly under the node `parent`."""
        with self.read() as conn:
            return entries.named(conn, self.branch, self.seq, parent, names)

    def has_children(self, parent: int) -> bool:
        """Return whether anything is directly under the node `parent`."""
        with self.read() as conn:
            return entries.has_children(conn, self.branch, self.seq, parent)

    def node(self, node: int) -> Entry | None:
        """Return the entry of one node, whether or not its ancestors stand."""
        with self.read() as conn:
            return entries.of_node(conn, self.branch, self.seq, node)

    def nodes(self, nodes: Iterable[int]) -> dict[int, Entry]:
        """Return the entries of many nodes, by node."""
        with self.read() as conn:
            return entries.of_nodes(conn, self.branch, self.seq, nodes)

    def property_texts(self, ids: Iterable[str]) -> dict[str, str]:
        """Return properties as JSON, by id."""
        with self.read() as conn:
            return stored.texts(conn, ids)

    def history(self, node: int) -> list[Entry]:
        """Return every entry that a node has had up to this commit, oldest first."""
        with self.read() as conn:
            return entries.history_of_node(conn, self.branch, self.seq, node)

    def nodes_apart(self, other: "CommittedTree") -> set[int]:
        """Return the nodes that may differ from another tree: those that either changed since what both have seen."""
        both = self.branch.common(self.seq, other.branch, other.seq)
        with self.read() as conn:
            return {
                entry.node_id
                for tree in (self, other)
                for entry in entries.changed_entries(conn, tree.branch, both, tree.seq)
            }
