"""Deleting a session: what it held is put into history first, whether or not it was ever committed.

That is two commits, and a crash between them leaves a session that is whole, and archived. The same deletion again goes
on from there.
"""

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import jobs, sessions
from holdfast.errors import Conflict
from holdfast.faults import point
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import InternalTransaction, publish_at_head
from holdfast.sessions.archiving import TRIES, SessionChanged, archive, check_branch, job_key, not_there


def delete(backend: Backend, branch: Branch, session_id: str, *, actor: str) -> Commit:
    """Archive what is live of a session, then remove it with its archives and cancel its jobs.

    Raises NotFound, or Locked when somebody else holds a lock on the session's folder or on anything in it.
    """
    for _ in range(TRIES):
        archive(backend, branch, session_id, actor=actor, attempts=None)
        point("session.before_delete")
        try:
            return _remove(backend, branch, session_id, actor)
        except SessionChanged:
            continue
    raise Conflict(f"Others wrote to session {session_id} while it was deleted, {TRIES} times", path=session_id)


def _remove(backend: Backend, branch: Branch, session_id: str, actor: str) -> Commit:
    path = f"/sessions/{session_id}"

    def guard(conn: Connection) -> None:
        # Inside the publishing SQL transaction (G3): nothing was said since all was put away.
        if not check_branch(conn, branch, session_id) or sessions.latest_archive(conn, session_id) is None:
            raise not_there(session_id)
        if sessions.newest_live(conn, session_id, 1):
            raise SessionChanged

    def effect(conn: Connection, commit: Commit) -> None:
        for job_id in jobs.unended_with_prefix(conn, job_key(session_id, 0)[:-1]):
            jobs.cancel(conn, job_id, commit.at.timestamp())
        sessions.forget(conn, session_id)

    def action(tx: InternalTransaction) -> None:
        # Also when nothing stands there: whoever locked the session locked its messages and jobs, too.
        tx.claim(path, deep=True)
        if tx.exists(path):
            tx.remove(path, recursive=True)

    return publish_at_head(
        backend,
        action,
        [],
        CommitOptions(branch, f"Delete session {session_id}", actor, guards=[guard], effects=[effect]),
    )
