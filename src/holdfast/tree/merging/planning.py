"""What a merge would do: by node and slot, what theirs changed since the ancestor is taken over, or is in conflict.

The cost follows what theirs changed, and where theirs removed a directory, what ours changed. A node is compared by its
place and by what it holds, each for itself: a rename here and an edit there are both taken.
"""

from dataclasses import dataclass, field, replace

from holdfast import paths
from holdfast.catalog.entries import Entry
from holdfast.catalog.values import ROOT_NODE
from holdfast.tree import walking
from holdfast.tree.merging.by_key import by_key
from holdfast.tree.merging.plan import Choice, MergePlan
from holdfast.tree.overlay import FileState, Slot, held
from holdfast.tree.properties.checking import property_set
from holdfast.tree.properties.reading import properties_of


@dataclass
class MergePlanning(MergePlan):
    """A plan that is being made."""

    #: by our node, the one of theirs that is the same file or directory
    _partners: dict[int, int] = field(default_factory=dict)

    def run(self) -> None:
        """Compare all that theirs changed."""
        sides = self.sides
        changed = sides.base.apart_from(sides.theirs.tree)
        if ROOT_NODE in changed:
            self._compare_root()
            changed.remove(ROOT_NODE)
        sides.load(changed)
        self._pair(changed)
        for node in sorted(changed, key=self._place_of_theirs):
            self._compare(node)
        if any(entry.is_dir for node in self.removed if (entry := self.ours(node)) is not None):
            self._look_below_removed()
            self._open_for_kept()
        while self._check_places() or self._check_cycles():
            pass

    def _place_of_theirs(self, node: int) -> str:
        # What is in a directory comes after it.
        return self.sides.theirs.path(node) or self.sides.base.path(node) or ""

    def _pair(self, changed: set[int]) -> None:
        for node in sorted(changed):
            here = self.sides.here(node)
            if here is not None and self.theirs(node) is not None and self._partners.setdefault(here, node) != node:
                # Two cannot be one: this one is something else.
                self.sides.set_apart(node)

    def _compare(self, node: int) -> None:
        here = self.sides.here(node)
        theirs, ours = self.theirs(node), self.ours(here)
        base = self.base(node) or self.base(here)
        if theirs is None:
            self._gone(node, ours, base)
        elif ours is None:
            self._come(theirs, base or self.sides.replaced(theirs))
        else:
            self._both(ours, theirs, base)

    def _gone(self, node: int, ours: Entry | None, base: Entry | None) -> None:
        """Take over that theirs removed a node."""
        if ours is None:
            # Out of sight here too, and it is to stay so when a directory above it comes back.
            if self.sides.ours.entry(node) is not None:
                self.removed.add(node)
            return
        if base is None or ours.node_id in self._partners:
            return
        if self._differs(ours, base):
            choice = self.choice("removed", ours, None, base)
            if choice != "theirs":
                self.kept.add(ours.node_id)
                self._hold(ours, choice)
                return
        self.removed.add(ours.node_id)

    def _come(self, theirs: Entry, base: Entry | None) -> None:
        """Take over what does not stand in ours."""
        if theirs.node_id in self.placed or (base is not None and not self._changed(theirs, base)):
            return
        if theirs.parent_id in self.dropped:
            self.dropped.add(theirs.node_id)
        elif base is None and self._has_room(theirs.parent_id):
            self._place(theirs)
        else:
            choice = self.choice("removed", None, theirs, base)
            if choice in ("ours", None):
                self.dropped.add(theirs.node_id)
                return
            self._bring_back(theirs, whole=base is not None)
            self._hold(self.placed[theirs.node_id], choice)

    def _both(self, ours: Entry, theirs: Entry, base: Entry | None) -> None:
        """Take over what theirs changed of what stands on both sides."""
        holding = self._held(ours, theirs, base)
        parent, name = self._slot(ours, theirs, base)
        for kind in ("moved", "removed"):
            if isinstance(choice := self.choices.get((kind, ours.node_id)), FileState):
                holding = _holding_state(ours, choice)
        properties_id = self._properties(ours, theirs, base)
        now = replace(holding, parent_id=parent, name=name, properties_id=properties_id)
        if now != ours:
            self.placed[ours.node_id] = now

    def _compare_root(self) -> None:
        """Take over the properties of the root directory, which has nothing else that changes."""
        ours, theirs, base = self.ours(ROOT_NODE), self.theirs(ROOT_NODE), self.base(ROOT_NODE)
        assert ours is not None
        assert theirs is not None
        now = replace(ours, properties_id=self._properties(ours, theirs, base))
        if now != ours:
            self.placed[ROOT_NODE] = now

    def _properties(self, ours: Entry, theirs: Entry, base: Entry | None) -> str | None:
        """Return the properties that what stands on both sides is to have."""
        was = base.properties_id if base is not None else None
        if theirs.properties_id in (ours.properties_id, was):
            return ours.properties_id
        if ours.properties_id == was:
            return theirs.properties_id
        tree = self.sides.ours.tree
        here, there = properties_of(tree, ours), properties_of(tree, theirs)
        merged = by_key(properties_of(tree, base) if base is not None else {}, here, there)
        choice = self.choice("properties", ours, theirs, base, merged.clashing) if merged.clashing else "ours"
        given = choice if isinstance(choice, dict) else merged.taking(there if choice == "theirs" else here)
        found = property_set(self.sides.ours.path(ours.node_id) or "", given)
        if found is None:
            return None
        self.property_sets[found.properties_id] = found
        return found.properties_id

    def _held(self, ours: Entry, theirs: Entry, base: Entry | None) -> Entry:
        """Return our entry with what the file is to hold."""
        if ours.content_id == theirs.content_id:
            # Where it came from may be new.
            unchanged = base is not None and _holding(ours) == _holding(base)
            return _with_holding(ours, theirs) if unchanged and not ours.is_dir else ours
        if base is not None and theirs.content_id == base.content_id:
            return ours
        if base is not None and ours.content_id == base.content_id:
            return _with_holding(ours, theirs)
        return self._settled(ours, theirs, base)

    def _settled(self, ours: Entry, theirs: Entry, base: Entry | None) -> Entry:
        """Return our entry with what is said that a file holds that both sides changed."""
        blended = self._blended(ours, theirs, base)
        choice = blended or self.choice("edited" if base else "place", ours, theirs, base)
        if isinstance(choice, FileState):
            return _holding_state(ours, choice)
        return _with_holding(ours, theirs) if choice == "theirs" else ours

    def _blended(self, ours: Entry, theirs: Entry, base: Entry | None) -> FileState | None:
        if not (base and base.content_id and ours.content_id and theirs.content_id):
            return None
        path = self.sides.ours.path(ours.node_id) or ""
        return self.settling.blend(path, (base.content_id, ours.content_id, theirs.content_id))

    def _slot(self, ours: Entry, theirs: Entry, base: Entry | None) -> Slot:
        """Return where a node is to stand that stands on both sides."""
        here, there = (ours.parent_id, ours.name), self._slot_here(theirs)
        was = self._slot_here(base) if base is not None else None
        if here == there or was == there or (base is not None and _slot_of(base) == _slot_of(theirs)):
            return here
        if base is not None and here in (was, _slot_of(base)):
            if self._has_room(theirs.parent_id):
                return there
            choice = self.choice("removed", ours, theirs, base)
        else:
            choice = self.choice("moved", ours, theirs, base)
        if choice != "theirs":
            return here
        self._bring_back_above(theirs)
        return self._slot_here(theirs)

    def _slot_here(self, entry: Entry) -> Slot:
        parent = self.sides.here(entry.parent_id)
        return (entry.parent_id if parent is None else parent, entry.name)

    def _has_room(self, directory: int) -> bool:
        """Return whether a directory of theirs stands here, or is to."""
        return directory in self.placed or self.sides.here(directory) is not None

    def _differs(self, ours: Entry, base: Entry) -> bool:
        return held(ours) != held(base) or _slot_of(ours) not in (_slot_of(base), self._slot_here(base))

    def _changed(self, theirs: Entry, base: Entry) -> bool:
        """Return whether theirs changed a node: what it holds, or where it is."""
        if held(theirs) != held(base):
            return True
        return _slot_of(theirs) != _slot_of(base) and self._slot_here(theirs) != self._slot_here(base)

    # --- changing the plan

    def _place(self, theirs: Entry) -> None:
        parent, name = self._slot_here(theirs)
        self.placed[theirs.node_id] = replace(theirs, parent_id=parent, name=name)

    def _hold(self, entry: Entry, choice: Choice) -> None:
        if isinstance(choice, FileState) and not entry.is_dir:
            self.placed[entry.node_id] = _holding_state(entry, choice)

    def _bring_back_above(self, theirs: Entry) -> None:
        """Have the directories above a node of theirs stand again, with nothing else in them."""
        missing: list[Entry] = []
        above = self.theirs(theirs.parent_id)
        while above is not None and not self._has_room(above.node_id):
            missing.append(above)
            above = self.theirs(above.parent_id)
        for directory in reversed(missing):
            self._place(directory)
            self.emptied.add(directory.node_id)
            self.dropped.discard(directory.node_id)

    def _bring_back(self, theirs: Entry, *, whole: bool) -> None:
        """Have a node of theirs stand here; with `whole`, all that is below it in theirs too."""
        self._bring_back_above(theirs)
        self._place(theirs)
        if not whole or not theirs.is_dir:
            return
        self.emptied.add(theirs.node_id)
        for _, entry in walking.walk(self.sides.theirs.tree, theirs, paths.ROOT):
            if self.sides.here(entry.node_id) is None:
                self._place(entry)
                if entry.is_dir:
                    self.emptied.add(entry.node_id)

    def _drop(self, node: int) -> None:
        """Leave a node where it is in ours, or out."""
        dropping = [node]
        while dropping:
            node = dropping.pop()
            ours, placed = self.ours(node), self.placed.pop(node, None)
            if ours is None:
                self.dropped.add(node)
                dropping += [each for each, entry in self.placed.items() if entry.parent_id == node]
            elif placed is not None:
                self._stay(ours, placed)

    def _stay(self, ours: Entry, placed: Entry) -> None:
        stays = replace(placed, parent_id=ours.parent_id, name=ours.name)
        if stays != ours:
            self.placed[ours.node_id] = stays
        if self.is_gone(ours.node_id):
            self.kept.add(ours.node_id)
            self._open_for_kept()

    # --- what theirs removed

    def _look_below_removed(self) -> None:
        """Find what ours changed in directories that theirs removed, or moved out of them."""
        sides = self.sides
        changed = sides.base.apart_from(sides.ours.tree) - {ROOT_NODE}
        sides.load(changed)
        for node in sorted(changed, key=lambda node: sides.ours.path(node) or ""):
            ours, base, theirs = self.ours(node), self.base(node), self.theirs(node)
            if ours is None or node in self.removed | self.kept or (base and not self._differs(ours, base)):
                continue
            moved_out = base is not None and theirs is None and node not in self._partners
            if not moved_out and not self.is_gone(node):
                continue
            choice = self.choice("removed", ours, theirs, base)
            if choice != "theirs":
                self.kept.add(node)
                self._hold(self.now(node) or ours, choice)
            elif theirs is not None:
                self._place_as_theirs(ours, theirs)
            else:
                self.removed.add(node)

    def _open_for_kept(self) -> None:
        """Have the directories stand that hold what is kept, with nothing else that theirs removed."""
        opened = {each for node in self.kept for each in self.way_up(node) if each in self.removed}
        self.removed.difference_update(opened)
        for directory in opened:
            for child in self.sides.ours.children(directory):
                if child.node_id not in opened | self.kept | self.placed.keys() and not self.theirs(child.node_id):
                    self.removed.add(child.node_id)

    def _place_as_theirs(self, ours: Entry, theirs: Entry) -> None:
        parent, name = self._slot_here(theirs)
        self.placed[ours.node_id] = replace(self.now(ours.node_id) or ours, parent_id=parent, name=name)

    # --- whether the result is a tree

    def _check_places(self) -> bool:
        """Find two things in one place; returns whether the plan has changed."""
        for node, entry in list(self.placed.items()):
            there = self._in_the_way(node, entry)
            if there is None or entry.parent_id in self.emptied or node not in self.placed:
                continue
            choice = self.choice("place", there, self.theirs(self._partners.get(node, node)), None)
            if choice != "theirs":
                self._drop(node)
                self._hold(there, choice)
            elif (elsewhere := self.theirs(there.node_id)) is not None:
                self._place_as_theirs(there, elsewhere)
            else:
                self.removed.add(there.node_id)
            return True
        return False

    def _in_the_way(self, node: int, entry: Entry) -> Entry | None:
        """Return what stays in the slot that a node is put in."""
        ours = self.ours(node)
        if node in self.removed or (ours is not None and _slot_of(ours) == _slot_of(entry)):
            return None
        there = self.sides.ours.tree.child(entry.parent_id, entry.name)
        if there is None or there.node_id == node or there.node_id in self.removed:
            return None
        now = self.now(there.node_id)
        return there if now is not None and _slot_of(now) == _slot_of(entry) else None

    def _check_cycles(self) -> bool:
        """Find directories that would be in each other; returns whether the plan has changed."""
        for node, entry in list(self.placed.items()):
            above = list(self.way_up(node)) if entry.is_dir else []
            ours = self.ours(node)
            if node not in above or ours is None:
                continue
            choice = self.choice("cycle", ours, self.theirs(node), self.base(node))
            if choice != "theirs":
                self._drop(node)
            else:
                self._untie(above)
            return True
        return False

    def _untie(self, cycle: list[int]) -> None:
        for node in cycle:
            ours, theirs = self.ours(node), self.theirs(node)
            if ours is not None and theirs is not None:
                self._place_as_theirs(ours, theirs)


def _slot_of(entry: Entry) -> Slot:
    return (entry.parent_id, entry.name)


def _holding(entry: Entry) -> tuple[object, ...]:
    return (entry.content_id, entry.source, entry.source_stamp)


def _with_holding(ours: Entry, theirs: Entry) -> Entry:
    """Return our entry holding what theirs holds."""
    return replace(
        ours,
        content_id=theirs.content_id,
        size=theirs.size,
        modified=theirs.modified,
        source=theirs.source,
        source_stamp=theirs.source_stamp,
    )


def _holding_state(ours: Entry, state: FileState) -> Entry:
    """Return our entry holding a content that neither side has."""
    source, stamp = ours.origin_of(state.content_id)
    return replace(ours, content_id=state.content_id, size=state.size, source=source, source_stamp=stamp)
