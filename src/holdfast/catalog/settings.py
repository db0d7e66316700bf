"""Questions about the store itself: its id and what it was made with."""

import json
from dataclasses import dataclass

from holdfast.catalog.engine import Connection

#: the pins' fingerprint when the indexes of all tables were last found to be in order
TENDED = "tended"
#: the newest commit of the store when rows were last put away in the history table
RETIRED_AT = "retired_at"
#: the newest row of the graph's log when all types were last looked at, or that another schema was applied since
GRAPH_LOOKED, SCHEMA_APPLIED = "graph_looked", "schema"
#: the intent of the last publish of a relaxed process, until what such processes staged is settled; then empty
UNSETTLED = "unsettled"
#: the store's embedder, its dimensions, and where it is loaded from when that is not its name
EMBEDDER, DIMENSIONS, EMBEDDER_AT = "embedder", "dimensions", "embedder_at"
#: the embedder that the store is moving to; empty when it is moving to none
MOVING = "moving"
#: where it is loaded from, and its dimensions, as JSON
MOVING_AT = "moving_at"


@dataclass(frozen=True, slots=True)
class StoredEmbedder:
    """What the catalog says of an embedder."""

    name: str
    address: str
    dimensions: int


#: the kind of the jobs that changes of files enqueue which rows of the graph rest on; empty for none
LOOK_AGAIN = "look_again"


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


def embedder(conn: Connection) -> StoredEmbedder | None:
    """Return the embedder whose rows searches look at; None when that is not written, or not readable."""
    sql = "SELECT name, value FROM settings WHERE name IN ('embedder', 'dimensions', 'embedder_at')"
    found = {str(row[0]): str(row[1]) for row in conn.rows(sql)}
    if EMBEDDER not in found or not found.get(DIMENSIONS, "").isdecimal():
        return None
    name = found[EMBEDDER]
    return StoredEmbedder(name, found.get(EMBEDDER_AT) or name, int(found[DIMENSIONS]))


def put_embedder(conn: Connection, chosen: StoredEmbedder) -> None:
    """Write which embedder it is whose rows searches look at from now on."""
    put(conn, EMBEDDER, chosen.name)
    put(conn, DIMENSIONS, str(chosen.dimensions))
    if chosen.address != chosen.name or get(conn, EMBEDDER_AT) is not None:
        put(conn, EMBEDDER_AT, chosen.address)


def moving_to(conn: Connection) -> StoredEmbedder | None:
    """Return the embedder that the store is moving to."""
    name = get(conn, MOVING)
    if not name:
        return None
    held = json.loads(get(conn, MOVING_AT) or "{}")
    return StoredEmbedder(name, str(held.get("address", name)), int(held.get("dimensions", 0)))


def move_to(conn: Connection, chosen: StoredEmbedder | None) -> None:
    """Write which embedder the store is moving to; None for none any more."""
    put(conn, MOVING, chosen.name if chosen is not None else "")
    if chosen is not None:
        put(conn, MOVING_AT, json.dumps({"address": chosen.address, "dimensions": chosen.dimensions}))
