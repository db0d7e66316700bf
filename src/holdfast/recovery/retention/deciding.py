"""Deciding which commits stay: in one short transaction, after which nobody can read the others.

What is decided is a horizon for each branch, and the commits before it that something refers to: a tag, the fork of a
branch, a reader that holds one, and what a merge of two branches that are there would begin from. What only the others
show is taken afterwards, in steps (taking.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations, islice

from holdfast.backend import Backend
from holdfast.catalog import intents
from holdfast.catalog.engine import Connection, within
from holdfast.catalog.history import retention
from holdfast.catalog.history.retention import Line
from holdfast.catalog.work import jobs, sessions
from holdfast.faults import point
from holdfast.recovery.retention.keep import Keep
from holdfast.recovery.retention.needed import Needed
from holdfast.tree.committed import CommittedTree
from holdfast.tree.merging.crossing import base_of

#: pairs of branches whose merges may have crossed that are looked at
MOST_PAIRS = 500
#: memory jobs that have not ended that are looked at
MOST_JOBS = 100_000


@dataclass(kw_only=True)
class Decision:
    """What stays of each branch: its commits from the horizon on, and those kept before it."""

    lines: dict[int, Line]
    #: by branch; a branch of which nothing was taken has none
    horizons: dict[int, int] = field(default_factory=dict)
    #: by branch, sorted
    kept: dict[int, list[int]] = field(default_factory=dict)
    #: by branch: the ended rows up to this commit were looked at
    looked_at: dict[int, int] = field(default_factory=dict)
    #: commits that can be read no more from now on
    taken: int = 0


@dataclass
class _Wanted:
    """What is asked for, and what is found out before the writer's turn."""

    #: the oldest commit to be left of each branch that is there, but those all of whose commits stay
    oldest: dict[int, int] = field(default_factory=dict)
    #: (branch, commit) of what merges that crossed began from
    crossed: list[tuple[int, int]] = field(default_factory=list)


def decide(backend: Backend, keep: Keep | None, *, dry_run: bool) -> Decision:
    """Decide what stays, and write it unless it is a dry run."""
    wanted = _wanted(backend, keep)
    with backend.engine.read() as conn:
        # For a dry run, what was deleted just now is as if it was put away before it is taken.
        deciding = _Deciding(conn, wanted, soon=dry_run)
        decision = deciding.run()
        if dry_run:
            return decision
    if not deciding.changed:
        return decision
    now = backend.clock.now()
    with backend.engine.write() as conn:
        # Once more: who made a tag or a branch meanwhile was told that its commit is there.
        deciding = _Deciding(conn, wanted)
        decision = deciding.run()
        deciding.write(now)
        point("retention.before_commit")
    point("retention.after_commit")
    return decision


def _wanted(backend: Backend, keep: Keep | None) -> _Wanted:
    if keep is None:
        return _Wanted()
    with backend.engine.read() as conn:
        # Counted back from the newest commit: a clock that was set forward must not take what was committed before.
        newest = min(backend.clock.now(), retention.newest_time(conn))
        late = _remembered(conn)
        found = {}
        for line in retention.lines(conn):
            if line.is_there:
                if keep.commits is not None:
                    oldest = retention.nth_newest(conn, line, keep.commits)
                else:
                    oldest = retention.oldest_since(conn, line, newest - (keep.seconds or 0))
                found[line.branch.id] = min(oldest, late.get(line.branch.id, oldest))
        return _Wanted({branch_id: oldest for branch_id, oldest in found.items() if oldest}, _crossed(conn))


def _crossed(conn: Connection) -> list[tuple[int, int]]:
    """Return what merges of branches would begin from, also where merges have crossed."""
    merged = {branch_id for merge in retention.merges(conn) for branch_id in (merge[0], merge[2])}
    lines = [line for line in retention.lines(conn) if line.is_there and line.branch.id in merged]
    found: set[tuple[int, int]] = set()
    for ours, theirs in islice(combinations(lines, 2), MOST_PAIRS):
        one, other = (CommittedTree(within(conn), line.branch, line.head) for line in (ours, theirs))
        for tree in base_of(conn, one, other).stands_on:
            level = tree.branch.levels(tree.seq)[0]
            found.add((level.branch_id, level.seq))
    return sorted(found)


