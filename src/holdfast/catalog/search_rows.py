"""Questions about what is searchable and where its rows are: the tail, the live table or the history table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from holdfast.catalog.engine import Connection, batches, in_list, rows_among

#: where the search rows of a content are
TAIL, TABLE, HISTORY = "tail", "table", "history"
#: of an embedder that the store is moving to: rows that are in its tables and must be made again, or go
OUTDATED = "outdated"
#: places that a search at the head reads
LIVE = (TAIL, TABLE)

TAIL_COLUMNS = 'row_id, content_id, ordinal, heading, text, terms, start, "end", page, vector'


@dataclass(frozen=True, slots=True)
class TailRow:
    """One chunk whose search row still waits in the catalog."""

    #: increases with time; 0 before it is written
    row_id: int
    content_id: str
    ordinal: int
    heading: str
    text: str
    #: what full text looks through
    terms: str
    #: characters into the Markdown rendition
    start: int
    end: int
    #: 1-based; None where the format has no pages
    page: int | None
    #: float32, little-endian, normalised; empty until it is made
    vector: bytes


@dataclass(frozen=True, slots=True)
class Searchable:
    """A content has `chunks` search rows at `place`."""

    content_id: str
    place: str
    chunks: int


def places(conn: Connection, embedder: str, ids: Iterable[str]) -> dict[str, Searchable]:
    """Return where the rows of each of `ids` are; one that is not searchable is left out."""
    sql = "SELECT content_id, place, chunks FROM searchable WHERE embedder = :embedder AND content_id IN (:ids)"
    return {row[0]: Searchable(*row) for row in rows_among(conn, sql, ids, {"embedder": embedder})}


def at_place_after(conn: Connection, embedder: str, place: str, content_id: str, limit: int) -> list[Searchable]:
    """Return at most `limit` contents whose rows are at `place`, by id, after `content_id`."""
    rows = conn.rows(
        """SELECT content_id, place, chunks FROM searchable
        WHERE embedder = :embedder AND place = :place AND content_id > :id ORDER BY content_id LIMIT :limit""",
        {"embedder": embedder, "place": place, "id": content_id, "limit": limit},
    )
    return [Searchable(*row) for row in rows]


def at_place(conn: Connection, embedder: str, place: str, page: int = 1000) -> Iterator[Searchable]:
    """Yield every content whose rows are at `place`, in order of id."""
    last = ""
    while found := at_place_after(conn, embedder, place, last, page):
        yield from found
        last = found[-1].content_id


def totals(conn: Connection, embedder: str) -> dict[str, tuple[int, int]]:
    """Return (contents, chunks) by place."""
    rows = conn.rows(
        "SELECT place, count(*), sum(chunks) FROM searchable WHERE embedder = :embedder GROUP BY place",
        {"embedder": embedder},
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def set_place(conn: Connection, embedder: str, place: str, new: Iterable[tuple[str, int]]) -> None:
    """Say of each (content, chunks) that its rows are now at `place`."""
    conn.run_many(
        """INSERT INTO searchable (embedder, content_id, place, chunks, waits)
        VALUES (:embedder, :id, :place, :chunks, 0)
        ON CONFLICT (embedder, content_id) DO UPDATE SET place = :place, chunks = :chunks""",
        [{"embedder": embedder, "id": i, "place": place, "chunks": chunks} for i, chunks in new],
    )


def wait_for_vectors(conn: Connection, embedder: str, ids: Iterable[str]) -> None:
    """Say of contents that their rows have no vectors yet."""
    for batch in batches(ids):
        marks, params = in_list(batch)
        conn.run(
            f"UPDATE searchable SET waits = 1 WHERE embedder = :embedder AND content_id IN ({marks})",
            {**params, "embedder": embedder},
        )


def wait_no_more(conn: Connection, embedder: str, ids: Iterable[str]) -> None:
    """Say of contents that their rows have their vectors."""
    for batch in batches(ids):
        marks, params = in_list(batch)
        conn.run(
            f"UPDATE searchable SET waits = 0 WHERE embedder = :embedder AND content_id IN ({marks})",
            {**params, "embedder": embedder},
        )


def some_waiting(conn: Connection, embedder: str, limit: int) -> list[Searchable]:
    """Return at most `limit` contents whose rows have no vectors yet, those with few rows first."""
    rows = conn.rows(
        """SELECT content_id, place, chunks FROM searchable WHERE embedder = :embedder AND waits = 1
        ORDER BY chunks, content_id LIMIT :limit""",
        {"embedder": embedder, "limit": limit},
    )
    return [Searchable(*row) for row in rows]


def waiting(conn: Connection, embedder: str) -> tuple[int, int]:
    """Return how many contents have rows without vectors, and how many rows that is."""
    row = conn.row(
        "SELECT count(*), coalesce(sum(chunks), 0) FROM searchable WHERE embedder = :embedder AND waits = 1",
        {"embedder": embedder},
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


def forget(conn: Connection, embedder: str, ids: Iterable[str]) -> None:
    """Drop contents from what is searchable, their tail rows too.

    What was made of them for an embedder that the store is moving to is outdated by that, and made again.
    """
    for batch in batches(ids):
        marks, params = in_list(batch)
        conn.run(
            f"""UPDATE searchable SET place = 'outdated' WHERE content_id IN ({marks})
            AND embedder = (SELECT value FROM settings WHERE name = 'moving')""",
            params,
        )
        for table in ("searchable", "tail"):
            conn.run(
                f"DELETE FROM {table} WHERE embedder = :embedder AND content_id IN ({marks})",
                {**params, "embedder": embedder},
            )


def tail_since(conn: Connection, embedder: str, row_id: int) -> list[TailRow]:
    """Return the tail rows written after `row_id`, in order."""
    rows = conn.rows(
        f"SELECT {TAIL_COLUMNS} FROM tail WHERE embedder = :embedder AND row_id > :after ORDER BY row_id",
        {"embedder": embedder, "after": row_id},
    )
    return [TailRow(*row) for row in rows]


def tail_bounds(conn: Connection, embedder: str) -> tuple[int, int, int]:
    """Return the tail's (first row id, last row id, rows); zeros when it is empty."""
    row = conn.row(
        "SELECT coalesce(min(row_id), 0), coalesce(max(row_id), 0), count(*) FROM tail WHERE embedder = :embedder",
        {"embedder": embedder},
    )
    return (row[0], row[1], row[2]) if row else (0, 0, 0)


