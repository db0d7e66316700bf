"""Branches as the rooms know them: one that tests write to, read and search."""

from dataclasses import dataclass

from holdfast.catalog import branches, commits
from holdfast.catalog.branches import MAIN, Branch
from holdfast.catalog.commits import Commit
from holdfast.front.store import Store
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import InternalTransaction, begin
from holdfast.search.hits import Hit, SearchMode
from holdfast.search.reader import SearchReader
from holdfast.search.request import SearchRequest
from holdfast.search.search import search
from holdfast.testing.seams import rooms
from holdfast.tree.committed import CommittedTree
from holdfast.tree.snapshot import Snapshot


@dataclass(frozen=True)
class Line:
    """A branch of an open store."""

    store: Store
    branch: Branch = MAIN

    def fork(self, name: str, at: int | None = None) -> "Line":
        """Make a branch of this one, at its head unless told."""
        with rooms(self.store).engine.write() as conn:
            seq = commits.head(conn, self.branch) if at is None else at
            return Line(self.store, branches.create(conn, name, self.branch, seq, "ann", 5.0))

    def delete(self) -> None:
        """Delete the branch."""
        with rooms(self.store).engine.write() as conn:
            branches.delete(conn, self.branch, 6.0)

    @property
    def head(self) -> int:
        with rooms(self.store).engine.read() as conn:
            return commits.head(conn, self.branch)

    def change(self) -> InternalTransaction:
        """Begin a transaction on the branch."""
        return begin(rooms(self.store), CommitOptions(self.branch))

    def write(self, path: str, text: str) -> Commit:
        """Write a file in a commit of its own."""
        tx = self.change()
        tx.write(path, text)
        return tx.commit()

    def remove(self, path: str) -> Commit:
        """Remove what is at a path, in a commit of its own."""
        tx = self.change()
        tx.remove(path, recursive=True)
        return tx.commit()

    def at(self, seq: int) -> Snapshot:
        """Return the branch at one commit."""
        return Snapshot(rooms(self.store), CommittedTree(rooms(self.store).engine.read, self.branch, seq))

    def search(self, query: str, *, under: str = "/", at: int | None = None, mode: SearchMode = "text") -> list[Hit]:
        """Search the branch."""
        reader = SearchReader(rooms(self.store))
        try:
            request = SearchRequest(query, under, 100, mode, self.branch, self.head if at is None else at)
            return search(rooms(self.store), reader, request).hits
        finally:
            reader.close()

    def found(self, query: str, *, under: str = "/", at: int | None = None) -> set[str]:
        """Return the paths that a search finds, other places of the same content too."""
        return {path for hit in self.search(query, under=under, at=at) for path in (hit.path, *hit.also)}
