"""Questions about the log of the graph's rows: what each commit said of a row, and nothing is ever changed in it.

The numbers of commits are one sequence, and all commits of a branch are newer than the one it was made at. So of all
rows of the log that a branch sees of one key, on whatever level of its lineage, the newest holds.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, rows_among

#: the end of an edge
End = Literal["src", "dst"]

#: under which number it is noted what was extracted from which file: the id of no property
EXTRACTED = 0

_COLUMNS = "type_id, key, src, dst, row, seq"
_IN_WINDOW = "branch_id = :branch AND seq > :after AND seq <= :until"
_OF_TYPE = "branch_id = :branch AND type_id = :type AND seq > :after AND seq <= :until"


@dataclass(frozen=True, slots=True)
class LogSpan:
    """What a branch sees of the log from after one commit up to another."""

    branch: Branch
    after: int
    until: int

    @property
    def windows(self) -> list[dict[str, int]]:
        """The parameters `branch`, `after` and `until` for each level of the lineage in it, newest first."""
        return self.branch.windows(self.after, self.until)


@dataclass(frozen=True, slots=True)
class LogRow:
    """What a commit said of one row of the graph."""

    type_id: int
    key: str
    #: the keys of the nodes that an edge goes from and to; None for a node
    src: str | None
    dst: str | None
    #: values in JSON by id of property; None when it was removed
    row: str | None
    seq: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """What is stored for each property by its id; nothing for a removal."""
        return json.loads(self.row) if self.row is not None else {}


def newest(conn: Connection, span: LogSpan, type_id: int, keys: Iterable[str]) -> list[LogRow]:
    """Return what was said last of each of `keys` in a span, removals too."""
    wanted = list(keys)
    sql = f"SELECT {_COLUMNS} FROM graph_log WHERE {_OF_TYPE} AND key IN (:ids)"
    return _newest(span, lambda window: rows_among(conn, sql, wanted, {**window, "type": type_id}))


def touching(conn: Connection, span: LogSpan, type_id: int, end: End, nodes: Iterable[str]) -> list[LogRow]:
    """Return what was said last in a span of each edge that has one of `nodes` at an `end`, removals too."""
    wanted = list(nodes)
    sql = f"SELECT {_COLUMNS} FROM graph_log WHERE {_OF_TYPE} AND {end} IN (:ids)"
    return _newest(span, lambda window: rows_among(conn, sql, wanted, {**window, "type": type_id}))


def of_type(conn: Connection, span: LogSpan, type_id: int) -> list[LogRow]:
    """Return what was said last of each row of a type in a span, removals too."""
    sql = f"SELECT {_COLUMNS} FROM graph_log WHERE {_OF_TYPE}"
    return _newest(span, lambda window: conn.rows(sql, {**window, "type": type_id}))


def with_value(conn: Connection, span: LogSpan, property_id: int, values: Sequence[str]) -> set[str]:
    """Return the keys of rows that were given one of `values` of a property in a span, and may not have it."""
    sql = f"SELECT key FROM graph_values WHERE {_IN_WINDOW} AND property_id = :property AND value IN (:ids)"
    windows = span.windows
    params = {"property": property_id}
    return {row[0] for window in windows for row in rows_among(conn, sql, values, {**window, **params})}


def values_among(conn: Connection, span: LogSpan, property_ids: Sequence[int], values: Sequence[str]) -> set[str]:
    """Return those of `values` that rows were given of any of some properties in a span."""
    sql = f"SELECT DISTINCT value FROM graph_values WHERE {_IN_WINDOW} AND property_id = :property AND value IN (:ids)"
    return {
        row[0]
        for window in span.windows
        for each in property_ids
        for row in rows_among(conn, sql, values, {**window, "property": each})
    }


def values_from(
    conn: Connection, span: LogSpan, property_ids: Iterable[int], place: tuple[str, str], limit: int
) -> list[str]:
    """Return the first values after the first of two and before the other that rows were given of some properties."""
    sql = f"""SELECT DISTINCT value FROM graph_values
        WHERE {_IN_WINDOW} AND property_id = :property AND value > :after_value AND value < :end
        ORDER BY value LIMIT :limit"""
    asked = {"after_value": place[0], "end": place[1], "limit": limit}
    found = {
        row[0]
        for window in span.windows
        for each in property_ids
        for row in conn.rows(sql, {**window, **asked, "property": each})
    }
    return sorted(found)[:limit]


def carry_extracted(conn: Connection, branch: Branch, seq: int, source: LogSpan) -> None:
    """Have the commit of a merge note what its source noted since the fork of what was extracted."""
    sql = f"SELECT DISTINCT value, key FROM graph_values WHERE {_IN_WINDOW} AND property_id = :property"
    ours = LogSpan(branch, source.after, seq)
    theirs, known = (
        {(EXTRACTED, *row) for window in span.windows for row in conn.rows(sql, {**window, "property": EXTRACTED})}
        for span in (source, ours)
    )
    write_values(conn, branch, seq, theirs - known)


def said(conn: Connection, span: LogSpan, limit: int | None = None) -> list[LogRow]:
    """Return all that was said in a span, oldest first, at most `limit`."""
    sql = f"SELECT {_COLUMNS} FROM graph_log WHERE {_IN_WINDOW} ORDER BY seq, log_id"
    found: list[LogRow] = []
    for window in reversed(span.windows):
        if limit is None:
            found += [LogRow(*row) for row in conn.rows(sql, window)]
        elif len(found) < limit:
            found += [LogRow(*row) for row in conn.rows(f"{sql} LIMIT :limit", {**window, "limit": limit - len(found)})]
    return found


def history(conn: Connection, branch: Branch, type_id: int, key: str, until: int) -> list[LogRow]:
    """Return all that was said of one row up to `until`, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM graph_log WHERE {_OF_TYPE} AND key = :key ORDER BY seq"
    windows = reversed(branch.windows(0, until))
    return [LogRow(*row) for window in windows for row in conn.rows(sql, {**window, "type": type_id, "key": key})]


