"""The sweep: what a dead owner staged is removed, and its intent is closed with one audit row.

An intent goes through three short steps, each of which may be repeated by anybody after a crash. It is taken over:
its owner, should it wake up on another host, can no longer publish. What it named is removed. It is marked swept and
audited in one SQL transaction: of two processes that sweep at once, one does so. Whatever fails is counted; after
ATTEMPTS the intent is set aside with its cause, shown by `status` and `doctor`, and stops nobody.
"""

import logging
from dataclasses import dataclass, field

from holdfast.backend import Backend
from holdfast.catalog import audit, intents
from holdfast.catalog.engine import Connection
from holdfast.catalog.intents import Intent
from holdfast.errors import HoldfastError, StorageFailed
from holdfast.faults import point
from holdfast.host import disk
from holdfast.index.tables import GraphTable, SearchTable
from holdfast.publish import intention
from holdfast.recovery.owners import StagedNames, is_gone, is_silent, named

#: failed sweeps after which an intent is set aside
ATTEMPTS = 5
#: seconds after which a sweep leaves the rest for the next one
BUDGET = 10.0
#: the same, at open
BUDGET_AT_OPEN = 0.03

SWEEP, SET_ASIDE = "sweep", "set_aside"

log: logging.Logger = logging.getLogger("holdfast.recovery")


@dataclass
class SweepReport:
    """What one sweep did."""

    #: intents whose litter is gone
    swept: int = 0
    #: intents given up, with their cause
    set_aside: int = 0
    #: intents that failed and will be tried again
    failed: int = 0
    #: intents left for a later sweep: time ran out, or live writers are at work on the same table
    postponed: int = 0
    #: blobs, temporary files and files of tables removed
    removed: int = 0


def sweep(backend: Backend, *, tables: bool = True, budget: float = BUDGET) -> SweepReport:
    """Sweep the intents of dead owners for about `budget` seconds; does nothing when there is none.

    Without `tables`, those that named tables are left for a later sweep: looking into a table takes an import of Lance.
    """
    with backend.engine.read() as conn:
        active = intents.in_state(conn, intents.ACTIVE)
    if not active:
        return SweepReport()
    try:
        try:
            return _Sweep(backend, tables, backend.clock.now() + budget).run(active)
        except StorageFailed:
            # There is no room to write down who is dead. What is nobody's for certain can go all the same.
            if not (tables and make_room(backend)):
                raise
            return _Sweep(backend, tables, backend.clock.now() + budget).run(active)
    except OSError as error:
        raise disk.explain(error, "the sweep") from error


def make_room(backend: Backend) -> int:
    """Remove, on a full disk, what can go without a word in the catalog; returns how many files."""
    from holdfast.recovery import litter

    removed = litter.remove_temporary(backend)
    for table in backend.tables.every:
        found = litter.litter_of(backend, table)
        litter.remove_files(backend, table, found.files)
        removed += len(found.files)
    return removed


def sweep_at_open(backend: Backend) -> SweepReport:
    """Sweep what can be swept in milliseconds. Never raises: litter is no reason not to open a store (G7)."""
    try:
        return sweep(backend, tables=False, budget=BUDGET_AT_OPEN)
    except HoldfastError as error:
        log.warning("the sweep at open failed and will be tried again: %s", error)
        return SweepReport()


