"""The ancestor of a merge where merges have crossed each other: what the last common states come to together.

Merges that crossed leave several last states that both sides have seen, and none of them has seen the others. A node is
then compared with what a merge of these states makes of it: what some of them changed since what they have in common.
What they changed differently is undecided, and is as neither side has it: where the sides differ there, they are in
conflict.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from holdfast.catalog.engine import Connection
from holdfast.catalog.entries import Entry
from holdfast.tree.committed import CommittedTree
from holdfast.tree.merging.ancestry import ancestors
from holdfast.tree.places import Places

#: stands for a name or a content that is undecided; none is called so
UNDECIDED = "\0"


def base_of(conn: Connection, ours: CommittedTree, theirs: CommittedTree) -> "MergeBase":
    """Return what both sides of a merge are compared with."""
    return _common(conn, (ours, theirs))


def is_undecided(entry: Entry) -> bool:
    """Return whether ancestors disagree about where a node is or what it holds."""
    return UNDECIDED in (entry.name, entry.content_id)


class MergeBase(Places):
    """Where nodes stood when both sides of a merge were the same last, and what they held."""

    def __init__(self, states: Sequence[CommittedTree], before: "MergeBase | None" = None) -> None:
        super().__init__(states[0])
        self._states = [Places(state) for state in states]
        self._before = before

    @property
    def newest(self) -> int:
        """Return the newest commit that both have seen."""
        return self.tree.seq

    @property
    def stands_on(self) -> list[CommittedTree]:
        """Return the states that it is made of, and those that these are compared with."""
        return [state.tree for state in self._states] + (self._before.stands_on if self._before else [])

    def apart_from(self, side: CommittedTree) -> set[int]:
        """Return the nodes that may differ on a side."""
        return {node for state in self._states for node in side.nodes_apart(state.tree)}

    def child(self, parent: int, name: str) -> Entry | None:
        """Return what was called `name` under the node `parent`."""
        found = (state.tree.child(parent, name) for state in self._states)
        entries = (self.entry(entry.node_id) for entry in found if entry is not None)
        return next((each for each in entries if each and (each.parent_id, each.name) == (parent, name)), None)

    def entry(self, node: int) -> Entry | None:
        """Return the node's entry, whether or not its ancestors stand."""
        if self._before is None:
            return super().entry(node)
        if node not in self._entries:
            self._entries[node] = _together([state.entry(node) for state in self._states], self._before.entry(node))
        return self._entries[node]

    def load(self, nodes: Iterable[int]) -> None:
        """Read the entries of many nodes and of all above them, one statement for each level."""
        if self._before is None:
            super().load(nodes)
            return
        asked = set(nodes)
        for places in (*self._states, self._before):
            places.load(asked)


def _common(conn: Connection, states: Sequence[CommittedTree]) -> MergeBase:
    last = ancestors(conn, states)
    # These have less in common each time, until it is one state: the first commit is in every history.
    return MergeBase(last) if len(last) == 1 else MergeBase(last, _common(conn, last))


def _together(states: list[Entry | None], before: Entry | None) -> Entry | None:
    """Return what states of one node that have not seen each other come to, by what they have in common."""
    there = [state for state in states if state is not None]
    if not there:
        return None
    if before is not None and len(there) < len(states):
        # Removed in some: so it is, unless another one changed it.
        return None if all(_told(each) == _told(before) for each in there) else _undecided(before)
    old = [] if before is None else [before]
    places, holding, properties = (
        _changed([told(each) for each in there], [told(each) for each in old])
        for told in (_place, lambda entry: (entry.content_id,), lambda entry: (entry.properties_id,))
    )
    if len(places) > 1 or len(holding) > 1:
        return _undecided(there[0], place=len(places) > 1, holding=len(holding) > 1)
    held = next(each for each in there if (each.content_id,) == holding[0])
    # What is undecided of properties is as if there had been none: no key is lost.
    known = properties[0][0] if len(properties) == 1 else None
    return replace(held, parent_id=places[0][0], name=places[0][1], properties_id=known)


def _place(entry: Entry) -> tuple[Any, ...]:
    return entry.parent_id, entry.name


def _changed(values: list[tuple[Any, ...]], before: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the values that differ from the one before, each once; that one when none does."""
    return list(dict.fromkeys(each for each in values if each not in before)) or values[:1]


def _undecided(entry: Entry, *, place: bool = True, holding: bool = True) -> Entry:
    content = UNDECIDED if holding and not entry.is_dir else entry.content_id
    return replace(entry, name=UNDECIDED if place else entry.name, content_id=content, properties_id=None)


def _told(entry: Entry) -> tuple[object, ...]:
    return entry.parent_id, entry.name, entry.content_id, entry.properties_id
