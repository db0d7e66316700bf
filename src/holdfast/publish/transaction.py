"""A transaction: changes over one snapshot, collected until they are committed together.

`Transaction.commit` publishes them unless something that it looked at has changed. `publish_at_head` is the same for
one operation that looks at the head itself, inside the publishing SQL transaction, and so can never lose a race.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.history import retention
from holdfast.catalog.work import jobs
from holdfast.catalog.work.enqueueing import ATTEMPTS, JobTicket, NewJob, seconds_of
from holdfast.documents import Body, Data, Draft
from holdfast.errors import CommitTaken, IsADirectory, NotFound, Unsupported
from holdfast.host.held import held
from holdfast.publish.committing import CommitOptions, Effect, Guard, TreeChange, known_commit
from holdfast.publish.conflicts import ground_of, too_long
from holdfast.publish.matching import IfMatch, check_match
from holdfast.tree import restoring, walking
from holdfast.tree.committed import CommittedTree
from holdfast.tree.editing import edited
from holdfast.tree.overlay import FileState, Overlay
from holdfast.tree.properties.checking import property_set
from holdfast.tree.properties.reading import properties_at
from holdfast.tree.reading import Reads
from holdfast.tree.snapshot import At, CommitPlace, check_readable, place
from holdfast.tree.walking import TreeView

if TYPE_CHECKING:
    from holdfast.publish.graph_changes import TransactionGraph


@checks_arguments
class TransactionJobs:
    """Jobs that a transaction enqueues with its changes, as `tx.jobs`: when it commits, and not otherwise."""

    def __init__(self, add: Callable[[NewJob], JobTicket]) -> None:
        self._add = add

    def enqueue(
        self,
        kind: str,
        payload: dict[str, Any] | None = None,
        *,
        priority: int = 0,
        run_at: datetime | None = None,
        key: str | None = None,
        supersede: bool = False,
        after: int | None = None,
        attempts: int = ATTEMPTS,
    ) -> JobTicket:
        """Write a job in the same commit, as `store.jobs.enqueue` does; the ticket has its id once that is done."""
        new = NewJob(
            kind=kind,
            payload=payload or {},
            priority=priority,
            run_at=seconds_of(run_at),
            key=key,
            supersede=supersede,
            after=after,
            attempts=attempts,
        )
        return self._add(new)


@checks_arguments
class TransactionProperties:
    """Properties as a transaction sees and changes them, as `tx.properties`; they are committed with all else."""

    def __init__(self, overlay: Callable[[str, IfMatch | None], Overlay]) -> None:
        self._overlay = overlay

    def get(self, path: str) -> dict[str, Any]:
        """Return the properties of a file or directory, empty when it has none; raises NotFound."""
        return properties_at(self._overlay(path, None), paths.parse(path))

    def set(self, path: str, properties: Mapping[str, Any], *, if_match: IfMatch | None = None) -> None:
        """Give a file or directory these properties in place of all that it had, as `store.properties.set` does."""
        self._put(self._overlay(path, if_match), paths.parse(path), properties)

    def update(
        self,
        path: str,
        properties: Mapping[str, Any] | None = None,
        *,
        remove: Sequence[str] = (),
        if_match: IfMatch | None = None,
    ) -> None:
        """Give a file or directory some properties beside those that it has, and take away those in `remove`."""
        overlay, path = self._overlay(path, if_match), paths.parse(path)
        given = {key: value for key, value in properties_at(overlay, path).items() if key not in remove}
        self._put(overlay, path, {**given, **(properties or {})})

    def _put(self, overlay: Overlay, path: str, properties: Mapping[str, Any]) -> None:
        given = property_set(path, properties)
        if given is not None:
            overlay.property_sets[given.properties_id] = given
        overlay.set_properties(path, given.properties_id if given else None)


@checks_arguments
class Transaction(Reads):
    """Several changes that become visible together, or not at all.

    Reads see the snapshot it began on, with its own changes. Nothing is visible to others before `commit`. Not for
    sharing between threads.
    """

    def __init__(self, backend: Backend, tree: CommittedTree, terms: CommitOptions) -> None:
        self._backend = backend
        #: the commit it began on
        self.base: int = tree.seq
        self._tree = tree
        self._terms = terms
        self._overlay = Overlay(base=tree, now=backend.clock.now())
        self._drafts: dict[str, Draft] = {}
        self._graph: TransactionGraph | None = None
        # What hangs below a directory that comes back is there for as long as the commit is that shows it.
        self._stands_on = [CommitPlace(tree.branch, tree.seq)]
        self._lives_long = True
        self._ended = False
        #: properties of files and directories, as the transaction sees and changes them
        self.properties: TransactionProperties = TransactionProperties(self._changing_properties)
        #: jobs that are enqueued by its commit
        self.jobs: TransactionJobs = TransactionJobs(self._enqueue)
        #: the commit it became; None until `commit` has returned
        self.published: Commit | None = None

    def __repr__(self) -> str:
        return f"<Transaction on commit {self.base}{', ended' if self._ended else ''}>"

    @property
    def graph(self) -> "TransactionGraph":
        """The graph: typed rows that change in the same commit."""
        if self._graph is None:
            from holdfast.publish.graph_changes import TransactionGraph

            branch = self._terms.branch
            self._graph = TransactionGraph(self._backend, branch, self.base, self._check_open, self._overlay)
        return self._graph

    # --- changes

    def write(self, path: str, data: Data, *, media_type: str | None = None, if_match: IfMatch | None = None) -> None:
        """Put `data` at `path`, over the file that stands there; missing directories are made.

        Text is stored as UTF-8. Raises IsADirectory, NotADirectory or InvalidPath, and Conflict when the file there is
        not the one of `if_match`.
        """
        self._check_match(path, if_match)
        self._put(path, self._backend.draft(path, data, media_type))

    def edit(self, path: str, old: str, new: str, *, all: bool = False, if_match: IfMatch | None = None) -> None:
        """Replace the text `old` of a file, which must be in it exactly once, by `new`; with `all`, wherever it is."""
        self._check_match(path, if_match)
        text = edited(path, self.read(path), old, new, all=all)
        if old != new:
            self._put(path, self._backend.draft(path, text))

    def mkdir(self, path: str, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Make a directory; `parents` makes the missing ones above it too, `exist_ok` lets it stand already."""
        self._check_open()
        self._overlay.mkdir(paths.parse(path), parents=parents, exist_ok=exist_ok)

    def move(self, source: str, target: str, *, overwrite: bool = False, if_match: IfMatch | None = None) -> None:
        """Move a file or a directory to exactly `target`, whose parent must exist.

        Raises AlreadyExists when something stands there, unless `overwrite` is given and it is a file for a file or an
        empty directory for a directory.
        """
        self._check_match(source, if_match)
        self._overlay.move(paths.parse(source), paths.parse(target), overwrite=overwrite)

    def copy(self, source: str, target: str, *, overwrite: bool = False) -> None:
        """Copy a file, or a directory with all it holds, to exactly `target`, whose parent must exist."""
        self._check_open()
        self._overlay.copy(paths.parse(source), paths.parse(target), overwrite=overwrite)

    def remove(self, path: str, *, recursive: bool = False, if_match: IfMatch | None = None) -> None:
        """Remove a file or an empty directory; `recursive` removes a directory with all it holds."""
        self._check_match(path, if_match)
        self._overlay.remove(paths.parse(path), recursive=recursive)

    def restore(self, path: str, *, at: At) -> None:
        """Make `path` and all below it what it was at the commit `at`; raises NotFound when it was not there then.

        What was removed comes back with its history: under its old node, unless that stands somewhere else today.
        """
        self._check_open()
        with self._backend.engine.read() as conn:
            self._restore(conn, path, place(conn, self._terms.branch, at))

    # --- ending

    def commit(self) -> Commit:
        """Publish all changes as one commit; without changes, return the commit it began on.

        Raises Conflict when somebody else committed a change to what this transaction read or wrote.
        """
        self._check_open()
        if self._graph is not None:
            from holdfast.publish.graph_changes import change_of

            self._terms.graph = change_of(self._graph)
        self._ended = True
        overlay = self._overlay
        ground = ground_of(overlay, self._terms.branch, self.base, self._stands_on)

        def changes(conn: Connection, head: int) -> Overlay:
            ground.check(conn, head)
            return overlay

        if not overlay.changed and self._terms.write_nothing and not self._terms.guards:
            with self._backend.engine.read() as conn:
                self.published = known_commit(conn, self.base)
        else:
            self.published = TreeChange(self._backend, self._terms, changes, dict(self._drafts), ground).commit()
        return self.published

    def rollback(self) -> None:
        """Drop all changes. Nothing of them was visible, so nothing is undone."""
        self._ended = True

    @property
    def ended(self) -> bool:
        """Whether it was committed, or rolled back."""
        return self._ended

    # --- for itself and for InternalTransaction

    def _changing_properties(self, path: str, known: IfMatch | None) -> Overlay:
        self._check_match(path, known)
        return self._overlay

    def _check_match(self, path: str, known: IfMatch | None) -> None:
        self._check_open()
        if known is not None:
            check_match(self._overlay, self._tree, paths.parse(path), known)

    def _put(self, path: str, draft: Draft, source: str | None = None, stamp: str | None = None) -> None:
        self._check_open()
        if path.endswith("/"):
            raise IsADirectory(f"{path} names a directory", path=path, remedy="Leave out the last slash")
        body = draft.body
        self._overlay.write(paths.parse(path), FileState(body.content_id, body.size, source, stamp))
        self._drafts.setdefault(body.content_id, draft)

    def _restore(self, conn: Connection, path: str, then: CommitPlace) -> None:
        parsed = paths.parse(path)
        if walking.find(then.tree(conn), parsed) is None:
            raise NotFound(
                f"{path} did not exist at commit {then.seq}",
                path=path,
                remedy="Look for the commit that removed it with `holdfast log`, and name the one before it",
            )
        restoring.restore(self._overlay, parsed, then.tree(conn))
        self._stands_on.append(then)

    def _enqueue(self, new: NewJob) -> JobTicket:
        self._check_open()
        ticket = JobTicket()

        def effect(conn: Connection, commit: Commit) -> None:
            ticket.id = jobs.enqueue(conn, self._terms.branch, new, commit.at.timestamp())

        self._terms.effects.append(effect)
        self._terms.tickets.append(ticket)
        return ticket

    # --- reading its own writes

    @held
    def _view(self) -> Iterator[TreeView]:
        self._check_open()
        try:
            yield self._overlay
        finally:
            # Afterwards: what is kept now was kept when it was read. What changes asks is checked by the publish.
            self._check_kept(self._overlay)

    def _standing(self) -> TreeView:
        self._check_open()
        if not self._lives_long:
            return self._overlay
        return replace(self._overlay, base=self._tree.lasting(self._tree.read, *self._stands_on[0], too_long))

    def _check_kept(self, view: TreeView) -> None:
        if self._lives_long:
            with self._backend.engine.read() as conn:
                try:
                    retention.check_work(conn, *self._stands_on[0])
                except CommitTaken as error:
                    raise too_long(error) from error

    def _pending_body(self, content_id: str) -> Body | None:
        draft = self._drafts.get(content_id)
        return draft.body if draft else None

    def _pending_text(self, content_id: str) -> Body | None:
        renditions = self._drafts[content_id].derived.renditions
        return renditions[0][1] if renditions else None

    def _check_open(self) -> None:
        if self._ended:
            raise Unsupported("The transaction has ended", remedy="Begin a new one")