def count(conn: Connection, span: LogSpan, type_id: int, most: int) -> int:
    """Return how many rows of a type there are in a span, at most `most`."""
    sql = f"SELECT 1 FROM graph_log WHERE {_OF_TYPE} LIMIT :most"
    return min(most, sum(len(conn.rows(sql, {**window, "type": type_id, "most": most})) for window in span.windows))


def newest_id(conn: Connection) -> int:
    """Return the number of the newest row; 0 when there is none."""
    row = conn.row("SELECT max(log_id) FROM graph_log")
    return int(row[0] or 0) if row else 0


def write(conn: Connection, branch: Branch, seq: int, new: Iterable[LogRow]) -> None:
    """Write what the commit `seq` says; the `seq` of the rows themselves is not looked at."""
    conn.run_many(
        """INSERT INTO graph_log (branch_id, seq, type_id, key, src, dst, row)
        VALUES (:branch, :seq, :type, :key, :src, :dst, :row)""",
        [
            {"branch": branch.id, "seq": seq, "type": r.type_id, "key": r.key, "src": r.src, "dst": r.dst, "row": r.row}
            for r in new
        ],
    )


def write_values(conn: Connection, branch: Branch, seq: int, values: Iterable[tuple[int, str, str]]) -> None:
    """Write which rows the commit `seq` gives which value: (property, value, key)."""
    conn.run_many(
        """INSERT INTO graph_values (branch_id, property_id, value, seq, key)
        VALUES (:branch, :property, :value, :seq, :key) ON CONFLICT DO NOTHING""",
        [
            {"branch": branch.id, "seq": seq, "property": property_id, "value": value, "key": key}
            for property_id, value, key in sorted(set(values))
        ],
    )


def _newest(span: LogSpan, ask: Callable[[dict[str, int]], Iterable[tuple[object, ...]]]) -> list[LogRow]:
    # Put in order here: asked for in order of commit, SQLite reads the whole span by the index that has this order.
    found: dict[str, LogRow] = {}
    for window in reversed(span.windows):
        for row in sorted(_log_rows(ask(window)), key=lambda row: row.seq):
            found[row.key] = row
    return list(found.values())


def _log_rows(rows: Iterable[tuple[object, ...]]) -> Iterator[LogRow]:
    for row in rows:
        yield LogRow(*row)  # type: ignore[arg-type]
