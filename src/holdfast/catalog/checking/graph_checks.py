"""Questions of `verify` about the graph: all schemas, and the log in order."""

from dataclasses import dataclass

from holdfast.catalog.engine import Connection


@dataclass(frozen=True, slots=True)
class LoggedRow:
    """A row of the log, as it is stored."""

    log_id: int
    seq: int
    type_id: int
    key: str
    row: str | None


def schema_documents(conn: Connection) -> list[tuple[int, str]]:
    """Return the commit and the document of every schema of every branch."""
    return [(row[0], row[1]) for row in conn.rows("SELECT seq, document FROM graph_schemas ORDER BY seq")]


def log_after(conn: Connection, log_id: int, limit: int) -> list[LoggedRow]:
    """Return up to `limit` rows of the log after one of them, in order."""
    sql = "SELECT log_id, seq, type_id, key, row FROM graph_log WHERE log_id > :last ORDER BY log_id LIMIT :limit"
    return [LoggedRow(*row) for row in conn.rows(sql, {"last": log_id, "limit": limit})]
