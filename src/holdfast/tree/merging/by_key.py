"""A three-way merge of properties, key by key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.json_values import canonical


@dataclass(frozen=True)
class KeyMerge:
    """What two sides make of the properties that they had in common."""

    #: what one side changed, or both alike, and what neither did
    agreed: dict[str, Any]
    #: the keys that both changed, and differently, in order
    clashing: tuple[str, ...]

    def taking(self, side: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties that come of it where a side holds for what clashes."""
        return self.agreed | {key: side[key] for key in self.clashing if key in side}


def by_key(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> KeyMerge:
    """Merge properties: of each key what one side changed is taken, and what both changed alike."""
    agreed: dict[str, Any] = {}
    clashing: list[str] = []
    for key in sorted({*base, *ours, *theirs}):
        was, here, there = (_told(side, key) for side in (base, ours, theirs))
        if here == there or there == was:
            side = ours
        elif here == was:
            side = theirs
        else:
            clashing.append(key)
            continue
        if key in side:
            agreed[key] = side[key]
    return KeyMerge(agreed, tuple(clashing))


def _told(side: Mapping[str, Any], key: str) -> str | None:
    # As text: to Python, true is 1.
    return canonical(side[key]) if key in side else None
