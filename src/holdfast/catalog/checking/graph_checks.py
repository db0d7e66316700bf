"""Questions of `verify` about the graph: all schemas, and the log in order."""

import json
from dataclasses import dataclass
from typing import Any

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection


@dataclass(frozen=True, slots=True)
class LoggedRow:
    """A row of the log, as it is stored."""

    log_id: int
    branch_id: int
    seq: int
    type_id: int
    key: str
    row: str | None


def schema_documents(conn: Connection) -> list[tuple[int, str]]:
    """Return the commit and the document of every schema of every branch."""
    return [(row[0], row[1]) for row in conn.rows("SELECT seq, document FROM graph_schemas ORDER BY seq")]


def log_after(conn: Connection, log_id: int, limit: int) -> list[LoggedRow]:
    """Return up to `limit` rows of the log after one of them, in order."""
    sql = """SELECT log_id, branch_id, seq, type_id, key, row FROM graph_log
        WHERE log_id > :last ORDER BY log_id LIMIT :limit"""
    return [LoggedRow(*row) for row in conn.rows(sql, {"last": log_id, "limit": limit})]


def said(row: LoggedRow) -> dict[str, Any]:
    """Return what a row of the log has for each property by its id; nothing for a removal, or for what is damaged."""
    try:
        found = json.loads(row.row or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def is_noted(conn: Connection, branch_id: int, seq: int, value: tuple[int, str, str]) -> bool:
    """Return whether a row is found by a (property, value, key) that a commit of a branch gave it."""
    sql = """SELECT 1 FROM graph_values WHERE branch_id = :branch AND property_id = :property AND value = :value
        AND seq = :seq AND key = :key"""
    params = {"branch": branch_id, "property": value[0], "value": value[1], "seq": seq, "key": value[2]}
    return conn.row(sql, params) is not None


def is_noted_before(conn: Connection, branch: Branch, seq: int, value: tuple[int, str, str]) -> bool:
    """Return whether a row is found on a branch by a (property, value, key) that a commit up to `seq` gave it."""
    sql = """SELECT 1 FROM graph_values WHERE branch_id = :branch AND property_id = :property AND value = :value
        AND seq > :after AND seq <= :until AND key = :key LIMIT 1"""
    params = {"property": value[0], "value": value[1], "key": value[2]}
    return any(conn.row(sql, {**window, **params}) is not None for window in branch.windows(0, seq))
