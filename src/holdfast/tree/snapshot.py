"""Reading at one point in time.

A snapshot is one number, the seq of a commit: rows are never changed while they are true, so it needs no lock, no open
SQL transaction and no registration, costs nothing to hold, and never changes (G3).
"""

from contextlib import AbstractContextManager
from datetime import datetime

from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog import commits
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.errors import NotFound
from holdfast.tree.committed import CommittedTree
from holdfast.tree.reading import Reads
from holdfast.tree.walking import TreeView

#: how a caller names a commit: itself, its id, `HEAD`, `HEAD~2`, an ISO time, or a datetime
At = Commit | int | str | datetime
#: where a log left off: the last commit it gave, or its id
After = Commit | int
#: digits of a commit's number; one with more is none
MAX_DIGITS = 18


@checks_arguments
class Snapshot(Reads):
    """The store as it was at one commit, for as long as you hold it."""

    def __init__(self, backend: Backend, tree: CommittedTree) -> None:
        self._backend = backend
        self._tree = tree

    def __repr__(self) -> str:
        return f"<Snapshot at commit {self._tree.seq}>"

    @property
    def commit(self) -> Commit:
        """The commit it shows."""
        with self._backend.engine.read() as conn:
            return commit_at(conn, self._tree.seq)

    def _view(self) -> AbstractContextManager[TreeView]:
        return self._tree.in_one_read()

    def _standing(self) -> TreeView:
        return self._tree


def resolve(conn: Connection, branch: Branch, at: At | None) -> int:
    """Return the seq that `at` names, the head for None; raises NotFound."""
    if isinstance(at, Commit):
        at = at.id
    head = commits.head(conn, branch)
    if at is None:
        return head
    if isinstance(at, datetime):
        return _at_time(conn, branch, at)
    seq = _number(at, head) if isinstance(at, str) else at
    if seq is None:
        return _at_time(conn, branch, _time(str(at)))
    if not 0 < seq <= head or commits.by_seq(conn, seq) is None:
        raise _unknown(str(at))
    return seq


def _number(at: str, head: int) -> int | None:
    """Return the seq that `at` spells out, or None when it is no number of a commit."""
    name, tilde, back = at.strip().partition("~")
    if name.upper() == "HEAD" and (not back or _is_number(back)):
        return head - int(back or len(tilde))
    return int(at) if _is_number(at.strip()) else None


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= MAX_DIGITS


def _time(at: str) -> datetime:
    try:
        return datetime.fromisoformat(at)
    except ValueError as error:
        raise _unknown(at) from error


def _at_time(conn: Connection, branch: Branch, time: datetime) -> int:
    try:
        seq = commits.latest_at(conn, branch, time.timestamp())
    except (ValueError, OverflowError):
        # Years at the edge of the calendar have no timestamp; no store is that old.
        seq = None
    if seq is None:
        raise NotFound(f"The store did not exist yet at {time}", path=str(time), remedy="See `holdfast log`")
    return seq


def _unknown(at: str) -> NotFound:
    return NotFound(
        f"There is no commit {at!r}", path=at, remedy="See `holdfast log`; a commit is a number, HEAD~N or an ISO time"
    )


def commit_at(conn: Connection, seq: int) -> Commit:
    """Return one commit; raises NotFound."""
    commit = commits.by_seq(conn, seq)
    if commit is None:
        raise NotFound(f"There is no commit {seq}", path=str(seq), remedy="See `holdfast log`")
    return commit
