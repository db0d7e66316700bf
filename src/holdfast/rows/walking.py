"""Going along edges: from nodes to those some hops away, and the shortest way from one node to another."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from holdfast.catalog.branches import Branch
from holdfast.catalog.graph.log import End
from holdfast.errors import NotFound, Unsupported
from holdfast.rows.finding.matching import RowFilter
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.stored import StoredRow

#: nodes that one walk may reach
MAX_REACHED = 1_000_000
_STEP = re.compile(r"(<?)([^<>\s]+)(>?)")
_FARTHER = "Allow more hops, or name other steps"
#: the end that a step begins at, and the group of `_STEP` that says so
_WAYS: tuple[tuple[End, int], ...] = (("src", 3), ("dst", 1))


class RowView(Protocol):
    """The rows of a graph, wherever they stand."""

    @property
    def seq(self) -> int:
        """The commit that they are read at."""
        ...

    @property
    def branch(self) -> Branch:
        """The branch that they are read on."""
        ...

    def rows(self, type_id: int, keys: Iterable[str]) -> dict[str, StoredRow]:
        """Return those of `keys` that stand, by key."""
        ...

    def touching(self, type_id: int, end: End, nodes: Iterable[str]) -> list[StoredRow]:
        """Return the edges of a type that have one of `nodes` at an `end`, in order of key."""
        ...

    def across(self, type_id: int, begin: End, nodes: Iterable[str]) -> set[str]:
        """Return the nodes at the other ends of the edges of a type that have one of `nodes` at the end `begin`."""
        ...

    def with_value(self, type_id: int, property_id: int, value: object) -> list[StoredRow]:
        """Return the rows of a type that have a value (JSON) of a property that is looked up, in order of key."""
        ...

    def every(self, type_id: int) -> Iterator[StoredRow]:
        """Yield all rows of a type, in no order."""
        ...

    def matching(self, wanted: RowFilter) -> Iterator[StoredRow]:
        """Yield the rows that meet a filter, in no order."""
        ...

    def in_order(self, wanted: RowFilter, after: str) -> Iterator[StoredRow]:
        """Yield the rows with keys after `after` that meet a filter, in order of key, as they are asked for."""
        ...

    def count(self, type_id: int) -> int:
        """Return how many rows of a type there are."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class NodeAt:
    """A node by its type and key."""

    type_id: int
    key: str


@dataclass(frozen=True, slots=True)
class EdgeStep:
    """Edges of one type, gone along from one end to the other."""

    edge: TypeSchema
    #: the end that a step begins at
    begin: End

    @property
    def end(self) -> End:
        return "dst" if self.begin == "src" else "src"

    @property
    def leaves(self) -> int | None:
        """The type of the nodes that it begins at."""
        return self.edge.source if self.begin == "src" else self.edge.target

    @property
    def reaches(self) -> int | None:
        """The type of the nodes that it ends at."""
        return self.edge.target if self.begin == "src" else self.edge.source


def parse_steps(schema: GraphSchema, text: str) -> list[list[EdgeStep]]:
    """Return the steps that `text` names: `Wrote>` along an edge, `<Wrote` against it, `<Knows>` either way.

    Several are gone one after another. Raises Unsupported or NotFound.
    """
    found = []
    for word in text.split():
        match = _STEP.fullmatch(word)
        if match is None or not (match[1] or match[3]):
            raise Unsupported(
                f"{word!r} does not say which way to go along an edge",
                path=word,
                remedy=f"Write {word.strip('<>') or 'Type'}> from source to target, <{word.strip('<>') or 'Type'} back",
            )
        edge = schema.type_named(match[2])
        if edge.kind != "edge":
            edges = ", ".join(sorted(each.name for each in schema.live if each.kind == "edge")) or "none"
            raise Unsupported(f"{edge.name} is a type of nodes", path=word, remedy=f"Name a type of edges: {edges}")
        ways: list[End] = [way for way, said in _WAYS if match[said]]
        found.append([EdgeStep(edge, way) for way in ways])
    if not found:
        raise Unsupported("Which edges to go along is not said", remedy="Write for example Wrote>")
    return found


def reach(
    view: RowView, start: Iterable[NodeAt], steps: list[list[EdgeStep]], *, hops: int, limit: int | None = None
) -> Iterator[tuple[NodeAt, int]]:
    """Yield the nodes within `hops` walks along `steps` of `start`, each once with the fewest hops, nearest first."""
    seen, here = set(start), sorted(set(start))
    given = 0
    for hop in range(1, hops + 1):
        for step in steps:
            here = _next(view, here, step)
        here = [node for node in here if node not in seen]
        seen.update(here)
        if len(seen) > MAX_REACHED:
            raise Unsupported(f"More than {MAX_REACHED:,} nodes are within {hops} hops", remedy="Ask for fewer hops")
        for node in here:
            yield node, hop
            given += 1
            if given == limit:
                return
        if not here:
            return


def shortest(
    view: RowView, start: NodeAt, goal: NodeAt, steps: list[EdgeStep], *, hops: int
) -> list[tuple[NodeAt, StoredRow | None]]:
    """Return the nodes on a shortest way, each with the edge that leads to it; the first has none. Raises NotFound."""
    came: dict[NodeAt, tuple[NodeAt, StoredRow] | None] = {start: None}
    here = [start]
    for _ in range(hops):
        if goal in came or not here:
            break
        following: list[NodeAt] = []
        for step in steps:
            for origin, edge, node in along(view, here, step):
                if node not in came:
                    came[node] = origin, edge
                    following.append(node)
        here = following
    if goal not in came:
        raise NotFound(
            f"No way of up to {hops} hops leads from {start.key} to {goal.key}", path=goal.key, remedy=_FARTHER
        )
    way: list[tuple[NodeAt, StoredRow | None]] = []
    at: NodeAt | None = goal
    while at is not None:
        before = came[at]
        way.append((at, before[1] if before else None))
        at = before[0] if before else None
    return way[::-1]


def _next(view: RowView, here: list[NodeAt], step: list[EdgeStep]) -> list[NodeAt]:
    return sorted({node for each in step for node in _across(view, here, each)})


def _across(view: RowView, here: list[NodeAt], step: EdgeStep) -> Iterator[NodeAt]:
    reaches = step.reaches
    assert reaches is not None
    keys = [node.key for node in here if node.type_id == step.leaves]
    return (NodeAt(reaches, key) for key in (view.across(step.edge.id, step.begin, keys) if keys else ()))


def along(view: RowView, here: Iterable[NodeAt], step: EdgeStep) -> Iterator[tuple[NodeAt, StoredRow, NodeAt]]:
    """Yield where a step leads: the node it begins at, the edge, the node it ends at."""
    leaves, reaches = step.leaves, step.reaches
    assert leaves is not None
    assert reaches is not None
    keys = [node.key for node in here if node.type_id == leaves]
    if not keys:
        return
    for edge in view.touching(step.edge.id, step.begin, keys):
        begin, end = edge.end(step.begin), edge.end(step.end)
        assert begin is not None
        assert end is not None
        yield NodeAt(leaves, begin), edge, NodeAt(reaches, end)
