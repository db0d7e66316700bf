"""Merging a branch into another: planned on the head, and published as one commit that has two parents.

It is planned before the writer's turn, so that what is in conflict is refused at once and what must be derived anew is
staged. In its turn it is planned once more if the head has moved.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from holdfast import paths
from holdfast.backend import Backend
from holdfast.catalog import branches, commits, contents
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.graph import log
from holdfast.catalog.graph.log import LogSpan
from holdfast.catalog.history import retention
from holdfast.documents import Draft
from holdfast.errors import CommitTaken, MergeConflict, MergeConflicted, RowConflict, Unsupported
from holdfast.publish.committing import CommitOptions, TreeChange, known_commit
from holdfast.publish.publication import StagingOutdated
from holdfast.rows.crossing import CrossedRows, RowsAtKeys
from holdfast.rows.differences import GraphSide
from holdfast.rows.merging import RowMerge
from holdfast.rows.standing import side_at
from holdfast.tree.committed import CommittedTree
from holdfast.tree.history import Change, changes_of, diff
from holdfast.tree.merging import Side
from holdfast.tree.merging.ancestry import ancestors, seen_by
from holdfast.tree.merging.applying import apply
from holdfast.tree.merging.crossing import base_of
from holdfast.tree.merging.lines import merged_text
from holdfast.tree.merging.plan import Choice, MergePlan, Settling
from holdfast.tree.merging.planning import MergePlanning
from holdfast.tree.merging.sides import Sides
from holdfast.tree.overlay import FileState, Overlay

#: a conflict of either kind
C = TypeVar("C", MergeConflict, RowConflict)

#: bytes of a file that is merged by lines, at most
MOST_TEXT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeOptions:
    """What settles the conflicts of a merge."""

    #: the side that holds wherever nothing else is said
    prefer: Side | None = None
    #: by path: `ours` or `theirs`, for a conflict there or below; what the file there is to hold; or the
    #: properties that it is to have
    resolve: Mapping[str, str | bytes | Mapping[str, Any]] = field(default_factory=dict)
    #: whether texts that both sides edited are merged by lines
    text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReport:
    """What a merge did, or would do."""

    #: the branch that was merged
    source: str
    #: the branch that it was merged into
    into: str
    #: the commit of the source up to which it was taken over
    merged: int
    #: the last commit that both had seen
    ancestor: int
    #: None when there was nothing new, and for a dry run; the first one for a key that was used before
    commit: Commit | None
    #: what changes in `into`, in order of path; for a key that was used before only while its history is kept
    changes: tuple[Change, ...] = ()
    #: what nothing settles, in order of path; a merge that is no dry run has none
    conflicts: tuple[MergeConflict, ...] = ()
    #: what `prefer` or `resolve` settled, in order of path; not told again for a key that was used before
    settled: tuple[MergeConflict, ...] = ()
    #: how many rows of the graph change in `into`; a schema counts for one
    rows: int = 0
    #: what nothing settles of the graph, and what was settled, in order of path
    row_conflicts: tuple[RowConflict, ...] = ()
    rows_settled: tuple[RowConflict, ...] = ()


def merge(
    backend: Backend, source: Branch, terms: CommitOptions, options: MergeOptions, *, dry_run: bool = False
) -> MergeReport:
    """Merge the head of a branch into the one that `terms` name; raises MergeConflicted when conflicts are left.

    Raises BranchGone when either was deleted, and Unsupported for a merge into itself.
    """
    if source.id == terms.branch.id:
        raise Unsupported(
            f"{source.name} cannot be merged into itself", path=source.name, remedy="Name another branch to merge"
        )
    with backend.engine.read() as conn:
        taken = commits.head(conn, source)
        head = commits.head(conn, terms.branch)
        key = terms.idempotency_key
        earlier = commits.by_key(conn, terms.branch, key) if key and not dry_run else None
        merged = replace(terms, merged=taken, effects=[*terms.effects, partial(_carry_notes, terms.branch, source)])
        merging = _Merging(backend, source, merged, options)
        if earlier is not None:
            return merging.repeated(conn, earlier)
        merging.look(conn, head)
    return merging.report(None) if dry_run else merging.publish()


@dataclass
class _Planned:
    """A plan, and the head of ours that it was made on."""

    head: int
    plan: MergePlan
    #: with what is planned
    overlay: Overlay
    ancestor: int
    #: what was read beside our head: theirs, and all that both have seen last
    stands_on: tuple[CommittedTree, ...]
    changes: tuple[Change, ...]
    #: None where there is no graph
    rows: RowMerge | None
    #: whether ours has seen all of theirs
    is_old: bool


@dataclass
class _Merging:
    backend: Backend
    source: Branch
    #: with the commit that is merged
    terms: CommitOptions
    options: MergeOptions
    #: what the merge makes itself: texts merged by lines, and what `resolve` says
    drafts: dict[str, Draft] = field(default_factory=dict)
    _planned: _Planned | None = None
    _conn: Connection | None = None
    _used: set[str] = field(default_factory=set)

    def look(self, conn: Connection, head: int) -> _Planned:
        """Return the plan on a head, made anew when that has moved."""
        self._conn = conn
        if self._planned is None or self._planned.head != head:
            self._planned = self._plan(conn, head)
        return self._planned

    def publish(self) -> MergeReport:
        """Publish the merge, or nothing when there is nothing new; raises MergeConflicted."""
        assert self._planned is not None
        self._refuse_conflicts(self._planned)
        if self._planned.is_old and not self.terms.idempotency_key:
            return self.report(None)
        try:
            commit = TreeChange(self.backend, self.terms, self._overlay_on, self.drafts).commit()
        except _NothingNew:
            return self.report(None)
        if (commit.parent, commit.merged) != (self._planned.head, self.terms.merged):
            with self.backend.engine.read() as conn:
                return self.repeated(conn, commit)
        return self.report(commit)

    def repeated(self, conn: Connection, earlier: Commit) -> MergeReport:
        """Return what an earlier commit that has the same key did."""
        old, new = (CommittedTree(within(conn), self.terms.branch, seq) for seq in (earlier.parent or 0, earlier.id))
        source = known_commit(conn, earlier.merged) if earlier.merged else None
        branch = branches.get(conn, source.branch_id) if source else None
        ancestor = 0
        if source is not None and branch is not None:
            ancestor = base_of(conn, old, CommittedTree(within(conn), branch, source.id)).newest
        return MergeReport(
            source=branch.name if branch else self.source.name,
            into=self.terms.branch.name,
            merged=earlier.merged or 0,
            ancestor=ancestor,
            commit=earlier,
            changes=_told_still(conn, old, new),
        )

    def report(self, commit: Commit | None) -> MergeReport:
        """Return what was planned last, with the commit it became."""
        planned = self._planned
        assert planned is not None
        return MergeReport(
            source=self.source.name,
            into=self.terms.branch.name,
            merged=self.terms.merged or 0,
            ancestor=planned.ancestor,
            commit=commit,
            changes=planned.changes,
            conflicts=_in_order(planned.plan.left.values()),
            settled=_in_order(planned.plan.settled.values()),
            rows=planned.rows.changes if planned.rows else 0,
            row_conflicts=_in_order(planned.rows.left if planned.rows else ()),
            rows_settled=_in_order(planned.rows.settled if planned.rows else ()),
        )

    # --- planning

    def _plan(self, conn: Connection, head: int) -> _Planned:
        ours = CommittedTree(self._read, self.terms.branch, head)
        theirs = CommittedTree(self._read, self.source, self.terms.merged or 0)
        last = known_commit(conn, theirs.seq)
        is_old = seen_by(conn, ours.branch, head).get(last.branch_id, 0) >= last.id
        base = base_of(conn, ours, theirs)
        stands_on = (theirs, *base.stands_on)
        for tree in stands_on:
            retention.check_line(conn, tree.branch, tree.seq)

        def planned(settling: Settling) -> MergePlan:
            plan = MergePlanning(Sides.of(base, ours, theirs), settling)
            plan.run()
            return plan

        self._used.clear()
        rows = self._row_merge(conn, ours, theirs)
        plan = planned(Settling(self._choose, self._blend))
        if unused := self.options.resolve.keys() - self._used:
            _refuse_unlisted(unused, planned(Settling(_leave, _blend_nothing)))
        overlay = Overlay(base=ours, now=self.backend.clock.now())
        apply(plan, overlay)
        return _Planned(
            head=head,
            plan=plan,
            overlay=overlay,
            ancestor=base.newest,
            stands_on=stands_on,
            changes=tuple(changes_of(overlay)),
            rows=rows,
            is_old=is_old,
        )

    def _row_merge(self, conn: Connection, *trees: CommittedTree) -> RowMerge | None:
        last = ancestors(conn, trees)
        sides = [self._graph_of(tree) for tree in (last[0], *trees)]
        if not any(side.schema.types for side in sides):
            return None
        base, ours, theirs = sides
        return RowMerge(base, self._common_rows(conn, last), ours, theirs, self._choose_row)

    def _common_rows(self, conn: Connection, last: Sequence[CommittedTree]) -> RowsAtKeys:
        states = [self._graph_of(tree).rows for tree in last]
        return states[0] if len(last) == 1 else CrossedRows(states, self._common_rows(conn, ancestors(conn, last)))

    def _graph_of(self, tree: CommittedTree) -> GraphSide:
        return side_at(self.backend, tree.branch, tree.seq, self._read)

    def _choose_row(self, conflict: RowConflict) -> Side | None:
        said = self.options.resolve.get(conflict.path)
        if said is None:
            return self.options.prefer
        self._used.add(conflict.path)
        if said != "ours" and said != "theirs":
            raise Unsupported(
                f"{conflict.path} is no file, and is settled by a side",
                path=conflict.path,
                remedy='Resolve it with "ours" or "theirs"',
            )
        return "ours" if said == "ours" else "theirs"

    def _read(self) -> AbstractContextManager[Connection]:
        # A plan outlives the SQL transaction it was made in, and is put on an overlay in the next one.
        assert self._conn is not None
        return nullcontext(self._conn)

    def _choose(self, conflict: MergeConflict) -> Choice:
        said = self.options.resolve.get(conflict.path)
        about_properties = conflict.kind == "properties"
        if said is not None and said not in ("ours", "theirs") and isinstance(said, Mapping) == about_properties:
            self._used.add(conflict.path)
            return dict(said) if isinstance(said, Mapping) else self._said(conflict, said)
        path = conflict.path
        while (said := self.options.resolve.get(path)) not in ("ours", "theirs") and path != paths.ROOT:
            path = paths.split(path)[0]
        if said == "ours" or said == "theirs":
            self._used.add(path)
            return "ours" if said == "ours" else "theirs"
        return self.options.prefer

    def _said(self, conflict: MergeConflict, data: str | bytes) -> FileState:
        if any(side is not None and side.is_dir for side in (conflict.ours, conflict.theirs)):
            remedy = 'Resolve it with "ours" or "theirs"'
            raise Unsupported(f"{conflict.path} is a directory, and holds no bytes", path=conflict.path, remedy=remedy)
        return self._drafted(conflict.path, data)

    def _blend(self, path: str, ids: tuple[str, str, str]) -> FileState | None:
        if not self.options.text or path in self.options.resolve:
            return None
        assert self._conn is not None
        found = [contents.get(self._conn, each) for each in ids]
        if any(each is None or each.size > MOST_TEXT for each in found):
            return None
        base, ours, theirs = (self.backend.stored_body(each).data() for each in found if each is not None)
        merged = merged_text(base, ours, theirs)
        return None if merged is None else self._drafted(path, merged)

    def _drafted(self, path: str, data: str | bytes) -> FileState:
        draft = self.backend.draft(path, data)
        self.drafts.setdefault(draft.body.content_id, draft)
        return FileState(draft.body.content_id, draft.body.size)

    # --- in the writer's turn

    def _overlay_on(self, conn: Connection, head: int) -> Overlay:
        branches.check(conn, self.source)
        before = len(self.drafts)
        planned = self.look(conn, head)
        for tree in planned.stands_on:
            # What of the plan is read only now must be there as it was.
            retention.check_line(conn, tree.branch, tree.seq)
        self._refuse_conflicts(planned)
        if len(self.drafts) > before:
            raise StagingOutdated
        if planned.is_old and not self.terms.idempotency_key:
            raise _NothingNew
        if planned.rows is not None:
            self.terms.graph = planned.rows.change()
        return planned.overlay

    def _refuse_conflicts(self, planned: _Planned) -> None:
        left = _in_order(planned.plan.left.values())
        rows = _in_order(planned.rows.left if planned.rows else ())
        if not left and not rows:
            return
        source, into = self.source.name, self.terms.branch.name
        listed = [*(conflict.path for conflict in left), *(conflict.path for conflict in rows)]
        broken = [conflict.reason for conflict in rows if conflict.kind == "rule"]
        said = f"both changed {_told(listed)}" if not broken else f"together they break a rule: {_told(broken)}"
        raise MergeConflicted(
            f"{source} cannot be merged into {into}: {said}",
            path=listed[0],
            remedy=f"Merge {into} into {source} first, or change one of them so that both fit" if broken else "",
            conflicts=left,
            rows=rows,
        )


def _told_still(conn: Connection, old: CommittedTree, new: CommittedTree) -> tuple[Change, ...]:
    """Return what differs between two states of a branch; nothing when garbage collection has taken one of them."""
    try:
        for tree in (old, new):
            retention.check_line(conn, tree.branch, tree.seq)
    except CommitTaken:
        return ()
    return tuple(diff(old, new))


def _leave(_conflict: MergeConflict) -> Choice:
    return None


def _blend_nothing(_path: str, _ids: tuple[str, str, str]) -> FileState | None:
    return None


def _refuse_unlisted(said: Iterable[str], unsettled: MergePlan) -> None:
    """Refuse to settle what is in no conflict; one that was listed may be none any more once others are settled."""
    listed = [conflict.path for conflict in _in_order(unsettled.left.values())]
    for path in sorted(said):
        if not any(paths.is_within(each, path) for each in listed):
            remedy = f"Leave it out; in conflict are {_told(listed)}" if listed else "Leave it out: nothing is"
            raise Unsupported(f"{path} is not in conflict", path=path, remedy=remedy)


def _carry_notes(branch: Branch, source: Branch, conn: Connection, commit: Commit) -> None:
    """Note what was extracted of which file on the source: else it would be once more, and bring back what went."""
    assert commit.merged is not None
    fork = branch.common(commit.parent or 0, source, commit.merged)
    log.carry_extracted(conn, branch, commit.id, LogSpan(source, fork, commit.merged))


class _NothingNew(Exception):
    """Raised in the writer's turn when what is merged has been merged meanwhile."""


def _told(listed: Sequence[str]) -> str:
    named = ", ".join(listed[:3])
    return named if len(listed) <= 3 else f"{named} and {len(listed) - 3} more"


def _in_order(conflicts: Iterable[C]) -> tuple[C, ...]:
    return tuple(sorted(conflicts, key=lambda conflict: (conflict.path, conflict.kind)))
