"""Phase 1 of a session's commit: the messages so far become an archive, and the memory job is enqueued, in one commit.

No model is called. The messages are read first and the archive is staged from them; whether they are still the ones to
archive is checked inside the publishing SQL transaction, so that two commits never archive a message twice, and one
that is appended meanwhile stays live.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast import paths
from holdfast.backend import Backend
from holdfast.blobs.hashing import content_id
from holdfast.catalog import branches
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.contents import MARKDOWN, Content, Rendition
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import jobs, sessions
from holdfast.catalog.work.enqueueing import NewJob
from holdfast.catalog.work.sessions import Archive, Message, archive_folder
from holdfast.documents import Body, Derived, Draft
from holdfast.errors import AlreadyExists, Conflict, NotFound
from holdfast.faults import point
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import InternalTransaction, publish_at_head
from holdfast.sessions import messages as wording

#: the job that remembers an archive
MEMORY = "memory"
#: memory jobs are begun before abstracts of documents: they are few, and an agent waits for them
PRIORITY = 10
#: times that a commit reads the messages again because another commit archived some of them
TRIES = 20
#: bytes of a transcript that are made searchable in the commit itself; of longer ones that is done just after it
#: (searchable.py). Embedding a thousand messages takes longer than all else that a commit does.
SEARCHABLE_AT_COMMIT = 16 * 1024

#: bytes of an archive's file that are kept in the catalog; larger ones become blobs
IN_CATALOG = 1024 * 1024

#: what the transcript's rendition is called; the text is the transcript itself
DERIVER, DERIVER_VERSION = "transcript", "1"


@dataclass(frozen=True)
class SessionCommit:
    """What a session's commit made."""

    session_id: str
    #: None when there was nothing to archive
    archive: Archive | None = None
    #: where it stands; empty without one
    path: str = ""

    @property
    def job_id(self) -> int | None:
        """The memory job."""
        return self.archive.job_id if self.archive else None


def archive(
    backend: Backend, branch: Branch, session_id: str, *, actor: str, attempts: int | None, keep_recent: int = 0
) -> SessionCommit:
    """Archive a session's messages but the newest `keep_recent`; raises NotFound for a session that is not there.

    `attempts` is how often its memory job may be begun. With None the session is about to be deleted: the job is
    cancelled before anybody can begin it.
    """
    for _ in range(TRIES):
        chosen = _choose(backend, branch, session_id, keep_recent)
        if not chosen.messages:
            return SessionCommit(session_id)
        point("session.before_archive")
        try:
            made = _publish(backend, branch, chosen, attempts, actor)
        except SessionChanged:
            continue
        return SessionCommit(session_id, made, archive_folder(session_id, chosen.number))
    raise Conflict(f"Other commits of session {session_id} came first {TRIES} times", path=session_id)


class SessionChanged(Exception):
    """Another commit archived some of the messages, the session was deleted, or messages were appended to it."""


@dataclass(frozen=True)
class _Chosen:
    session_id: str
    #: of the archive that is to hold them
    number: int
    messages: Sequence[Message]


def _choose(backend: Backend, branch: Branch, session_id: str, keep_recent: int) -> _Chosen:
    with backend.engine.read() as conn:
        row = sessions.get(conn, session_id) if check_branch(conn, branch, session_id) else None
        if row is None:
            raise not_there(session_id)
        live = sessions.live(conn, session_id)
    return _Chosen(session_id, row.archives + 1, live[: len(live) - keep_recent] if keep_recent else live)


def not_there(session_id: str) -> NotFound:
    """Return the error that says a session does not exist."""
    return NotFound(f"There is no session {session_id!r}", path=session_id, remedy="See `holdfast session list`")


def check_branch(conn: Connection, branch: Branch, session_id: str) -> bool:
    """Return whether a session is there; what one of its name left on a branch that was deleted is nobody's.

    Raises NotFound when it began on another branch, and BranchGone when its branch, this one, was deleted.
    """
    branches.check(conn, branch)
    its = sessions.branch_of(conn, session_id)
    if its is None or its == branch.id:
        return its is not None
    other = branches.get(conn, its)
    if other is None or not branches.is_there(conn, other):
        return False
    raise NotFound(
        f"The session {session_id!r} is on the branch {other.name}, and not on {branch.name}",
        path=session_id,
        remedy=f"Go on with it there, with --branch {other.name}, or choose another name for one on {branch.name}",
    )


def claim_name(conn: Connection, branch: Branch, session_id: str) -> None:
    """Have the name of a session be free for one on a branch, or be that one's; raises as `check_branch` does."""
    if not check_branch(conn, branch, session_id):
        # Of one whose branch was deleted, whose name is free from then on.
        sessions.forget(conn, session_id)


