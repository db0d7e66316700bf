"""The one way to change a store: stage, publish, sweep (docs/architecture.md).

A `Transaction` collects changes over one snapshot. Its `commit` stages what is new under no database lock, then
publishes in one short SQL transaction: check that nothing it looked at has changed, write the rows, make the commit the
head. That SQL commit is the commit point. `publish_at_head` is the same for one operation that looks at the head
itself, inside the publishing SQL transaction, and so can never lose a race.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Unpack

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import commits, contents, entries, intents, jobs, pins, search_rows
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.catalog.jobs import Enqueueing, NewJob, Ticket
from holdfast.catalog.values import NODES_PER_COMMIT
from holdfast.documents import Body, Draft
from holdfast.errors import Conflict, HoldfastError, IsADirectory, NotFound, TooLarge, Unsupported
from holdfast.faults import point
from holdfast.publish.conflicts import Ground
from holdfast.publish.staging import StagedCommit, StagingOutdated, live_among, stage
from holdfast.tree import restoring, walking
from holdfast.tree.committed import CommittedTree, within
from holdfast.tree.overlay import FileState, Overlay
from holdfast.tree.reading import Reads
from holdfast.tree.walking import TreeView

#: stagings of one commit before it is given up; each but the first needs a race lost against gc, a fold or a twin
STAGINGS = 10

#: runs inside the publishing SQL transaction before anything is written; raises to refuse the publish
Guard = Callable[[Connection], None]
#: runs inside the publishing SQL transaction, to write what must change together with the tree
Effect = Callable[[Connection, Commit], None]


@dataclass
class CommitOptions:
    """What a commit carries besides its changes."""

    #: the branch that it is made on
    branch: Branch
    message: str = ""
    #: who it is attributed to
    actor: str = "user"
    #: the same key twice gives the first commit back and changes nothing
    idempotency_key: str | None = None
    guards: list[Guard] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    #: of the jobs that the effects write, in order
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def are_empty(self) -> bool:
        """Whether a commit without changes to the tree would write nothing at all."""
        return not self.effects and not self.guards and not self.idempotency_key


class Transaction(Reads):
    """Several changes that become visible together, or not at all.

    Reads see the snapshot it began on, with its own changes. Nothing is visible to others before `commit`. Not for
    sharing between threads.
    """

    def __init__(self, backend: Backend, tree: CommittedTree, terms: CommitOptions) -> None:
        self._backend = backend
        #: the commit it began on
        self.base = tree.seq
        self.terms = terms
        self._overlay = Overlay(base=tree, now=backend.clock.now())
        self._drafts: dict[str, Draft] = {}
        self._ended = False
        #: the commit it became; None until `commit` has returned
        self.published: Commit | None = None

    # --- changes

    def write(self, path: str, data: bytes | str, *, media_type: str | None = None) -> None:
        """Put `data` at `path`, over the file that stands there; missing directories are made.

        Text is stored as UTF-8. Raises IsADirectory, NotADirectory or InvalidPath.
        """
        self.put(path, self._backend.draft(path, data, media_type))

    def put(self, path: str, draft: Draft, *, source: str | None = None, stamp: str | None = None) -> None:
        """Put a draft at `path`; `source` and `stamp` say where it came from and how to see that it is unchanged."""
        self._check_open()
        if path.endswith("/"):
            raise IsADirectory(f"{path} names a directory", path=path, remedy="Leave out the last slash")
        body = draft.body
        self._overlay.write(paths.parse(path), FileState(body.content_id, body.size, source, stamp))
        self._drafts.setdefault(body.content_id, draft)

    def mkdir(self, path: str, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Make a directory; `parents` makes the missing ones above it too, `exist_ok` lets it stand already."""
        self._check_open()
        self._overlay.mkdir(paths.parse(path), parents=parents, exist_ok=exist_ok)

    def move(self, source: str, target: str, *, overwrite: bool = False) -> None:
        """Move a file or a directory to exactly `target`, whose parent must exist.

        Raises AlreadyExists when something stands there, unless `overwrite` is given and it is a file for a file or an
        empty directory for a directory.
        """
        self._check_open()
        self._overlay.move(paths.parse(source), paths.parse(target), overwrite=overwrite)

    def came_from(self, path: str, source: str, stamp: str | None) -> None:
        """Say anew where the file at `path` came from, and how to see that it is unchanged, as `put` does."""
        self._check_open()
        self._overlay.came_from(paths.parse(path), source, stamp)

    def copy(self, source: str, target: str, *, overwrite: bool = False) -> None:
        """Copy a file, or a directory with all it holds, to exactly `target`, whose parent must exist."""
        self._check_open()
        self._overlay.copy(paths.parse(source), paths.parse(target), overwrite=overwrite)

    def remove(self, path: str, *, recursive: bool = False) -> None:
        """Remove a file or an empty directory; `recursive` removes a directory with all it holds."""
        self._check_open()
        self._overlay.remove(paths.parse(path), recursive=recursive)

    def restore(self, path: str, *, at: int) -> None:
        """Make `path` and all below it what it was at commit `at`; raises NotFound when it was not there then.

        What was removed comes back with its history: under its old node, unless that stands somewhere else today.
        """
        self._check_open()
        with self._backend.engine.read() as conn:
            then, parsed = CommittedTree(within(conn), self.terms.branch, at), paths.parse(path)
            if walking.find(then, parsed) is None:
                raise NotFound(
                    f"{path} did not exist at commit {at}",
                    path=path,
                    remedy="Look for the commit that removed it with `holdfast log`, and name the one before it",
                )
            restoring.restore(self._overlay, parsed, then)

    def claim(self, path: str, *, deep: bool = False) -> None:
        """Have the publish refused when somebody else's lock is on `path` (`deep`: or below), though it stays as it is.

        What a transaction changes is claimed anyway.
        """
        self._check_open()
        self._overlay.claim(paths.parse(path), deep=deep)

    def require(self, guard: Guard) -> None:
        """Have `guard` checked inside the publishing SQL transaction; it refuses the publish by raising."""
        self._check_open()
        self.terms.guards.append(guard)

    def also(self, effect: Effect) -> None:
        """Have `effect` write further catalog rows inside the publishing SQL transaction."""
        self._check_open()
        self.terms.effects.append(effect)

    def enqueue(self, kind: str, payload: dict[str, Any] | None = None, **how: Unpack[Enqueueing]) -> Ticket:
        """Write a job in the same commit; the ticket says its id once that is done (docs/sessions.md says more)."""
        new, ticket = NewJob(kind=kind, payload=payload or {}, **how), Ticket()

        def effect(conn: Connection, commit: Commit) -> None:
            ticket.job_id = jobs.enqueue(conn, new, commit.at.timestamp())

        self.also(effect)
        self.terms.tickets.append(ticket)
        return ticket

    # --- ending

    def commit(self) -> Commit:
        """Publish all changes as one commit; without changes, return the commit it began on.

        Raises Conflict when somebody else committed a change to what this transaction read or wrote.
        """
        self._check_open()
        self._ended = True
        overlay = self._overlay
        ground = Ground(overlay, self.terms.branch, self.base)

        def changes(conn: Connection, head: int) -> Overlay:
            ground.check(conn, head)
            return overlay

        if not overlay.changed and self.terms.are_empty:
            with self._backend.engine.read() as conn:
                self.published = _known_commit(conn, self.base)
        else:
            self.published = _publish(self._backend, self._drafts, self.terms, changes, ground)
        return self.published

    def rollback(self) -> None:
        """Drop all changes. Nothing of them was visible, so nothing is undone."""
        self._ended = True

    @property
    def ended(self) -> bool:
        """Whether it was committed, or rolled back."""
        return self._ended

    # --- reading its own writes

    @contextmanager
    def _view(self) -> Iterator[TreeView]:
        self._check_open()
        yield self._overlay

    def _pending_body(self, content_id: str) -> Body | None:
        draft = self._drafts.get(content_id)
        return draft.body if draft else None

    def _pending_text(self, content_id: str) -> Body | None:
        renditions = self._drafts[content_id].derived.renditions
        return renditions[0][1] if renditions else None

    def _check_open(self) -> None:
        if self._ended:
            raise Unsupported("The transaction has ended", remedy="Begin a new one")


