"""What a store remembers of its sessions."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Protocol

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.catalog.commits import Commit
from holdfast.errors import InvalidPath, NotFound
from holdfast.search.hits import Hit
from holdfast.sessions.memories import each_memory, memory_at
from holdfast.sessions.memory import ROOT, Memory
from holdfast.tree.snapshot import Snapshot


class _Tree(Protocol):
    """What of a store its memories need."""

    @property
    def address(self) -> str: ...

    def snapshot(self) -> Snapshot: ...

    def search(self, query: str, *, under: str, limit: int) -> list[Hit]: ...

    def remove(self, path: str, *, recursive: bool, message: str) -> Commit: ...


@checks_arguments
class Memories:
    """All memories of a store, as `store.memories`: short texts under /memories, by kind."""

    def __init__(self, tree: _Tree) -> None:
        self._tree = tree

    def __repr__(self) -> str:
        return f"<Memories of {self._tree.address}>"

    def list(self, *, kind: str | None = None, limit: int | None = None, after: str | None = None) -> Iterator[Memory]:
        """Yield what is remembered, all or of one kind, in order of path.

        At most `limit` of them, and only those that come after the path `after`: where one left off.
        """
        return islice(each_memory(self._tree.snapshot(), kind, after), limit)

    def get(self, path: str) -> Memory:
        """Return the memory at `path`; raises NotFound."""
        path = paths.parse(path)
        snapshot = self._tree.snapshot()
        memory = memory_at(snapshot, snapshot.stat(path)) if snapshot.exists(path) else None
        if memory is None:
            raise NotFound(f"{path} is no memory", path=path, remedy="See `holdfast memory list`")
        return memory

    def search(self, query: str, *, limit: int = 10) -> Sequence[Hit]:
        """Return the passages of memories that answer `query` best, best first, as `store.search` does."""
        return self._tree.search(query, under=ROOT, limit=limit)

    def forget(self, path: str, *, message: str = "") -> Commit:
        """Forget a memory, or all of a kind: history keeps it, and searches no longer find it.

        No archive that was made before brings it back. Raises InvalidPath for a path that is not below /memories.
        """
        path = paths.parse(path)
        if not paths.is_within(path, ROOT) or path == ROOT:
            remedy = "To remove other files use `holdfast rm`"
            raise InvalidPath(f"{path} is not below {ROOT}", path=path, remedy=remedy)
        return self._tree.remove(path, recursive=True, message=message or f"Forget {path}")
