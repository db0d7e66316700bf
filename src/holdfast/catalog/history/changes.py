"""Questions about what changed after a commit: all of it, or of what somebody names, through an index each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, Row, rows_among
from holdfast.catalog.values import FOREVER


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry of this slot began or ended."""

    parent_id: int
    name: str
    node_id: int
    #: the commit that did it
    seq: int


_COLUMNS = "parent_id, name, node_id, from_seq, to_seq"
#: what began after `:after`, ended or not, or ended after it
_CHANGED = f"to_seq > :after AND (from_seq > :after OR to_seq < {FOREVER})"


def between(conn: Connection, branch: Branch, after: int, until: int, limit: int) -> list[Changed]:
    """Return at most `limit` of the changes in (after, until]; an entry that began and ended in it is two."""
    # `+branch_id`: see entries.py.
    rows = conn.rows(
        f"""SELECT parent_id, name, node_id, from_seq FROM entries
        WHERE +branch_id = :branch AND from_seq > :after AND from_seq <= :until
        UNION ALL SELECT parent_id, name, node_id, to_seq FROM entries
        WHERE +branch_id = :branch AND to_seq > :after AND to_seq <= :until AND to_seq < {FOREVER} LIMIT :limit""",
        {"branch": branch.id, "after": after, "until": until, "limit": limit},
    )
    return [Changed(*row) for row in rows]


def of_slots(conn: Connection, branch: Branch, after: int, slots: Iterable[tuple[int, str]]) -> Iterator[Changed]:
    """Yield the changes after commit `after` of what has these (parent, name)."""
    by_parent: dict[int, list[str]] = {}
    for parent, name in slots:
        by_parent.setdefault(parent, []).append(name)
    sql = f"""SELECT {_COLUMNS} FROM entries
        WHERE branch_id = :branch AND parent_id = :parent AND name IN (:ids) AND {_CHANGED}"""
    for parent, names in by_parent.items():
        rows = rows_among(conn, sql, names, {"branch": branch.id, "parent": parent, "after": after})
        yield from (_changed(row, after) for row in rows)


def under(conn: Connection, branch: Branch, after: int, parents: Iterable[int]) -> Iterator[Changed]:
    """Yield the changes after commit `after` directly under any of these nodes."""
    # Two ranges of one index, so that what stands there unchanged is not read.
    for times in (f"to_seq = {FOREVER} AND from_seq > :after", f"to_seq > :after AND to_seq < {FOREVER}"):
        sql = f"SELECT {_COLUMNS} FROM entries WHERE branch_id = :branch AND parent_id IN (:ids) AND {times}"
        rows = rows_among(conn, sql, parents, {"branch": branch.id, "after": after})
        yield from (_changed(row, after) for row in rows)


def of_nodes(conn: Connection, branch: Branch, after: int, nodes: Iterable[int]) -> Iterator[Changed]:
    """Yield the changes after commit `after` of where these nodes are and what they hold."""
    sql = f"SELECT {_COLUMNS} FROM entries WHERE branch_id = :branch AND node_id IN (:ids) AND {_CHANGED}"
    rows = rows_among(conn, sql, nodes, {"branch": branch.id, "after": after})
    yield from (_changed(row, after) for row in rows)


def _changed(row: Row, after: int) -> Changed:
    return Changed(row[0], row[1], row[2], row[3] if row[3] > after else row[4])