def publish_at_head(
    backend: Backend, action: Callable[[Transaction], None], drafts: list[Draft], terms: CommitOptions
) -> Commit:
    """Run `action` on the head inside the publishing SQL transaction; `drafts` are what it may put.

    For single quick operations: it cannot conflict, and needs no snapshot of its own. Guards and effects are those of
    `terms`; `action` only changes the tree.
    """

    def changes(conn: Connection, head: int) -> Overlay:
        tx = Transaction(backend, CommittedTree(within(conn), terms.branch, head), CommitOptions(terms.branch))
        action(tx)
        return tx._overlay

    return _publish(backend, {draft.body.content_id: draft for draft in drafts}, terms, changes)


def _publish(
    backend: Backend,
    drafts: dict[str, Draft],
    terms: CommitOptions,
    changes: Callable[[Connection, int], Overlay],
    ground: Ground | None = None,
) -> Commit:
    """Stage the drafts and publish, again with what was missing when somebody took it in between."""
    backend.announce(backend.before_publish)
    drafts = dict(drafts)
    for _ in range(STAGINGS):
        try:
            with stage(backend, drafts.values(), terms.actor) as staged:
                if ground is not None:
                    # Here and not in the writer's turn, where everybody else would wait for it.
                    with backend.engine.read() as conn:
                        ground.look_ahead(conn)
                commit = _publish_staged(backend, staged, terms, changes)
        except StagingOutdated as turn:
            drafts.update(_drafts_of_stored(backend, turn.needed - drafts.keys()))
            continue
        point("publish.after_commit")
        backend.announce(backend.after_publish)
        return commit
    raise Conflict(f"The commit lost {STAGINGS} races in a row", remedy="Repeat it when the store is less busy")


