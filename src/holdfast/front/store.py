"""The store: the front door. Every method is a sentence about a room behind it."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import TYPE_CHECKING, Literal

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import within
from holdfast.documents import Data
from holdfast.front.adding import AddConduct, AddDestination, Adder
from holdfast.front.annotations.properties import Properties
from holdfast.front.annotations.summaries import Summaries
from holdfast.front.branches import Branches, found, told
from holdfast.front.finding.searching import Searches
from holdfast.front.history.following import followed
from holdfast.front.history.tags import Tags
from holdfast.front.jobs import Jobs
from holdfast.front.locks import Locks
from holdfast.front.maintenance import Maintenance
from holdfast.front.memories import Memories
from holdfast.front.sessions import Sessions
from holdfast.front.shared import SharedParts
from holdfast.host.held import held
from holdfast.locks.lock import Lock
from holdfast.locks.modes import LockMode
from holdfast.publish.committing import CommitOptions
from holdfast.publish.holding import holding_commit
from holdfast.publish.matching import IfMatch
from holdfast.publish.scope import TransactionScope, publish_retried
from holdfast.publish.transaction import Transaction, publish_at_head
from holdfast.tree import history
from holdfast.tree.committed import CommittedTree
from holdfast.tree.feed import ChangeEvent, Feed
from holdfast.tree.history import Change
from holdfast.tree.reading import Reads
from holdfast.tree.snapshot import After, At, CommitPlace, Snapshot, commit_at, meant, place, sides
from holdfast.tree.walking import TreeView

if TYPE_CHECKING:
    from holdfast.config import Settings
    from holdfast.front.graph.graph import Graph
    from holdfast.ingest.report import AddReport, Progress
    from holdfast.recovery.status import Status
    from holdfast.sessions.session import Session


@checks_arguments
class Store(Reads, Searches):
    """A crash-safe context store. Get one with `holdfast.open`; share it between threads, not across a fork.

    What it reads, it reads at the head: `ls`, `read`, `glob` and the others see the newest commit each time. Subjects
    beyond the tree have a namespace each: `properties`, `graph`, `branches`, `tags`, `locks`, `sessions`, `memories`,
    `jobs`, `summaries` and `maintenance`.
    """

    def __init__(self, shared: SharedParts, branch: Branch, *, owner: bool = False) -> None:
        self._shared = shared
        self._owner = owner
        self._backend: Backend = shared.backend
        self._branch = branch
        self.read_only: bool = shared.read_only
        self._lock_manager = shared.lock_managers.of(branch)
        #: all branches
        self.branches: Branches = Branches(self._backend, branch)
        #: names for commits
        self.tags: Tags = Tags(self._backend, branch)
        #: a JSON object on any file and directory
        self.properties: Properties = Properties(self._backend, self.snapshot, self._terms)
        #: who holds which path, who waits, and taking a lock away
        self.locks: Locks = Locks(self._lock_manager, self._backend.actor, self._backend.address)
        #: all conversations
        self.sessions: Sessions = Sessions(self._backend, branch, lambda: shared.builtin(branch), shared.transcripts)
        #: what is remembered of them
        self.memories: Memories = Memories(self)
        #: the durable queue, and workers
        self.jobs: Jobs = Jobs(self._backend, branch, lambda: shared.builtin(branch).kinds(), read_only=self.read_only)
        #: abstracts and overviews
        self.summaries: Summaries = Summaries(self._backend, branch, lambda: shared.builtin(branch).digests, self._head)
        #: checks, repairs and tidying
        self.maintenance: Maintenance = Maintenance(self._backend, branch, shared.at, lambda: self.settings)
        self._adder = Adder(
            self._backend, branch, lambda: self.settings.ingest, shared.group_files, lambda: shared.upkeep
        )

    @property
    def address(self) -> str:
        """Where the store is, as `open` takes it."""
        return str(self._shared.at.folder)

    @property
    def id(self) -> str:
        """The id the store was born with; a copy of the folder has the same."""
        return self._shared.store_id

    @cached_property
    def settings(self) -> "Settings":
        """What `holdfast.toml` and the environment say."""
        return self._shared.settings

    @cached_property
    def graph(self) -> "Graph":
        """Typed nodes and edges."""
        from holdfast.front.graph.graph import graph_of

        return graph_of(self._shared, self._branch, self._terms)

    def branch(self, name: str) -> "Store":
        """Return this store on another branch: the same methods, there. It ends with this one; raises NotFound."""
        with self._backend.engine.read() as conn:
            return Store(self._shared, found(conn, name))

    def close(self) -> None:
        """Let go of the store's files. What was committed stays; a store may be closed twice.

        What `branch` returned is no store of its own: closing it does nothing.
        """
        if self._owner:
            self._shared.close()

    def __repr__(self) -> str:
        return f"<Store {self.address}{told(self._backend, self._branch)}>"

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    # --- reading

    def snapshot(self, at: At | None = None) -> Snapshot:
        """Return the store as it is now, or as it was at a commit: a number, `HEAD~2`, an ISO time, a tag, a datetime.

        Raises NotFound for a commit that is not there.
        """
        where = self._place(at)
        tree = CommittedTree.lasting(self._backend.engine.read, *where)
        return Snapshot(self._backend, tree, lambda: holding_commit(self._backend, *where))

    @held
    def _view(self) -> Iterator[TreeView]:
        with self._backend.engine.read() as conn:
            yield CommittedTree.at_head(within(conn), self._branch)

    def _standing(self) -> TreeView:
        return CommittedTree.lasting_at_head(self._backend.engine.read, self._branch)

    # --- adding documents

    def add(
        self,
        *sources: str | os.PathLike[str],
        to: str = "/resources",
        workers: int | None = None,
        dry_run: bool = False,
        prune: bool | Literal["force"] = False,
        flatten: bool = False,
        name: str = "",
        overwrite: bool = False,
        message: str = "",
        actor: str | None = None,
        progress: "Callable[[Progress], None] | None" = None,
        stop: Callable[[], bool] | None = None,
        lock: Lock | None = None,
    ) -> "AddReport":
        """Add files, folders and URLs below `to`: converted, searchable, in groups of one commit each.

        What is there unchanged is skipped; a file that cannot be read or converted fails by itself, in the report.
        `workers` processes prepare the files (as the settings say, unless told). `prune` removes what was added
        from these sources before and has vanished from them; of a source that looks unmounted, nothing, unless it is
        `"force"`. `name` is what the one source is called in the store. Raises AlreadyExists, before anything is added,
        when files of another source stand in the way; `overwrite` replaces those, and what was changed in the store.
        `progress` is called now and then in this thread; once
        `stop` returns true, the group in hand is published and the add ends. Raises Locked when somebody else holds a
        lock on what is to change; what was published by then stays. docs/adding.md says more.
        """
        where = AddDestination(to=to, flatten=flatten, name=name, overwrite=overwrite, prune=prune)
        how = AddConduct(message=message, actor=actor, workers=workers, progress=progress, stop=stop, lock=lock)
        return self._adder.add(sources, where, how, dry_run=dry_run)

    def watch(
        self,
        *sources: str | os.PathLike[str],
        to: str = "/resources",
        workers: int | None = None,
        prune: bool | Literal["force"] = True,
        flatten: bool = False,
        name: str = "",
        overwrite: bool = False,
        message: str = "",
        actor: str | None = None,
        progress: "Callable[[Progress], None] | None" = None,
        stop: Callable[[], bool] = lambda: False,
        lock: Lock | None = None,
    ) -> "Iterator[AddReport]":
        """Add `sources`, then follow them: yields a report for what is there and one for every burst of changes.

        What vanishes from a source is removed (`prune=False` keeps it); all else is as for `add`. Ends once `stop`
        returns true.
        """
        where = AddDestination(to=to, flatten=flatten, name=name, overwrite=overwrite, prune=prune)
        how = AddConduct(message=message, actor=actor, workers=workers, progress=progress, stop=stop, lock=lock)
        return self._adder.watch(sources, where, how, self._shared.at.folder)

    # --- changing, one commit each

    def write(
        self, path: str, data: Data, *, if_match: IfMatch | None = None, message: str = "", actor: str | None = None
    ) -> Commit:
        """Put `data` at `path`, over the file that stands there, searchable when this returns.

        Missing directories are made. A file of any size is streamed, not held in memory. `if_match` is what the file is
        known as, its content id or a commit: raises Conflict when it is another by now, or gone. So it is for the other
        changes; of a directory only its own entry is compared, not what is in it.
        """
        draft = self._backend.draft(path, data)
        terms = self._terms(message or f"Write {path}", actor)
        return publish_at_head(self._backend, lambda tx: tx.put(path, draft, if_match=if_match), [draft], terms)

    def edit(
        self,
        path: str,
        old: str,
        new: str,
        *,
        all: bool = False,
        if_match: IfMatch | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> Commit:
        """Replace the text `old` of a file, which must be in it exactly once, by `new`; with `all`, wherever it is.

        What is edited are the bytes as they were written, which must be UTF-8, not their Markdown. Nobody's change is
        lost: it is the file at the head that is edited. Raises Conflict when `old` is not there, or more than once.
        """
        edit = partial(Transaction.edit, path=path, old=old, new=new, all=all, if_match=if_match)
        return publish_retried(self._backend, edit, self._terms(message or f"Edit {path}", actor))

    def mkdir(
        self, path: str, *, parents: bool = False, exist_ok: bool = False, message: str = "", actor: str | None = None
    ) -> Commit:
        """Make a directory."""
        terms = self._terms(message or f"Make {path}", actor)
        return publish_at_head(self._backend, lambda tx: tx.mkdir(path, parents=parents, exist_ok=exist_ok), [], terms)

    def move(
        self,
        source: str,
        target: str,
        *,
        overwrite: bool = False,
        if_match: IfMatch | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> Commit:
        """Move a file or a directory to exactly `target`; one row is written, however large the directory."""
        move = partial(Transaction.move, source=source, target=target, overwrite=overwrite, if_match=if_match)
        return publish_at_head(self._backend, move, [], self._terms(message or f"Move {source} to {target}", actor))

    def copy(
        self, source: str, target: str, *, overwrite: bool = False, message: str = "", actor: str | None = None
    ) -> Commit:
        """Copy a file, or a directory with all it holds, to exactly `target`; contents are shared."""
        terms = self._terms(message or f"Copy {source} to {target}", actor)
        return publish_at_head(self._backend, lambda tx: tx.copy(source, target, overwrite=overwrite), [], terms)

    def remove(
        self,
        path: str,
        *,
        recursive: bool = False,
        if_match: IfMatch | None = None,
        message: str = "",
        actor: str | None = None,
    ) -> Commit:
        """Remove a file or an empty directory, or with `recursive` all below too; history keeps it."""
        remove = partial(Transaction.remove, path=path, recursive=recursive, if_match=if_match)
        return publish_at_head(self._backend, remove, [], self._terms(message or f"Remove {path}", actor))

    def restore(self, path: str, *, at: At | None = None, message: str = "", actor: str | None = None) -> Commit:
        """Make `path` and all below it what it was at a commit, as a new commit.

        Without one it becomes what it was before it was last changed or removed. What was removed comes back with its
        history: under its old node, unless that stands somewhere else today.
        """
        then = self._place(self.former(path) if at is None else at)
        terms = self._terms(message or f"Restore {path} from commit {then.seq}", actor)
        return publish_at_head(self._backend, lambda tx: tx.restore_from(path, then), [], terms)

    def former(self, path: str) -> Commit:
        """Return the last commit at which `path` was otherwise than now, or was there; raises NotFound."""
        from holdfast.tree.former import former

        return self.commit_at(former(self._backend, *self._place(), paths.parse(path)).seq)

    def undo(self, at: At | None = None, *, message: str = "", actor: str | None = None) -> Commit:
        """Take back what a commit did, the last unless told, as a new commit; the newest when nothing is left of it.

        Of a merge it takes back all that it brought. Raises Conflict, naming the paths, where later commits changed the
        same, and Unsupported for a commit that changed the graph.
        """
        from holdfast.publish.undoing import undo

        return undo(self._backend, self._place(at), self._terms(message, actor))

    def transaction(
        self,
        *,
        message: str = "",
        actor: str | None = None,
        idempotency_key: str | None = None,
        retries: int = 0,
        lock: Lock | None = None,
    ) -> "TransactionScope":
        """Begin several changes that become visible together.

        `with store.transaction() as tx:` commits at the end and drops everything on an exception.
        `store.transaction(retries=3)(fn)` calls `fn(tx)`, commits, and does both again after a Conflict.
        It is fenced by the locks it is inside of, and by `lock`: it raises LockLost when one of them was lost.
        """
        return TransactionScope(self._backend, lambda: self._terms(message, actor, idempotency_key), retries, lock)

    def lock(
        self,
        path: str | Sequence[str],
        *,
        mode: LockMode = "point",
        timeout: float | None = 0,
        ttl: float = 300,
        purpose: str = "",
        actor: str | None = None,
    ) -> Lock:
        """Take a path, or several at once: all or none. Use it in a `with`: operations in the block use the lock.

        `mode` is `point` (the path itself), `subtree` (all below too) or `move` (a source and a destination). `timeout`
        is in seconds: 0 fails at once, None waits without bound. The lease of `ttl` seconds is renewed while this
        process lives. Raises Locked, which says who holds it.
        """
        names, who = [path] if isinstance(path, str) else list(path), actor or self._backend.actor
        return Lock(self._lock_manager.acquire(names, mode=mode, timeout=timeout, ttl=ttl, purpose=purpose, actor=who))

    # --- history

    def log(
        self, path: str | None = None, *, limit: int | None = None, after: After | None = None, at: At | None = None
    ) -> Iterator[Commit]:
        """Yield commits, newest first; with a path, those that changed it or anything below it, through its moves.

        At most `limit` of them, and only those that come after the commit `after`: where one left off.
        """
        where, last = self._place(at), after.id if isinstance(after, Commit) else after
        below = None if path is None else paths.parse(path)
        return islice(history.log(self._backend, *where, below, last), limit)

    def commit_at(self, at: At | None = None) -> Commit:
        """Return one commit: its time, actor, message."""
        with self._backend.engine.read() as conn:
            return commit_at(conn, self._branch, meant(self._backend, at))

    def diff(
        self,
        old: At | None,
        new: At | None = None,
        *,
        under: str = paths.ROOT,
        limit: int | None = None,
        after: str | None = None,
    ) -> list[Change]:
        """Return what changed from commit `old` to commit `new` (the head, unless told), in order of path.

        `old` is None for the time before the first commit: `diff(commit.parent, commit)` is what one commit did.
        Only what is at or below `under` now or was; at most `limit` changes, but all of the last one's path, and only
        those that come after the path `after`.
        """
        with self._backend.engine.read() as conn:
            asked = (meant(self._backend, at) for at in (old, new))
            changes = history.diff(*sides(conn, self._branch, *asked))
        return history.part(changes, paths.parse(under), limit, None if after is None else paths.parse(after))

    def changes(
        self,
        since: At | None = None,
        *,
        follow: bool = False,
        under: str = paths.ROOT,
        limit: int | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[ChangeEvent]:
        """Yield what each commit changed, oldest first: an event for each path, and one for a directory as in `diff`.

        `since` is the cursor of the last event one had, or a commit: `HEAD` is now, None the beginning. `under` gives
        only what concerns that path. `follow` waits for further commits, until `stop` returns true. Raises NotFound for
        a cursor of another branch, and BranchGone when that was deleted.
        """
        feed = Feed.since(self._backend, self._branch, meant(self._backend, since), paths.parse(under))
        return islice(followed(self._backend, feed, stop) if follow else feed.events(), limit)

    def session(self, session_id: str) -> "Session":
        """Return the session of that name, which its first message creates; raises InvalidPath for what is no name."""
        return self.sessions.handle(session_id)

    def status(self) -> "Status":
        """Return the store's figures: files, contents, search rows by place, commits, intents."""
        from holdfast.recovery.status import status

        return status(self._backend, self._branch)

    def _place(self, at: At | None = None) -> CommitPlace:
        """Return the commit that `at` names, the head unless told, and the branch that it is on; raises NotFound."""
        with self._backend.engine.read() as conn:
            return place(conn, self._branch, meant(self._backend, at))

    def _head(self) -> int:
        return self._place().seq

    def _terms(self, message: str, actor: str | None, idempotency_key: str | None = None) -> CommitOptions:
        return CommitOptions(self._branch, message, actor or self._backend.actor, idempotency_key)
