"""Looking after a store: checks, repairs and tidying."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.ingest.preparing.deriver import DocumentDeriver
from holdfast.opening import Location
from holdfast.upkeep.upkeep import OptimizeReport, optimize

if TYPE_CHECKING:
    from holdfast.config import Settings
    from holdfast.ingest.reindex import ReindexReport
    from holdfast.ingest.report import Progress
    from holdfast.recovery.checks.inspection import VerifyReport
    from holdfast.recovery.doctor import Finding
    from holdfast.recovery.gc import GcReport
    from holdfast.recovery.journal import IntentInfo
    from holdfast.recovery.repair import RepairReport


@checks_arguments
class Maintenance:
    """Checks, repair, garbage collection and upkeep of a store, as `store.maintenance`. None of it makes a commit."""

    def __init__(self, backend: Backend, branch: Branch, at: Location, settings: Callable[[], "Settings"]) -> None:
        self._backend = backend
        self._branch = branch
        self._at = at
        self._settings = settings

    def __repr__(self) -> str:
        return f"<Maintenance of {self._backend.address}>"

    def verify(self, *, deep: bool = False) -> "VerifyReport":
        """Return what is wrong with the store, if anything; `deep` reads every byte of every commit."""
        from holdfast.recovery.verify import verify
        from holdfast.sessions.checking import CHECKS

        return verify(self._backend, deep=deep, also=CHECKS)

    def doctor(self) -> "list[Finding]":
        """Return what is the matter with the store in plain words, the worst first, and what to run."""
        from holdfast.recovery.doctor import doctor
        from holdfast.sessions.checking import CHECKS

        return doctor(self._at, deriver=DocumentDeriver, clock=self._backend.clock, also=CHECKS)

    def repair(self) -> "RepairReport":
        """Make again what can be made again: search rows, renditions, and bytes that still lie at their source."""
        from holdfast.ingest.rederiving import Again
        from holdfast.recovery.repair import repair
        from holdfast.sessions.checking import CHECKS

        with Again(self._backend, self._settings().ingest) as again:
            return repair(self._backend, again.rederive, CHECKS)

    def gc(self, *, keep: int | str | timedelta | None = None, dry_run: bool = False) -> "GcReport":
        """Remove what nothing refers to, in no commit, and what deleted branches left; with `dry_run`, only count it.

        History is kept, unless `keep` says for how long, or the setting `history.keep`: the newest `100` commits of
        each branch, or those of `"30d"` (hours, days, weeks), counted back from the newest commit. What something needs
        stays: a tag, a branch, a snapshot in a `with`, a merge to come. Reading what was taken raises CommitTaken.
        """
        from holdfast.recovery.gc import gc
        from holdfast.recovery.retention.keep import parsed

        wanted = parsed(self._settings().history.keep if keep is None else keep)
        return gc(self._backend, keep=wanted, dry_run=dry_run)

    def optimize(self) -> OptimizeReport:
        """Fold the tail, put away rows that nobody sees, index and compact, now; a store does so by itself in time.

        What a search finds is the same before and after.
        """
        return optimize(self._backend)

    def reindex(
        self,
        under: str = paths.ROOT,
        *,
        everything: bool = False,
        embedder: str | None = None,
        progress: "Callable[[Progress], None] | None" = None,
        stop: Callable[[], bool] | None = None,
    ) -> "ReindexReport":
        """Make the Markdown and search rows of what is visible anew where an older version made them; no commit.

        That is what an upgrade asks for; with `everything` all is made anew. What was published stays when it is
        stopped, and the next reindex goes on from there. `progress` and `stop` are as for `add`.

        With `embedder`, an address as `create` takes it, the vectors of all that the store ever held are made anew
        beside those there are, and searches turn to them when they are complete: until then they find with the old
        ones, and others go on adding. The address of the present embedder ends a move that is under way, and says where
        it lies now.
        """
        if embedder is not None:
            return self._move_to(embedder, progress, stop)
        from holdfast.ingest.rederiving import Again
        from holdfast.ingest.reindex import reindex

        top = paths.parse(under)
        with Again(self._backend, self._settings().ingest) as again:
            return reindex(again, self._branch, top, everything=everything, progress=progress, stop=stop)

    def _move_to(
        self,
        address: str,
        progress: "Callable[[Progress], None] | None",
        stop: Callable[[], bool] | None,
    ) -> "ReindexReport":
        from holdfast.index.embedding.chosen import choose
        from holdfast.ingest.reindex import ReindexReport
        from holdfast.ingest.report import Progress
        from holdfast.recovery.former import collect_former
        from holdfast.upkeep.moving import move

        def tell(done: int, of: int) -> None:
            if progress is not None:
                progress(Progress(done, of, done, of, True, address))

        backend = self._backend
        moved = move(backend, choose(address, backend.chosen.options), progress=tell, stop=stop)
        if not moved.interrupted:
            collect_former(backend)
        return ReindexReport(moved.made, moved.made, (), moved.interrupted)

    def intents(self, *, newest: int = 0) -> "list[IntentInfo]":
        """Return what is being staged now and what a sweep has given up, oldest first.

        With `newest`, the latest so many stagings of any state, newest first.
        """
        from holdfast.recovery import journal

        return journal.newest(self._backend, newest) if newest else journal.in_flight(self._backend)
