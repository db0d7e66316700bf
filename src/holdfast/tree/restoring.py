"""Making a path, and all below it, what it was at another commit.

A file or directory gets back the node it had then, so that its history goes on where it was broken off. What hangs
below a removed directory was never touched by the removal, so a directory that comes back is one row, and one more for
whatever had changed below it between that commit and its removal.
"""

from dataclasses import dataclass, field, replace

from holdfast import paths
from holdfast.catalog.entries import ROOT_ENTRY, Entry
from holdfast.tree import walking
from holdfast.tree.overlay import Overlay, Slot, held
from holdfast.tree.properties.reading import bearer
from holdfast.tree.walking import TreeView


def restore(overlay: Overlay, path: str, then: TreeView) -> None:
    """Make `path`, which is parsed, what it is in `then`, touching only what differs; raises NotFound."""
    wanted = walking.need(then, path)
    overlay.claim(path, deep=True)
    if path == paths.ROOT:
        overlay.set_properties(path, bearer(then, path).properties_id)
        _Restoring(overlay, then, None).below(ROOT_ENTRY, ROOT_ENTRY, given_back=False)
        return
    slot = overlay.place(path, make_parents=True)
    run = _Restoring(overlay, then, slot)
    there, given_back = run.fill(slot, wanted)
    if there.is_dir:
        run.below(there, wanted, given_back=given_back)


@dataclass
class _Restoring:
    overlay: Overlay
    then: TreeView
    #: the slot that becomes what it was; None when it is the whole tree
    top: Slot | None
    #: nodes that have got their places and keep them
    _settled: set[int] = field(default_factory=set)

    def fill(self, slot: Slot, wanted: Entry) -> tuple[Entry, bool]:
        """Make one slot hold what `wanted` is; returns its entry, and whether that node was given back."""
        there = self.overlay.child(*slot)
        node, given_back = self._node_for(there, wanted)
        if there is None or (there.node_id, *held(there)) != (node, *held(wanted)):
            if given_back:
                self._vacate(node)
            parent, name = slot
            now = self.overlay.now
            entry = replace(wanted, node_id=node, parent_id=parent, name=name, modified=now)
            if there is not None and there.source is not None and not (there.is_dir or wanted.is_dir):
                # It was changed here and not in its source, which an add must be able to tell.
                source, stamp = there.origin_of(wanted.content_id)
                entry = replace(entry, source=source, source_stamp=stamp)
            self.overlay.put(slot, entry)
        filled = self.overlay.child(*slot)
        assert filled is not None
        self._settled.add(node)
        return filled, given_back

    def below(self, top: Entry, wanted: Entry, *, given_back: bool) -> None:
        """Make all below a directory what it is below `wanted`."""
        pairs = [(top, wanted, given_back)]
        while pairs:
            directory, was, hidden = pairs.pop()
            names = {entry.name: entry for entry in self.then.children(was.node_id)}
            for extra in [entry for entry in self.overlay.children(directory.node_id) if entry.name not in names]:
                self.overlay.put((directory.node_id, extra.name), None)
            for name in sorted(names):
                there, given_back = self.fill((directory.node_id, name), names[name])
                if there.is_dir:
                    pairs.append((there, names[name], hidden or given_back))
                elif hidden and there.content_id is not None:
                    # Its own row says nothing new, and yet its content is seen again and must be searchable (G4).
                    self.overlay.seen_again.add(there.content_id)
                    self.overlay.brought_back.add(there.node_id)

    def _node_for(self, there: Entry | None, wanted: Entry) -> tuple[int, bool]:
        """Return the node that a slot is to have, and whether it has to be taken from where it is."""
        if there is not None and there.node_id == wanted.node_id:
            return wanted.node_id, False
        if self._is_free(wanted.node_id):
            return wanted.node_id, True
        if there is not None and there.is_dir == wanted.is_dir:
            return there.node_id, False
        return self.overlay.new_node(), False

    def _is_free(self, node: int) -> bool:
        """Return whether a node stands nowhere, or where this restore will empty its place anyway."""
        if node in self._settled:
            return False
        entry, passed = self.overlay.node(node), set[int]()
        while entry is not None and entry.node_id not in passed:
            passed.add(entry.node_id)
            if (entry.parent_id, entry.name) == self.top:
                return True
            if entry.parent_id == ROOT_ENTRY.node_id:
                return self.top is None
            entry = self.overlay.node(entry.parent_id)
        return True

    def _vacate(self, node: int) -> None:
        entry = self.overlay.node(node)
        if entry is not None:
            self.overlay.put((entry.parent_id, entry.name), None)
