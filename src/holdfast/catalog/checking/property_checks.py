"""Questions of `verify` about properties: that those are there which entries name, and are found by what they have."""

from holdfast.catalog.checking.checks import PLACE, Place
from holdfast.catalog.engine import Connection, rows_among
from holdfast.catalog.properties.stored import PropertySet
from holdfast.catalog.values import FOREVER


def entries_without_properties(conn: Connection, *, history: bool, limit: int) -> list[Place]:
    """Return entries that name properties which are not there."""
    now = "" if history else f"AND e.to_seq = {FOREVER}"
    rows = conn.rows(
        f"""SELECT {PLACE} FROM entries e WHERE e.properties_id IS NOT NULL {now}
        AND NOT EXISTS (SELECT 1 FROM properties p WHERE p.properties_id = e.properties_id) LIMIT :limit""",
        {"limit": limit},
    )
    return [Place(*row) for row in rows]


def passed_over(conn: Connection, limit: int) -> list[str]:
    """Return properties that a filter passes over at a commit where an entry names them."""
    rows = conn.rows(
        f"""SELECT DISTINCT v.properties_id FROM property_values v WHERE v.to_seq < {FOREVER} AND EXISTS (
            SELECT 1 FROM entries e WHERE e.properties_id = v.properties_id AND e.to_seq > v.to_seq) LIMIT :limit""",
        {"limit": limit},
    )
    return [row[0] for row in rows]


def page_after(conn: Connection, properties_id: str, limit: int) -> dict[str, tuple[str, frozenset[tuple[str, str]]]]:
    """Return (JSON, what it is found by) of up to `limit` properties whose id sorts after the given one, in order."""
    rows = conn.rows(
        "SELECT properties_id, json FROM properties WHERE properties_id > :id ORDER BY properties_id LIMIT :limit",
        {"id": properties_id, "limit": limit},
    )
    found: dict[str, set[tuple[str, str]]] = {row[0]: set() for row in rows}
    sql = "SELECT properties_id, key, value FROM property_values WHERE properties_id IN (:ids)"
    for each, key, value in rows_among(conn, sql, found):
        found[each].add((key, value))
    return {row[0]: (row[1], frozenset(found[row[0]])) for row in rows}


def of_no_properties(conn: Connection, limit: int) -> list[str]:
    """Return ids of properties that filters find and that are not there."""
    rows = conn.rows(
        """SELECT DISTINCT v.properties_id FROM property_values v WHERE NOT EXISTS (
            SELECT 1 FROM properties p WHERE p.properties_id = v.properties_id) LIMIT :limit""",
        {"limit": limit},
    )
    return [row[0] for row in rows]


def forget_of_no_properties(conn: Connection) -> int:
    """Drop what filters find of properties that are not there; returns how many values."""
    return conn.run(
        """DELETE FROM property_values WHERE NOT EXISTS (
            SELECT 1 FROM properties p WHERE p.properties_id = property_values.properties_id)"""
    )


def write_values_anew(conn: Connection, known: PropertySet) -> None:
    """Have filters find properties by what they have, and until the last entry that names them ended."""
    params = {"id": known.properties_id}
    conn.run("DELETE FROM property_values WHERE properties_id = :id", params)
    row = conn.row("SELECT max(to_seq) FROM entries WHERE properties_id = :id", params)
    until = FOREVER if row is None or row[0] is None else row[0]
    conn.run_many(
        "INSERT INTO property_values (properties_id, key, value, to_seq) VALUES (:id, :key, :value, :until)",
        [{**params, "key": key, "value": value, "until": until} for key, value in sorted(known.values)],
    )
