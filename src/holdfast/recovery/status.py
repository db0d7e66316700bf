"""What a store holds and what goes on in it, in figures."""

from dataclasses import dataclass

from holdfast.backend import Backend
from holdfast.catalog import audit, branches, commits, intents, search_rows, settings
from holdfast.catalog.audit import AuditRecord
from holdfast.catalog.branches import Branch
from holdfast.catalog.checking import statistics
from holdfast.recovery.sweep import SET_ASIDE, SWEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A store in figures, at one instant."""

    #: the branch whose head and tree are meant
    branch: str
    #: how many branches there are
    branches: int
    #: the newest commit of the branch
    head: int
    commits: int
    #: visible at the head
    files: int
    directories: int
    #: bytes of the visible files
    size: int
    #: contents and bytes kept, of all commits, by where they are: `inline` or `blobs`
    contents: dict[str, tuple[int, int]]
    #: contents and chunks that can be searched, by where their rows are: `tail`, `table` or `history`
    searchable: dict[str, tuple[int, int]]
    #: contents, and their passages, that are found by words alone until a job has made their vectors
    waiting: tuple[int, int]
    #: the embedder that vectors are of, and the one that the store is moving to
    embedder: str
    moving_to: str | None
    #: stagings under way, those of dead owners included
    active_intents: int
    #: stagings that could not be swept; `doctor` says why
    set_aside_intents: int
    #: what the latest sweep did, if there was one
    last_sweep: AuditRecord | None
    #: the last time that work in the background of any process began to fail, if it ever did
    last_trouble: AuditRecord | None


def status(backend: Backend, branch: Branch) -> Status:
    """Return the store's figures, of the tree those at the head of a branch."""
    with backend.engine.read() as conn:
        head = commits.head(conn, branch)
        size = statistics.tree_size(conn, branch, head)
        staged = intents.counts(conn)
        sweeps = [row for kind in (SWEEP, SET_ASIDE) if (row := audit.newest_of(conn, kind)) is not None]
        named = branches.get(conn, branch.id)
        return Status(
            branch=named.name if named is not None else branch.name,
            branches=branches.count(conn),
            head=head,
            commits=commits.count(conn),
            files=size.files,
            directories=size.directories,
            size=size.size,
            contents=statistics.stored(conn),
            searchable=search_rows.totals(conn, backend.embedder),
            waiting=search_rows.waiting(conn, backend.embedder),
            embedder=backend.embedder,
            moving_to=settings.get(conn, settings.MOVING) or None,
            active_intents=staged.get(intents.ACTIVE, 0),
            set_aside_intents=staged.get(intents.SET_ASIDE, 0),
            last_sweep=max(sweeps, key=lambda row: row.id, default=None),
            last_trouble=audit.newest_of(conn, audit.TROUBLE),
        )
