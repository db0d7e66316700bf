"""Questions about which entries have properties that meet a condition.

A condition that begins with what is there is answered from the values on: the cost follows what it finds. One that is
met without properties too (`$ne` alone, say) cannot be, and is put to given properties only.
"""

from collections.abc import Callable, Iterable
from typing import Any

from holdfast.catalog.branches import UNCOVERED, Branch
from holdfast.catalog.engine import Connection, Params, Row, in_list, rows_among
from holdfast.catalog.entries import ALSO, COLUMNS, SOMEWHERE, Entry, NamedPlace, of_each
from holdfast.catalog.properties.conditions import AllOf, AnyOf, Between, Condition, NotSo, OneOf, Present
from holdfast.catalog.values import FOREVER

Leaf = OneOf | Between | Present


def entries_where(conn: Connection, branch: Branch, seq: int, condition: Condition) -> list[Entry] | None:
    """Return the entries of a commit whose properties meet a condition, in no order; None when it cannot be asked so.

    Their ancestors may not stand.
    """
    sql, params = _asked_for(COLUMNS, condition)
    return [Entry(*row) for row in branch.rows(conn, seq, sql, params)] if sql else None


def contents_where(conn: Connection, branch: Branch, seq: int, condition: Condition) -> list[str] | None:
    """Return the contents of such entries, each at least once."""
    sql, params = _asked_for("content_id", condition)
    return [row[0] for row in branch.rows(conn, seq, sql, params) if row[0] is not None] if sql else None


def _asked_for(columns: str, condition: Condition) -> tuple[str, dict[str, Any]]:
    """Return the statement that asks for some columns of entries, and its parameters; "" when it cannot be asked so."""
    asked = _Asked()
    if (found := asked.found(condition)) is None:
        return "", {}
    # A condition that is found by itself is met by all that it finds.
    met = "" if isinstance(condition, Leaf) else f" AND {asked.met(condition)}"
    sql = f"""SELECT {columns} FROM ({found}) m JOIN entries e ON e.properties_id = m.id
        WHERE e.to_seq > :seq AND e.from_seq <= :seq AND +e.branch_id = :branch{UNCOVERED}{met}"""
    return sql, asked.params


def among(conn: Connection, condition: Condition, ids: Iterable[str]) -> set[str]:
    """Return which properties of `ids` meet a condition."""
    asked = _Asked()
    sql = f"SELECT e.properties_id FROM properties e WHERE e.properties_id IN (:ids) AND {asked.met(condition)}"
    return {row[0] for row in rows_among(conn, sql, ids, asked.params)}


def somewhere(
    conn: Connection, branch: Branch, seq: int, contents: Iterable[str], condition: Condition
) -> dict[str, NamedPlace]:
    """Return the place of one entry that holds each of `contents` and whose properties meet a condition."""
    asked = _Asked()
    sql = SOMEWHERE.replace(ALSO, f" AND {asked.met(condition)}")

    def rows_of(sql: str, given: Params) -> list[Row]:
        return conn.rows(sql, {**given, **asked.params})

    return of_each(rows_of, branch, seq, contents, sql)


class _Asked:
    """The parts of one statement, and its parameters."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}

    def found(self, condition: Condition) -> str | None:
        """Return a statement for ids of properties that stand, all that meet a condition among them; None for none."""
        match condition:
            case NotSo():
                return None
            case AllOf(parts):
                # One of them is enough: the rest is asked of what it finds.
                best = min(parts, key=_rank, default=None)
                return None if best is None else self.found(best)
            case AnyOf(parts):
                found = [self.found(part) for part in parts]
                return None if None in found else " UNION ".join(filter(None, found))
            case leaf:
                return self._standing(leaf)

    def met(self, condition: Condition) -> str:
        """Return what is true of `e.properties_id` when it meets a condition."""
        match condition:
            case NotSo(part):
                return f"NOT {self.met(part)}"
            case AllOf(parts):
                return self._joined(" AND ", parts, "1 = 1")
            case AnyOf(parts):
                return self._joined(" OR ", parts, "1 = 0")
            case leaf:
                value = self._value(leaf)
                return f"EXISTS (SELECT 1 FROM property_values v WHERE v.properties_id = e.properties_id AND {value})"

    def _joined(self, word: str, parts: tuple[Condition, ...], of_none: str) -> str:
        return f"({word.join(map(self.met, parts)) or of_none})"

    def _standing(self, leaf: Leaf) -> str:
        # Two questions for two indexes: what stands, and what ended since the commit that is asked about.
        value = self._value(leaf)
        return f"""SELECT v.properties_id AS id FROM property_values v WHERE {value} AND v.to_seq = {FOREVER}
            UNION SELECT v.properties_id AS id FROM property_values v
            WHERE {value} AND v.to_seq > :seq AND v.to_seq < {FOREVER}"""

    def _value(self, leaf: Leaf) -> str:
        key = f"v.key = {self._named(leaf.key)}"
        match leaf:
            case OneOf(_, values):
                marks, params = in_list(values, f"w{len(self.params)}v")
                self.params |= params
                return f"{key} AND v.value IN ({marks})"
            case Between(_, low, low_too, high, high_too):
                above, below = ">=" if low_too else ">", "<=" if high_too else "<"
                return f"{key} AND v.value {above} {self._named(low)} AND v.value {below} {self._named(high)}"
            case _:
                return key

    def _named(self, value: str) -> str:
        name = f"w{len(self.params)}"
        self.params[name] = value
        return f":{name}"


_RANKS: dict[type, Callable[[Any], int]] = {
    OneOf: lambda _: 0,
    AnyOf: lambda each: max(map(_rank, each.parts), default=0),
    AllOf: lambda each: min(map(_rank, each.parts), default=4),
    Between: lambda _: 1,
    Present: lambda _: 2,
    NotSo: lambda _: 4,
}


def _rank(condition: Condition) -> int:
    """Return how many properties a condition leaves, as far as that can be told from it: 0 for few, 4 for all."""
    return _RANKS[type(condition)](condition)
