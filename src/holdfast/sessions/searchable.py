"""Giving the transcripts of long archives their search rows, which the commit leaves for later.

Phase 1 takes milliseconds, and splitting and embedding a long talk does not fit into them. The process that committed
does it a moment later in a thread of its own, or when it closes the store; if it dies before that, the memory job does.
"""

import logging
import threading
import time

from holdfast.backend import Backend
from holdfast.catalog import search_rows, sessions
from holdfast.catalog.engine import Connection
from holdfast.catalog.search_rows import TailRow
from holdfast.documents import body_of_bytes
from holdfast.errors import HoldfastError
from holdfast.sessions.reading import read_content

#: seconds without a commit before the work begins: a burst of commits is not slowed by it
CALM = 1.0
#: seconds that it is put off at most while commits go on
PUT_OFF = 10.0

log = logging.getLogger("holdfast.sessions")


def missing_rows(backend: Backend, transcript_id: str) -> list[TailRow]:
    """Return the search rows that a transcript should have and has not; none when it is searchable already."""
    with backend.engine.read() as conn:
        if not _is_without_rows(conn, backend.embedder, transcript_id):
            return []
    data = read_content(backend, transcript_id, "transcript.md")
    return list(backend.deriver.derive("transcript.md", body_of_bytes(data, "text/markdown")).rows)


def write_rows(conn: Connection, embedder: str, transcript_id: str, rows: list[TailRow]) -> None:
    """Write a transcript's search rows, unless somebody else has: the job and the committing process both try."""
    if rows and _is_without_rows(conn, embedder, transcript_id):
        search_rows.append_tail(conn, embedder, rows)
        search_rows.set_place(conn, embedder, search_rows.TAIL, [(transcript_id, len(rows))])


class Transcripts:
    """Makes what this process archived searchable soon after the commit."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._noted = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        #: contents that wait for their rows, in the order of their commits
        self._waiting: dict[str, None] = {}
        #: whether archives of processes that died are still to be looked for
        self._look_back = True

    def note(self, transcript_id: str) -> None:
        """Take note of a new archive; called after every commit of a session, so it must cost nothing."""
        with self._lock:
            self._waiting[transcript_id] = None
            if self._thread is None and not self._stop.is_set():
                self._thread = self._started()
        self._noted.set()

    def _started(self) -> threading.Thread | None:
        thread = threading.Thread(target=self._run, name="holdfast-transcripts", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            # The session is committed; the next one tries again, or the store's closing does the work.
            log.warning("no thread makes transcripts searchable yet: %s", error)
            return None
        return thread

    def close(self) -> None:
        """End the thread, and do here what it has not done."""
        self._stop.set()
        self._noted.set()
        if self._thread is not None:
            self._thread.join()
        self.work_off()

    def work_off(self) -> None:
        """Make all that waits searchable now. A failure is logged and stops nobody: the memory job tries again."""
        while (transcript_id := self._next()) is not None:
            try:
                self._make_searchable(transcript_id)
            except Exception as error:  # noqa: BLE001 - it must keep nobody from closing a store
                log.warning("a transcript is not searchable before its memory job has run: %s", error)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._noted.wait()
            began = time.monotonic()
            while self._noted.is_set() and time.monotonic() - began < PUT_OFF and not self._stop.is_set():
                self._noted.clear()
                self._stop.wait(CALM)
            self._noted.clear()
            if not self._stop.is_set():
                self.look_for_older()
                self.work_off()

    def _next(self) -> str | None:
        with self._lock:
            found = next(iter(self._waiting), None)
            if found is not None:
                del self._waiting[found]
            return found

    def look_for_older(self) -> None:
        """Add, once, the archives that processes left unsearchable which died too soon."""
        if self._look_back:
            self._look_back = False
            try:
                with self._backend.engine.read() as conn:
                    older = sessions.transcripts_without_rows(conn, self._backend.embedder)
            except (HoldfastError, OSError) as error:
                log.warning("older transcripts could not be looked for: %s", error)
                return
            with self._lock:
                self._waiting.update(dict.fromkeys(older))

    def _make_searchable(self, transcript_id: str) -> None:
        rows = missing_rows(self._backend, transcript_id)
        if not rows:
            return
        with self._backend.engine.write() as conn:
            write_rows(conn, self._backend.embedder, transcript_id, rows)
        # The tail has grown: it may be due to be folded.
        self._backend.announce(self._backend.published)


def _is_without_rows(conn: Connection, embedder: str, content_id: str) -> bool:
    found = search_rows.places(conn, embedder, [content_id]).get(content_id)
    return found is not None and found.place in search_rows.LIVE and found.chunks == 0
