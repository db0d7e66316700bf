"""What is different between two states of the graph: of one branch, or of two."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.catalog.graph import bases, log
from holdfast.catalog.graph.log import LogSpan
from holdfast.rows.committed import CommittedRows
from holdfast.rows.graph_rows import Codecs, key_of
from holdfast.rows.schema.types import GraphSchema, TypeSchema
from holdfast.rows.sources import Source, held
from holdfast.rows.stored import StoredRow, stored

#: a row by its type and key
Place = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """What happened to a node or an edge between two commits."""

    kind: Literal["added", "modified", "removed"]
    #: the name of its type
    type: str
    #: whether that is a type of edges
    is_edge: bool
    #: its type and its key as a text, by which messages and merges name it
    path: str
    #: what it is known by, as in a `GraphRow`
    key: Any
    #: its values by name of property; None when it was not there
    before: Mapping[str, Any] | None
    #: None when it is there no longer
    after: Mapping[str, Any] | None
    #: what it rested on, and what it rests on now
    sources_before: tuple[Source, ...] = ()
    sources_after: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowVersion:
    """What a commit made of a row."""

    #: the number of the commit
    commit: int
    #: its values by name of property; None when the commit removed it
    values: Mapping[str, Any] | None
    #: what it rested on
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class GraphSide:
    """The graph of a branch at one commit, with its schema."""

    rows: CommittedRows
    codecs: Codecs

    @property
    def schema(self) -> GraphSchema:
        return self.codecs.schema


def differences(old: GraphSide, new: GraphSide) -> Iterator[RowDifference]:
    """Yield the rows that are not the same in two states of the graph, in order of type and key."""
    for type_id, keys in _in_order(old, new, places_apart(old, new)):
        before, after = (side.rows.rows(type_id, keys) for side in (old, new))
        for key in sorted(keys):
            was, now = before.get(key), after.get(key)
            if not same(was, now):
                yield _difference(old, new, was, now)


def versions_of(rows: CommittedRows, codecs: Codecs, kind: TypeSchema, key: str) -> list[RowVersion]:
    """Return what each commit made of a row as far as the log tells, newest first; its values as the schema is now."""
    with rows.read() as conn:
        said = log.history(conn, rows.branch, kind.id, key, rows.seq)
    found = []
    for each in reversed(said):
        row = stored(each)
        values = codecs.values(row) if row is not None else None
        found.append(RowVersion(commit=each.seq, values=values, sources=held(each.values)))
    return found


def places_apart(one: GraphSide, other: GraphSide) -> set[Place]:
    """Return the rows that may differ between two states: those that either changed since what both have seen."""
    fork = one.rows.branch.common(one.rows.seq, other.rows.branch, other.rows.seq)
    base = GraphSide(CommittedRows(one.rows.read, one.rows.branch, fork, one.rows.open_base), one.codecs)
    return {place for side in (one, other) for place in changed(side, fork) | loaded(base, side)}


def changed(side: GraphSide, after: int) -> set[Place]:
    """Return the rows that the log of a side says something of after a commit."""
    with side.rows.read() as conn:
        said = log.said(conn, LogSpan(side.rows.branch, after, side.rows.seq))
    return {(row.type_id, row.key) for row in said}


def loaded(base: GraphSide, side: GraphSide, after: int | None = None) -> set[Place]:
    """Return the rows that are others than in `base` because their types were loaded after a commit, its own."""
    since = base.rows.seq if after is None else after
    with side.rows.read() as conn:
        types = {each.type_id for each in bases.loaded(conn, side.rows.branch, since, side.rows.seq)}
    return {
        (type_id, key)
        for type_id in types
        for key in _unlike(*({row.key: row for row in each.rows.every(type_id)} for each in (base, side)))
    }


def by_type(places: Iterable[Place]) -> dict[int, set[str]]:
    """Return the keys of rows by type."""
    found: dict[int, set[str]] = {}
    for type_id, key in places:
        found.setdefault(type_id, set()).add(key)
    return found


def same(one: StoredRow | None, other: StoredRow | None) -> bool:
    """Return whether two rows say the same, or neither is there."""
    return one.same_as(other) if one is not None else other is None


def _unlike(one: dict[str, StoredRow], other: dict[str, StoredRow]) -> set[str]:
    return {key for key in one.keys() | other.keys() if not same(one.get(key), other.get(key))}


def _in_order(old: GraphSide, new: GraphSide, places: Iterable[Place]) -> list[tuple[int, set[str]]]:
    names = {each.id: each.name for side in (old, new) for each in side.schema.types}
    found = [(names[type_id], type_id, keys) for type_id, keys in by_type(places).items() if type_id in names]
    return [(type_id, keys) for _, type_id, keys in sorted(found, key=lambda each: each[:2])]


def _difference(old: GraphSide, new: GraphSide, was: StoredRow | None, now: StoredRow | None) -> RowDifference:
    side, row = (new, now) if now is not None else (old, was)
    assert row is not None
    kind = side.schema.type_of(row.type_id)
    return RowDifference(
        kind="modified" if was and now else "added" if now else "removed",
        type=kind.name,
        is_edge=kind.kind == "edge",
        path=f"{kind.name} {row.key}",
        key=key_of(kind, row, side.codecs.values(row)),
        before=old.codecs.values(was) if was else None,
        after=new.codecs.values(now) if now else None,
        sources_before=held(was.data) if was else (),
        sources_after=held(now.data) if now else (),
    )
