"""Questions about sessions: their live messages and their archives."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, Row
from holdfast.host.clock import utc

#: later than any session was made, in seconds since the epoch
LAST = 1e300
#: more than there are messages
ALL = 2**62

_MESSAGE = "message_id, session_id, role, content, parts, tool_calls, at"
_ARCHIVE = """session_id, number, messages_id, transcript_id, messages, first_message, last_message, commit_seq,
    job_id, at"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing said in a session."""

    #: its place in the order of all messages of the store; 0 before it is written
    id: int
    session_id: str
    #: `user`, `assistant`, `system`, `tool`, or any other word
    role: str
    content: str
    #: what else it consists of, as its sender gave it; None when that is all
    parts: list[Any] | None
    tool_calls: list[Any] | None
    #: when it was said
    at: datetime

    @property
    def text(self) -> str:
        """What it says, its parts and tool calls included, in Markdown."""
        said = [self.content.strip("\n")] if self.content else []
        said += [f"`{json.dumps(part, ensure_ascii=False)}`" for part in self.parts or () if not _repeats(part, said)]
        said += [f"calls `{json.dumps(call, ensure_ascii=False)}`" for call in self.tool_calls or ()]
        return "\n\n".join(said)


def _repeats(part: Any, said: list[str]) -> bool:
    """Return whether a part only repeats the content."""
    return isinstance(part, dict) and part.get("text") in said


@dataclass(frozen=True, slots=True)
class Archive:
    """Messages of a session that were put away together."""

    session_id: str
    #: 1 for the first
    number: int
    #: the content of its messages.jsonl
    messages_id: str
    #: the content of its transcript.md
    transcript_id: str
    #: how many
    messages: int
    first_message: int
    last_message: int
    #: the commit that made it
    commit: int
    #: the job that remembers it
    job_id: int
    #: when it was made
    at: datetime

    @property
    def path(self) -> str:
        """Where it stands when it is made."""
        return archive_folder(self.session_id, self.number)


def archive_folder(session_id: str, number: int) -> str:
    """Return where an archive stands when it is made."""
    return f"/sessions/{session_id}/archive-{number:03d}"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in numbers."""

    session_id: str
    #: seconds since the epoch
    created: float
    #: number of the latest archive; 0 without one
    archives: int
    #: live ones
    messages: int
    #: when the newest live message was said
    last_at: float | None


def append(conn: Connection, branch: Branch, session_id: str, new: Iterable[Message], now: float) -> list[int]:
    """Write messages at the end of a session, which is made on a branch if it is not there; returns their ids."""
    make(conn, branch, session_id, now)
    return [_append_one(conn, session_id, message) for message in new]


def _append_one(conn: Connection, session_id: str, message: Message) -> int:
    row = conn.row(
        """INSERT INTO messages (session_id, role, content, parts, tool_calls, at)
        VALUES (:session, :role, :content, :parts, :calls, :at) RETURNING message_id""",
        {
            "session": session_id,
            "role": message.role,
            "content": message.content,
            "at": message.at.timestamp(),
            "parts": _json(message.parts),
            "calls": _json(message.tool_calls),
        },
    )
    assert row is not None
    return int(row[0])


def live(conn: Connection, session_id: str, after: int = 0, limit: int = ALL) -> list[Message]:
    """Return the messages that are not archived, in order: at most `limit` of those after the message `after`."""
    rows = conn.rows(
        f"""SELECT {_MESSAGE} FROM messages WHERE session_id = :session AND message_id > :after
        ORDER BY message_id LIMIT :limit""",
        {"session": session_id, "after": after, "limit": limit},
    )
    return [_message(row) for row in rows]


def newest_live(conn: Connection, session_id: str, limit: int) -> list[Message]:
    """Return the newest messages that are not archived, at most `limit`, oldest of them first."""
    rows = conn.rows(
        f"SELECT {_MESSAGE} FROM messages WHERE session_id = :session ORDER BY message_id DESC LIMIT :limit",
        {"session": session_id, "limit": limit},
    )
    return [_message(row) for row in reversed(rows)]


def count_until(conn: Connection, session_id: str, last: int) -> int:
    """Return how many live messages there are up to the message `last`."""
    row = conn.row(
        "SELECT count(*) FROM messages WHERE session_id = :session AND message_id <= :last",
        {"session": session_id, "last": last},
    )
    return int(row[0]) if row else 0


def clear_until(conn: Connection, session_id: str, last: int) -> None:
    """Drop the live messages up to the message `last`."""
    conn.run(
        "DELETE FROM messages WHERE session_id = :session AND message_id <= :last",
        {"session": session_id, "last": last},
    )


_SESSION = """SELECT s.session_id, s.created, s.archives,
        (SELECT count(*) FROM messages m WHERE m.session_id = s.session_id),
        (SELECT m.at FROM messages m WHERE m.session_id = s.session_id ORDER BY m.message_id DESC LIMIT 1)
    FROM sessions s"""


def get(conn: Connection, session_id: str) -> SessionRow | None:
    """Return one session."""
    row = conn.row(f"{_SESSION} WHERE s.session_id = :session", {"session": session_id})
    return SessionRow(*row) if row else None


def latest_archive(conn: Connection, session_id: str) -> int | None:
    """Return the number of a session's latest archive, 0 without one, None for a session that is not there."""
    row = conn.row("SELECT archives FROM sessions WHERE session_id = :session", {"session": session_id})
    return int(row[0]) if row else None


