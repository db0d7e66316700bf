"""What `store.add` and `store.watch` do: an add planned from what was asked and what the settings say."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.locks.lock import Lock
from holdfast.upkeep.upkeep import Upkeep

if TYPE_CHECKING:
    from holdfast.config import IngestSettings
    from holdfast.ingest.report import AddReport, Progress

Sources = Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class AddDestination:
    """Where an add puts what it finds, and what it may replace and remove there."""

    to: str
    flatten: bool
    name: str
    overwrite: bool
    prune: bool | Literal["force"]


@dataclass(frozen=True)
class AddConduct:
    """How an add goes about it, in whose name and under which lock."""

    message: str
    #: the store's own, unless told
    actor: str | None
    workers: int | None
    progress: "Callable[[Progress], None] | None"
    stop: Callable[[], bool] | None
    lock: Lock | None


@dataclass(frozen=True)
class Adder:
    """Adds documents to one branch of a store."""

    backend: Backend
    branch: Branch
    settings: "Callable[[], IngestSettings]"
    #: files that one commit holds at most
    group_files: int
    #: returns what is told of each add that has ended
    upkeep: Callable[[], Upkeep | None]

    def add(self, sources: Sources, where: AddDestination, how: AddConduct, **more: Any) -> "AddReport":
        """Add `sources`; `more` are further fields of the plan."""
        from holdfast.ingest.pipeline import add
        from holdfast.ingest.plan import planned

        more.update(vars(where), message=how.message, progress=how.progress, stop=how.stop)
        more.update(branch=self.branch, actor=how.actor or self.backend.actor, group_files=self.group_files)
        plan = planned(self.settings(), sources, jobs=how.workers, **more)
        with how.lock.used() if how.lock else nullcontext():
            report = add(self.backend, plan)
        upkeep = self.upkeep()
        if upkeep is not None:
            upkeep.notice_add(large=report.is_large)
        return report

    def watch(self, sources: Sources, where: AddDestination, how: AddConduct, folder: Path) -> "Iterator[AddReport]":
        """Add `sources`, then again after each burst of changes, until told to stop; `folder` is the store's own."""
        from holdfast.ingest.watch import watch

        first, failures = iter((True,)), dict[str, Any]()

        def add() -> "AddReport":
            # Once it is under way, what gets in its way is a failure of that file alone.
            return self.add(sources, where, how, look_first=next(first, False), failures=failures)

        assert how.stop is not None
        return watch(add, sources, folder, how.stop)
