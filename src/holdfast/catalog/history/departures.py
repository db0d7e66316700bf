"""Questions about what went out of the tree: ended entries, what lay below removed directories, deleted branches."""

from dataclasses import dataclass

from holdfast.catalog.engine import Connection
from holdfast.catalog.values import FOREVER


@dataclass(frozen=True, slots=True)
class Departure:
    """An entry ended at commit `seq`."""

    seq: int
    entry_id: int
    branch_id: int
    node_id: int
    #: what the file held; None for a directory
    content_id: str | None
    #: whether the node stands somewhere else since, holding the same: it was only moved
    moved: bool


@dataclass(frozen=True, slots=True)
class Child:
    """Something that lies directly under a directory, whether or not that stands."""

    name: str
    node_id: int
    #: None for a directory
    content_id: str | None


def after(conn: Connection, branch_id: int | None, last: tuple[int, int], until: int, limit: int) -> list[Departure]:
    """Return at most `limit` entries that ended up to commit `until`, in order of (seq, entry id), after `last`.

    Only those of one branch are returned, or with None those of all.
    """
    # `+branch_id`: see entries.py.
    of = "" if branch_id is None else "+e.branch_id = :branch AND "
    rows = conn.rows(
        f"""SELECT e.to_seq, e.entry_id, e.branch_id, e.node_id, e.content_id, EXISTS (
            SELECT 1 FROM entries n WHERE n.branch_id = e.branch_id AND n.node_id = e.node_id AND n.to_seq = {FOREVER}
            AND coalesce(n.content_id, '') = coalesce(e.content_id, ''))
        FROM entries e WHERE {of}e.to_seq >= :seq AND e.to_seq <= :until
            AND e.to_seq < {FOREVER} AND (e.to_seq > :seq OR e.entry_id > :entry)
        ORDER BY e.to_seq, e.entry_id LIMIT :limit""",
        {"branch": branch_id, "seq": last[0], "entry": last[1], "until": until, "limit": limit},
    )
    return [Departure(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]


def children(conn: Connection, branch_id: int, parent: int, name: str, limit: int) -> list[Child]:
    """Return at most `limit` of a branch's rows directly under a node now, in order of name, after `name`."""
    rows = conn.rows(
        f"""SELECT name, node_id, content_id FROM entries
        WHERE branch_id = :branch AND parent_id = :parent AND name > :name AND to_seq = {FOREVER}
        ORDER BY name LIMIT :limit""",
        {"branch": branch_id, "parent": parent, "name": name, "limit": limit},
    )
    return [Child(*row) for row in rows]


def standing(conn: Connection, branch_id: int, node: int, limit: int) -> list[tuple[int, str | None]]:
    """Return (node, content) of at most `limit` of a branch's own rows that stand, in order of node, after `node`."""
    rows = conn.rows(
        f"""SELECT node_id, content_id FROM entries
        WHERE branch_id = :branch AND node_id > :node AND to_seq = {FOREVER} ORDER BY node_id LIMIT :limit""",
        {"branch": branch_id, "node": node, "limit": limit},
    )
    return [(row[0], row[1]) for row in rows]
