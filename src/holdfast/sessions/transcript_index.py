"""Giving the transcripts of long archives their search rows, which the commit leaves for later.

Phase 1 takes milliseconds, and splitting and embedding a long talk does not fit into them. The process that committed
does it a moment later in a thread of its own, or when it closes the store; if it dies before that, the memory job does.
"""

import logging
import threading
import time

from holdfast.backend import Backend
from holdfast.catalog import search_rows
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import sessions
from holdfast.documents import Derived, body_of_bytes
from holdfast.host.flag import Flag
from holdfast.host.threads import SupervisedThread
from holdfast.sessions.reading import read_content

#: seconds without a commit before the work begins: a burst of commits is not slowed by it
CALM = 1.0
#: seconds that it is put off at most while commits go on
PUT_OFF = 10.0
#: times that one transcript is tried
TRIES = 5

log: logging.Logger = logging.getLogger("holdfast.sessions")


def missing_rows(backend: Backend, transcript_id: str) -> Derived:
    """Return what has the search rows that a transcript should have and has not; nothing when it is searchable."""
    with backend.engine.read() as conn:
        if not _is_without_rows(conn, backend.embedder, transcript_id):
            return Derived()
    data = read_content(backend, transcript_id, "transcript.md")
    return backend.deriver.derive("transcript.md", body_of_bytes(data, "text/markdown"))


def write_rows(conn: Connection, backend: Backend, transcript_id: str, derived: Derived) -> None:
    """Write a transcript's search rows, unless somebody else has: the job and the committing process both try."""
    backend.follow(conn)
    embedder = backend.embedder
    rows = derived.rows_for(embedder)
    if rows and _is_without_rows(conn, embedder, transcript_id):
        search_rows.append_tail(conn, embedder, rows)
        search_rows.set_place(conn, embedder, search_rows.TAIL, [(transcript_id, len(rows))])
        if not rows[0].vector:
            search_rows.wait_for_vectors(conn, embedder, [transcript_id])


class Transcripts:
    """Makes what this process archived searchable soon after the commit."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._noted = Flag()
        self._thread = SupervisedThread(
            "holdfast-transcripts", self._turn, wake=self._noted.set, report=backend.note_trouble
        )
        #: contents that wait for their rows, in the order of their commits, with the times that it was tried
        self._waiting: dict[str, int] = {}
        #: whether archives of processes that died are still to be looked for
        self._look_back = True

    def note(self, transcript_id: str) -> None:
        """Take note of a new archive; called after every commit of a session, so it must cost nothing."""
        with self._lock:
            self._waiting[transcript_id] = 0
        self._noted.set()
        self._thread.ensure()

    def close(self) -> None:
        """End the thread, and do here what it has not done."""
        self._thread.end()
        self._thread.attempt(self.work_off)

    def work_off(self) -> None:
        """Make all that waits searchable now; raises the last failure once everything was tried.

        What failed waits on, TRIES times in all. Then it is left to its memory job.
        """
        trouble: Exception | None = None
        for transcript_id in self._all_waiting():
            try:
                self._make_searchable(transcript_id)
                self._forget(transcript_id)
            except Exception as error:  # noqa: BLE001 - one transcript's trouble keeps no other from being found
                trouble = error
                self._count_failure(transcript_id, error)
        if trouble is not None:
            raise trouble

    def _turn(self) -> bool:
        self._noted.wait()
        began = time.monotonic()
        while self._noted.is_set() and time.monotonic() - began < PUT_OFF and not self._thread.rest(0):
            self._noted.clear()
            self._thread.rest(CALM)
        self._noted.clear()
        if self._thread.rest(0):
            return False
        try:
            self.look_for_older()
            self.work_off()
        except BaseException:
            # What waits still does: the next turn does not wait for another commit.
            self._noted.set()
            raise
        return True

    def _all_waiting(self) -> list[str]:
        with self._lock:
            return list(self._waiting)

    def _forget(self, transcript_id: str) -> None:
        with self._lock:
            self._waiting.pop(transcript_id, None)

    def _count_failure(self, transcript_id: str, error: Exception) -> None:
        with self._lock:
            tried = self._waiting[transcript_id] = self._waiting.get(transcript_id, 0) + 1
        if tried >= TRIES:
            self._forget(transcript_id)
            log.warning("a transcript is not searchable before its memory job has run: %s", error)

    def look_for_older(self) -> None:
        """Add, once, the archives that processes left unsearchable which died too soon."""
        if self._look_back:
            with self._backend.engine.read() as conn:
                older = sessions.transcripts_without_rows(conn, self._backend.embedder)
            with self._lock:
                self._waiting = {**dict.fromkeys(older, 0), **self._waiting}
            self._look_back = False

    def _make_searchable(self, transcript_id: str) -> None:
        derived = missing_rows(self._backend, transcript_id)
        if not derived.rows:
            return
        with self._backend.engine.write() as conn:
            write_rows(conn, self._backend, transcript_id, derived)
        # The tail has grown: it may be due to be folded.
        self._backend.hooks.announce_published()


def _is_without_rows(conn: Connection, embedder: str, content_id: str) -> bool:
    found = search_rows.places(conn, embedder, [content_id]).get(content_id)
    return found is not None and found.place in search_rows.LIVE and found.chunks == 0
