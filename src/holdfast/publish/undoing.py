"""Undoing a commit: what it changed is changed back on the head, as if the state before it were merged."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.backend import Backend
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.graph import bases, log, schemas
from holdfast.catalog.graph.log import LogSpan
from holdfast.errors import Conflict, MergeConflict, Unsupported
from holdfast.publish.committing import CommitOptions, TreeChange, known_commit
from holdfast.tree.committed import CommittedTree
from holdfast.tree.merging.applying import apply
from holdfast.tree.merging.crossing import MergeBase
from holdfast.tree.merging.plan import Settling
from holdfast.tree.merging.planning import MergePlanning
from holdfast.tree.merging.sides import Sides
from holdfast.tree.overlay import Overlay
from holdfast.tree.snapshot import CommitPlace, check_readable

#: paths that a message names
SHOWN = 5


def undo(backend: Backend, place: CommitPlace, terms: CommitOptions) -> Commit:
    """Publish a commit that takes back what another one of the same branch did; the newest when nothing is left of it.

    Raises Conflict, naming the paths, where later commits changed the same.
    """
    with backend.engine.read() as conn:
        commit = known_commit(conn, place.seq)
        before = _before(conn, place, commit, terms)
        first = (commit.message.splitlines() or [""])[0]
    terms.message = terms.message or f"Undo commit {commit.id}" + (f": {first}" if first else "")
    return TreeChange(backend, terms, _Undoing(backend, place, before).overlay_on, {}).commit()


def _before(conn: Connection, place: CommitPlace, commit: Commit, terms: CommitOptions) -> CommitPlace:
    """Return the state before a commit; raises Unsupported for one that cannot be undone, and CommitTaken."""
    if commit.parent is None or place.branch.id != terms.branch.id:
        why = "made the store" if commit.parent is None else f"is not in the history of {terms.branch.name}"
        raise Unsupported(f"Commit {commit.id} {why}, and cannot be undone", path=str(commit.id))
    before = CommitPlace(place.branch, commit.parent)
    for each in (before, place):
        check_readable(conn, *each)
    span = LogSpan(place.branch, before.seq, place.seq)
    if (
        log.said(conn, span, limit=1)
        or schemas.at(conn, place.branch, place.seq, before.seq)
        or any(True for _ in bases.loaded(conn, place.branch, before.seq, place.seq))
    ):
        raise Unsupported(
            f"Commit {commit.id} changed the graph, which undo does not take back",
            path=str(commit.id),
            remedy=f"See `holdfast graph diff {before.seq} {place.seq}`, and change it back in a transaction",
        )
    return before


@dataclass
class _Undoing:
    backend: Backend
    #: the commit that is undone, and the one before it
    place: CommitPlace
    before: CommitPlace

    def overlay_on(self, conn: Connection, head: int) -> Overlay:
        """Return the head with what the commit did taken back; raises Conflict."""
        for each in (self.before, self.place):
            check_readable(conn, *each)
        ours = CommittedTree(within(conn), self.place.branch, head)
        base = MergeBase([self.place.tree(conn)])
        plan = MergePlanning(Sides.of(base, ours, self.before.tree(conn)), Settling(lambda _: None, lambda *_: None))
        plan.run()
        if plan.left:
            raise _changed_since(self.place.seq, sorted(plan.left.values(), key=lambda conflict: conflict.path))
        overlay = Overlay(base=ours, now=self.backend.clock.now())
        apply(plan, overlay)
        return overlay


def _changed_since(seq: int, conflicts: Sequence[MergeConflict]) -> Conflict:
    listed = ", ".join(conflict.path for conflict in conflicts[:SHOWN])
    more = f" and {len(conflicts) - SHOWN} more" if len(conflicts) > SHOWN else ""
    return Conflict(
        f"Commit {seq} cannot be undone: what it changed was changed again since: {listed}{more}",
        path=conflicts[0].path,
        remedy="Undo the later commits first, or bring back single paths with `holdfast restore PATH`",
    )
