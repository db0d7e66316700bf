"""What changed: the log of a store or of one path, what one commit did, and the difference between two."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import commits, entries
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.entries import Entry
from holdfast.catalog.values import FOREVER, ROOT_NODE, commit_that_made
from holdfast.errors import NotFound
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.overlay import Overlay
from holdfast.tree.places import Places

#: commits read at a time
PAGE = 200
#: nodes that are looked up one by one; more are read together with all that is above them, a statement for each level
FEW = 8
#: commits of a branch that are read at first
FIRST_PAGE = 25


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one file or directory between two commits."""

    #: added | modified | moved | removed | properties, where only those changed
    kind: str
    #: where it is; where it was, for one that was removed
    path: str
    is_dir: bool
    #: where it was, for one that moved
    old_path: str | None = None
    #: whether a moved file's content changed too
    modified: bool = False
    #: whether the properties of what stands before and after changed
    properties: bool = False


def log(backend: Backend, branch: Branch, until: int, path: str | None, after: int | None = None) -> Iterator[Commit]:
    """Yield commits up to `until`, newest first; with a path, those that changed it or anything below it.

    A path is followed through moves: it is the node that stands there at `until` that is asked about, as far back as
    nothing was taken. With `after`, only the commits before that one: those that come after it in this order.
    """
    node, start = None, until if after is None else _first_after(backend, after, until)
    if path is not None:
        with backend.engine.read() as conn:
            node = _node_at(conn, branch, until, path)
    for commit in _newest_first(backend, start):
        # What a commit that was taken did to a path, nobody knows any more.
        if node is not None and (commit.taken or commit.id < commit_that_made(node.node_id)):
            return
        if node is None or _touches(backend, branch, commit, node):
            yield commit


def log_of_all(backend: Backend) -> Iterator[Commit]:
    """Yield the commits of all branches, newest first."""
    below = FOREVER
    while True:
        with backend.engine.read() as conn:
            page = commits.newest_of_all(conn, below, PAGE)
        yield from page
        if not page:
            return
        below = page[-1].id


def diff(old: CommittedTree, new: CommittedTree) -> list[Change]:
    """Return what changed from one committed tree to another, in order of path.

    The other may be earlier, or of another branch. A directory that moved, was removed or came back is one change,
    however much it holds. What was made anew where the same kind of thing stood is compared with that.
    """
    return _between(old.nodes_apart(new), Places(old), Places(new))


def changes_of(overlay: Overlay) -> list[Change]:
    """Return what `diff` will say of a change of nodes that were there before, once it is committed."""
    nodes = {entry.node_id for entries_of in (overlay.begun(), overlay.ended()) for entry in entries_of}
    return _between(nodes, Places(overlay.base), _Coming(overlay))


class _Coming(Places):
    """Where nodes stand once an overlay is committed."""

    def __init__(self, overlay: Overlay) -> None:
        super().__init__(overlay.base)
        self._overlay = overlay
        self._entries.update(overlay.moved())

    def children(self, node: int) -> list[Entry]:
        """Return all that is directly under a node, in no order."""
        return self._overlay.children(node)


def _between(nodes: set[int], before: Places, after: Places) -> list[Change]:
    for side in (before, after) if len(nodes) > FEW else ():
        side.load(nodes)
    found = _Changes({node: change for node in nodes if (change := _change_of(before, after, node)) is not None})
    for removed, added in found.replaced():
        _compare(found, before, after, removed, added)
    return sorted(found.by_node.values(), key=lambda change: (change.path, change.kind))


def part(changes: list[Change], under: str, limit: int | None, after: str | None) -> list[Change]:
    """Return the changes at or below `under`, or away from there, that come after the path `after`.

    They are at most `limit`, but for others of the last one's path.
    """
    rest = changes[0 if after is None else bisect_right(changes, after, key=_path_of) :]
    rest = [each for each in rest if any(paths.is_within(at, under) for at in (each.path, each.old_path or each.path))]
    if limit is None or limit >= len(rest):
        return rest
    # A path may have two changes: a file that went, and a directory that came. A cursor could not come between them.
    return rest[: bisect_right(rest, rest[limit - 1].path, key=_path_of)] if limit else []


def _path_of(change: Change) -> str:
    return change.path


def _node_at(conn: Connection, branch: Branch, seq: int, path: str) -> Entry:
    node = walking.find(CommittedTree(within(conn), branch, seq), path)
    if node is None:
        remedy = "If it was removed: name a commit that has it with --at, or ask for the log of the directory it was in"
        raise NotFound(f"{path} does not exist at commit {seq}", path=path, remedy=remedy)
    return node


