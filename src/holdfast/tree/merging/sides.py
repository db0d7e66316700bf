"""The three trees of a merge, and which node of ours is meant by one of theirs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from holdfast.catalog.entries import ROOT_ENTRY, Entry
from holdfast.catalog.values import ROOT_NODE
from holdfast.tree.committed import CommittedTree
from holdfast.tree.merging.crossing import MergeBase
from holdfast.tree.places import Places


def standing(side: Places, node: int | None) -> Entry | None:
    """Return the entry of a node that is reached from the root, or None."""
    if node == ROOT_NODE:
        return side.entry(ROOT_NODE) or ROOT_ENTRY
    return side.entry(node) if node is not None and side.path(node) is not None else None


@dataclass
class Sides:
    """The ancestor, the tree that is merged into, and the one that is merged."""

    base: MergeBase
    ours: Places
    theirs: Places
    _here: dict[int, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, base: MergeBase, ours: CommittedTree, theirs: CommittedTree) -> "Sides":
        """Return the sides of a merge of two trees."""
        return cls(base, Places(ours), Places(theirs))

    def load(self, nodes: Iterable[int]) -> None:
        """Read the entries of nodes and of all above them on each side."""
        asked = set(nodes)
        for side in (self.base, self.ours, self.theirs):
            side.load(asked)

    def here(self, node: int) -> int | None:
        """Return the node of ours that a node of theirs is: the same one, or what was made in its place; or None."""
        chain: list[Entry] = []
        at = node
        while at not in self._here:
            entry = standing(self.theirs, at) or standing(self.base, at)
            if self.ours.path(at) is not None or entry is None:
                self._here[at] = at if self.ours.path(at) is not None else None
                break
            # Until it is known: in a damaged tree the way up may lead back here.
            self._here[at] = None
            chain.append(entry)
            at = entry.parent_id
        for entry in reversed(chain):
            self._here[entry.node_id] = self._made_in_place_of(entry)
        return self._here[node]

    def set_apart(self, node: int) -> None:
        """Have a node of theirs be none of ours."""
        self._here[node] = None

    def replaced(self, theirs: Entry) -> Entry | None:
        """Return the file of the ancestor that theirs removed to make this one in its place."""
        if theirs.is_dir or standing(self.base, theirs.parent_id) is None:
            return None
        was = self.base.child(theirs.parent_id, theirs.name)
        return was if was is not None and not was.is_dir and standing(self.theirs, was.node_id) is None else None

    def _made_in_place_of(self, entry: Entry) -> int | None:
        for side in (self.base, self.theirs):
            was = standing(side, entry.node_id)
            parent = self.here(was.parent_id) if was is not None else None
            there = self.ours.tree.child(parent, was.name) if was is not None and parent is not None else None
            if there is not None and self._is_counterpart(entry, there):
                return there.node_id
        # Made anew it is what was removed for it, wherever that is by now.
        removed = self.replaced(entry)
        return removed.node_id if removed is not None and self.ours.path(removed.node_id) is not None else None

    def _is_counterpart(self, entry: Entry, there: Entry) -> bool:
        """Return whether what stands in ours where `entry` stands in theirs is the same file or directory for both."""
        if there.is_dir != entry.is_dir or self.theirs.path(there.node_id) is not None:
            return False
        if not entry.is_dir:
            return True
        # Made on both sides it is one directory; made anew where one was removed, it has nothing of that one.
        replaced_by_theirs = standing(self.base, there.node_id) and self.theirs.was_there(there.node_id)
        replaced_by_ours = standing(self.base, entry.node_id) and self.ours.was_there(entry.node_id)
        return not (replaced_by_theirs or replaced_by_ours)