def page(conn: Connection, branch: Branch, after: SessionRow | None, limit: int) -> list[SessionRow]:
    """Return at most `limit` sessions of a branch, the one made last first, beginning after the session `after`."""
    rows = conn.rows(
        f"""{_SESSION} WHERE s.branch_id = :branch AND s.created <= :created
            AND (s.created < :created OR s.session_id > :id)
        ORDER BY s.created DESC, s.session_id LIMIT :limit""",
        {
            "branch": branch.id,
            "created": after.created if after else LAST,
            "id": after.session_id if after else "",
            "limit": limit,
        },
    )
    return [SessionRow(*row) for row in rows]


def make(conn: Connection, branch: Branch, session_id: str, now: float) -> bool:
    """Make a session without messages on a branch; False when it is there."""
    return bool(
        conn.run(
            """INSERT INTO sessions (session_id, branch_id, created) VALUES (:session, :branch, :now)
            ON CONFLICT DO NOTHING""",
            {"session": session_id, "branch": branch.id, "now": now},
        )
    )


def branch_of(conn: Connection, session_id: str) -> int | None:
    """Return the branch that a session began on, None for a session that is not there."""
    row = conn.row("SELECT branch_id FROM sessions WHERE session_id = :session", {"session": session_id})
    return int(row[0]) if row else None


def add_archive(conn: Connection, archive: Archive) -> None:
    """Write an archive and make it the session's latest."""
    conn.run(
        f"""INSERT INTO archives ({_ARCHIVE}) VALUES (:session, :number, :messages_id, :transcript_id, :messages,
            :first, :last, :commit, :job, :at)""",
        {
            "session": archive.session_id,
            "number": archive.number,
            "messages_id": archive.messages_id,
            "transcript_id": archive.transcript_id,
            "messages": archive.messages,
            "first": archive.first_message,
            "last": archive.last_message,
            "commit": archive.commit,
            "job": archive.job_id,
            "at": archive.at.timestamp(),
        },
    )
    conn.run(
        "UPDATE sessions SET archives = :number WHERE session_id = :session",
        {"number": archive.number, "session": archive.session_id},
    )


def archive(conn: Connection, session_id: str, number: int) -> Archive | None:
    """Return one archive."""
    row = conn.row(
        f"SELECT {_ARCHIVE} FROM archives WHERE session_id = :session AND number = :number",
        {"session": session_id, "number": number},
    )
    return _archive(row) if row else None


def archives(conn: Connection, session_id: str) -> list[Archive]:
    """Return a session's archives, oldest first."""
    rows = conn.rows(
        f"SELECT {_ARCHIVE} FROM archives WHERE session_id = :session ORDER BY number", {"session": session_id}
    )
    return [_archive(row) for row in rows]


def transcripts_without_rows(conn: Connection, embedder: str) -> list[str]:
    """Return the transcripts that are not searchable yet, each once; this looks at every archive."""
    rows = conn.rows(
        """SELECT DISTINCT a.transcript_id FROM archives a
        JOIN searchable s ON s.embedder = :embedder AND s.content_id = a.transcript_id
        WHERE s.chunks = 0 AND s.place IN ('tail', 'table')""",
        {"embedder": embedder},
    )
    return [row[0] for row in rows]


def forget(conn: Connection, session_id: str) -> None:
    """Drop a session, its live messages and the rows of its archives."""
    for table in ("messages", "archives", "sessions"):
        conn.run(f"DELETE FROM {table} WHERE session_id = :session", {"session": session_id})


def _json(value: Sequence[Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _message(row: Row) -> Message:
    parts, calls = (None if text is None else json.loads(text) for text in row[4:6])
    return Message(
        id=row[0], session_id=row[1], role=row[2], content=row[3], parts=parts, tool_calls=calls, at=utc(row[6])
    )


def _archive(row: Row) -> Archive:
    values = list(row)
    values[-1] = utc(row[-1])
    return Archive(*values)
