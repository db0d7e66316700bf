"""Questions about a store that moves from the rows of one embedder to those of another, and about former ones."""

from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.catalog.engine import Connection, rows_among
from holdfast.catalog.search_rows import HISTORY, OUTDATED, TAIL_COLUMNS, TailRow


@dataclass(frozen=True, slots=True)
class Unlike:
    """A content whose rows of the next embedder are not what those of the present one are."""

    content_id: str
    #: rows that it has of the present embedder, and whether they are in the history; None when it has none any more
    chunks: int | None
    is_past: bool
    #: whether the next one's tables hold rows of it
    has_rows: bool


def unlike_after(conn: Connection, now: str, then: str, content_id: str, limit: int) -> list[Unlike]:
    """Return at most `limit` contents, by id after `content_id`, whose rows of `then` are to be made."""
    rows = conn.rows(
        """SELECT o.content_id, o.chunks, o.place, n.place FROM searchable o
        LEFT JOIN searchable n ON n.embedder = :then AND n.content_id = o.content_id
        WHERE o.embedder = :now AND o.content_id > :id AND (n.content_id IS NULL OR n.place = 'outdated'
            OR n.chunks <> o.chunks OR (n.place = 'history' AND o.place <> 'history')
            OR (n.place <> 'history' AND o.place = 'history'))
        ORDER BY o.content_id LIMIT :limit""",
        {"now": now, "then": then, "id": content_id, "limit": limit},
    )
    return [Unlike(row[0], row[1], row[2] == HISTORY, row[3] is not None) for row in rows]


def gone_after(conn: Connection, now: str, then: str, content_id: str, limit: int) -> list[Unlike]:
    """Return contents that have outdated rows of `then`, and none of `now` any more."""
    rows = conn.rows(
        """SELECT n.content_id FROM searchable n WHERE n.embedder = :then AND n.content_id > :id AND n.place = :outdated
        AND NOT EXISTS (SELECT 1 FROM searchable o WHERE o.embedder = :now AND o.content_id = n.content_id)
        ORDER BY n.content_id LIMIT :limit""",
        {"now": now, "then": then, "id": content_id, "outdated": OUTDATED, "limit": limit},
    )
    return [Unlike(row[0], None, False, True) for row in rows]


def tail_rows(conn: Connection, embedder: str, ids: Iterable[str]) -> list[TailRow]:
    """Return the tail rows of contents, by content and in order."""
    sql = f"SELECT {TAIL_COLUMNS} FROM tail WHERE embedder = :embedder AND content_id IN (:ids)"
    found = [TailRow(*row) for row in rows_among(conn, sql, ids, {"embedder": embedder})]
    return sorted(found, key=lambda row: (row.content_id, row.ordinal))


def embedders(conn: Connection) -> list[str]:
    """Return the names of all embedders that there are rows of."""
    found: list[str] = []
    while (row := conn.row("SELECT min(embedder) FROM searchable WHERE embedder > :last", _after(found))) and row[0]:
        found.append(str(row[0]))
    return found


def forget_some(conn: Connection, embedder: str, limit: int) -> int:
    """Drop what is said of at most `limit` contents of a former embedder, their tail rows too; returns how many."""
    ids = """SELECT content_id FROM searchable WHERE embedder = :embedder ORDER BY content_id LIMIT :limit"""
    params = {"embedder": embedder, "limit": limit}
    conn.run(f"DELETE FROM tail WHERE embedder = :embedder AND content_id IN ({ids})", params)
    return conn.run(f"DELETE FROM searchable WHERE embedder = :embedder AND content_id IN ({ids})", params)


def forget_pins(conn: Connection, table: str) -> int:
    """Drop all pins of a table that nobody is to read any more; returns how many."""
    return conn.run("DELETE FROM pins WHERE table_name = :table", {"table": table})


def _after(found: list[str]) -> dict[str, str]:
    return {"last": found[-1] if found else ""}
