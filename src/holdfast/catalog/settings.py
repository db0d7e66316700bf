"""Questions about the store itself: its id and what it was made with."""

from holdfast.catalog.engine import Connection

#: the pins' fingerprint when the indexes of all tables were last found to be in order
TENDED = "tended"
#: the newest commit of the store when rows were last put away in the history table
RETIRED_AT = "retired_at"
#: the intent of the last publish of a relaxed process, until what such processes staged is settled; then empty
UNSETTLED = "unsettled"


def get(conn: Connection, name: str) -> str | None:
    """Return a setting of the store."""
    row = conn.row("SELECT value FROM settings WHERE name = :name", {"name": name})
    return str(row[0]) if row else None


def put(conn: Connection, name: str, value: str) -> None:
    """Set a setting of the store."""
    conn.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        {"name": name, "value": value},
    )


def settled(fingerprint: str) -> str:
    """Return what TENDED says when the tables were looked at closely, with these pins (upkeep/indexes.py)."""
    return f"{fingerprint} settled"
