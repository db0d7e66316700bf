"""What deleted branches leave besides their trees: sessions, and jobs, all of which have ended."""

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, run_among
from holdfast.catalog.work import sessions


def count_sessions(conn: Connection, branch: Branch) -> int:
    """Return how many sessions a branch has."""
    row = conn.row("SELECT count(*) FROM sessions WHERE branch_id = :branch", {"branch": branch.id})
    return int(row[0]) if row else 0


def forget_sessions(conn: Connection, branch: Branch, limit: int) -> int:
    """Drop at most `limit` sessions of a branch with all that was said in them; returns how many."""
    rows = conn.rows(
        "SELECT session_id FROM sessions WHERE branch_id = :branch LIMIT :limit", {"branch": branch.id, "limit": limit}
    )
    for row in rows:
        sessions.forget(conn, row[0])
    return len(rows)


def forget_jobs(conn: Connection, branch: Branch, limit: int) -> int:
    """Drop at most `limit` jobs of a branch that have ended; returns how many."""
    # The condition that the index is partial by, word for word.
    rows = conn.rows(
        "SELECT job_id FROM jobs WHERE branch_id > 1 AND branch_id = :branch AND ended IS NOT NULL LIMIT :limit",
        {"branch": branch.id, "limit": limit},
    )
    run_among(conn, "DELETE FROM jobs WHERE job_id IN (:ids)", [row[0] for row in rows])
    return len(rows)
