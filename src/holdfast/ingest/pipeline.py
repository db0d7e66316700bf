"""Adding documents: scan, prefilter, prepare, publish, each stage bounded by the next.

Files are prepared in any order and published strictly in scan order, in groups of one commit each: a crash at any
instant leaves whole groups, and the same command again goes on from there (G1, G7). While one group is published, the
next ones are prepared. One thread drives all of it; the publishes have one of their own.
"""

import os
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from holdfast.backend import Backend
from holdfast.errors import Conflict, Unsupported
from holdfast.host.abandoned import is_abandoned
from holdfast.ingest import report as stages
from holdfast.ingest.conversion import formats
from holdfast.ingest.items import FailedFile, Item, Outcome
from holdfast.ingest.plan import Plan
from holdfast.ingest.preparing.dispatch import Preparers
from holdfast.ingest.preparing.preparation import refusal
from holdfast.ingest.publishing.groups import NOTHING_VANISHED, Attribution
from holdfast.ingest.publishing.placement import Member, Published, Removal, Vanished, obstacle
from holdfast.ingest.publishing.publisher import Publishing
from holdfast.ingest.publishing.reorder_buffer import InOrder
from holdfast.ingest.report import AddReport, Failure, Progress
from holdfast.ingest.report_builder import Tally
from holdfast.ingest.sources import path_conflicts
from holdfast.ingest.sources.discovery import Intake
from holdfast.ingest.sources.prune import PRUNE_FILES, look, remember
from holdfast.ingest.sources.secrets import shown
from holdfast.ingest.sources.urls import is_url
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import InternalTransaction, begin

#: seconds between looks at the clock while nothing happens: for time limits and groups that are due
TICK = 0.1
#: seconds between calls of the progress callback
PROGRESS_SECONDS = 0.05


def add(backend: Backend, plan: Plan) -> AddReport:
    """Add what `plan` names and report what became of every file.

    Raises only what concerns the request or the whole store: an impossible `to`, files of another source in the way
    (nothing is added then), no space, read-only.
    """
    path_conflicts.check(backend, plan)
    run = _Dry(backend, plan) if plan.dry_run else _Run(backend, plan)
    try:
        return run.run()
    finally:
        run.close()


class _Base:
    """What a real add and a dry run have in common."""

    def __init__(self, backend: Backend, plan: Plan) -> None:
        self._backend = backend
        self._plan = plan
        self._tally = Tally()
        self._intake = Intake(backend, plan, self._tally)
        self._named = {os.path.normpath(Path(source).absolute()) for source in plan.sources} | {
            shown(str(source)) for source in plan.sources
        }
        self._current = ""
        self._told = 0.0

    def _stopping(self) -> bool:
        return is_abandoned() or (self._plan.stop is not None and self._plan.stop())

    def _fail(self, item: Item, failed: FailedFile) -> None:
        failure = Failure(item.origin, stages.PREPARE, failed.code, failed.reason)
        # A picture in a folder is no failed document. One that was named, or that claims to be a document, is.
        strange = failed.code == Unsupported.code and formats.named(item.name) is None
        note = self._tally.leave_out if strange and item.origin not in self._named else self._tally.fail
        note(item.order, failure, item.size)

    def _removals(self) -> Iterator[list[Removal]]:
        """Yield what is to be pruned, in batches of one commit each."""
        if self._plan.prune:
            looked = look(self._backend, self._plan)
            self._tally.not_pruned = looked.refused
            found = iter(looked.removals)
            while batch := list(islice(found, PRUNE_FILES)):
                yield batch

    def _vanished(self) -> Vanished:
        """Return what has vanished from the sources, if it is to be pruned."""
        return Vanished(look(self._backend, self._plan).removals) if self._plan.prune else NOTHING_VANISHED

    def _tell(self, *, last: bool = False) -> None:
        """Call the progress callback, now and then."""
        if self._plan.progress is None:
            return
        now = time.monotonic()
        if last or now - self._told >= PROGRESS_SECONDS:
            self._told = now
            intake, tally = self._intake, self._tally
            self._plan.progress(
                Progress(tally.files, intake.files, tally.size, intake.size, intake.scanned, self._current)
            )


