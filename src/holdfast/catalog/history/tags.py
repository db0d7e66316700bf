"""Questions about tags: names for commits."""

from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.catalog.engine import Connection, Row

_COLUMNS = "name, commit_seq, actor, created"


@dataclass(frozen=True, slots=True, kw_only=True)
class TagInfo:
    """A name for a commit, as it is listed."""

    name: str
    #: the number of the commit
    commit: int
    #: who gave the name
    actor: str
    created: datetime


def create(conn: Connection, name: str, seq: int, actor: str, at: float) -> TagInfo:
    """Write a tag; the caller has looked that there is none of that name."""
    row = (name, seq, actor, at)
    conn.run(
        "INSERT INTO tags (name, commit_seq, actor, created) VALUES (:name, :seq, :actor, :at)",
        {"name": name, "seq": seq, "actor": actor, "at": at},
    )
    return _info(row)


def listed(conn: Connection) -> list[TagInfo]:
    """Return all tags, in order of name."""
    return [_info(row) for row in conn.rows(f"SELECT {_COLUMNS} FROM tags ORDER BY name")]


def named(conn: Connection, name: str) -> TagInfo | None:
    """Return the tag of that name."""
    row = conn.row(f"SELECT {_COLUMNS} FROM tags WHERE name = :name", {"name": name})
    return _info(row) if row else None


def of_commit(conn: Connection, seq: int) -> list[str]:
    """Return the names that a commit has, in order."""
    rows = conn.rows("SELECT name FROM tags WHERE commit_seq = :seq ORDER BY name", {"seq": seq})
    return [row[0] for row in rows]


def delete(conn: Connection, name: str) -> None:
    """Remove a tag; its commit stays."""
    conn.run("DELETE FROM tags WHERE name = :name", {"name": name})


def without_commit(conn: Connection, limit: int) -> list[TagInfo]:
    """Return tags that name a commit which is not there, at most `limit`."""
    rows = conn.rows(
        f"""SELECT {_COLUMNS} FROM tags t
        WHERE NOT EXISTS (SELECT 1 FROM commits c WHERE c.seq = t.commit_seq) LIMIT :limit""",
        {"limit": limit},
    )
    return [_info(row) for row in rows]


def _info(row: Row) -> TagInfo:
    name, seq, actor, created = row
    return TagInfo(name=name, commit=seq, actor=actor, created=datetime.fromtimestamp(created, UTC))
