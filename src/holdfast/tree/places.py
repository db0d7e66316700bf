"""Where nodes stand at one commit: from a node up to the root, each step remembered."""

from collections.abc import Iterable

from holdfast import paths
from holdfast.catalog.entries import ROOT_ENTRY, Entry
from holdfast.catalog.values import ROOT_NODE
from holdfast.tree.committed import CommittedTree


class Places:
    """The paths of nodes at one commit, read as they are asked for."""

    def __init__(self, tree: CommittedTree) -> None:
        self.tree = tree
        self._entries: dict[int, Entry | None] = {}
        self._paths: dict[int, str | None] = {ROOT_NODE: paths.ROOT}

    def entry(self, node: int) -> Entry | None:
        """Return the node's entry, whether or not its ancestors stand."""
        if node not in self._entries:
            found = self.tree.node(node)
            self._entries[node] = found or ROOT_ENTRY if node == ROOT_NODE else found
        return self._entries[node]

    def known(self) -> list[Entry]:
        """Return the entries that were read so far."""
        return [entry for entry in self._entries.values() if entry is not None]

    def children(self, node: int) -> list[Entry]:
        """Return all that is directly under a node, in no order."""
        found = self.tree.children(node)
        self._entries.update((entry.node_id, entry) for entry in found)
        return found

    def was_there(self, node: int) -> bool:
        """Return whether a node has ever stood anywhere, up to this commit."""
        return node == ROOT_NODE or bool(self.tree.history(node))

    def load(self, nodes: Iterable[int]) -> None:
        """Read the entries of many nodes and of all above them, one statement for each level."""
        level = {node for node in nodes if node not in self._entries and node != ROOT_NODE}
        while level:
            found = self.tree.nodes(level)
            self._entries.update({node: found.get(node) for node in level})
            parents = {entry.parent_id for entry in found.values()}
            level = {node for node in parents if node not in self._entries and node != ROOT_NODE}

    def path(self, node: int) -> str | None:
        """Return the node's path, or None when it or an ancestor does not stand."""
        chain: list[Entry] = []
        while node not in self._paths:
            # Nowhere, until the way to the root is known: in a damaged tree it may lead back here.
            self._paths[node] = None
            entry = self.entry(node)
            if entry is None:
                break
            chain.append(entry)
            node = entry.parent_id
        at = self._paths[node]
        for entry in reversed(chain):
            at = None if at is None else paths.join(at, entry.name)
            self._paths[entry.node_id] = at
        return at

    def path_of(self, entry: Entry) -> str | None:
        """Return the path of an entry that is true at this commit, or None when an ancestor does not stand."""
        parent = self.path(entry.parent_id)
        return None if parent is None else paths.join(parent, entry.name)

    def is_below(self, node: int, top: int) -> bool:
        """Return whether `node` is `top` or below it."""
        passed: set[int] = set()
        while node not in (ROOT_NODE, top):
            entry = self.entry(node)
            if entry is None or node in passed:
                return False
            passed.add(node)
            node = entry.parent_id
        return node == top
