"""The branches of a store: making, listing, comparing, merging, renaming and deleting them."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import TYPE_CHECKING, Any

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog import branches as rows
from holdfast.catalog.branches import MAIN, Branch, BranchInfo
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.work import jobs, locks
from holdfast.errors import AlreadyExists, HoldfastError, InvalidPath, NotFound, Unsupported
from holdfast.faults import point
from holdfast.front.history.names import MAX_NAME_CHARACTERS, is_name
from holdfast.locks.lock import Lock
from holdfast.publish.committing import CommitOptions
from holdfast.tree import history
from holdfast.tree.committed import CommittedTree
from holdfast.tree.history import Change
from holdfast.tree.merging import Side
from holdfast.tree.snapshot import At, meant, place, resolve

if TYPE_CHECKING:
    from holdfast.publish.merging import MergeReport


@checks_arguments
class Branches:
    """The branches of a store, as `store.branches`; `store.branch(name)` is the store on one of them.

    A branch sees what its base held when it was made, and changes of its own. Making one writes a single row, however
    large the store is.
    """

    def __init__(self, backend: Backend, branch: Branch) -> None:
        self._backend = backend
        self._branch = branch

    def __repr__(self) -> str:
        return f"<Branches of {self._backend.address}>"

    def create(self, name: str, *, at: At | None = None, actor: str | None = None) -> BranchInfo:
        """Make a branch of this one, as it is now or as it was at a commit.

        Raises AlreadyExists, NotFound for a commit that is not in this branch's history, and InvalidPath for what is no
        name of a branch.
        """
        name = _checked_name(name)
        now = self._backend.clock.now()
        with self._backend.engine.write() as conn:
            _check_free(conn, name)
            rows.create(
                conn, name, *place(conn, self._branch, meant(self._backend, at)), actor or self._backend.actor, now
            )
            made = _info(conn, name)
            point("branch.before_commit")
        point("branch.after_commit")
        return made

    def list(self) -> Sequence[BranchInfo]:
        """Return all branches, in order of name."""
        with self._backend.engine.read() as conn:
            return rows.listed(conn)

    def get(self, name: str) -> BranchInfo:
        """Return one branch; raises NotFound."""
        with self._backend.engine.read() as conn:
            return _info(conn, name)

    def log(self, *, limit: int | None = None) -> Iterator[Commit]:
        """Yield the commits of all branches, newest first, those of deleted ones too."""
        return islice(history.log_of_all(self._backend), limit)

    def name_of(self, commit: Commit) -> str:
        """Return the name of the branch that a commit is of, as it is today or was when the branch was deleted."""
        with self._backend.engine.read() as conn:
            branch = rows.get(conn, commit.branch_id)
        assert branch is not None
        return branch.name

    def diff(
        self, old: str, new: str, *, under: str = paths.ROOT, limit: int | None = None, after: str | None = None
    ) -> Sequence[Change]:
        """Return what is different on another branch, in order of path; `draft@12` is a branch as it was at a commit.

        `under`, `limit` and `after` are those of `Store.diff`. Raises NotFound.
        """
        with self._backend.engine.read() as conn:
            changes = history.diff(*(_tree(self._backend, conn, each) for each in (old, new)))
        return history.part(changes, paths.parse(under), limit, None if after is None else paths.parse(after))

    def merge(
        self,
        source: str,
        *,
        into: str | None = None,
        prefer: Side | None = None,
        resolve: Mapping[str, str | bytes | Mapping[str, Any]] | None = None,
        text: bool = False,
        dry_run: bool = False,
        message: str = "",
        actor: str | None = None,
        idempotency_key: str | None = None,
        lock: Lock | None = None,
    ) -> "MergeReport":
        """Take over into this branch, or `into`, what `source` changed since both had seen the same: as one commit.

        What one side changed is taken, and what both changed alike. Raises MergeConflicted, and changes nothing, when
        both changed the same differently, unless `prefer` says which side holds, or `resolve` does for a path: `ours`,
        `theirs`, what the file is to hold, or the properties that it is to have. `text` merges texts that both edited
        line by line. With `dry_run` the report says what would change and what is in conflict. A merge of nothing new
        makes no commit.
        """
        from holdfast.publish.merging import MergeOptions, merge

        with self._backend.engine.read() as conn:
            theirs = found(conn, source)
            # It may be called otherwise today than when it was opened.
            ours = rows.get(conn, self._branch.id) or self._branch if into is None else found(conn, into)
        terms = CommitOptions(
            ours, message or f"Merge {theirs.name} into {ours.name}", actor or self._backend.actor, idempotency_key
        )
        options = MergeOptions(prefer=prefer, resolve=_by_path(resolve or {}), text=text)
        with lock.used() if lock is not None else nullcontext():
            return merge(self._backend, theirs, terms, options, dry_run=dry_run)

    def rename(self, name: str, new: str) -> BranchInfo:
        """Call a branch `new`; who is on it stays on it. Raises NotFound, AlreadyExists, and Unsupported for `main`."""
        new = _checked_name(new)
        with self._backend.engine.write() as conn:
            branch = _changeable(conn, name, "renamed")
            if new != branch.name:
                _check_free(conn, new)
                rows.rename(conn, branch, new)
            renamed = _info(conn, new)
            point("branch.before_commit")
        point("branch.after_commit")
        return renamed

    def delete(self, name: str) -> None:
        """Delete a branch, with its locks, and cancel its jobs; what others share with it stays.

        Whoever is on it gets BranchGone from then on, also when another branch of that name is made. Raises NotFound,
        and Unsupported for `main`.
        """
        with self._backend.engine.write() as conn:
            branch = _changeable(conn, name, "deleted")
            now = self._backend.clock.now()
            locks.forget_branch(conn, branch)
            jobs.end_branch(conn, branch, now)
            rows.delete(conn, branch, now)
            point("branch.before_commit")
        point("branch.after_commit")


def found(conn: Connection, name: str) -> Branch:
    """Return the branch that is called `name` today; raises NotFound."""
    branch = rows.named(conn, paths.one_spelling(name))
    if branch is None:
        raise _not_there(name)
    return branch


def told(backend: Backend, branch: Branch) -> str:
    """Return what a handle says of its branch: nothing of `main`, else its name of now, and whether it was deleted."""
    if branch.id == MAIN.id:
        return ""
    try:
        with backend.engine.read() as conn:
            there, now = rows.is_there(conn, branch), rows.get(conn, branch.id)
    except HoldfastError:
        # A closed store has a name, too.
        return f" on {branch.name}"
    return f" on {(now or branch).name}{'' if there else ' (deleted)'}"


def _by_path(resolve: Mapping[str, str | bytes | Mapping[str, Any]]) -> dict[str, str | bytes | Mapping[str, Any]]:
    for path, said in resolve.items():
        if not isinstance(said, str | bytes | Mapping):
            remedy = "Give 'ours', 'theirs', what the file is to hold as text or bytes, or a dict of properties"
            raise Unsupported(f"{path} cannot be resolved by {type(said).__name__}", path=path, remedy=remedy)
    # A type of the graph is named as it is, and a row by its type and key.
    return {paths.parse(path) if path.startswith("/") else path: said for path, said in resolve.items()}


def _tree(backend: Backend, conn: Connection, place: str) -> CommittedTree:
    name, _, at = place.partition("@")
    branch = found(conn, name)
    return CommittedTree(within(conn), branch, resolve(conn, branch, meant(backend, at or None)))


def _info(conn: Connection, name: str) -> BranchInfo:
    info = rows.info(conn, paths.one_spelling(name))
    if info is None:
        raise _not_there(name)
    return info


def _not_there(name: str) -> NotFound:
    make = f", or make it: holdfast branch create {shlex.quote(name)} --branch main" if _is_name(name) else ""
    return NotFound(f"There is no branch {name}", path=name, remedy=f"See `holdfast branch list`{make}")


def _changeable(conn: Connection, name: str, how: str) -> Branch:
    branch = found(conn, name)
    if branch == MAIN:
        raise Unsupported("The branch main stays", path=name, remedy=f"Another branch can be {how}")
    return branch


def _check_free(conn: Connection, name: str) -> None:
    if rows.named(conn, name) is not None:
        remedy = "Choose another name" if name == MAIN.name else "Delete it, or choose another name"
        raise AlreadyExists(f"There is a branch {name} already", path=name, remedy=remedy)


def _checked_name(name: str) -> str:
    name = paths.one_spelling(name)
    if not _is_name(name):
        raise InvalidPath(
            f"{name!r} is no name of a branch",
            path=name,
            remedy=f"Choose letters, digits and . _ - / between them, not digits alone, up to {MAX_NAME_CHARACTERS}",
        )
    return name


def _is_name(name: str) -> bool:
    return is_name(name) and not name.isdecimal() and name.upper() != "HEAD"
