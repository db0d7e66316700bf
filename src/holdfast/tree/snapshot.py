"""Reading at one point in time.

A snapshot is one number, the seq of a commit: rows are never changed while they are true, so it needs no lock, no open
SQL transaction and no registration, costs nothing to hold, and never changes (G3). What `gc --keep` takes is the one
thing that ends it, with an error; used in a `with` it is registered, and gc leaves its commit alone.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog import branches, commits
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.history import retention, tags
from holdfast.catalog.history.tags import TagInfo
from holdfast.catalog.values import FOREVER
from holdfast.errors import NotFound
from holdfast.host.clock import utc
from holdfast.host.held import held
from holdfast.tree.committed import CommittedTree
from holdfast.tree.properties.reading import properties_at
from holdfast.tree.reading import Reads
from holdfast.tree.walking import TreeView

if TYPE_CHECKING:
    from holdfast.rows.standing import SnapshotGraph

#: how a caller names a commit: itself, its id, `HEAD`, `HEAD~2`, a time (ISO, `yesterday`, `2 hours ago`), a tag, or a
#: datetime; in this order
At = Commit | int | str | datetime
#: where a log left off: the last commit it gave, or its id
After = Commit | int
#: digits of a commit's number; one with more is none
MAX_DIGITS = 18
#: a time as told from now, and the seconds of its units; yesterday is a day ago, as in git
_AGO = re.compile(r"(yesterday)|(an?|[0-9]{1,6}) (second|minute|hour|day|week|month|year)s? ago", re.IGNORECASE)
_DAY = 86_400
_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": _DAY,
    "week": 7 * _DAY,
    "month": 30 * _DAY,
    "year": 365 * _DAY,
}


@checks_arguments
class SnapshotProperties:
    """Properties as they were at one commit, as `snapshot.properties`."""

    def __init__(self, view: Callable[[], AbstractContextManager[TreeView]]) -> None:
        self._view = view

    def get(self, path: str) -> dict[str, Any]:
        """Return the properties of a file or directory, empty when it has none; raises NotFound."""
        with self._view() as view:
            return properties_at(view, paths.parse(path))


@checks_arguments
class Snapshot(Reads):
    """The store as it was at one commit, for as long as you hold it.

    Once `gc --keep` has taken the commit, each question raises CommitTaken. In a `with` the commit is kept for it, by
    gc of whatever process.
    """

    def __init__(
        self, backend: Backend, tree: CommittedTree, holding: Callable[[], AbstractContextManager[None]] | None = None
    ) -> None:
        self._backend = backend
        self._tree = tree
        #: properties of files and directories
        self.properties: SnapshotProperties = SnapshotProperties(self._view)
        self._holding = holding
        self._held: ExitStack = ExitStack()

    def __enter__(self) -> "Snapshot":
        if self._holding is not None:
            self._held.enter_context(self._holding())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def __repr__(self) -> str:
        return f"<Snapshot at commit {self._tree.seq}>"

    @property
    def commit(self) -> Commit:
        """The commit it shows."""
        with self._backend.engine.read() as conn:
            commit = commits.by_seq(conn, self._tree.seq)
            assert commit is not None
            return commit

    @property
    def graph(self) -> "SnapshotGraph":
        """The typed rows as they were at that commit."""
        from holdfast.rows.standing import SnapshotGraph

        return SnapshotGraph(self._backend, self._tree.branch, self._tree.seq)

    @held
    def _view(self) -> Iterator[TreeView]:
        with self._backend.engine.read() as conn:
            check_readable(conn, self._tree.branch, self._tree.seq)
            yield replace(self._tree, read=within(conn))

    def _standing(self) -> TreeView:
        with self._backend.engine.read() as conn:
            check_readable(conn, self._tree.branch, self._tree.seq)
        return self._tree


class CommitPlace(NamedTuple):
    """A commit, and the branch on which it is read."""

    branch: Branch
    seq: int

    def tree(self, conn: Connection) -> CommittedTree:
        """Return the branch as it was at the commit, read in the SQL transaction under way."""
        return CommittedTree(within(conn), self.branch, self.seq)


def check_readable(conn: Connection, branch: Branch, seq: int) -> None:
    """Raise CommitTaken when gc has taken a commit, and BranchGone when its branch was deleted and no tag names it."""
    if not branches.is_there(conn, branch) and not tags.of_commit(conn, seq):
        raise branches.gone(conn, branch)
    retention.check_line(conn, branch, seq)


def place(conn: Connection, branch: Branch, at: At | None) -> CommitPlace:
    """Return what `at` names, the head for None, which can be read; raises NotFound.

    It is on `branch`, unless it is a tag of a commit that is on a branch which was deleted.
    """
    tag = _tag(conn, at)
    if tag is not None:
        commit = commits.by_seq(conn, tag.commit)
        other = branches.get(conn, commit.branch_id) if commit is not None else None
        if other is not None and not branches.is_there(conn, other) and not branch.shows(other.id, tag.commit):
            # Whoever asks may be on a branch that was deleted, too.
            branches.check(conn, branch)
            branch = other
            retention.check_line(conn, branch, tag.commit)
            return CommitPlace(branch, tag.commit)
    return CommitPlace(branch, resolve(conn, branch, at))


def sides(conn: Connection, branch: Branch, old: At | None, new: At | None) -> tuple[CommittedTree, CommittedTree]:
    """Return the trees that `old`, None being the time before the first commit, and `new` name; raises NotFound."""
    now = place(conn, branch, new).tree(conn)
    return (replace(now, seq=0) if old is None else place(conn, branch, old).tree(conn)), now


def resolve(conn: Connection, branch: Branch, at: At | None) -> int:
    """Return the seq that `at` names in the history of a branch, the head for None, which can be read.

    Raises NotFound, and CommitTaken for what gc has taken.
    """
    seq = named(conn, branch, at)
    if at is not None:
        retention.check_line(conn, branch, seq)
    return seq


def named(conn: Connection, branch: Branch, at: At | None) -> int:
    """Return the seq that `at` names in the history of a branch, whether or not it can be read; raises NotFound."""
    if isinstance(at, Commit):
        at = at.id
    head = commits.head(conn, branch)
    if at is None:
        return head
    if isinstance(at, datetime):
        return _at_time(conn, branch, at)
    name = at.strip() if isinstance(at, str) else ""
    if (back := _steps_back(name)) is not None:
        found = commits.ancestor(conn, head, back)
        if found is None:
            raise _unknown(name)
        return found
    if isinstance(at, str) and not _is_number(name):
        time = _time(name)
        return _tagged(conn, branch, name, head) if time is None else _at_time(conn, branch, time)
    return _numbered(conn, branch, int(at), head)


def _numbered(conn: Connection, branch: Branch, seq: int, head: int) -> int:
    """Return a commit's seq; raises NotFound unless it is in the history of `branch`."""
    commit = commits.by_seq(conn, seq) if 0 < seq < FOREVER else None
    if commit is None:
        raise _unknown(str(seq))
    if seq > head or not branch.shows(commit.branch_id, seq):
        other = branches.get(conn, commit.branch_id)
        where = other.name if other is not None else "another branch"
        remedy = f"Ask for it on its branch, with --branch {where}; a merge takes over what is there"
        if other is None or not branches.is_there(conn, other):
            names = tags.of_commit(conn, seq)
            remedy = "That branch was deleted; `holdfast log` lists the commits of this one"
            if names:
                remedy = f"That branch was deleted: name it by its tag, {names[0]}"
        raise NotFound(
            f"Commit {seq} is on {where}, and not in the history of {branch.name}", path=str(seq), remedy=remedy
        )
    return seq