def _publish(backend: Backend, branch: Branch, archiving: _Chosen, attempts: int | None, actor: str) -> Archive:
    session_id, number, chosen = archiving.session_id, archiving.number, archiving.messages
    lines = _body(wording.to_lines(chosen), "application/x-ndjson")
    text = _body(wording.transcript(chosen, session_id, number), "text/markdown")
    bodies = {"messages.jsonl": lines, "transcript.md": text}
    deriver = ArchiveDeriver(backend, wording.title(session_id, number))
    drafts = {name: Draft(name, body, deriver) for name, body in bodies.items()}
    at, last = archive_folder(session_id, number), chosen[-1].id
    made: list[Archive] = []

    def guard(conn: Connection) -> None:
        check_branch(conn, branch, session_id)
        # Inside the publishing SQL transaction (G3): what was read is still all that is live up to `last`.
        latest = sessions.latest_archive(conn, session_id)
        if latest != number - 1 or sessions.count_until(conn, session_id, last) != len(chosen):
            raise SessionChanged

    def effect(conn: Connection, commit: Commit) -> None:
        before = sessions.archive(conn, session_id, number - 1)
        job = NewJob(
            kind=MEMORY,
            payload={"session": session_id, "archive": number},
            key=job_key(session_id, number),
            attempts=attempts or 1,
            after=before.job_id if before else None,
            priority=PRIORITY,
        )
        job_id = jobs.enqueue(conn, branch, job, commit.at.timestamp())
        if attempts is None:
            jobs.cancel(conn, job_id, commit.at.timestamp())
        found = Archive(
            session_id=session_id,
            number=number,
            messages_id=lines.content_id,
            transcript_id=text.content_id,
            messages=len(chosen),
            first_message=chosen[0].id,
            last_message=last,
            commit=commit.id,
            job_id=job_id,
            at=commit.at,
        )
        sessions.add_archive(conn, found)
        sessions.clear_until(conn, session_id, last)
        made[:] = [found]

    terms = CommitOptions(
        branch,
        f"Archive {wording.amount(chosen)} of session {session_id}",
        actor,
        guards=[guard],
        effects=[effect],
    )

    def action(tx: InternalTransaction) -> None:
        if tx.exists(at):
            # A merge brought it from another branch, say, which had a session of that name.
            remedy = f"Move it away: holdfast mv {at} {at}-before"
            raise AlreadyExists(f"{at} is there, and not of session {session_id}", path=at, remedy=remedy)
        # All that a deletion will ask for: it must not be refused after the messages were put away for it.
        tx.claim(f"/sessions/{session_id}", deep=attempts is None)
        _put_all(tx, at, drafts)

    publish_at_head(backend, action, list(drafts.values()), terms)
    return made[0]


@dataclass(frozen=True)
class _ArchiveBody(Body):
    """Bytes that are kept in the catalog though they are many.

    A blob costs four fsyncs and an intent; in the catalog both files of an archive share the one fsync of the commit.
    """

    @property
    def content(self) -> Content:
        return Content(self.content_id, self.size, self.media_type, inline=self.size <= IN_CATALOG)


def _body(text: str, media_type: str) -> Body:
    data = text.encode("utf-8")
    return _ArchiveBody(content_id(data), len(data), media_type, lambda: iter((data,)))


def _put_all(tx: InternalTransaction, at: str, drafts: dict[str, Draft]) -> None:
    for name, draft in drafts.items():
        tx.put(paths.join(at, name), draft)


def job_key(session_id: str, number: int) -> str:
    """Return the key of the job that remembers an archive."""
    return f"{MEMORY}:{session_id}/{number}"


@dataclass(frozen=True)
class ArchiveDeriver:
    """Derives what an archive's files need to be read and found; no converter is needed for what we wrote ourselves."""

    backend: Backend
    #: what the transcript is called
    title: str

    def media_type(self, name: str, head: bytes) -> str:
        return self.backend.deriver.media_type(name, head)

    def derive(self, name: str, body: Body) -> Derived:
        if not name.endswith(".md"):
            return Derived()
        if body.size <= SEARCHABLE_AT_COMMIT:
            return self.backend.deriver.derive(name, body)
        stored = Rendition(
            content_id=body.content_id,
            kind=MARKDOWN,
            deriver=DERIVER,
            deriver_version=DERIVER_VERSION,
            rendered_id=body.content_id,
            title=self.title,
        )
        return Derived(((stored, body),))
