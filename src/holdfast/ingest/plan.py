"""What is to be added, and how."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from holdfast import paths
from holdfast.catalog.branches import MAIN, Branch
from holdfast.errors import InvalidPath
from holdfast.ingest.items import FailedFile, Item
from holdfast.ingest.report import Progress
from holdfast.ingest.sources.scan import DEFAULT_TO

if TYPE_CHECKING:
    from holdfast.config import IngestSettings

#: codes of failures that say nothing about what is in the file
_OF_THE_MOMENT = frozenset({"changed", "unreadable"})

Source = str | os.PathLike[str]


@dataclass(frozen=True)
class FileLimits:
    """What one file may take; passing a limit fails that file alone."""

    #: bytes as it lies on disk
    size: int = 512 * 1024 * 1024
    #: seconds in a worker
    seconds: float = 120.0
    #: bytes of memory in a worker
    memory: int = 2048 * 1024 * 1024
    #: whether URLs may point into private networks
    private_urls: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One add."""

    #: files and folders, in the order in which they are added, and URLs, which come last
    sources: tuple[Source, ...]
    #: the branch that they are added to
    branch: Branch = MAIN
    #: the directory in the store that everything goes under
    to: str = DEFAULT_TO
    #: worker processes; 0 is one per core
    jobs: int = 0
    #: tell what would be done, and do nothing
    dry_run: bool = False
    #: remove what was added from these sources before and is no longer there; "force" even if most of it is gone
    prune: bool | Literal["force"] = False
    #: put all files directly into `to`
    flatten: bool = False
    #: what the one source is called in the store; empty for its own name
    name: str = ""
    #: replace what came from elsewhere, or was changed in the store
    overwrite: bool = False
    #: whether to look, before anything is added, for files in the store that came from elsewhere
    look_first: bool = True
    #: of its commits
    message: str = ""
    actor: str = "user"
    #: called now and then in the thread of the add, and at its end
    progress: Callable[[Progress], None] | None = None
    #: asked between files; once it is true, the group in hand is published and the add ends
    stop: Callable[[], bool] | None = None
    limits: FileLimits = FileLimits()
    #: files that one commit holds at most
    group_files: int = 500
    #: what failed before in adds of these sources, by origin, each with the stamp of the file; such a file is not
    #: prepared again while it stays as it is. None keeps no such book
    failures: dict[str, tuple[str, FailedFile]] | None = None

    def failed_before(self, item: Item) -> FailedFile | None:
        """Return why a file failed in an earlier add, if it is still the same."""
        stamp, failed = (self.failures or {}).get(item.origin, ("", None))
        return failed if stamp == item.stamp else None

    def note_failure(self, item: Item, failed: FailedFile) -> None:
        """Keep in mind why a file failed, unless another try might do better."""
        if self.failures is not None and failed.code not in _OF_THE_MOMENT:
            self.failures[item.origin] = (item.stamp, failed)


def planned(settings: "IngestSettings", sources: Iterable[Source], *, jobs: int | None, **how: Any) -> Plan:
    """Return the plan for `sources`, with what the settings say wherever nothing else was said."""
    limits = FileLimits(
        settings.max_file_bytes,
        settings.max_file_seconds,
        settings.max_file_memory_mib * 1024 * 1024,
        settings.private_urls,
    )
    checked = tuple(sources)
    _check(checked, how.get("name", ""), how.get("prune", False))
    return Plan(sources=checked, jobs=settings.jobs if jobs is None else jobs, limits=limits, **how)


def _check(sources: tuple[Source, ...], name: str, prune: object) -> None:
    for source in sources:
        if not os.fspath(source).strip():
            raise InvalidPath("An empty source names nothing", path=os.fspath(source), remedy="Name a file or folder")
    if name:
        paths.check_name(name)
        if len(sources) != 1:
            raise InvalidPath(f"{len(sources)} sources cannot all be called {name!r}", path=name, remedy="Add one")
    if prune not in (True, False, "force"):
        raise InvalidPath(f"prune cannot be {prune!r}", path=str(prune), remedy="True, False or 'force'")
