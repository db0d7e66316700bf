"""What rows are compared with where merges have crossed each other, as `tree/merging/crossing.py` says of files.

Each last state that both sides have seen lacks what the others changed. So a row is compared with what these come to
together: each property as the states have it that changed it since what they have in common.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from holdfast.rows.sources import SOURCES, Source, held, merged, with_sources
from holdfast.rows.stored import ABSENT, StoredRow, alike


class RowsAtKeys(Protocol):
    """Rows that are asked for by their keys."""

    def rows(self, type_id: int, keys: Iterable[str]) -> dict[str, StoredRow]:
        """Return those of `keys` that stand, by key."""
        ...


@dataclass(frozen=True)
class CrossedRows:
    """What several states of the graph come to together, by what they have in common."""

    states: Sequence[RowsAtKeys]
    before: RowsAtKeys

    def rows(self, type_id: int, keys: Iterable[str]) -> dict[str, StoredRow]:
        """Return those of `keys` that stand, by key."""
        wanted = list(keys)
        states = [state.rows(type_id, wanted) for state in self.states]
        before = self.before.rows(type_id, wanted)
        rows = (_together([state.get(key) for state in states], before.get(key)) for key in wanted)
        return {row.key: row for row in rows if row is not None}


def _together(states: Sequence[StoredRow | None], before: StoredRow | None) -> StoredRow | None:
    there = [state for state in states if state is not None]
    if not there:
        return None
    if before is not None and len(there) < len(states):
        # Removed in some: so it is, unless another one changed it.
        return None if all(each.same_as(before) for each in there) else _undecided(before)
    names = {name for each in there for name in each.data} | (set(before.data) if before else set())
    known: Mapping[str, Any] = before.data if before else {}
    return replace(there[0], data=_data(names, [each.data for each in there], known))


def _data(names: Iterable[str], states: Sequence[Mapping[str, Any]], before: Mapping[str, Any]) -> dict[str, Any]:
    values = set(names) - {SOURCES}
    said = {name: _value([state.get(name, ABSENT) for state in states], before.get(name, ABSENT)) for name in values}
    data = {name: value for name, value in said.items() if value is not ABSENT}
    return with_sources(data, _sources(states, before))


def _sources(states: Sequence[Mapping[str, Any]], before: Mapping[str, Any]) -> Sequence[Source]:
    """Return what a row rests on that one state or another added, without what one took away."""
    found: Mapping[str, Any] = states[0]
    for state in states[1:]:
        found = with_sources({}, merged(before, found, state))
    return held(found)


def _value(states: Sequence[Any], before: Any) -> Any:
    changed = [value for value in states if not alike(value, before)]
    if not changed:
        return before
    return changed[0] if all(alike(value, changed[0]) for value in changed) else object()


def _undecided(row: StoredRow) -> StoredRow:
    """Return a row that is like no other one."""
    return replace(row, data={name: object() for name in row.data if name != SOURCES})