class InternalTransaction(Transaction):
    """A transaction with what Holdfast's own rooms do in one, and users cannot."""

    def put(
        self,
        path: str,
        draft: Draft,
        *,
        source: str | None = None,
        stamp: str | None = None,
        if_match: IfMatch | None = None,
    ) -> None:
        """Put a draft at `path`; `source` and `stamp` say where it came from and how to see that it is unchanged."""
        self._check_match(path, if_match)
        self._put(path, draft, source, stamp)

    def came_from(self, path: str, source: str, stamp: str | None) -> None:
        """Say anew where the file at `path` came from, and how to see that it is unchanged, as `put` does."""
        self._check_open()
        self._overlay.came_from(paths.parse(path), source, stamp)

    def claim(self, path: str, *, deep: bool = False) -> None:
        """Have the publish refused when somebody else's lock covers `path` (`deep`: or anything below), changed or not.

        What a transaction changes is claimed anyway.
        """
        self._check_open()
        self._overlay.claim(paths.parse(path), deep=deep)

    def restore_from(self, path: str, then: CommitPlace) -> None:
        """Make `path` and all below it what it was at a commit; raises NotFound when it was not there then."""
        self._check_open()
        with self._backend.engine.read() as conn:
            check_readable(conn, *then)
            self._restore(conn, path, then)

    def require(self, guard: Guard) -> None:
        """Have `guard` checked inside the publishing SQL transaction; it refuses the publish by raising."""
        self._check_open()
        self._terms.guards.append(guard)

    def also(self, effect: Effect) -> None:
        """Have `effect` write further catalog rows inside the publishing SQL transaction."""
        self._check_open()
        self._terms.effects.append(effect)


def begin(backend: Backend, terms: CommitOptions) -> InternalTransaction:
    """Return a transaction on the head of the branch that `terms` name."""
    return InternalTransaction(backend, CommittedTree.at_head(backend.engine.read, terms.branch), terms)


def tell_why(tx: Transaction) -> None:
    """Raise a Conflict when a transaction stands on what gc has taken: whatever it was told may come of that."""
    tx._check_kept(tx._overlay)


def publish_at_head(
    backend: Backend, action: Callable[[InternalTransaction], None], drafts: list[Draft], terms: CommitOptions
) -> Commit:
    """Run `action` on the head inside the publishing SQL transaction; `drafts` are what it may put.

    For single quick operations: it cannot conflict, and needs no snapshot of its own. Guards and effects are those of
    `terms`; `action` only changes the tree.
    """
    known = {draft.body.content_id: draft for draft in drafts}

    def changes(conn: Connection, head: int) -> Overlay:
        tx = InternalTransaction(backend, CommittedTree(within(conn), terms.branch, head), CommitOptions(terms.branch))
        tx._lives_long = False
        action(tx)
        return tx._overlay

    return TreeChange(backend, terms, changes, known).commit()