def _publish_staged(
    backend: Backend, staged: StagedCommit, terms: CommitOptions, changes: Callable[[Connection, int], Overlay]
) -> Commit:
    point("publish.before_lock")
    with backend.engine.write() as conn:
        point("publish.before_write")
        earlier = commits.by_key(conn, terms.idempotency_key) if terms.idempotency_key else None
        if earlier is not None:
            _end_intent(conn, staged, backend, intents.SWEPT)
            jobs.tell(terms.tickets, commits.jobs_of(conn, earlier.id))
            return earlier
        # Before the tree is looked at: who lost a lock must hear of that, not of the conflict it led to (G6).
        for keeper in backend.publish_guards:
            keeper.fence(conn)
        for guard in terms.guards:
            guard(conn)
        head = commits.head(conn, terms.branch)
        overlay = changes(conn, head)
        for keeper in backend.publish_guards:
            keeper.admit(conn, overlay.touches)
        begun, ended = list(overlay.begun()), list(overlay.ended())
        held = {entry.content_id for entry in begun if entry.content_id}
        _check_contents(conn, backend, staged, held | overlay.seen_again)
        # A key is remembered by a commit only: without one, the same call made again would be taken for the first.
        if not begun and not ended and not terms.effects and not terms.idempotency_key:
            _end_intent(conn, staged, backend, intents.SWEPT)
            return _known_commit(conn, head)
        commit = _write_tree(conn, backend, terms, head, begun, ended)
        _write_staged(conn, backend, staged, commit)
        for effect in terms.effects:
            effect(conn, commit)
        if terms.idempotency_key and terms.tickets:
            commits.note_jobs(conn, commit.id, [ticket.job_id for ticket in terms.tickets])
        _end_intent(conn, staged, backend, intents.COMMITTED)
        point("publish.before_commit")
    return commit


