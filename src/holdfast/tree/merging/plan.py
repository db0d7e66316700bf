"""The plan of a merge: what is to become of our nodes, and what is in conflict."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from holdfast import paths
from holdfast.catalog.entries import Entry
from holdfast.catalog.properties.stored import PropertySet
from holdfast.catalog.values import ROOT_NODE
from holdfast.errors import MergeConflict, MergeSide
from holdfast.tree.merging.crossing import is_undecided
from holdfast.tree.merging.sides import Sides, standing
from holdfast.tree.overlay import FileState
from holdfast.tree.places import Places
from holdfast.tree.properties.reading import properties_of

Kind = Literal["edited", "moved", "removed", "place", "cycle", "properties"]
#: which side holds, or what a file is to hold, or all the properties that it is to have; None when nobody has said
Choice = Literal["ours", "theirs"] | FileState | dict[str, Any] | None


@dataclass(frozen=True)
class Settling:
    """How conflicts are settled."""

    #: returns what holds in a conflict
    choose: Callable[[MergeConflict], Choice]
    #: returns what the file at a path holds that both sides edited, from the ancestor's, our and their content, if that
    #: is to be had
    blend: Callable[[str, tuple[str, str, str]], FileState | None]


@dataclass
class MergePlan:
    """What is to become of our nodes: those that are put somewhere, and those that are removed."""

    sides: Sides
    settling: Settling
    #: by the node in ours
    placed: dict[int, Entry] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    #: directories that come back, and nothing with them that had been in them
    emptied: set[int] = field(default_factory=set)
    #: nodes of theirs that are not taken
    dropped: set[int] = field(default_factory=set)
    #: nodes of ours that stay though they are in a directory that theirs removed
    kept: set[int] = field(default_factory=set)
    #: conflicts that nothing settles
    left: dict[tuple[Kind, int], MergeConflict] = field(default_factory=dict)
    #: conflicts that were settled, and by what
    settled: dict[tuple[Kind, int], MergeConflict] = field(default_factory=dict)
    #: what holds in each conflict
    choices: dict[tuple[Kind, int], Choice] = field(default_factory=dict)
    #: properties that neither side has, by id
    property_sets: dict[str, PropertySet] = field(default_factory=dict)

    # --- what stands where

    def ours(self, node: int | None) -> Entry | None:
        """Return the entry of a node that stands in ours."""
        return standing(self.sides.ours, node)

    def theirs(self, node: int | None) -> Entry | None:
        """Return the entry of a node that stands in theirs."""
        return standing(self.sides.theirs, node)

    def base(self, node: int | None) -> Entry | None:
        """Return the entry of a node that stands in the ancestor."""
        return standing(self.sides.base, node)

    def now(self, node: int) -> Entry | None:
        """Return the entry that a node is to have, whether or not a directory above it goes."""
        return self.placed[node] if node in self.placed else self.sides.ours.entry(node)

    def way_up(self, node: int) -> Iterator[int]:
        """Yield the directories that a node is to be in, up to the root; a way in a circle is gone once."""
        passed: set[int] = set()
        while node != ROOT_NODE and (entry := self.now(node)) is not None and entry.parent_id not in passed:
            node = entry.parent_id
            passed.add(node)
            yield node

    def path(self, node: int) -> str:
        """Return the path that a node is to have."""
        entry = self.now(node)
        names = [] if entry is None else [entry.name]
        names += [above.name for each in self.way_up(node) if each != ROOT_NODE and (above := self.now(each))]
        return paths.ROOT + "/".join(reversed(names))

    def is_gone(self, node: int) -> bool:
        """Return whether a node is removed, or is in a directory that is."""
        return node in self.removed or any(each in self.removed for each in self.way_up(node))

    # --- conflicts

    def choice(
        self, kind: Kind, ours: Entry | None, theirs: Entry | None, base: Entry | None, keys: tuple[str, ...] = ()
    ) -> Choice:
        """Return what holds in a conflict, having noted it; `keys` are the properties that it is about."""
        known = ours or theirs or base
        assert known is not None
        key = (kind, known.node_id)
        if key not in self.choices:
            sides = [_told(places, entry, keys) for places, entry in self._told_sides(ours, theirs, base)]
            path = next(side.path for side in sides if side is not None)
            conflict = MergeConflict(kind=kind, path=path, ours=sides[0], theirs=sides[1], ancestor=sides[2], keys=keys)
            self.choices[key] = self.settling.choose(conflict)
            (self.left if self.choices[key] is None else self.settled)[key] = conflict
        return self.choices[key]

    def _told_sides(
        self, ours: Entry | None, theirs: Entry | None, base: Entry | None
    ) -> list[tuple[Places, Entry | None]]:
        return [(self.sides.ours, ours), (self.sides.theirs, theirs), (self.sides.base, base)]


def _told(side: Places, entry: Entry | None, keys: tuple[str, ...]) -> MergeSide | None:
    path = side.path(entry.node_id) if entry is not None and not is_undecided(entry) else None
    if entry is None or path is None:
        return None
    clashing = {key: value for key, value in properties_of(side.tree, entry).items() if key in keys} if keys else {}
    return MergeSide(path, entry.is_dir, entry.content_id, clashing)