def tail_ids(conn: Connection, embedder: str) -> list[int]:
    """Return the row ids of the whole tail, in order."""
    rows = conn.rows("SELECT row_id FROM tail WHERE embedder = :embedder ORDER BY row_id", {"embedder": embedder})
    return [row[0] for row in rows]


def append_tail(conn: Connection, embedder: str, new: Sequence[TailRow]) -> None:
    """Add rows to the tail; their own row_id is not looked at."""
    conn.run_many(
        """INSERT INTO tail (embedder, content_id, ordinal, heading, text, terms, start, "end", page, vector)
        VALUES (:embedder, :id, :ordinal, :heading, :text, :terms, :start, :end, :page, :vector)""",
        [
            {
                "embedder": embedder,
                "id": row.content_id,
                "ordinal": row.ordinal,
                "heading": row.heading,
                "text": row.text,
                "terms": row.terms,
                "start": row.start,
                "end": row.end,
                "page": row.page,
                "vector": row.vector,
            }
            for row in new
        ],
    )


def drop_tail(conn: Connection, embedder: str, until: int) -> int:
    """Drop the tail rows up to row id `until`; returns how many."""
    return conn.run(
        "DELETE FROM tail WHERE embedder = :embedder AND row_id <= :until", {"embedder": embedder, "until": until}
    )
