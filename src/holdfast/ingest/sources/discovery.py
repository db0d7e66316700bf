"""The first two stages: scan the sources, and let through what the store does not have yet."""

import os
from collections import deque
from itertools import chain, islice

from holdfast import paths
from holdfast.backend import Backend
from holdfast.errors import HoldfastError
from holdfast.ingest import report as stages
from holdfast.ingest.items import Item
from holdfast.ingest.plan import Plan
from holdfast.ingest.report import Failure
from holdfast.ingest.report_builder import Tally
from holdfast.ingest.sources.download import Download, Downloads, Missed
from holdfast.ingest.sources.prefilter import AddCandidate, Prefilter
from holdfast.ingest.sources.scan import RefusedFile, SourceFile, scan
from holdfast.ingest.sources.urls import is_url

#: files that the scan may be ahead of the rest, so that progress knows how much is still to come
SCAN_AHEAD = 50_000
#: files scanned in one go before the other stages get their turn
SCAN_BATCH = 512
#: files whose prefilter is one catalog transaction
PREFILTER_BATCH = 512


class Intake:
    """Files to prepare, in scan order. What needs no preparing goes to the tally at once."""

    def __init__(self, backend: Backend, plan: Plan, tally: Tally) -> None:
        self._plan = plan
        self._to = paths.parse(plan.to)
        self._tally = tally
        self._downloads = Downloads(plan)
        paths_first = [source for source in plan.sources if not is_url(source)]
        self._scan = chain(scan(paths_first, flatten=plan.flatten, name=plan.name), self._downloads)
        self._prefilter = Prefilter(backend, plan.branch, overwrite=plan.overwrite)
        self._scanned: deque[Item] = deque()
        self._wanted: deque[AddCandidate] = deque()
        self._order = 0
        #: whether the scan is over
        self.scanned: bool = False
        #: files found so far
        self.files: int = 0
        #: their bytes
        self.size: int = 0

    def look_ahead(self) -> None:
        """Scan a little further."""
        if self.scanned or len(self._scanned) >= SCAN_AHEAD:
            return
        with self._tally.timer.stage(stages.SCAN, f"files from {self._order + 1} on"):
            batch = list(islice(self._scan, SCAN_BATCH))
            self.scanned = len(batch) < SCAN_BATCH
            for found in batch:
                self._take(found)

    def next(self) -> AddCandidate | None:
        """Return the next file that the store does not have as it is; None when the scan is over."""
        while not self._wanted:
            while not self._scanned:
                if self.scanned:
                    return None
                self.look_ahead()
            self._sift()
        return self._wanted.popleft()

    def close(self) -> None:
        """Remove what was downloaded."""
        self._downloads.close()

    def _sift(self) -> None:
        batch = [self._scanned.popleft() for _ in range(min(PREFILTER_BATCH, len(self._scanned)))]
        with self._tally.timer.stage(stages.PREFILTER, f"{len(batch)} files from {batch[0].order} on"):
            found = self._prefilter.sort(batch)
        self._tally.skip(found.same)
        for clash in found.clashes:
            failure = Failure(clash.item.origin, stages.PREFILTER, clash.error.code, str(clash.error))
            self._tally.fail(clash.item.order, failure, clash.item.size)
        self._wanted.extend(found.wanted)

    def _take(self, found: SourceFile | RefusedFile | Download | Missed) -> None:
        self._order += 1
        self.files += 1
        if isinstance(found, Missed):
            self._tally.fail(self._order, Failure(found.url, stages.FETCH, found.error.code, str(found.error)))
            return
        origin = found.url if isinstance(found, Download) else os.path.normpath(found.source.absolute())
        if isinstance(found, RefusedFile):
            self._refuse(found, origin)
            return
        self.size += found.size
        limit = self._plan.limits.size
        if found.size > limit:
            reason = f"it has {found.size} bytes; {limit} are allowed (ingest.max_file_bytes)"
            self._tally.fail(self._order, Failure(origin, stages.SCAN, "too_large", reason), found.size)
            return
        try:
            path = paths.parse_new(f"{self._to}/{found.target}")
        except HoldfastError as error:
            self._tally.fail(self._order, Failure(origin, stages.SCAN, error.code, str(error)), found.size)
            return
        at, identity = (found.at, found.identity) if isinstance(found, SourceFile) else (found.source, None)
        self._scanned.append(
            Item(
                order=self._order,
                source=at,
                origin=origin,
                path=path,
                size=found.size,
                mtime_ns=found.mtime_ns,
                identity=identity,
            )
        )

    def _refuse(self, refused: RefusedFile, origin: str) -> None:
        note = self._tally.fail if refused.failure else self._tally.leave_out
        note(self._order, Failure(origin, stages.SCAN, refused.code, refused.reason))
