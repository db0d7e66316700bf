"""Questions about stored properties: JSON objects by their hash, with the values that filters find them by."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from holdfast.catalog.engine import Connection, rows_among, run_among
from holdfast.catalog.values import FOREVER


@dataclass(frozen=True, slots=True)
class PropertySet:
    """The properties of one or several entries, which are never changed: others are another set."""

    #: BLAKE3 of `text`, in hex
    properties_id: str
    #: canonical JSON: equal properties are equal texts
    text: str
    #: (key, value) as filters ask for them
    values: frozenset[tuple[str, str]]


def texts(conn: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return the JSON of those of `ids` that the catalog has."""
    sql = "SELECT properties_id, json FROM properties WHERE properties_id IN (:ids)"
    return {row[0]: row[1] for row in rows_among(conn, sql, ids)}


def known_among(conn: Connection, ids: Iterable[str]) -> set[str]:
    """Return which of `ids` the catalog has."""
    sql = "SELECT properties_id FROM properties WHERE properties_id IN (:ids)"
    return {row[0] for row in rows_among(conn, sql, ids)}


def insert(conn: Connection, sets: Collection[PropertySet]) -> None:
    """Write the properties that are not there yet, with their values."""
    known = known_among(conn, [each.properties_id for each in sets])
    new = {each.properties_id: each for each in sets if each.properties_id not in known}.values()
    conn.run_many(
        "INSERT INTO properties (properties_id, json) VALUES (:id, :json)",
        [{"id": each.properties_id, "json": each.text} for each in new],
    )
    conn.run_many(
        f"INSERT INTO property_values (properties_id, key, value, to_seq) VALUES (:id, :key, :value, {FOREVER})",
        [{"id": each.properties_id, "key": key, "value": value} for each in new for key, value in sorted(each.values)],
    )


def note_standing(conn: Connection, seq: int, begun: Iterable[str], ended: Iterable[str]) -> None:
    """Say of properties whether an entry that stands names them, after the commit `seq` began and ended entries.

    A question about a head passes over those that none names any more.
    """
    standing = set(begun)
    run_among(
        conn,
        f"UPDATE property_values SET to_seq = {FOREVER} WHERE properties_id IN (:ids) AND to_seq < {FOREVER}",
        standing,
    )
    run_among(
        conn,
        f"""UPDATE property_values SET to_seq = :seq WHERE properties_id IN (:ids) AND NOT EXISTS (
            SELECT 1 FROM entries e WHERE e.properties_id = property_values.properties_id AND e.to_seq = {FOREVER})""",
        set(ended) - standing,
        {"seq": seq},
    )


_UNNAMED = "NOT EXISTS (SELECT 1 FROM entries e WHERE e.properties_id = {table}.properties_id)"


def unnamed_after(conn: Connection, properties_id: str, limit: int) -> list[str]:
    """Return at most `limit` properties that no entry names, in order of id, after the given one."""
    rows = conn.rows(
        f"""SELECT properties_id FROM properties WHERE properties_id > :id AND {_UNNAMED.format(table="properties")}
        ORDER BY properties_id LIMIT :limit""",
        {"id": properties_id, "limit": limit},
    )
    return [row[0] for row in rows]


def forget_unnamed(conn: Connection, ids: Iterable[str]) -> int:
    """Drop those of `ids` that no entry names, and return how many that were."""
    asked = list(ids)
    for table in ("property_values", "properties"):
        sql = f"DELETE FROM {table} WHERE properties_id IN (:ids) AND {_UNNAMED.format(table=table)}"
        forgotten = run_among(conn, sql, asked)
    return forgotten
