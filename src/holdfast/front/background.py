"""The half of the store's front door that deals with sessions, memories, abstracts and jobs."""

from abc import abstractmethod
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import sessions as session_rows
from holdfast.catalog.jobs import Enqueueing
from holdfast.catalog.sessions import SessionRow
from holdfast.digest.digest import ABSTRACT, OVERVIEW, Summary
from holdfast.digest.listing import stored_abstracts
from holdfast.errors import ReadOnly
from holdfast.jobs import JobKind, JobQueue, Worker
from holdfast.sessions.memories import read_memories
from holdfast.sessions.memory import Memory
from holdfast.sessions.session import Session, SessionInfo, info
from holdfast.sessions.transcript_index import Transcripts
from holdfast.tree.reading import FileInfo
from holdfast.tree.snapshot import At, Snapshot

if TYPE_CHECKING:
    from holdfast.config import Settings
    from holdfast.front.builtin_jobs import BuiltinJobs

#: sessions read in one transaction
SESSIONS_PER_PAGE = 500


class Background:
    """What a `Store` offers beyond files: conversations, what is remembered of them, and the work behind both."""

    _backend: Backend
    #: made with the store: two threads that first use it must not get two, as only one would be worked off at the end
    _transcripts: Transcripts
    read_only: bool

    if TYPE_CHECKING:

        @property
        def settings(self) -> Settings:
            """What `holdfast.toml` and the environment say."""

        @abstractmethod
        def snapshot(self, at: At | None = None) -> Snapshot:
            """Return the store as it is now, or as it was at a commit."""

    def session(self, session_id: str) -> Session:
        """Return a session; it comes to be with its first message. Raises InvalidPath for what is no name."""
        return Session(
            self._backend, session_id, attempts=self._handlers.attempts,
            abstract=self._handlers.digests.abstract_at_hand, archived=self._transcripts.note,
        )  # fmt: skip

    def sessions(self) -> list[SessionInfo]:
        """Return all sessions, the newest first, without their archives."""
        found: list[SessionRow] = []
        while True:
            with self._backend.engine.read() as conn:
                page = session_rows.page(conn, found[-1] if found else None, SESSIONS_PER_PAGE)
            found += page
            if len(page) < SESSIONS_PER_PAGE:
                return [info(row) for row in found]

    def memories(self) -> dict[str, Memory]:
        """Return what is remembered, by path, in order of path."""
        return read_memories(self.snapshot())

    def abstract(self, path: str, *, derive: bool = True) -> Summary:
        """Return one sentence about a document or a directory, made now if it is missing.

        With `derive=False` only what is there: the last one, which says whether it is fresh and which commit it
        describes. Raises NotFound, or Unsupported for a file without text.
        """
        return self._handlers.digests.of_path(paths.parse(path), ABSTRACT, at=self.snapshot().commit, derive=derive)

    def overview(self, path: str, *, derive: bool = True) -> Summary:
        """Return about a page on a document or a directory, as `abstract` does."""
        return self._handlers.digests.of_path(paths.parse(path), OVERVIEW, at=self.snapshot().commit, derive=derive)

    def abstracts(self, listed: Iterable[FileInfo]) -> dict[str, str]:
        """Return the abstracts that are stored of what is listed, by path; nothing is made or waited for.

        That of a directory names the commit it describes, as the directory may have changed since.
        """
        return stored_abstracts(self._backend, list(listed), self.snapshot().commit)

    def enqueue(self, kind: str, payload: dict[str, Any] | None = None, **how: Unpack[Enqueueing]) -> int:
        """Write a job, durable when this returns, and return its id (docs/sessions.md says more)."""
        return self.jobs().enqueue(kind, payload, **how)

    def jobs(self) -> JobQueue:
        """Return the queue: iterate over it, look at one job, retry, cancel, wait."""
        return JobQueue(self._backend)

    def worker(self, kinds: Iterable[JobKind] = (), *, threads: int = 1) -> Worker:
        """Return a worker for Holdfast's own kinds of jobs and `kinds`; start it with `with`, or call its `run`."""
        if self.read_only:
            # It would look again and again at jobs that it cannot claim.
            raise ReadOnly("The store was opened read-only: no job can be run")
        return Worker(self._backend, [*self._handlers.kinds(), *kinds], threads=threads)

    def _end_background(self) -> None:
        """Do what is left of this process's own work, before the store's files are let go."""
        self._transcripts.close()

    @cached_property
    def _handlers(self) -> "BuiltinJobs":
        # A command that only reads or searches has no use for what jobs are done with.
        from holdfast.front.builtin_jobs import BuiltinJobs

        return BuiltinJobs(self._backend, lambda: self.settings, read_only=self.read_only)
