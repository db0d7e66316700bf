"""What is taken of the graph: rows of branches that are gone, and bases that were folded and replaced since."""

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection


def forget_rows(conn: Connection, branch: Branch, limit: int) -> bool:
    """Drop rows of a branch of which nothing stays, at most `limit` of a table; returns whether there may be more."""
    params = {"branch": branch.id, "limit": limit}
    said = conn.rows("SELECT log_id FROM graph_log WHERE branch_id = :branch LIMIT :limit", params)
    conn.run_many("DELETE FROM graph_log WHERE log_id = :id", [{"id": row[0]} for row in said])
    names = ("property", "value", "seq", "key")
    values = conn.rows(
        "SELECT property_id, value, seq, key FROM graph_values WHERE branch_id = :branch LIMIT :limit", params
    )
    conn.run_many(
        """DELETE FROM graph_values WHERE branch_id = :branch AND property_id = :property AND value = :value
        AND seq = :seq AND key = :key""",
        [{"branch": branch.id, **dict(zip(names, row, strict=True))} for row in values],
    )
    if max(len(said), len(values)) == limit:
        return True
    for table in ("graph_bases", "graph_schemas"):
        conn.run(f"DELETE FROM {table} WHERE branch_id = :branch", {"branch": branch.id})
    return False


def forget_folds(conn: Connection, until: int) -> None:
    """Drop bases that were folded of the log and replaced by one of the number `until` or a lower one.

    The log has all that they have, so what they were read for is read without them. What a branch was made on stays.
    """
    conn.run(
        """DELETE FROM graph_bases WHERE loaded = :loaded AND EXISTS (
            SELECT 1 FROM graph_bases n WHERE n.branch_id = graph_bases.branch_id
            AND n.type_id = graph_bases.type_id AND n.seq > graph_bases.seq AND n.base_id <= :until)
        AND NOT EXISTS (
            SELECT 1 FROM branches c WHERE c.base_branch_id = graph_bases.branch_id AND c.emptied IS NULL
            AND c.fork_seq >= graph_bases.seq AND NOT EXISTS (
                SELECT 1 FROM graph_bases m WHERE m.branch_id = graph_bases.branch_id
                AND m.type_id = graph_bases.type_id AND m.seq > graph_bases.seq AND m.seq <= c.fork_seq))""",
        {"loaded": False, "until": until},
    )