class _Dry(_Base):
    """An add that only tells what it would do."""

    def run(self) -> AddReport:
        tx = begin(self._backend, CommitOptions(self._plan.branch))
        stopped = self._look(tx)
        tx.rollback()
        self._tally.removed = sum(map(len, self._removals()))
        self._tell(last=True)
        return self._tally.report(interrupted=stopped)

    def close(self) -> None:
        """Let go of what was downloaded."""
        self._intake.close()

    def _look(self, tx: InternalTransaction) -> bool:
        """Tell what would become of each file, in a transaction that is never published; returns whether stopped."""
        gone: Vanished | None = None
        while (found := self._intake.next()) is not None:
            self._current = found.item.origin
            refused, error = refusal(found.item), None
            if refused is None and found.blocked:
                gone = self._vanished() if gone is None else gone
                error = obstacle(tx, found.item.path, gone)
            if refused is not None:
                self._fail(found.item, refused)
            elif error is not None:
                self._tally.refuse(found.item, error)
            else:
                self._tally.would(found.item, update=found.there)
            self._tell()
            if self._stopping():
                return True
        return False


class _Run(_Base):
    """One add under way."""

    def __init__(self, backend: Backend, plan: Plan) -> None:
        super().__init__(backend, plan)
        self._preparers = Preparers(backend, plan)
        self._order = InOrder()
        by = Attribution(plan.branch, plan.message or _message(plan), plan.actor)
        #: what `_vanished` found; only the publishing thread asks
        self._gone: Vanished | None = None
        self._publishing = Publishing(backend, by, self._tally, self._try_again, self._vanished, plan.group_files)
        #: whether the intake has nothing more
        self._all_taken = False
        #: places of files that were prepared a second time, because they changed before they were stored
        self._tried_again: set[int] = set()

    def run(self) -> AddReport:
        stopped = False
        while not stopped and not self._all_done:
            self._intake.look_ahead()
            self._feed()
            self._collect()
            self._release()
            self._tell()
            stopped = self._stopping()
        self._publishing.finish()
        if not stopped:
            self._prune()
            remember(self._backend, self._plan, self._tally.not_pruned)
        report = self._tally.report(interrupted=stopped)
        if report.is_large:
            self._current = stages.INDEXING
        self._tell(last=True)
        return report

    def close(self) -> None:
        """Let go of workers and threads; the group in hand is published, what is not is dropped."""
        self._preparers.close()
        self._publishing.close()
        self._intake.close()

    @property
    def _all_done(self) -> bool:
        return self._all_taken and self._order.empty and self._publishing.idle

    def _feed(self) -> None:
        while not self._all_taken and self._preparers.room and self._order.room:
            found = self._intake.next()
            if found is None:
                self._all_taken = True
                return
            self._order.expect(found.item)
            if found.known is not None:
                self._order.arrive(found.item, found.known)
            elif failed := self._plan.failed_before(found.item):
                self._order.arrive(found.item, failed)
            else:
                self._preparers.give(found.item)

    def _collect(self) -> None:
        waits = self._preparers.busy or not self._publishing.idle
        for item, outcome in self._preparers.take(TICK if waits else 0.0, self._publishing.signal):
            self._tally.timer.add(stages.PREPARE, outcome.seconds, item.origin)
            self._current = item.origin
            self._order.arrive(item, outcome)

    def _release(self) -> None:
        if self._publishing.room:
            for item, outcome in self._order.release():
                self._pass_on(item, outcome)
                if not self._publishing.room:
                    break
        # When nothing more is to come, there is nothing to wait for.
        self._publishing.advance(hurry=self._all_taken and self._order.empty)

    def _pass_on(self, item: Item, outcome: Outcome) -> None:
        if isinstance(outcome, FailedFile):
            self._plan.note_failure(item, outcome)
            self._fail(item, outcome)
            return
        draft = outcome.draft(item, self._backend.deriver)
        self._publishing.add(Member(item, draft, outcome.stamp, outcome.weight))

    def _vanished(self) -> Vanished:
        """Return what has vanished from the sources when the first group is published, if it is to be pruned."""
        # No `cached_property`: in Python 3.11 it would let no other add of this process look at its sources meanwhile.
        if self._gone is None:
            self._gone = super()._vanished()
        return self._gone

    def _try_again(self, done: Published) -> None:
        """Prepare large files once more that changed between their preparation and their storing."""
        for item, error in list(done.failed):
            if isinstance(error, Conflict) and item.order not in self._tried_again:
                self._tried_again.add(item.order)
                done.failed.remove((item, error))
                self._order.expect(item)
                self._preparers.give(item)

    def _prune(self) -> None:
        with self._tally.timer.stage(stages.PRUNE):
            for removals in self._removals():
                self._publishing.remove(removals)


def _message(plan: Plan) -> str:
    # A commit message is kept for ever.
    names = ", ".join(shown(source) if is_url(source) else str(source) for source in map(str, plan.sources[:3]))
    # A name on disk may be no valid UTF-8.
    names = names.encode(errors="replace").decode()
    return f"Add {names}{', ...' if len(plan.sources) > 3 else ''}"
