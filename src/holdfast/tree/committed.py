"""The committed tree: a branch as it was at one commit."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from holdfast.catalog import commits, entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, Read, within
from holdfast.catalog.entries import Entry
from holdfast.catalog.history import retention
from holdfast.catalog.properties import stored
from holdfast.errors import CommitTaken, HoldfastError
from holdfast.host.held import held

#: what whoever reads is told instead of an error
Telling = Callable[[CommitTaken], HoldfastError]


@dataclass(frozen=True, slots=True)
class _LastingRead:
    """Gives a connection for one question about a commit; raises once gc has taken what that shows."""

    read: Read
    branch: Branch
    seq: int
    telling: Telling | None

    @held
    def __call__(self) -> Iterator[Connection]:
        with self.read() as conn:
            try:
                retention.check_work(conn, self.branch, self.seq)
            except CommitTaken as error:
                if self.telling is None:
                    raise
                raise self.telling(error) from error
            yield conn


@dataclass(frozen=True, slots=True)
class CommittedTree:
    """A branch as it was at one commit, read from the catalog.

    With `within(conn)` all questions are asked in the SQL transaction under way. For callers that live long there is
    `lasting`: each question has a transaction of its own, and finds the commit there or raises CommitTaken.
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

    @classmethod
    def lasting(cls, read: Read, branch: Branch, seq: int, telling: Telling | None = None) -> "CommittedTree":
        """Return a branch at a commit, for questions that are asked over time with an engine's `read`."""
        return cls(_LastingRead(read, branch, seq, telling), branch, seq)

    @classmethod
    def lasting_at_head(cls, read: Read, branch: Branch, telling: Telling | None = None) -> "CommittedTree":
        """Return a branch as it is now, for questions that are asked over time with an engine's `read`."""
        return cls.lasting(read, branch, cls.at_head(read, branch).seq, telling)

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
