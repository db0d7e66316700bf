"""What the handles of one opened store share, whatever branch each of them is on."""

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

from holdfast import opening
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.front.background import upkeep_of
from holdfast.front.components import Components
from holdfast.front.locks import LockManagers
from holdfast.sessions.transcript_index import Transcripts

if TYPE_CHECKING:
    from holdfast.config import Settings
    from holdfast.front.builtin_jobs import BuiltinJobs
    from holdfast.graph.searching.reader import RowReader
    from holdfast.search.reader import SearchReader


class SharedParts:
    """The parts of an opened store, and what ends with it."""

    def __init__(self, parts: opening.Opened, *, read_only: bool, components: Components, closing: ExitStack) -> None:
        self.backend: Backend = parts.backend
        self.at: opening.Location = parts.at
        self.store_id: str = parts.store_id
        self.read_only = read_only
        self.group_files: int = components.limits.group_files
        self._engine = parts.engine
        self._closing = closing
        self.lock_managers: LockManagers = LockManagers(self.backend)
        self._builtin: dict[int, BuiltinJobs] = {}
        # Made here: two threads that first use it must not get two, as only one would be worked off at the end.
        self.transcripts: Transcripts = Transcripts(self.backend)
        self.upkeep = None if read_only else upkeep_of(self.backend, components, parts.settings.fold_rows)

    @cached_property
    def settings(self) -> "Settings":
        """What `holdfast.toml` and the environment say."""
        from holdfast.config import load

        return load(self.at.folder)

    @cached_property
    def reader(self) -> "SearchReader":
        """What searches read with."""
        from holdfast.search.reader import SearchReader

        return SearchReader(self.backend)

    @cached_property
    def row_reader(self) -> "RowReader":
        """What searches of rows read with."""
        from holdfast.graph.searching.reader import RowReader

        return RowReader(self.backend, self.reader)

    def builtin(self, branch: Branch) -> "BuiltinJobs":
        """Return what runs Holdfast's own jobs on a branch."""
        if branch.id not in self._builtin:
            # A command that only reads or searches has no use for what jobs are done with.
            from holdfast.front.builtin_jobs import BuiltinJobs

            made = BuiltinJobs(self.backend, branch, lambda: self.settings, read_only=self.read_only)
            self._builtin.setdefault(branch.id, made)
        return self._builtin[branch.id]

    def close(self) -> None:
        """Let go of the store's files; may be called twice."""
        # What is left of this process's own work, before the store's files are let go.
        self.transcripts.close()
        if self.upkeep is not None:
            self.upkeep.close()
            self.upkeep = None
        for builtin in list(self._builtin.values()):
            builtin.close()
        if "reader" in self.__dict__:
            self.reader.close()
        self.lock_managers.close()
        if self.backend.renewing is not None:
            self.backend.renewing.close()
        self._engine.close()
        self._closing.close()