def _steps_back(at: str) -> int | None:
    """Return how many parents below the head `at` names a commit, or None when it says nothing of the kind."""
    name, tilde, back = at.partition("~")
    if name.upper() == "HEAD" and (not back or _is_number(back)):
        return int(back or len(tilde))
    return None


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= MAX_DIGITS


def _tag(conn: Connection, at: At | None) -> TagInfo | None:
    """Return the tag that `at` is, if it is one."""
    name = at.strip() if isinstance(at, str) else ""
    return None if not name or names_otherwise(name) else tags.named(conn, name)


def _tagged(conn: Connection, branch: Branch, name: str, head: int) -> int:
    tag = tags.named(conn, paths.one_spelling(name))
    if tag is None:
        raise _unknown(name)
    return _numbered(conn, branch, tag.commit, head)


def meant(backend: Backend, at: At | None) -> At | None:
    """Return the moment that a time told from now means, `yesterday` or `2 hours ago`; anything else as it is."""
    said = _AGO.fullmatch(" ".join(at.split())) if isinstance(at, str) else None
    if said is None:
        return at
    number = 1 if said[1] or said[2][0] in "aA" else int(said[2])
    try:
        return utc(backend.clock.now()) - timedelta(seconds=number * _SECONDS[(said[3] or "day").lower()])
    except OverflowError:
        raise NotFound(f"The store did not exist yet {at}", path=str(at), remedy="See `holdfast log`") from None


def names_otherwise(name: str) -> bool:
    """Return whether a text names a commit by itself, so that no tag can be called so."""
    return bool(_AGO.fullmatch(name)) or name.isdecimal() or _steps_back(name) is not None or _time(name) is not None


def _time(at: str) -> datetime | None:
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        return None


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
        f"There is no commit {at!r}",
        path=at,
        remedy="See `holdfast log`; a commit is a number, HEAD~N, a time or a tag",
    )


def commit_at(conn: Connection, branch: Branch, at: At | None) -> Commit:
    """Return the commit that `at` names, one that gc has taken too; raises NotFound."""
    tag = _tag(conn, at)
    seq = tag.commit if tag is not None else named(conn, branch, at)
    commit = commits.by_seq(conn, seq)
    if commit is None:
        raise NotFound(f"There is no commit {seq}", path=str(seq), remedy="See `holdfast log`")
    if tag is not None:
        place(conn, branch, at)
    return commit
