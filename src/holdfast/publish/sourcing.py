"""What sources mean that are given with rows: the file that stands at a path, and what it holds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from holdfast.backend import Backend
from holdfast.catalog import contents
from holdfast.catalog.entries import Entry
from holdfast.rows.schema.values import Refused
from holdfast.rows.sources import CONTENT, Source
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.walking import TreeView


class SourceResolver:
    """Finds what sources name in a tree, which a transaction may be changing."""

    def __init__(
        self, backend: Backend, view: TreeView, committed: CommittedTree, commit: int = 0, *, foreign: bool = False
    ) -> None:
        self._backend = backend
        self._view = view
        self._committed = committed
        #: what is said of a file that is so now; 0 stands for the commit that is made of it
        self._commit = commit
        #: whether contents may be named that are in another store
        self._foreign = foreign
        self._standing: dict[str, Entry | None] = {}

    def resolved(self, given: Iterable[Source]) -> list[Source]:
        """Return sources with what is known of them; raises Refused for a path or a content that is not there."""
        return [self._resolved(each) for each in given]

    def _resolved(self, given: Source) -> Source:
        if given.path is None:
            return self._of_content(given)
        entry = self._entry(given.path)
        if given.content is None:
            return self._as_it_is(given, given.path, entry)
        node, commit = given.node, given.commit
        if entry is not None and entry.content_id == given.content:
            # It is so now, whatever was known of it elsewhere.
            node, commit = entry.node_id, self._commit if commit is None else commit
        elif node is None and entry is not None and self._held(entry.node_id, given.content):
            node = entry.node_id
        elif node is not None and not self._held(node, given.content):
            # The number of a file in another store.
            node = commit = None
        return _with(given, node, commit)

    def _as_it_is(self, given: Source, path: str, entry: Entry | None) -> Source:
        if entry is None:
            raise Refused(f"there is no file {path}; write it first, or in the same transaction")
        if entry.content_id is None:
            raise Refused(f"{path} is a directory; name the files in it that the row rests on")
        return _with(replace(given, content=entry.content_id), entry.node_id, self._commit)

    def _of_content(self, given: Source) -> Source:
        assert given.content is not None
        with self._backend.engine.read() as conn:
            if given.commit is None and contents.get(conn, given.content) is None:
                if self._foreign:
                    return given
                raise Refused(f"there is no content {CONTENT}{given.content}; name the path of a file")
        return _with(given, None, self._commit if given.commit is None else given.commit)

    def _entry(self, path: str) -> Entry | None:
        if path not in self._standing:
            self._standing[path] = walking.standing(self._view, path)
        return self._standing[path]

    def _held(self, node: int, content: str) -> bool:
        history: Callable[[int], Sequence[Entry]] = self._committed.history
        return node > 0 and any(entry.content_id == content for entry in history(node))


def _with(source: Source, node: int | None, commit: int | None) -> Source:
    return replace(source, node=node, commit=commit)