def _check_contents(conn: Connection, backend: Backend, staged: StagedCommit, held: set[str]) -> None:
    """Check that all that the change shows will be there and be searchable; raise StagingOutdated when not (G1, G4).

    Garbage collection may have removed a content since it was found to be known, a fold may have put its rows away,
    and another writer may have made the same content searchable first.
    """
    if not held and not staged.searchable:
        return
    fresh = {content.content_id for content, _ in staged.contents}
    if (staged.relied | held) - fresh - contents.known_among(conn, (staged.relied | held) - fresh):
        raise StagingOutdated
    live = live_among(conn, backend.embedder, held | staged.searchable.keys())
    if live & staged.searchable.keys():
        raise StagingOutdated
    if missing := held - live - staged.searchable.keys():
        raise StagingOutdated(missing)


def _write_tree(
    conn: Connection,
    backend: Backend,
    terms: CommitOptions,
    head: int,
    begun: list[entries.Entry],
    ended: list[entries.Entry],
) -> Commit:
    made = [entry.node_id for entry in begun if entry.node_id < 0]
    if len(made) >= NODES_PER_COMMIT:
        raise TooLarge(f"One commit may create up to {NODES_PER_COMMIT - 1} files and directories, not {len(made)}")
    new = commits.NewCommit(
        parent=head,
        at=backend.clock.now(),
        actor=terms.actor,
        message=terms.message,
        key=terms.idempotency_key,
        changes=len(begun) + len(ended),
    )
    commit = commits.publish(conn, terms.branch, new)
    entries.end(conn, commit.id, [entry.entry_id for entry in ended])
    # Numbered anew: of the nodes that a transaction makes, many may be gone before it ends.
    final = {node: commit.id * NODES_PER_COMMIT + place for place, node in enumerate(made, start=1)}
    entries.begin(conn, terms.branch, commit.id, [_with_node_ids(entry, final) for entry in begun])
    return commit


def _with_node_ids(entry: entries.Entry, final: dict[int, int]) -> entries.Entry:
    node, parent = entry.node_id, entry.parent_id
    if node >= 0 and parent >= 0:
        return entry
    return replace(entry, node_id=final.get(node, node), parent_id=final.get(parent, parent))


def _write_staged(conn: Connection, backend: Backend, staged: StagedCommit, commit: Commit) -> None:
    contents.insert(conn, staged.contents)
    contents.insert_renditions(conn, staged.renditions, commit.at.timestamp())
    if staged.tail_rows:
        search_rows.append_tail(conn, backend.embedder, staged.tail_rows)
    if staged.append is not None:
        _pin_append(conn, backend, staged, commit)
    place = search_rows.TABLE if staged.append else search_rows.TAIL
    search_rows.set_place(conn, backend.embedder, place, staged.searchable.items())


def _pin_append(conn: Connection, backend: Backend, staged: StagedCommit, commit: Commit) -> None:
    table, append = backend.tables.live, staged.append
    assert append is not None
    current = pins.current(conn, (table.name,))[table.name].version
    # Another writer's append was published meanwhile: ours is committed again on top of it. That is a few
    # milliseconds of metadata, done here under the writer's lock so that it cannot be overtaken once more.
    version = append.version if append.base == current else table.rebase(current, append)
    pins.move(conn, table.name, version, commit.at.timestamp())


def _end_intent(conn: Connection, staged: StagedCommit, backend: Backend, state: str) -> None:
    if staged.intent_id is None:
        return
    if not intents.finish(conn, staged.intent_id, state, backend.clock.now()):
        raise Conflict(
            "What was staged has been swept, because its owner was taken for dead", remedy="Repeat the command"
        )


def _drafts_of_stored(backend: Backend, ids: frozenset[str] | set[str]) -> dict[str, Draft]:
    """Return drafts that derive anew from contents the store has."""
    drafts = {}
    with backend.engine.read() as conn:
        for content_id in ids:
            content = contents.get(conn, content_id)
            if content is not None:
                drafts[content_id] = Draft(content_id, backend.stored_body(content), backend.deriver)
    return drafts


def _known_commit(conn: Connection, seq: int) -> Commit:
    commit = commits.by_seq(conn, seq)
    if commit is None:
        raise HoldfastError(f"Commit {seq} is missing from the catalog", path=str(seq))
    return commit
