"""Questions about table pins: the version at which each versioned table is to be read."""

from dataclasses import dataclass

from holdfast.catalog import intents
from holdfast.catalog.engine import Connection

#: superseded pins of a table that are kept whatever their age, and the seconds for which all are
KEPT, KEPT_FOR = 1000, 86_400.0
#: rows dropped when one is written, at most
THINNED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Pin:
    """A table is read at `version`."""

    pin_id: int
    table: str
    version: int


def current(conn: Connection, tables: tuple[str, ...]) -> dict[str, Pin]:
    """Return the current pins of `tables` that have one."""
    rows = conn.rows("SELECT pin_id, table_name, version FROM pins WHERE superseded_at IS NULL")
    # Versions are 64-bit unsigned, more than an SQL integer holds, so they are stored as text.
    return {row[1]: Pin(row[0], row[1], int(row[2])) for row in rows if row[1] in tables}


def names(conn: Connection) -> list[str]:
    """Return every table that has ever had a pin."""
    # Each of them has a current one: the index holds no others.
    return sorted(row[0] for row in conn.rows("SELECT table_name FROM pins WHERE superseded_at IS NULL"))


def move(conn: Connection, table: str, version: int, at: float) -> None:
    """Pin `table` at `version` from now on, and forget pins that are long past."""
    conn.run(
        "UPDATE pins SET superseded_at = :at WHERE table_name = :table AND superseded_at IS NULL",
        {"table": table, "at": at},
    )
    conn.run(
        "INSERT INTO pins (table_name, version, at) VALUES (:table, :version, :at)",
        {"table": table, "version": str(version), "at": at},
    )
    _thin(conn, table, at)


def _thin(conn: Connection, table: str, now: float) -> None:
    """Drop superseded pins beyond the newest, but none that anybody who is at work may still need."""
    since = intents.oldest_pin(conn)
    conn.run(
        """DELETE FROM pins WHERE pin_id IN (
            SELECT pin_id FROM pins WHERE table_name = :table AND superseded_at IS NOT NULL
                AND superseded_at < :before AND pin_id < :first
            ORDER BY pin_id DESC LIMIT :most OFFSET :kept)""",
        {
            "table": table,
            "before": now - KEPT_FOR,
            "kept": KEPT,
            "most": THINNED_AT_ONCE,
            "first": _first_needed(conn, table, newest(conn) if since is None else since),
        },
    )


def fingerprint(conn: Connection) -> str:
    """Return a text that changes whenever any pin moves."""
    return str(newest(conn))


def newest(conn: Connection) -> int:
    """Return the number of the newest pin of all tables; 0 when there is none."""
    row = conn.row("SELECT max(pin_id) FROM pins")
    return int(row[0] or 0) if row else 0


def needed(conn: Connection, table: str, since: int | None = None) -> list[int]:
    """Return the versions of `table` that are pinned, and those that were when pin `since` was the newest, or later."""
    rows = conn.rows("SELECT version FROM pins WHERE superseded_at IS NULL AND table_name = :table", {"table": table})
    if since is not None:
        rows += conn.rows(
            "SELECT version FROM pins WHERE pin_id >= :first AND table_name = :table",
            {"table": table, "first": _first_needed(conn, table, since)},
        )
    return sorted({int(row[0]) for row in rows})


def forget_superseded(conn: Connection, before: float) -> int:
    """Drop the rows of pins that were superseded before `before`, but none that anybody who is at work may need.

    Returns how many.
    """
    since, dropped = intents.oldest_pin(conn), 0
    for table in names(conn):
        dropped += conn.run(
            "DELETE FROM pins WHERE pin_id < :first AND table_name = :table AND superseded_at <= :before",
            {
                "table": table,
                "before": before,
                "first": _first_needed(conn, table, newest(conn) if since is None else since),
            },
        )
    return dropped


def _first_needed(conn: Connection, table: str, since: int) -> int:
    """Return the pin of `table` that was current when pin `since` was the newest; 0 when there was none."""
    row = conn.row(
        "SELECT pin_id FROM pins WHERE pin_id <= :since AND table_name = :table ORDER BY pin_id DESC LIMIT 1",
        {"table": table, "since": since},
    )
    return int(row[0]) if row else 0


def forget_former(conn: Connection, table: str) -> int:
    """Drop the rows of all pins of `table` but the current one; returns how many."""
    return conn.run("DELETE FROM pins WHERE table_name = :table AND superseded_at IS NOT NULL", {"table": table})
