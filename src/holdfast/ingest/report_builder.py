"""The report of an add while it grows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from holdfast.errors import HoldfastError
from holdfast.ingest import report as stages
from holdfast.ingest.items import Item
from holdfast.ingest.publishing.placement import Member, Published
from holdfast.ingest.report import AddReport, Failure, Timer, log


@dataclass(kw_only=True)
class Tally:
    """Counts of what became of the files so far."""

    added: int = 0
    updated: int = 0
    moved: int = 0
    skipped: int = 0
    removed: int = 0
    #: bytes of the files that are accounted for
    size: int = 0
    #: (place in scan order, failure)
    failed: list[tuple[int, Failure]] = field(default_factory=list)
    #: the same, for what is no document
    left_out: list[tuple[int, Failure]] = field(default_factory=list)
    #: source folders of which nothing is removed
    not_pruned: list[Failure] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    timer: Timer = field(default_factory=Timer)

    @property
    def files(self) -> int:
        """Return how many files are accounted for."""
        return self.added + self.updated + self.moved + self.skipped + len(self.left_out) + len(self.failed)

    def skip(self, items: Sequence[Item]) -> None:
        """Note files that the store has already, just so."""
        self.skipped += len(items)
        self.size += sum(item.size for item in items)

    def leave_out(self, order: int, what: Failure, size: int = 0) -> None:
        """Note something that is no document to add."""
        log.debug("left out %s (%s): %s", what.source, what.code, what.reason)
        self.left_out.append((order, what))
        self.size += size

    def would(self, item: Item, *, update: bool) -> None:
        """Note what would become of a file."""
        self.added += not update
        self.updated += update
        self.size += item.size

    def fail(self, order: int, failure: Failure, size: int = 0) -> None:
        """Note a file that was not added."""
        log.debug("failed in %s: %s (%s): %s", failure.stage, failure.source, failure.code, failure.reason)
        self.failed.append((order, failure))
        self.size += size

    def publish(self, members: Sequence[Member], done: Published) -> None:
        """Note what publishing a group did, and how long it took."""
        self._time(members, done)
        self.added += done.added
        self.updated += done.updated
        self.moved += done.moved
        self.skipped += done.unchanged
        self.removed += done.removed
        if done.commit is not None:
            self.commits.append(done.commit)
        if done.job is not None and done.job not in self.jobs:
            self.jobs.append(done.job)
        self.size += sum(member.item.size for member in members)
        for item, error in done.failed:
            self.refuse(item, error)

    def refuse(self, item: Item, error: HoldfastError) -> None:
        """Note a file that cannot stand where it should go."""
        self.fail(item.order, Failure(item.origin, stages.PUBLISH, error.code, str(error)))

    def _time(self, members: Sequence[Member], done: Published) -> None:
        files = f"{len(members)} files from {members[0].item.order} on" if members else f"{done.removed} removals"
        group = f"{files}, commit {done.commit}"
        self.timer.add(stages.STAGE, done.stage_seconds, group)
        self.timer.add(stages.LOCK_WAIT, done.wait_seconds, group)
        self.timer.add(stages.PUBLISH, done.publish_seconds, group)
        if log.isEnabledFor(logging.DEBUG):
            for member in members:
                log.debug("published in commit %s: %d %s", done.commit, member.item.order, member.item.origin)

    def report(self, *, interrupted: bool) -> AddReport:
        """Return the report as it is now."""
        return AddReport(
            added=self.added,
            updated=self.updated,
            skipped=self.skipped + len(self.left_out),
            failed=_in_order(self.failed),
            left_out=_in_order(self.left_out),
            removed=self.removed,
            commits=tuple(self.commits),
            seconds=self.timer.total(),
            interrupted=interrupted,
            job_ids=tuple(self.jobs),
            moved=self.moved,
            not_pruned=tuple(self.not_pruned),
        )


def _in_order(found: list[tuple[int, Failure]]) -> tuple[Failure, ...]:
    return tuple(failure for _, failure in sorted(found, key=lambda pair: pair[0]))
