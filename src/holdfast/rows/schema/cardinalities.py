"""How many edges nodes may have: at each end of an edge type, and whether all edge types can hold together.

Each cardinality says how many nodes of one type there are at most for each of another: of edges from A to B, as many as
`least` from each A and `most` to each B, there are at most `most / least` times as many As as Bs. Around a cycle these
ratios may come to less than one: then only a graph without such nodes keeps them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from holdfast.catalog.graph.log import End
from holdfast.rows.schema.declared import DeclaredType
from holdfast.rows.schema.types import GraphSchema, TypeSchema

#: that there are at most `Fraction` times as many nodes of the first type as of the second, by an edge type
_Ratio = tuple[str, str, Fraction, str]


@dataclass(frozen=True, slots=True)
class EdgeLimit:
    """How many edges of a type a node may have that is at one end of them."""

    end: End
    #: the type of the nodes at this end
    node: TypeSchema
    least: int
    #: None for any number
    most: int | None

    def allows(self, number: int) -> bool:
        """Return whether a node may have so many."""
        return self.least <= number and (self.most is None or number <= self.most)


def limits(schema: GraphSchema, edge: TypeSchema) -> Iterator[EdgeLimit]:
    """Yield what an edge type says of the nodes at its ends, where it does not allow any number."""
    asked, (source, target) = edge.cardinality, schema.endpoints(edge)
    if asked.least_per_source or asked.most_per_source is not None:
        yield EdgeLimit("src", source, asked.least_per_source, asked.most_per_source)
    if asked.least_per_target or asked.most_per_target is not None:
        yield EdgeLimit("dst", target, asked.least_per_target, asked.most_per_target)


def contradiction(types: Iterable[DeclaredType]) -> list[str]:
    """Return the edge types around a cycle whose cardinalities no node could keep; empty when there is none."""
    ratios = [ratio for each in types if each.kind == "edge" for ratio in _ratios(each)]
    best: dict[str, Fraction] = {name: Fraction(1) for first, second, _, _ in ratios for name in (first, second)}
    by: dict[str, _Ratio] = {}
    for _ in range(len(best)):
        changed = ""
        for ratio in ratios:
            first, second, factor, _ = ratio
            if best[second] * factor < best[first]:
                best[first], by[first], changed = best[second] * factor, ratio, first
        if not changed:
            return []
    return _cycle(by, changed) if best else []


def _ratios(edge: DeclaredType) -> Iterator[_Ratio]:
    asked, source, target = edge.cardinality, edge.source or "", edge.target or ""
    if asked.least_per_source > 0 and (asked.most_per_target or 0) > 0:
        yield source, target, Fraction(asked.most_per_target or 0, asked.least_per_source), edge.name
    if asked.least_per_target > 0 and (asked.most_per_source or 0) > 0:
        yield target, source, Fraction(asked.most_per_source or 0, asked.least_per_target), edge.name


def _cycle(by: dict[str, _Ratio], start: str) -> list[str]:
    """Return the edge types of the cycle that was followed back from `start`."""
    for _ in by:
        start = by[start][1]
    names, place = [by[start][3]], by[start][1]
    while place != start:
        names.append(by[place][3])
        place = by[place][1]
    return sorted(set(names))