@dataclass
class _Sweep:
    backend: Backend
    with_tables: bool
    #: seconds since the epoch
    deadline: float
    report: SweepReport = field(default_factory=SweepReport)
    _temporary_done: bool = False
    #: tables looked at, and whether files of theirs were held back for live writers
    _held: dict[str, bool] = field(default_factory=dict)

    def run(self, active: list[Intent]) -> SweepReport:
        dead = self._take_over(active)
        if dead:
            point("sweep.before_remove")
        for done, intent in enumerate(dead):
            # One at least: on a disk so slow that taking over used up the time, every sweep gets further all the same.
            if done and self.backend.clock.now() > self.deadline:
                self.report.postponed += 1
            else:
                self._sweep_one(intent)
        return self.report

    def _take_over(self, active: list[Intent]) -> list[Intent]:
        """Return the intents that are nobody's any more; those that cannot be read are set aside."""
        now, gone, silent = self.backend.clock.now(), [], []
        for intent in active:
            try:
                if is_gone(intent, now):
                    gone.append(intent)
                elif is_silent(intent, now):
                    silent.append(intent)
            except ValueError as error:
                self._set_aside(intent, f"its owner is not readable: {error}")
        if silent:
            with self.backend.engine.write(durable=False) as conn:
                # A whole lease: whoever lives answers within a third of one.
                self.report.postponed += sum(
                    intents.ask(conn, intent, now + intention.INTENT_LEASE) for intent in silent
                )
        ours = [intent for intent in gone if intent.ended is not None]
        if fresh := [intent for intent in gone if intent.ended is None]:
            point("sweep.before_take_over")
            # Before anything is removed: an owner on another host may wake up, and must not publish any more (G7).
            with self.backend.engine.write(durable=False) as conn:
                ours += [intent for intent in fresh if intents.take_over(conn, intent, now)]
        return ours

    def _sweep_one(self, intent: Intent) -> None:
        try:
            found = named(intent, self.backend.tables.may_mean)
        except ValueError as error:
            self._set_aside(intent, str(error))
            return
        try:
            if self._remove(found):
                self._finish(intent)
            else:
                self.report.postponed += 1
        except (HoldfastError, OSError) as error:
            self._count_failure(intent, error)

    def _remove(self, found: StagedNames) -> bool:
        """Remove what an intent staged; returns whether nothing of it can be left."""
        # Here, as every process that opens a store comes to look for litter, and hardly one finds any.
        from holdfast.recovery import litter

        self.report.removed += litter.remove_blobs(self.backend, found.blobs)
        if not self._temporary_done:
            self.report.removed += litter.remove_temporary(self.backend)
            self._temporary_done = True
        if not found.tables:
            return True
        if not self.with_tables:
            return False
        point("sweep.before_tables")
        held = [self._sweep_table(table) for name in found.tables for table in self.backend.tables.all_of(name)]
        return not any(held)

    def _sweep_table(self, table: SearchTable | GraphTable) -> bool:
        """Remove what nobody needs of a table; returns whether files were held back for live writers."""
        from holdfast.recovery import litter

        name = table.name
        if name not in self._held:
            litter.distrust(self.backend, table)
            found = litter.litter_of(self.backend, table)
            litter.remove_files(self.backend, table, found.files)
            litter.remember(self.backend, table, found)
            self.report.removed += len(found.files)
            self._held[name] = found.held > 0
        return self._held[name]

    def _finish(self, intent: Intent) -> None:
        point("sweep.before_finish")
        now = self.backend.clock.now()
        with self.backend.engine.write(durable=False) as conn:
            if intention.close(conn, intent, now):
                audit.write(conn, now, SWEEP, intent.intent_id, f"{_what(intent)}: what it staged is removed")
                self.report.swept += 1
            point("sweep.before_commit")

    def _count_failure(self, intent: Intent, error: HoldfastError | OSError) -> None:
        now = self.backend.clock.now()
        with self.backend.engine.write(durable=False) as conn:
            if (intents.failed_sweep(conn, intent.intent_id, str(error)) or 0) < ATTEMPTS:
                self.report.failed += 1
            elif intention.close(conn, intent, now, cause=str(error)):
                self._audit_set_aside(conn, intent, str(error), now)

    def _set_aside(self, intent: Intent, cause: str) -> None:
        now = self.backend.clock.now()
        with self.backend.engine.write(durable=False) as conn:
            if intention.close(conn, intent, now, cause=cause):
                self._audit_set_aside(conn, intent, cause, now)

    def _audit_set_aside(self, conn: Connection, intent: Intent, cause: str, now: float) -> None:
        audit.write(conn, now, SET_ASIDE, intent.intent_id, f"{_what(intent)}: {cause}")
        self.report.set_aside += 1


def _what(intent: Intent) -> str:
    return f"{intent.kind} by {intent.actor}"