def _remembered(conn: Connection) -> dict[int, int]:
    """Return the oldest commit of each branch from which on a memory job that has not ended asks what went."""
    found: dict[int, int] = {}
    for job in jobs.newest(conn, jobs.UNENDED, "memory", limit=MOST_JOBS):
        number = job.payload.get("archive")
        archive = sessions.archive(conn, str(job.payload.get("session")), number) if isinstance(number, int) else None
        if archive is not None:
            found[job.branch_id] = min(archive.commit, found.get(job.branch_id, archive.commit))
    return found


class _Deciding:
    """One decision, on what one SQL transaction sees."""

    def __init__(self, conn: Connection, wanted: _Wanted, *, soon: bool = False) -> None:
        self._conn = conn
        self._wanted = wanted
        self._lines = {line.branch.id: line for line in retention.lines(conn, soon=soon)}
        self._before = retention.kept(conn)
        self._decision = Decision(lines=self._lines)

    @property
    def changed(self) -> bool:
        """Whether something is decided that was not before."""
        decision = self._decision
        return any(
            decision.horizons[branch_id] != self._lines[branch_id].horizon
            or set(decision.kept[branch_id]) != self._before.get(branch_id, set())
            for branch_id in decision.horizons
        )

    def run(self) -> Decision:
        """Return what is decided."""
        horizons = {line.branch.id: self._horizon(line) for line in self._lines.values()}
        moved = {branch_id: horizon for branch_id, horizon in horizons.items() if horizon}
        if moved:
            needed = self._needed()
            for branch_id, horizon in moved.items():
                self._decide(self._lines[branch_id], horizon, needed.get(branch_id, set()))
        return self._decision

    def write(self, now: float) -> None:
        """Write what is decided."""
        for branch_id, horizon in self._decision.horizons.items():
            kept, before = set(self._decision.kept[branch_id]), self._before.get(branch_id, set())
            line, looked_at = self._lines[branch_id], self._decision.looked_at[branch_id]
            if kept != before or horizon != line.horizon or looked_at != line.thinned_until:
                retention.decide(self._conn, line, horizon, looked_at, now)
                retention.keep(self._conn, branch_id, kept - before, before - kept)

    def _horizon(self, line: Line) -> int:
        """Return the oldest commit that is left of a branch with all that follow; 0 when all are."""
        if line.is_over:
            return line.head + 1 if line.head > line.fork else line.horizon
        if not line.is_there:
            # Something was made of it that is there: it stays as it is.
            return line.horizon
        wanted = self._wanted.oldest.get(line.branch.id, 0)
        if wanted > line.horizon and retention.count_between(self._conn, line, line.fork + 1, wanted):
            return wanted
        return line.horizon

    def _decide(self, line: Line, horizon: int, needed: Iterable[int]) -> None:
        decision, branch_id = self._decision, line.branch.id
        before = self._before.get(branch_id, set())
        kept = {seq for seq in needed if seq < horizon and (seq >= line.horizon or seq in before)}
        released = before - kept
        decision.horizons[branch_id], decision.kept[branch_id] = horizon, sorted(kept)
        # What was shown by a commit that is released ended after it.
        decision.looked_at[branch_id] = min([line.thinned_until, *released])
        gone = retention.count_between(self._conn, line, max(line.horizon, line.fork + 1), horizon)
        decision.taken += gone - len(kept - before) + len(released)

    def _needed(self) -> dict[int, set[int]]:
        needed = Needed(self._lines)
        for line in self._lines.values():
            needed.add_forks(line)
        tagged, held = retention.tagged(self._conn), intents.held_commits(self._conn)
        for branch_id, seq in (*tagged, *held, *self._wanted.crossed):
            needed.add(branch_id, seq)
        needed.add_merges(retention.merges(self._conn))
        return needed.commits
