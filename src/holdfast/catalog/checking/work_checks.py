"""Questions of `verify` about sessions and jobs: rows that point at nothing, at most `limit` of them."""

from holdfast.catalog.engine import Connection


def archives_without_bytes(conn: Connection, limit: int) -> list[tuple[str, int, str]]:
    """Return (session, number, content) of archives that name a content which is not there."""
    rows = conn.rows(
        """SELECT a.session_id, a.number, a.messages_id FROM archives a
        WHERE NOT EXISTS (SELECT 1 FROM contents c WHERE c.content_id = a.messages_id)
        UNION ALL SELECT a.session_id, a.number, a.transcript_id FROM archives a
        WHERE NOT EXISTS (SELECT 1 FROM contents c WHERE c.content_id = a.transcript_id) LIMIT :limit""",
        {"limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def sessions_missing(conn: Connection, limit: int) -> list[str]:
    """Return sessions that messages or archives belong to and that are not there."""
    rows = conn.rows(
        """SELECT DISTINCT m.session_id FROM messages m
        WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.session_id = m.session_id)
        UNION SELECT a.session_id FROM archives a
        WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.session_id = a.session_id) LIMIT :limit""",
        {"limit": limit},
    )
    return [row[0] for row in rows]


def sessions_miscounted(conn: Connection, limit: int) -> list[tuple[str, int, int]]:
    """Return (session, latest archive as it says, archives there are) where the two differ."""
    rows = conn.rows(
        """SELECT s.session_id, s.archives, count(a.number) FROM sessions s
        LEFT JOIN archives a ON a.session_id = s.session_id
        GROUP BY s.session_id, s.archives HAVING s.archives <> count(a.number) LIMIT :limit""",
        {"limit": limit},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def jobs_waiting_for_nothing(conn: Connection, limit: int) -> list[tuple[int, int]]:
    """Return (job, the job it waits for) where that one has ended or is not there: nobody would ever wake it."""
    rows = conn.rows(
        """SELECT j.job_id, j.after_job FROM jobs j WHERE j.state = 'waiting' AND NOT EXISTS
            (SELECT 1 FROM jobs b WHERE b.job_id = j.after_job AND b.ended IS NULL) LIMIT :limit""",
        {"limit": limit},
    )
    return [(row[0], row[1]) for row in rows]


def totals(conn: Connection) -> dict[str, int]:
    """Return how many sessions, archives and jobs there are."""
    tables = ("sessions", "archives", "jobs")
    rows = conn.rows(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables))
    return {row[0]: row[1] for row in rows}