def _first_after(backend: Backend, after: int, until: int) -> int | None:
    """Return the first commit from `until` on that comes after the commit `after` in a log."""
    if after > until:
        return until
    with backend.engine.read() as conn:
        last = commits.by_seq(conn, after)
    return last.parent if last else None


def _newest_first(backend: Backend, last: int | None) -> Iterator[Commit]:
    # A few are asked for more often than all.
    size = FIRST_PAGE
    while last:
        with backend.engine.read() as conn:
            page = commits.newest(conn, last, size)
        yield from page
        last, size = page[-1].parent if page else None, PAGE


def _touches(backend: Backend, branch: Branch, commit: Commit, node: Entry) -> bool:
    if node.node_id == ROOT_NODE:
        return True
    with backend.engine.read() as conn:
        changed = entries.changed_entries(conn, branch, commit.id - 1, commit.id)
        if any(entry.node_id == node.node_id for entry in changed):
            return True
        if not node.is_dir:
            return False
        before, after = (Places(CommittedTree(within(conn), branch, seq)) for seq in (commit.parent or 0, commit.id))
        # The entry says where it stood, on the side that it stood on.
        sides = ((after if entry.from_seq == commit.id else before, entry.parent_id) for entry in changed)
        return any(side.is_below(parent, node.node_id) for side, parent in sides)


def _change_of(before: Places, after: Places, node: int) -> Change | None:
    was, now = before.entry(node), after.entry(node)
    old_path = before.path(node) if was else None
    new_path = after.path(node) if now else None
    if was is None or old_path is None:
        if now is None or new_path is None or _came_back_with(now.parent_id, before):
            return None
        return Change("added", new_path, now.is_dir)
    if now is None or new_path is None:
        # Below a directory that was removed with it, the directory's own change says it all.
        return Change("removed", old_path, was.is_dir) if after.path(was.parent_id) is not None else None
    if old_path != new_path and (was.parent_id, was.name) != (now.parent_id, now.name):
        modified, properties = was.content_id != now.content_id, was.properties_id != now.properties_id
        return Change("moved", new_path, now.is_dir, old_path, modified, properties)
    return change_of_held(was, now, new_path)


def change_of_held(was: Entry, now: Entry, path: str) -> Change | None:
    """Return what changed of what an entry holds, None when nothing did."""
    properties = was.properties_id != now.properties_id
    if was.content_id != now.content_id:
        return Change("modified", path, now.is_dir, properties=properties)
    return Change("properties", path, now.is_dir, properties=True) if properties else None


@dataclass(frozen=True)
class _Changes:
    """Changes by the node that changed."""

    by_node: dict[int, Change]

    def replaced(self) -> list[tuple[int, int]]:
        """Return (removed, added) nodes that stand at one path before and after, both files or both directories."""
        removed = self._places("removed")
        return [(removed[place], node) for place, node in self._places("added").items() if place in removed]

    def _places(self, kind: str) -> dict[tuple[str, bool], int]:
        return {(change.path, change.is_dir): node for node, change in self.by_node.items() if change.kind == kind}


def _compare(found: _Changes, before: Places, after: Places, removed: int, added: int) -> None:
    """Say of two nodes that stand at one path before and after only where they differ, and what is below them."""
    pairs = [(removed, added)]
    while pairs:
        old, new = pairs.pop()
        found.by_node.pop(old, None)
        found.by_node.pop(new, None)
        was, now, path = before.entry(old), after.entry(new), after.path(new)
        assert was is not None
        assert now is not None
        assert path is not None
        if (change := change_of_held(was, now, path)) is not None:
            found.by_node[new] = change
        if was.is_dir:
            pairs += _below(found, before, after, was, now)


def _below(found: _Changes, before: Places, after: Places, was: Entry, now: Entry) -> list[tuple[int, int]]:
    """Note what is in one of two directories only; returns the nodes to be compared with each other."""
    olds = {child.name: child for child in before.children(was.node_id) if after.path(child.node_id) is None}
    news = {child.name: child for child in after.children(now.node_id) if before.path(child.node_id) is None}
    both = [name for name in olds.keys() & news.keys() if olds[name].is_dir == news[name].is_dir]
    pairs = [(olds.pop(name).node_id, news.pop(name).node_id) for name in both]
    for side, places, kind in ((olds, before, "removed"), (news, after, "added")):
        for child in side.values():
            found.by_node[child.node_id] = Change(kind, str(places.path_of(child)), child.is_dir)
    return pairs


def _came_back_with(parent: int, before: Places) -> bool:
    """Return whether a directory is there again that was made earlier: its own change says it all."""
    # What a merge takes over may be older than its commit, and was never here.
    old = commit_that_made(parent) <= before.tree.seq
    return old and before.path(parent) is None and before.was_there(parent)
