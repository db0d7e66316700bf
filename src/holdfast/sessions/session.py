"""A session: messages in one order, until a commit puts them away."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.work import sessions
from holdfast.catalog.work.sessions import Archive, Message, SessionRow
from holdfast.digest.digest import Summary
from holdfast.errors import CorruptStore, Unsupported
from holdfast.faults import point
from holdfast.host.clock import utc
from holdfast.sessions import archiving, deleting
from holdfast.sessions import messages as wording
from holdfast.sessions.archiving import SessionCommit, not_there
from holdfast.sessions.context import MOST_TOKENS, TOKENS_PER_MESSAGE, SessionContext, fit
from holdfast.sessions.reading import read_archive


@dataclass(frozen=True)
class SessionInfo:
    """A session and its archives."""

    #: its name
    id: str
    created: datetime
    #: live messages
    messages: int
    #: when the newest live message was said
    last_at: datetime | None
    #: oldest first
    archives: tuple[Archive, ...]


@checks_arguments
class Session:
    """A conversation, created by its first message on the branch that it belongs to; several processes may append."""

    def __init__(
        self,
        backend: Backend,
        branch: Branch,
        session_id: str,
        *,
        attempts: Callable[[], int],
        abstract: Callable[[str], Summary | None],
        archived: Callable[[str], None],
    ) -> None:
        self._backend = backend
        self._branch = branch
        #: its name: one name of a path
        self.id: str = paths.check_name(session_id)
        self._attempts = attempts
        self._abstract = abstract
        self._archived = archived

    def __repr__(self) -> str:
        return f"<Session {self.id}>"

    def create(self) -> bool:
        """Make the session without messages; returns whether it was not there yet."""
        with self._backend.engine.write() as conn:
            archiving.claim_name(conn, self._branch, self.id)
            return sessions.make(conn, self._branch, self.id, self._backend.clock.now())

    def append(
        self,
        role: str,
        content: str | None,
        parts: Sequence[Any] | None = None,
        tool_calls: Sequence[Any] | None = None,
        at: float | str | datetime | None = None,
    ) -> int:
        """Append a message, durable when this returns, and return its id.

        Ids grow in the order of the session. `at` is when it was said: seconds since the epoch, ISO 8601 or a
        datetime; now, unless told. Raises Unsupported or TooLarge for a message that could not be archived.
        """
        time = self._backend.clock.now() if at is None else wording.seconds(at)
        return self._append([wording.make(role, content, parts, tool_calls, time)])[0]

    def extend(self, messages: Iterable[Mapping[str, Any]]) -> list[int]:
        """Append messages in one commit and return their ids; each has the keys `role`, `content`, `parts`, ...

        What it raises for one of them says which, counted from 1, and none is appended then.
        """
        now = self._backend.clock.now()
        return self._append([wording.numbered(number, each, now) for number, each in enumerate(messages, start=1)])

    def messages(self, *, archived: bool = False, limit: int | None = None, after: int | None = None) -> list[Message]:
        """Return the live messages in order; with `archived`, all that were archived before them too.

        At most `limit` of them, and only those that come after the message with the id `after`: where one left off.
        """
        last, most = 0 if after is None else after, sessions.ALL if limit is None else limit
        found: list[Message] = []
        with self._backend.engine.read() as conn:
            is_there = archiving.check_branch(conn, self._branch, self.id)
            live = sessions.live(conn, self.id, last, most) if is_there else []
            before = sessions.archives(conn, self.id) if archived and is_there else []
        for archive in before:
            if archive.last_message > last and len(found) < most:
                found += [message for message in read_archive(self._backend, archive) if message.id > last]
        return (found + live)[:most]

    def context(self, token_budget: int) -> SessionContext:
        """Return what an agent needs to go on, in at most `token_budget` tokens as they are estimated here.

        That is the latest archive's abstract and the newest messages, whole ones only. Raises Unsupported for a budget
        below 1.
        """
        if token_budget < 1:
            raise Unsupported(
                f"A budget of {token_budget} tokens is too small for a message", remedy="Give it some hundreds"
            )
        with self._backend.engine.read() as conn:
            is_there = archiving.check_branch(conn, self._branch, self.id)
            # Each takes some tokens, so more than these do not fit; one more tells that some were left out.
            most = min(token_budget, MOST_TOKENS) // TOKENS_PER_MESSAGE + 1
            live = sessions.newest_live(conn, self.id, most) if is_there else []
            latest = sessions.latest_archive(conn, self.id) if is_there else None
            archive = sessions.archive(conn, self.id, latest) if latest else None
        digest = self._abstract_of(archive) if archive else None
        where = archive.path if archive else None
        return fit(digest.text if digest else None, where, live, token_budget)

    def commit(self, *, keep_recent: int = 0, actor: str | None = None) -> SessionCommit:
        """Archive the messages so far, but the newest `keep_recent`, and enqueue the job that makes memories of them.

        One commit: the archive is there, the messages are no longer live and the job is in the queue, or none of it.
        Calls no model. Raises NotFound for a session that is not there.
        """
        if keep_recent < 0:
            raise Unsupported(f"keep_recent cannot be {keep_recent}", remedy="Give 0 or more")
        made = archiving.archive(
            self._backend,
            self._branch,
            self.id,
            keep_recent=keep_recent,
            attempts=self._attempts(),
            actor=actor or self._backend.actor,
        )
        if made.archive is not None:
            self._archived(made.archive.transcript_id)
        return made

    def show(self) -> SessionInfo:
        """Return the session in numbers, with its archives; raises NotFound."""
        with self._backend.engine.read() as conn:
            row = sessions.get(conn, self.id) if archiving.check_branch(conn, self._branch, self.id) else None
            archives = sessions.archives(conn, self.id)
        if row is None:
            raise not_there(self.id)
        return info(row, archives)

    def delete(self, *, actor: str | None = None) -> Commit:
        """Remove the session with its messages and archives, and cancel its jobs; history keeps what was said.

        What was not archived yet is archived first, in a commit of its own: the commit before the returned one has it
        all. What was remembered of it stays. Raises NotFound, or Locked when somebody else holds a lock in its folder.
        """
        return deleting.delete(self._backend, self._branch, self.id, actor=actor or self._backend.actor)

    def _abstract_of(self, archive: Archive) -> Summary | None:
        try:
            return self._abstract(archive.transcript_id)
        except CorruptStore:
            # An unreadable archive fails its own job and `verify`; the conversation goes on without its abstract.
            return None

    def _append(self, new: list[Message]) -> list[int]:
        with self._backend.engine.write() as conn:
            archiving.claim_name(conn, self._branch, self.id)
            ids = sessions.append(conn, self._branch, self.id, new, self._backend.clock.now())
            point("session.before_append")
        point("session.after_append")
        return ids


def info(row: SessionRow, archives: Sequence[Archive] = ()) -> SessionInfo:
    """Return what users see of a session."""
    last = None if row.last_at is None else utc(row.last_at)
    return SessionInfo(row.session_id, utc(row.created), row.messages, last, tuple(archives))
