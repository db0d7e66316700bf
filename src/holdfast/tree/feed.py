"""The change feed: what each commit of a branch changed, in order, from a cursor on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import branches, commits
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.history import retention
from holdfast.errors import NotFound
from holdfast.tree import history
from holdfast.tree.committed import CommittedTree
from holdfast.tree.history import Change
from holdfast.tree.snapshot import At, resolve

if TYPE_CHECKING:
    from holdfast.rows.differences import RowDifference

_CURSOR = re.compile(r"c([0-9]{1,18})-([0-9]{1,18})(?:-([0-9]{1,18}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """What one commit did to one path or one row of the graph, as the change feed tells it."""

    change: "Change | RowDifference"
    #: the commit that did it: its number, time, actor and message
    commit: Commit
    #: where to go on from, as `changes(since=...)` takes it: nothing up to this event comes again
    cursor: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the feed of one branch: behind a commit, or behind some of its events."""

    branch_id: int
    #: 0 is before the first commit
    seq: int
    #: how many of the commit's events are behind it; None when all are
    given: int | None = None

    def __str__(self) -> str:
        rest = "" if self.given is None else f"-{self.given}"
        return f"c{self.branch_id}-{self.seq}{rest}"


def is_cursor(text: str) -> bool:
    """Return whether a text is written as a cursor is."""
    return _CURSOR.fullmatch(text) is not None


def cursor_of(conn: Connection, branch: Branch, since: At | None) -> Cursor:
    """Return the place that a caller names: a cursor, a commit, or None for before the first.

    Raises NotFound for a commit or a cursor that is not of this branch, and BranchGone when its branch was deleted.
    """
    if since is None:
        return Cursor(branch.id, 0)
    found = _CURSOR.fullmatch(since) if isinstance(since, str) else None
    if found is None:
        return Cursor(branch.id, resolve(conn, branch, since))
    branch_id, seq, given = (None if part is None else int(part) for part in found.groups())
    assert branch_id is not None
    assert seq is not None
    if branch_id != branch.id:
        _refuse(conn, branch, branch_id, found.group())
    return Cursor(branch_id, resolve(conn, branch, seq) if seq else 0, given)


class Feed:
    """The feed of one branch from a cursor on, which moves on with what it gives."""

    def __init__(self, backend: Backend, branch: Branch, start: Cursor, under: str) -> None:
        self._backend = backend
        self._branch = branch
        self._place = start
        self._under = under

    @classmethod
    def since(cls, backend: Backend, branch: Branch, since: At | None, under: str) -> "Feed":
        """Return the feed from what a caller names on; raises NotFound and BranchGone as `cursor_of` does."""
        with backend.engine.read() as conn:
            return cls(backend, branch, cursor_of(conn, branch, since), under)

    def events(self) -> Iterator[ChangeEvent]:
        """Yield what was changed up to the head of now, in order of commits, and in each in order of path."""
        with self._backend.engine.read() as conn:
            until = commits.head(conn, self._branch)
        while page := self._page(until):
            for commit in page:
                yield from self._events_of(commit)
                self._place = Cursor(self._branch.id, commit.id)

    def _page(self, until: int) -> list[Commit]:
        after = self._place.seq if self._place.given is None else self._place.seq - 1
        if after >= until:
            return []
        with self._backend.engine.read() as conn:
            return commits.following(conn, self._branch, after, until, history.PAGE)

    def _events_of(self, commit: Commit) -> Iterator[ChangeEvent]:
        given = (self._place.given or 0) if commit.id == self._place.seq else 0
        # Every change counts, also where it is not asked for: a cursor goes on below any path.
        changes = self._changes_of(commit)
        for number, change in enumerate(changes[given:], given + 1):
            self._place = Cursor(self._branch.id, commit.id, number if number < len(changes) else None)
            if _concerns(change, self._under):
                yield ChangeEvent(change=change, commit=commit, cursor=str(self._place))

    def _changes_of(self, commit: Commit) -> "list[Change | RowDifference]":
        from holdfast.rows.standing import changed_by

        with self._backend.engine.read() as conn:
            # Nothing may be missing of either: what gc has taken would only look as if it had not been there.
            retention.check_work(conn, self._branch, commit.id)
            retention.check_work(conn, self._branch, commit.parent or 0)
            # Nothing became true of a branch between its commits: from one number to the next is what this one did,
            # and what other branches did meanwhile is not read.
            read = within(conn)
            old, new = (CommittedTree(read, self._branch, seq) for seq in (commit.id - 1, commit.id))
            return [*history.diff(old, new), *changed_by(self._backend, conn, self._branch, commit.id)]


def _concerns(change: "Change | RowDifference", under: str) -> bool:
    """Return whether a change is at or below `under`, or is one of a directory that `under` is in."""
    if not isinstance(change, Change):
        return under == paths.ROOT
    places = (change.path, change.old_path or change.path)
    whole = change.is_dir and change.kind != "properties"
    return any(paths.is_within(place, under) or (whole and paths.is_within(under, place)) for place in places)


def _refuse(conn: Connection, branch: Branch, branch_id: int, cursor: str) -> NoReturn:
    """Raise what says whose a cursor is."""
    other = branches.get(conn, branch_id)
    if other is not None:
        branches.check(conn, other)
    where = "no branch of this store" if other is None else f"the branch {other.name}"
    raise NotFound(
        f"The cursor {cursor} is of {where}, and not of {branch.name}",
        path=cursor,
        remedy="Ask for the changes of its branch, or begin at a commit that this one has",
    )
