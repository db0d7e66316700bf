"""The sessions of a store."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.work import sessions as rows
from holdfast.sessions.transcript_index import Transcripts

if TYPE_CHECKING:
    from holdfast.front.builtin_jobs import BuiltinJobs
    from holdfast.sessions.session import Session, SessionInfo

#: sessions read at a time
PAGE = 500


@checks_arguments
class Sessions:
    """All conversations on a branch of a store, as `store.sessions`; `store.session(id)` is the handle of one.

    A session belongs to the branch that it began on. Its name is taken on the others, too, until that is deleted.
    """

    def __init__(
        self, backend: Backend, branch: Branch, builtin: "Callable[[], BuiltinJobs]", transcripts: Transcripts
    ) -> None:
        self._backend = backend
        self._branch = branch
        self._builtin = builtin
        self._transcripts = transcripts

    def __repr__(self) -> str:
        return f"<Sessions of {self._backend.address}>"

    def handle(self, session_id: str) -> "Session":
        """Return the handle of a session, which need not be there yet. Raises InvalidPath for what is no name."""
        from holdfast.sessions.session import Session

        return Session(
            self._backend,
            self._branch,
            session_id,
            attempts=self._builtin().attempts,
            abstract=self._builtin().digests.abstract_at_hand,
            archived=self._transcripts.note,
        )

    def list(self, *, limit: int | None = None, after: str | None = None) -> "Iterator[SessionInfo]":
        """Yield all sessions of this branch, the newest first, without their archives.

        At most `limit` of them, and only those that come after the session `after`: where one left off. Raises NotFound
        when that has been deleted.
        """
        from holdfast.sessions.archiving import check_branch, not_there

        last = None
        if after is not None:
            with self._backend.engine.read() as conn:
                last = rows.get(conn, after) if check_branch(conn, self._branch, after) else None
            if last is None:
                raise not_there(after)
        return islice(self._newest(last), limit)

    def _newest(self, last: rows.SessionRow | None) -> "Iterator[SessionInfo]":
        from holdfast.sessions.session import info

        while True:
            with self._backend.engine.read() as conn:
                page = rows.page(conn, self._branch, last, PAGE)
            yield from map(info, page)
            if len(page) < PAGE:
                return
            last = page[-1]

    def get(self, session_id: str) -> "SessionInfo":
        """Return one session in numbers, with its archives; raises NotFound."""
        return self.handle(session_id).show()

    def create(self, session_id: str) -> bool:
        """Make a session without messages; returns whether it was not there yet."""
        return self.handle(session_id).create()

    def delete(self, session_id: str, *, actor: str | None = None) -> Commit:
        """Remove a session, its live messages and its archives, and cancel its jobs; history keeps the archives.

        What was remembered of it stays. Raises NotFound.
        """
        return self.handle(session_id).delete(actor=actor)
