"""The committed rows: the graph of a branch as it was at one commit, its bases and its log read as one."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, Read
from holdfast.catalog.graph import bases, log
from holdfast.catalog.graph.bases import Base
from holdfast.catalog.graph.log import End, LogRow, LogSpan
from holdfast.rows.finding.matching import RowFilter
from holdfast.rows.finding.pushdown import predicate_of
from holdfast.rows.stored import BaseReader, StoredRow, lookup_text, stored

#: opens the version of a table that a base names
OpenBase = Callable[[Base], BaseReader]


@dataclass(frozen=True, slots=True)
class CommittedRows:
    """The rows of a branch at one commit. Each question has an SQL transaction of its own, as in a `CommittedTree`."""

    read: Read
    branch: Branch
    #: the commit
    seq: int
    open_base: OpenBase

    def rows(self, type_id: int, keys: Iterable[str]) -> dict[str, StoredRow]:
        """Return those of `keys` that stand, by key."""
        wanted = list(dict.fromkeys(keys))
        said, base = self._asked(type_id, lambda conn, span: log.newest(conn, span, type_id, wanted))
        found = _standing(said)
        known = {row.key for row in said}
        rest = [key for key in wanted if key not in known]
        if base is not None and rest:
            found |= {row.key: row for row in base.rows(rest)}
        return found

    def touching(self, type_id: int, end: End, nodes: Iterable[str]) -> list[StoredRow]:
        """Return the edges of a type that have one of `nodes` at an `end`, in order of key."""
        wanted = list(dict.fromkeys(nodes))
        said, base = self._asked(type_id, lambda conn, span: log.touching(conn, span, type_id, end, wanted))
        return _over(said, base.touching(end, wanted) if base else ())

    def across(self, type_id: int, begin: End, nodes: Iterable[str]) -> set[str]:
        """Return the nodes at the other ends of the edges of a type that have one of `nodes` at the end `begin`."""
        wanted = list(dict.fromkeys(nodes))
        said, base = self._asked(type_id, lambda conn, span: log.touching(conn, span, type_id, begin, wanted))
        known = {row.key for row in said}
        based = base.across(begin, wanted) if base else ()
        found = {node for key, node in based if key not in known}
        return found | {node for row in _standing(said).values() if (node := row.across(begin)) is not None}

    def with_value(self, type_id: int, property_id: int, value: Any) -> list[StoredRow]:
        """Return the rows of a type that have a value (JSON) of a property that is looked up, in order of key."""
        texts = [lookup_text(value)]

        def given(conn: Connection, span: LogSpan) -> list[LogRow]:
            return log.newest(conn, span, type_id, log.with_value(conn, span, property_id, texts))

        said, base = self._asked(type_id, given)
        named = str(property_id)
        found = [row for row in _standing(said).values() if row.data.get(named) == value]
        if base is not None:
            # A base may have been made when the property was of whole numbers.
            asked = [value, int(value)] if isinstance(value, float) and value.is_integer() else [value]
            based = {row.key: row for row in base.with_value(property_id, asked)}
            # What the log says of it since may be something else.
            found += [row for key, row in self.rows(type_id, based).items() if row.data.get(named) == value]
        return _in_order({row.key: row for row in found}.values())

    def every(self, type_id: int) -> Iterator[StoredRow]:
        """Yield all rows of a type, in no order."""
        said, base = self._asked(type_id, lambda conn, span: log.of_type(conn, span, type_id))
        yield from _standing(said).values()
        if base is not None:
            known = {row.key for row in said}
            yield from (row for row in base.every() if row.key not in known)

    def sorted(self, type_id: int) -> Iterator[StoredRow]:
        """Yield all rows of a type in order of key."""
        said, base = self._asked(type_id, lambda conn, span: log.of_type(conn, span, type_id))
        standing = _in_order(_standing(said).values())
        if base is None:
            return iter(standing)
        known = {row.key for row in said}
        return heapq.merge(standing, (row for row in base.sorted() if row.key not in known), key=_key)

    def matching(self, wanted: RowFilter) -> Iterator[StoredRow]:
        """Yield the rows that meet a filter, in no order."""
        said, base = self._asked(wanted.kind.id, lambda conn, span: log.of_type(conn, span, wanted.kind.id))
        yield from filter(wanted.holds, _standing(said).values())
        if base is not None:
            known = {row.key for row in said}
            found = base.matching(partial(predicate_of, wanted))
            yield from (row for row in found if row.key not in known and wanted.holds(row))

    def in_order(self, wanted: RowFilter, after: str) -> Iterator[StoredRow]:
        """Yield the rows with keys after `after` that meet a filter, in order of key, as they are asked for."""
        said, base = self._asked(wanted.kind.id, lambda conn, span: log.of_type(conn, span, wanted.kind.id))
        standing = _in_order(_standing(said).values())
        found = (row for row in standing if row.key > after and wanted.holds(row))
        if base is None:
            return found
        known = {row.key for row in said}
        based = base.in_order(partial(predicate_of, wanted), after)
        return heapq.merge(found, (row for row in based if row.key not in known and wanted.holds(row)), key=_key)

    def count(self, type_id: int) -> int:
        """Return how many rows of a type there are."""
        said, base = self._asked(type_id, lambda conn, span: log.of_type(conn, span, type_id))
        standing = len(_standing(said))
        if base is None:
            return standing
        return base.count() + standing - sum(1 for _ in base.rows(row.key for row in said))

    def logged(self, type_id: int) -> tuple[dict[str, StoredRow | None], BaseReader | None]:
        """Return what the log says of each row since the base, None of a removed one, and the base."""
        said, base = self._asked(type_id, lambda conn, span: log.of_type(conn, span, type_id))
        return {row.key: stored(row) for row in said}, base

    def base(self, type_id: int) -> Base | None:
        """Return the base of a type; None when the log has all there is."""
        with self.read() as conn:
            return bases.at(conn, self.branch, type_id, self.seq)

    def _asked(
        self, type_id: int, ask: Callable[[Connection, LogSpan], list[LogRow]]
    ) -> tuple[list[LogRow], BaseReader | None]:
        with self.read() as conn:
            base = bases.at(conn, self.branch, type_id, self.seq)
            said = ask(conn, LogSpan(self.branch, base.covers if base else 0, self.seq))
        return said, self.open_base(base) if base else None


def _standing(said: Sequence[LogRow]) -> dict[str, StoredRow]:
    return {row.key: row for row in map(stored, said) if row is not None}


def _over(said: Sequence[LogRow], based: Iterable[StoredRow]) -> list[StoredRow]:
    """Return what the log says with what a base adds to it, in order of key."""
    known = {row.key for row in said}
    found = list(_standing(said).values()) + [row for row in based if row.key not in known]
    return _in_order(found)


def _key(row: StoredRow) -> str:
    return row.key


def _in_order(rows: Iterable[StoredRow]) -> list[StoredRow]:
    return sorted(rows, key=_key)
