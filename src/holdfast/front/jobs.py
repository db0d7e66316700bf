"""The jobs of a store, and workers that run them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.errors import ReadOnly, Unsupported
from holdfast.jobs.kinds import JobKind
from holdfast.jobs.queue import JobQueue

if TYPE_CHECKING:
    from holdfast.jobs.worker import Worker


@checks_arguments
class Jobs(JobQueue):
    """The queue of a store, as `store.jobs`, which knows the kinds of jobs that Holdfast brings."""

    def __init__(
        self, backend: Backend, branch: Branch, kinds: Callable[[], list[JobKind]], *, read_only: bool
    ) -> None:
        super().__init__(backend, branch)
        self._kinds = kinds
        self._read_only = read_only

    def worker(self, kinds: Iterable[JobKind] = (), *, threads: int = 1) -> "Worker":
        """Return a worker for Holdfast's own kinds of jobs and `kinds`; start it with `with`, or call its `run`.

        It runs the jobs of all branches, each on its own.
        """
        from holdfast.jobs.worker import Worker

        if not isinstance(threads, int) or threads < 1:
            raise Unsupported(f"A worker cannot have {threads!r} threads", remedy="Give it 1 or more for each kind")
        if self._read_only:
            # It would look again and again at jobs that it cannot claim.
            raise ReadOnly("The store was opened read-only: no job can be run")
        return Worker(self._backend, [*self._kinds(), *kinds], threads=threads)
