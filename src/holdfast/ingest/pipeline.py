"""Adding documents: scan, prefilter, prepare, publish, each stage bounded by the next.

Files are prepared in any order and published strictly in scan order, in groups of one commit each, so that a crash at
any instant leaves whole groups, a prefix of what was found, and the same command again goes on from there (G1, G7).
While one group is published, the next ones are prepared.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from holdfast import paths
from holdfast.backend import Backend
from holdfast.documents import Draft
from holdfast.errors import HoldfastError, InvalidPath
from holdfast.ingest import report as stages
from holdfast.ingest.groups import Attribution, Group, Member, Published, publish
from holdfast.ingest.items import Failed, Item, Outcome, Prepared
from holdfast.ingest.prefilter import Prefilter
from holdfast.ingest.report import AddReport, Progress, Tally
from holdfast.ingest.scan import DEFAULT_TO, Found, Refused, scan

Source = str | os.PathLike[str]

#: files that the scan may be ahead of the rest, so that progress knows how much there is to come
SCAN_AHEAD = 50_000
#: files scanned in one go before the other stages get their turn
SCAN_BATCH = 512
#: files whose prefilter is one catalog transaction
PREFILTER_BATCH = 512
#: files under way from the prefilter to the publish: one slow file must not let the others pile up
WINDOW_FILES = 1024
#: bytes of prepared files waiting for a slower one before them
WINDOW_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Plan:
    """What is to be added, and how."""

    sources: tuple[Source, ...]
    #: the directory in the store that everything goes under
    to: str = DEFAULT_TO
    #: worker processes; 0 is one per core
    jobs: int = 0
    #: tell what would be done, and do nothing
    dry_run: bool = False
    #: remove what was added from these sources before and is no longer there
    prune: bool = False
    #: put all files directly into `to`
    flatten: bool = False
    message: str = ""
    actor: str = "user"
    progress: Callable[[Progress], None] | None = None
    #: asked between files; once it is true, the group in hand is published and the add ends
    stop: Callable[[], bool] | None = None
    limits: "FileLimits" = field(default_factory=lambda: FileLimits())


@dataclass(frozen=True)
class FileLimits:
    """What one file may take."""

    #: bytes as it lies on disk
    size: int = 512 * 1024 * 1024
    seconds: float = 120.0
    #: bytes
    memory: int = 2048 * 1024 * 1024


def add(backend: Backend, plan: Plan) -> AddReport:
    """Add what `plan` names and report what became of every file.

    Raises only for what concerns the whole store or the request (no space, read-only, an impossible `to`).
    """
    run = _Run(backend, plan)
    try:
        return run.run()
    finally:
        run.close()
