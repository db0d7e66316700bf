"""Publishing the change of a tree as a commit: one of the two kinds of publication.

What a transaction changed is an `Overlay`. A `TreeChange` stages what it needs, asks for the overlay on the head that
it is published on, checks it there, and writes its rows and those its terms carry in the same SQL transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from holdfast.backend import Backend
from holdfast.catalog import commits, contents, entries, settings
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.catalog.entries import Entry
from holdfast.catalog.history.ground import Ground
from holdfast.catalog.properties import stored
from holdfast.catalog.properties.stored import PropertySet
from holdfast.catalog.values import NODES_PER_COMMIT
from holdfast.catalog.work import jobs
from holdfast.catalog.work.enqueueing import JobTicket, NewJob, tell
from holdfast.documents import Draft
from holdfast.errors import Conflict, HoldfastError, TooLarge
from holdfast.faults import point
from holdfast.publish.publication import ATTEMPTS, StagingOutdated, retrying
from holdfast.publish.staging import EMBED, EMBED_ATTEMPTS, StagedCommit, live_among, staging
from holdfast.tree.overlay import Overlay

#: runs inside the publishing SQL transaction before anything is written; raises to refuse the publish
Guard = Callable[[Connection], None]
#: runs inside the publishing SQL transaction, to write what must change together with the tree
Effect = Callable[[Connection, Commit], None]


class GraphChange(Protocol):
    """What changes in the graph with a commit."""

    def __len__(self) -> int:
        """Return how many rows it changes."""
        ...

    @property
    def ground(self) -> Ground:
        """What it stands on."""
        ...

    def write(self, conn: Connection, commit: Commit, nodes: Mapping[int, int]) -> None:
        """Write what the commit says, told the numbers of the nodes that it makes."""
        ...


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
    #: the commit of another branch up to which it takes over what that has; None when it is no merge
    merged: int | None = None
    guards: list[Guard] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    #: what changes in the graph with it
    graph: GraphChange | None = None
    #: of the jobs that the effects write, in order
    tickets: list[JobTicket] = field(default_factory=list)

    @property
    def write_nothing(self) -> bool:
        """Whether a commit without changes to the tree would write nothing at all."""
        # A key is remembered by a commit only: without one, the same call made again would be taken for the first.
        # A merge is remembered by its commit too: the next one begins where it left off.
        return not self.effects and not self.graph and not self.idempotency_key and self.merged is None


@dataclass(frozen=True)
class _Rows:
    """What a change writes of the tree."""

    begun: list[Entry]
    ended: list[Entry]
    #: the properties that it gives
    properties: dict[str, PropertySet]

    @classmethod
    def of(cls, overlay: Overlay) -> "_Rows":
        return cls(list(overlay.begun()), list(overlay.ended()), overlay.property_sets)

    @property
    def contents(self) -> set[str]:
        """The contents that it shows."""
        return {entry.content_id for entry in self.begun if entry.content_id}

    def write(self, conn: Connection, branch: Branch, commit: Commit) -> dict[int, int]:
        """Write them as what a commit did; returns the numbers that its new nodes have from now on."""
        begun, ended = ({e.properties_id for e in rows if e.properties_id} for rows in (self.begun, self.ended))
        stored.insert(conn, [each for each in self.properties.values() if each.properties_id in begun])
        entries.end(conn, branch, commit.id, self.ended)
        numbers = _numbers(self.begun, commit)
        entries.begin(conn, branch, commit.id, [_with_node_ids(entry, numbers) for entry in self.begun])
        stored.note_standing(conn, commit.id, begun, ended)
        return numbers


@dataclass
class TreeChange:
    """A change of the tree that is to become a commit."""

    backend: Backend
    terms: CommitOptions
    #: returns the change on the head that it is published on; raises to refuse it
    overlay_on: Callable[[Connection, int], Overlay]
    #: by content
    drafts: dict[str, Draft]
    #: what the change stands on, when it was made on an earlier commit
    ground: Ground | None = None

    def commit(self) -> Commit:
        """Stage the drafts and publish the change; what the publish finds missing is staged once more."""
        self.backend.hooks.announce_beginning()
        commit = retrying(self._attempt, self._give_up)
        point("publish.after_commit")
        self.backend.hooks.announce_published()
        return commit

    def _attempt(self) -> Commit:
        try:
            with staging(self.backend, self.drafts.values(), self.terms.actor) as staged:
                self._look_ahead()
                return self._publish(staged)
        except StagingOutdated as outdated:
            self.drafts |= _drafts_of_stored(self.backend, outdated.needed - self.drafts.keys())
            raise

    def _look_ahead(self) -> None:
        """Look at what others committed: here and not in the writer's turn, where everybody else would wait for it."""
        graph = self.terms.graph
        for ground in (self.ground, graph.ground if graph is not None else None):
            if ground is not None:
                with self.backend.engine.read() as conn:
                    ground.look_ahead(conn)

    def _give_up(self) -> Commit:
        raise Conflict(
            f"Other writers came first {ATTEMPTS} times in a row; nothing was committed",
            remedy="Repeat it when the store is less busy",
        )

    def _publish(self, staged: StagedCommit) -> Commit:
        with staged.publication.publish() as conn:
            if (earlier := self._earlier(conn)) is not None:
                staged.publication.withdraw()
                return earlier
            # Before the tree is looked at: who lost a lock must hear of that, not of the conflict it led to (G6).
            self._fence(conn)
            head = commits.head(conn, self.terms.branch)
            overlay = self._admitted(conn, head)
            rows = _Rows.of(overlay)
            _check_contents(conn, self.backend, staged, rows.contents | overlay.seen_again)
            _check_properties(conn, rows)
            if not rows.begun and not rows.ended and self.terms.write_nothing:
                staged.publication.withdraw()
                return known_commit(conn, head)
            commit = self._write(conn, staged, head, rows)
            entries.adopt(conn, self.terms.branch, overlay.brought_back)
            return commit

    def _earlier(self, conn: Connection) -> Commit | None:
        """Return the commit that has the same idempotency key, having told which jobs it wrote."""
        key = self.terms.idempotency_key
        earlier = commits.by_key(conn, self.terms.branch, key) if key else None
        if earlier is not None:
            tell(self.terms.tickets, commits.jobs_of(conn, earlier.id))
        return earlier

    def _fence(self, conn: Connection) -> None:
        for keeper in self.backend.hooks.publish_guards:
            keeper.fence(conn)
        for guard in self.terms.guards:
            guard(conn)

    def _admitted(self, conn: Connection, head: int) -> Overlay:
        overlay = self.overlay_on(conn, head)
        if self.terms.graph is not None:
            self.terms.graph.ground.check(conn, head)
        for keeper in self.backend.hooks.publish_guards:
            keeper.admit(conn, self.terms.branch, overlay.touches)
        return overlay

    def _write(self, conn: Connection, staged: StagedCommit, head: int, rows: _Rows) -> Commit:
        commit = self._new_commit(conn, head, rows)
        nodes = rows.write(conn, self.terms.branch, commit)
        staged.write(conn, self.backend.embedder, commit.at.timestamp())
        if staged.waiting:
            job = NewJob(kind=EMBED, key=EMBED, attempts=EMBED_ATTEMPTS)
            jobs.enqueue(conn, self.terms.branch, job, commit.at.timestamp())
        if self.terms.graph:
            self.terms.graph.write(conn, commit, nodes)
        if rows.ended and (kind := settings.get(conn, settings.LOOK_AGAIN)):
            from holdfast.publish import looking_again

            looking_again.enqueue(conn, self.terms.branch, commit, kind, rows)
        for effect in self.terms.effects:
            effect(conn, commit)
        if self.terms.idempotency_key and self.terms.tickets:
            commits.note_jobs(conn, commit.id, [ticket.id for ticket in self.terms.tickets])
        return commit

    def _new_commit(self, conn: Connection, head: int, rows: _Rows) -> Commit:
        terms = self.terms
        new = commits.NewCommit(
            parent=head,
            merged=terms.merged,
            at=self.backend.clock.now(),
            actor=terms.actor,
            message=terms.message,
            key=terms.idempotency_key,
            changes=len(rows.begun) + len(rows.ended) + len(terms.graph or ()),
        )
        return commits.publish(conn, terms.branch, new)


