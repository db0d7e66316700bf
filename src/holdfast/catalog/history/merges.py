"""Questions about recorded merges: what a branch took over from others."""

from holdfast.catalog.engine import Connection


def taken_over(conn: Connection, branch_id: int, after: int, until: int) -> dict[int, int]:
    """Return the newest commit of each branch that the commits of one branch in (after, until] merged, by branch."""
    # Through the index over merges alone, of which there are few: `+` keeps SQLite from reading every commit since.
    rows = conn.rows(
        """SELECT source.branch_id, max(c.merged_seq) FROM commits c JOIN commits source ON source.seq = c.merged_seq
        WHERE c.merged_seq > 0 AND +c.branch_id = :branch AND +c.seq > :after AND +c.seq <= :until
        GROUP BY source.branch_id""",
        {"branch": branch_id, "after": after, "until": until},
    )
    return {row[0]: row[1] for row in rows}
