"""Thinning history: deciding what stays, then taking what only other commits show, and what deleted branches left."""

from dataclasses import dataclass, field

from holdfast.backend import Backend
from holdfast.catalog import branches, contents, settings
from holdfast.catalog.contents import Content
from holdfast.catalog.engine import Connection, batches
from holdfast.catalog.graph import bases
from holdfast.catalog.graph import leftovers as graph_leftovers
from holdfast.catalog.history import retention
from holdfast.catalog.work import leftovers
from holdfast.faults import point
from holdfast.recovery.retention.deciding import Decision, decide
from holdfast.recovery.retention.keep import Keep
from holdfast.recovery.retention.taking import Taking
from holdfast.upkeep import retire

#: sessions, and ended jobs, of a deleted branch that are dropped in one turn
AT_ONCE = 100
#: the newest base of the graph at the last gc
_FOLDED_AT = "graph_folded_at"


@dataclass(kw_only=True)
class Thinned:
    """What was taken of history, or would be."""

    #: commits that can be read no more
    commits: int = 0
    #: rows of the tree
    entries: int = 0
    #: deleted branches of which nothing is left
    branches: int = 0
    #: sessions of deleted branches
    sessions: int = 0
    #: of a dry run: what nothing would refer to any more
    contents: list[Content] = field(default_factory=list)


def thin(backend: Backend, keep: Keep | None, *, dry_run: bool) -> Thinned:
    """Take what deleted branches left that nothing refers to, and with `keep` what is older on the others."""
    if not dry_run:
        _look_at_departures(backend, keep)
    decision = decide(backend, keep, dry_run=dry_run)
    with backend.engine.read() as conn:
        until = int(settings.get(conn, retire.RETIRED_UNTIL) or 0)
    # First of all: a branch whose rows are gone is looked at no more.
    sessions = _clear_work(backend, decision, dry_run=dry_run)
    taking = Taking(backend, decision, dry_run, _newest(decision) if dry_run else until)
    taking.run()
    if not dry_run:
        _forget_folds(backend)
    thinned = Thinned(commits=decision.taken, entries=taking.rows, branches=taking.branches, sessions=sessions)
    if dry_run:
        with backend.engine.read() as conn:
            thinned.contents = _left_alone(conn, taking)
    return thinned


def _forget_folds(backend: Backend) -> None:
    """Drop the bases of the graph that were replaced before the last gc: nobody is in the midst of reading them."""
    point("retention.before_step")
    with backend.engine.write(durable=False) as conn:
        graph_leftovers.forget_folds(conn, int(settings.get(conn, _FOLDED_AT) or 0))
        if newest := bases.newest_id(conn):
            settings.put(conn, _FOLDED_AT, str(newest))
    point("retention.after_step")


def _newest(decision: Decision) -> int:
    return max((line.head for line in decision.lines.values()), default=0)


def _look_at_departures(backend: Backend, keep: Keep | None) -> None:
    """Have upkeep put away what went: it finds that by the rows that are about to be taken."""
    with backend.engine.read() as conn:
        due = keep is not None or bool(branches.uncleared(conn, 1))
    while due:
        retire.retire(backend)
        with backend.engine.read() as conn:
            left = branches.uncleared(conn, retire.BRANCHES_AT_ONCE)
        # It gives up after too many lost races, and what it did not look at stays for the next gc.
        due = len(left) == retire.BRANCHES_AT_ONCE


def _clear_work(backend: Backend, decision: Decision, *, dry_run: bool) -> int:
    """Drop the sessions of deleted branches, and their jobs, all of which have ended; returns how many sessions."""
    found = 0
    for line in decision.lines.values():
        if line.is_there:
            continue
        if dry_run:
            with backend.engine.read() as conn:
                found += leftovers.count_sessions(conn, line.branch)
            continue
        while True:
            point("retention.before_step")
            with backend.engine.write(durable=False) as conn:
                sessions = leftovers.forget_sessions(conn, line.branch, AT_ONCE)
                jobs = leftovers.forget_jobs(conn, line.branch, AT_ONCE)
            point("retention.after_step")
            found += sessions
            if sessions < AT_ONCE and jobs < AT_ONCE:
                break
    return found


def _left_alone(conn: Connection, taking: Taking) -> list[Content]:
    """Return the contents that nothing would refer to once the rows of a dry run were gone."""
    free: set[str] = set()
    for batch in batches(taking.contents):
        holding = retention.holding(conn, batch)
        free.update(each for each in batch if holding.get(each, 0) <= taking.contents[each])
    # What was derived from them alone goes with them.
    derived = contents.derived_from(conn, free) - free
    free |= {each for each in derived if contents.rendered_from(conn, [each]) <= free}
    free -= {each for each in free & derived if retention.holding(conn, [each]).get(each, 0)}
    return contents.among(conn, free)