def _check_contents(conn: Connection, backend: Backend, staged: StagedCommit, held: set[str]) -> None:
    """Check that all that the change shows will be there and be searchable; raise StagingOutdated when not (G1, G4).

    Garbage collection may have removed a content since it was found to be known, a fold may have put its rows away,
    and another writer may have made the same content searchable first.
    """
    if not held and not staged.searchable:
        return
    relied = (staged.relied | held) - staged.fresh
    if relied - contents.known_among(conn, relied):
        raise StagingOutdated
    live = live_among(conn, backend.embedder, held | staged.searchable.keys())
    if live & staged.searchable.keys():
        raise StagingOutdated
    if missing := held - live - staged.searchable.keys():
        raise StagingOutdated(missing)


def _check_properties(conn: Connection, rows: _Rows) -> None:
    """Check that the properties that the change gives again are still known; raise StagingOutdated when not."""
    relied = {entry.properties_id for entry in rows.begun if entry.properties_id} - rows.properties.keys()
    if relied - stored.known_among(conn, relied):
        raise StagingOutdated


def _numbers(begun: list[Entry], commit: Commit) -> dict[int, int]:
    """Return the numbers that the new nodes of a commit have from now on; raises TooLarge."""
    made = [entry.node_id for entry in begun if entry.node_id < 0]
    if len(made) >= NODES_PER_COMMIT:
        raise TooLarge(f"One commit may create up to {NODES_PER_COMMIT - 1} files and directories, not {len(made)}")
    # Numbered anew: of the nodes that a transaction makes, many may be gone before it ends.
    return {node: commit.id * NODES_PER_COMMIT + place for place, node in enumerate(made, start=1)}


def _with_node_ids(entry: Entry, final: dict[int, int]) -> Entry:
    node, parent = entry.node_id, entry.parent_id
    if node >= 0 and parent >= 0:
        return entry
    return replace(entry, node_id=final.get(node, node), parent_id=final.get(parent, parent))


def _drafts_of_stored(backend: Backend, ids: Iterable[str]) -> dict[str, Draft]:
    """Return drafts that derive anew from contents the store has."""
    drafts = {}
    with backend.engine.read() as conn:
        for content_id in ids:
            content = contents.get(conn, content_id)
            if content is not None:
                drafts[content_id] = Draft(content_id, backend.stored_body(content), backend.deriver)
    return drafts


def known_commit(conn: Connection, seq: int) -> Commit:
    """Return a commit that must be there; raises HoldfastError when it is not."""
    commit = commits.by_seq(conn, seq)
    if commit is None:
        raise HoldfastError(f"Commit {seq} is missing from the catalog", path=str(seq))
    return commit
