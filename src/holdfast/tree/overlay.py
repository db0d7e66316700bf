"""A tree with changes on it that nobody else sees yet: what a transaction reads and writes before it is published.

Changes are kept by slot (a name under a parent node). What was looked at is kept too, so that the publish can check
whether somebody else changed it since (G3).
"""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from holdfast import paths
from holdfast.catalog.entries import ROOT_ENTRY, ROOT_SLOT, Entry, new_directory
from holdfast.catalog.properties.stored import PropertySet
from holdfast.errors import AlreadyExists, InvalidPath, IsADirectory, NotADirectory, NotEmpty, NotFound
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.properties.reading import bearer

Slot = tuple[int, str]


#: stands for the parent of a node that is in no directory; no node has this id, and no slot is under it
_NOWHERE = -(2**63)


@dataclass(frozen=True, slots=True)
class FileState:
    """What a file holds: a content, and where it came from."""

    content_id: str
    #: bytes
    size: int
    source: str | None = None
    source_stamp: str | None = None


@dataclass(kw_only=True)
class Overlay:
    """Changes over `base`, which is one committed state. Paths given to it are parsed."""

    base: CommittedTree
    #: seconds since the epoch, for entries that change
    now: float
    #: what each changed slot holds now; None when emptied
    changed: dict[Slot, Entry | None] = field(default_factory=dict)
    #: slots of the base that were looked at, with the path they were reached by
    seen_slots: dict[Slot, str] = field(default_factory=dict)
    #: directories of the base whose whole listing mattered
    seen_listings: dict[int, str] = field(default_factory=dict)
    #: nodes of the base of which it mattered where they are
    seen_nodes: set[int] = field(default_factory=set)
    #: contents that this change lets be seen again without an entry of their own
    seen_again: set[str] = field(default_factory=set)
    #: nodes that it lets be seen again so
    brought_back: set[int] = field(default_factory=set)
    #: properties that this change gives, by id
    property_sets: dict[str, PropertySet] = field(default_factory=dict)
    _original: dict[Slot, Entry | None] = field(default_factory=dict)
    _by_parent: dict[int, set[str]] = field(default_factory=dict)
    #: where each node is that was put somewhere, or taken from where it was
    _moved: dict[int, Entry | None] = field(default_factory=dict)
    #: committed entries that were read elsewhere, by node
    _known: dict[int, Entry] = field(default_factory=dict)
    _claims: dict[str, bool] = field(default_factory=dict)
    _new_nodes: int = 0

    def child(self, parent: int, name: str) -> Entry | None:
        slot = (parent, name)
        if slot in self.changed:
            return self.changed[slot]
        return self._base_child(slot)

    def children(self, parent: int) -> list[Entry]:
        found = {}
        if parent >= 0:
            self.seen_listings.setdefault(parent, "")
            found = {entry.name: entry for entry in self.base.children(parent)}
        for name in self._by_parent.get(parent, ()):
            entry = self.changed[(parent, name)]
            if entry is None:
                found.pop(name, None)
            else:
                found[name] = entry
        return list(found.values())

    def node(self, node: int) -> Entry | None:
        """Return the entry of one node, whether or not its ancestors stand."""
        if node in self._moved or node < 0:
            return self._moved.get(node)
        self.seen_nodes.add(node)
        return self.base.node(node)

    def property_texts(self, ids: Iterable[str]) -> dict[str, str]:
        """Return properties as JSON, by id."""
        asked = set(ids)
        given = {each: self.property_sets[each].text for each in asked & self.property_sets.keys()}
        return given | self.base.property_texts(asked - given.keys())

    def know(self, entries: Iterable[Entry]) -> None:
        """Take entries of the base that were read already, so that they need not be asked for again."""
        for entry in entries:
            self._known[entry.node_id] = entry
            self._original.setdefault((entry.parent_id, entry.name), entry)

    def moved(self) -> dict[int, Entry | None]:
        """Return the entries of the nodes that were put somewhere, None for one that was taken from where it was."""
        return dict(self._moved)

    def write(self, path: str, holding: FileState) -> None:
        """Put a file at `path`, over the one that stands there, making missing directories."""
        self._check_length(path)
        parent, name = self.place(path, make_parents=True)
        there = self.child(parent, name)
        if there is not None and there.is_dir:
            raise IsADirectory(f"{path} is a directory", path=path)
        if there is not None and there.content_id == holding.content_id:
            return
        self.claim(path, deep=False)
        slot, was = (parent, name), self._base_child((parent, name))
        node = self._node_for(slot, is_dir=False) if there is None else there.node_id
        if was is not None and (was.node_id, was.content_id) == (node, holding.content_id):
            # What this transaction has changed before, or removed, is back; what was removed has lost its properties.
            self.put(slot, replace(was, properties_id=there.properties_id if there else None))
            return
        source, stamp = holding.source, holding.source_stamp
        if source is None and there is not None:
            source, stamp = there.origin_of(holding.content_id)
        entry = Entry(
            entry_id=0,
            node_id=node,
            parent_id=parent,
            name=name,
            content_id=holding.content_id,
            size=holding.size,
            modified=self.now,
            source=source,
            source_stamp=stamp,
            from_seq=0,
            properties_id=there.properties_id if there else None,
        )
        self.put(slot, entry)

    def set_properties(self, path: str, properties_id: str | None) -> None:
        """Let what stands at `path` have properties that the catalog knows or this change gives, or None."""
        there = bearer(self, path)
        if there.properties_id == properties_id:
            return
        self.claim(path, deep=False)
        entry = replace(there, properties_id=properties_id)
        self.put((there.parent_id, there.name), None if entry == ROOT_ENTRY else entry)

    def mkdir(self, path: str, *, parents: bool, exist_ok: bool) -> None:
        """Make a directory at `path`."""
        self._check_length(path)
        if path == paths.ROOT:
            there: Entry | None = ROOT_ENTRY
        else:
            parent, name = self.place(path, make_parents=parents)
            there = self.child(parent, name)
        if there is None:
            self.claim(path, deep=False)
            self._make_dir(parent, name)
        elif not there.is_dir:
            raise AlreadyExists(f"{path} is a file", path=path)
        elif not exist_ok:
            remedy = "Let it stand with exist_ok=True (`holdfast mkdir -p`), or choose another name"
            raise AlreadyExists(f"{path} exists", path=path, remedy=remedy)

    def move(self, source: str, target: str, *, overwrite: bool) -> None:
        """Move what stands at `source` to exactly `target`: one slot emptied, one filled, however much lies below.

        So nobody looks how long the paths below become; what is longer than may be made can be named all the same.
        """
        entry = self._movable(source)
        if source == target:
            return
        if paths.is_within(target, source):
            raise InvalidPath(
                f"{source} cannot be moved into itself ({target})", path=source, remedy="Choose a place outside it"
            )
        self._check_length(target)
        parent, name = self.place(target, make_parents=False)
        self._check_room(parent, name, target, entry, overwrite)
        self.claim(source, deep=entry.is_dir)
        self.claim(target, deep=False)
        self.claim(paths.split(target)[0], deep=False)
        self.put((entry.parent_id, entry.name), None)
        self.put((parent, name), replace(entry, parent_id=parent, name=name))

    def came_from(self, path: str, source: str, stamp: str | None) -> None:
        """Say anew where the file at `path` came from; what it holds and since when stays."""
        entry = walking.need(self, path)
        self.claim(path, deep=False)
        self.put((entry.parent_id, entry.name), replace(entry, source=source, source_stamp=stamp))

    def copy(self, source: str, target: str, *, overwrite: bool) -> None:
        """Copy what stands at `source` to exactly `target`; contents are shared, so this costs a row per entry."""
        entry = self._movable(source)
        if paths.is_within(target, source):
            raise InvalidPath(
                f"{source} cannot be copied into itself ({target})", path=source, remedy="Choose a place outside it"
            )
        self._check_length(target)
        parent, name = self.place(target, make_parents=False)
        self._check_room(parent, name, target, entry, overwrite)
        below = list(walking.walk(self, entry, source)) if entry.is_dir else []
        for at, _ in below:
            self._check_length(target + at.removeprefix(source))
        self.claim(target, deep=entry.is_dir)
        nodes = {entry.node_id: self._put_copy(entry, parent, name)}
        for _, each in below:
            nodes[each.node_id] = self._put_copy(each, nodes[each.parent_id], each.name)

    def remove(self, path: str, *, recursive: bool) -> None:
        """Remove what stands at `path`: one slot emptied, however much lies below."""
        entry = self._movable(path)
        if entry.is_dir and not recursive and not self._is_empty(entry.node_id):
            raise NotEmpty(f"{path} is not empty", path=path)
        self.claim(path, deep=entry.is_dir)
        self.put((entry.parent_id, entry.name), None)

    def claim(self, path: str, *, deep: bool) -> None:
        """Note that a lock of somebody else on `path`, or with `deep` anywhere below it, stands in the way."""
        self._claims[path] = deep or self._claims.get(path, False)

    def touches(self) -> list[tuple[str, bool]]:
        """Return the paths that change or were claimed, each with whether all below it is meant too."""
        return list(self._claims.items())

    def begun(self) -> Iterator[Entry]:
        """Yield the entries that this change begins; nodes that are new have a negative id.

        What was put below a directory that this change removes afterwards is not among them.
        """
        standing = {ROOT_SLOT[0]: True}
        for slot, now in self.changed.items():
            if now is not None and now is not self._original[slot] and self._stands(slot[0], standing):
                yield now

    def ended(self) -> Iterator[Entry]:
        """Yield the committed entries that this change ends.

        Below a directory that this change removes all stays as it was, out of sight, but for what stands elsewhere now.
        """
        standing = {ROOT_SLOT[0]: True}
        elsewhere = {entry.node_id for entry in self.begun()}
        for slot, now in self.changed.items():
            was = self._original[slot]
            if was is not None and was is not now and (was.node_id in elsewhere or self._stands(slot[0], standing)):
                yield was

    def _stands(self, node: int, standing: dict[int, bool]) -> bool:
        """Return whether a directory is reached from the root now; `standing` keeps what was found out."""
        way = []
        while node not in standing and node not in (ROOT_ENTRY.node_id, _NOWHERE):
            way.append(node)
            # In a damaged tree the way up may lead back here.
            standing[node] = False
            entry = self._moved[node] if node in self._moved else self._committed(node)
            node = _NOWHERE if entry is None else entry.parent_id
        found = node == ROOT_ENTRY.node_id or standing.get(node, False)
        standing.update(dict.fromkeys(way, found))
        return found

    def _committed(self, node: int) -> Entry | None:
        return self._known.get(node) or (self.base.node(node) if node >= 0 else None)

    # --- helpers, from paths down to slots

    def _movable(self, path: str) -> Entry:
        if path == paths.ROOT:
            raise InvalidPath("The root directory stays where it is", path=path, remedy="Name something below it")
        return walking.need(self, path)

    def place(self, path: str, *, make_parents: bool) -> tuple[int, str]:
        """Return the slot that `path` names; raises when a file or nothing stands where its parent should."""
        if path == paths.ROOT:
            raise IsADirectory("/ is the root directory", path=path)
        entry, walked, names = ROOT_ENTRY, paths.ROOT, paths.names(path)
        for name in names[:-1]:
            walked = paths.join(walked, name)
            found = self.child(entry.node_id, name)
            if found is None:
                if not make_parents:
                    make = f"holdfast mkdir -p {shlex.quote(paths.split(path)[0])}"
                    raise NotFound(f"{walked} does not exist", path=walked, remedy=f"Make it: {make}")
                self.claim(walked, deep=False)
                found = self._make_dir(entry.node_id, name)
            if not found.is_dir:
                raise NotADirectory(f"{walked} is a file", path=walked)
            entry = found
        return entry.node_id, names[-1]

    def _check_length(self, path: str) -> None:
        # What stands already may have been pushed that deep by a move.
        if paths.is_too_long(path) and walking.find(self, path) is None:
            raise paths.too_long(path)

    def _check_room(self, parent: int, name: str, target: str, coming: Entry, overwrite: bool) -> None:
        there = self.child(parent, name)
        if there is None or there.node_id == coming.node_id:
            return
        if there.is_dir != coming.is_dir:
            kind = IsADirectory if there.is_dir else NotADirectory
            raise kind(f"{target} is a {'directory' if there.is_dir else 'file'}", path=target)
        if not overwrite or (there.is_dir and not self._is_empty(there.node_id)):
            raise AlreadyExists(f"{target} exists", path=target)

    def _put_copy(self, entry: Entry, parent: int, name: str) -> int:
        """Let a slot hold what `entry` holds; returns its node, which is that of what stood there, if anything did."""
        there = self.child(parent, name)
        node = self._node_for((parent, name), is_dir=entry.is_dir) if there is None else there.node_id
        if there is None or held(there) != held(entry):
            copy = replace(entry, node_id=node, parent_id=parent, name=name, modified=self.now)
            self.put((parent, name), copy)
        return node

    def _make_dir(self, parent: int, name: str) -> Entry:
        slot = (parent, name)
        self.put(slot, new_directory(self._node_for(slot, is_dir=True), parent, name, modified=self.now))
        made = self.changed[slot]
        assert made is not None
        return made

    def _node_for(self, slot: Slot, *, is_dir: bool) -> int:
        """Return the node for what is to be made in an empty slot.

        It is the one that this transaction removed from there, if it was a file too, or an empty directory too: what
        is made again as it was is no change.
        """
        was = self._base_child(slot)
        if was is None or was.is_dir != is_dir or self._moved.get(was.node_id, was) is not None:
            return self.new_node()
        return self.new_node() if is_dir and not self._is_empty(was.node_id) else was.node_id

    def _is_empty(self, parent: int) -> bool:
        if parent >= 0:
            self.seen_listings.setdefault(parent, "")
            if not self.base.has_children(parent):
                return not any(self.changed[(parent, name)] for name in self._by_parent.get(parent, ()))
            if parent not in self._by_parent:
                return False
        return not self.children(parent)

    def _base_child(self, slot: Slot) -> Entry | None:
        parent, name = slot
        # A node that this transaction makes has no children in the base.
        if parent < 0:
            return None
        if slot not in self._original:
            self.seen_slots[slot] = name
            self._original[slot] = self.base.child(parent, name)
        return self._original[slot]

    def put(self, slot: Slot, entry: Entry | None) -> None:
        """Let a slot hold `entry`, or nothing."""
        gone = self.child(*slot)
        # A node that was put elsewhere before is not gone with its old place.
        if gone is not None and self._moved.get(gone.node_id, gone) in (gone, None):
            self._moved[gone.node_id] = None
        if entry is not None:
            self._moved[entry.node_id] = entry
        original = self._base_child(slot) if slot[0] >= 0 else self._original.setdefault(slot, None)
        # An entry that is back as it was is no change at all, and nobody changed it just now.
        self.changed[slot] = original if entry and original and _is_same(entry, original) else entry
        self._by_parent.setdefault(slot[0], set()).add(slot[1])

    def new_node(self) -> int:
        """Return a node that is nowhere yet."""
        self._new_nodes += 1
        return -self._new_nodes


def _is_same(one: Entry, other: Entry) -> bool:
    """Return whether two entries of one slot are the same but for when they were changed."""

    def told(entry: Entry) -> tuple[object, ...]:
        return entry.node_id, held(entry), entry.size, entry.source, entry.source_stamp

    return told(one) == told(other)


def held(entry: Entry) -> tuple[str | None, str | None]:
    """Return what an entry holds: its content, and its properties."""
    return entry.content_id, entry.properties_id
