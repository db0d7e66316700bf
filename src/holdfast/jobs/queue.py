"""The queue as users and programs see it: enqueue, look, retry, cancel, wait."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.work import jobs
from holdfast.catalog.work.enqueueing import ATTEMPTS, NewJob, seconds_of
from holdfast.catalog.work.jobs import Job, JobState
from holdfast.errors import NotFound, Unsupported
from holdfast.host.abandoned import is_abandoned
from holdfast.jobs.waker import Waker

#: seconds between two looks at jobs that another process runs
LOOK_AGAIN = 0.05
#: jobs listed at once
PAGE = 500


@dataclass(frozen=True)
class JobStats:
    """The queue in numbers."""

    #: jobs in each state that any is in
    counts: dict[str, int]
    #: the job that has waited longest to end
    oldest: Job | None
    #: the latest failures, newest first
    failed: list[Job]

    @property
    def depth(self) -> int:
        """Jobs that have not ended."""
        return sum(self.counts.get(state, 0) for state in jobs.UNENDED)


@checks_arguments
class JobQueue:
    """All jobs of a store. Iterating yields them, newest first."""

    def __init__(self, backend: Backend, branch: Branch) -> None:
        self._backend = backend
        # That of the jobs it enqueues.
        self._branch = branch

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._backend.address}>"

    def __iter__(self) -> Iterator[Job]:
        return self.list()

    def enqueue(
        self,
        kind: str,
        payload: dict[str, Any] | None = None,
        *,
        priority: int = 0,
        run_at: datetime | None = None,
        key: str | None = None,
        supersede: bool = False,
        after: int | None = None,
        attempts: int = ATTEMPTS,
    ) -> int:
        """Write a job that changes this branch, durable when this returns, and return its id.

        Jobs of a higher `priority` are begun first, and none before `run_at`. Of two unstarted jobs with the same `key`
        only one stays: the older, or with `supersede` the newer. `after` names a job that must have ended first. A job
        is begun at most `attempts` times.
        """
        new = NewJob(
            kind=kind,
            payload=payload or {},
            priority=priority,
            run_at=seconds_of(run_at),
            key=key,
            supersede=supersede,
            after=after,
            attempts=attempts,
        )
        with self._backend.engine.write() as conn:
            job_id = jobs.enqueue(conn, self._branch, new, self._backend.clock.now())
        self._announce()
        return job_id

    def list(
        self, *states: JobState, kind: str | None = None, limit: int | None = None, after: int | None = None
    ) -> Iterator[Job]:
        """Yield jobs, newest first; with states, those in any of them.

        At most `limit` of them, and only those that come after the job with the id `after`: where one left off.
        """
        return islice(self._newest(states or jobs.STATES, kind, after), limit)

    def _newest(self, states: Iterable[str], kind: str | None, before: int | None) -> Iterator[Job]:
        while True:
            with self._backend.engine.read() as conn:
                found = jobs.newest(conn, states, kind, before=before, limit=PAGE)
            yield from found
            if len(found) < PAGE:
                return
            before = found[-1].id

    def get(self, job_id: int) -> Job:
        """Return one job; raises NotFound."""
        with self._backend.engine.read() as conn:
            found = jobs.get(conn, job_id)
        if found is None:
            raise NotFound(f"There is no job {job_id}", path=str(job_id), remedy="See `holdfast jobs list`")
        return found

    def retry(self, job_id: int) -> int:
        """Queue a job that failed, was skipped or was cancelled, with all its attempts before it.

        Returns the id of the job that will run: another, when one with its key is queued already. Raises NotFound, or
        Unsupported for a job that is done or has not ended.
        """
        job = self.get(job_id)
        with self._backend.engine.write() as conn:
            again = jobs.retry(conn, job_id, self._backend.clock.now())
        if again is None:
            raise Unsupported(
                f"Job {job_id} is {job.state}", path=str(job_id), remedy="Only jobs without an effect can be run again"
            )
        self._announce()
        return again

    def cancel(self, job_id: int) -> bool:
        """End a job that has not ended: it can have no effect from now on. Returns False when it had ended."""
        self.get(job_id)
        with self._backend.engine.write() as conn:
            cancelled = jobs.cancel(conn, job_id, self._backend.clock.now())
        self._announce()
        return cancelled

    def wait(self, ids: Iterable[int], timeout: float | None = None) -> Sequence[Job]:
        """Return the jobs `ids` once all have ended, or as they are after `timeout` seconds. Runs none of them."""
        wanted = list(dict.fromkeys(ids))
        until = None if timeout is None else time.monotonic() + timeout
        waker = Waker(self._backend)
        waker.attach()
        try:
            while True:
                seen = waker.count
                found = [self.get(job_id) for job_id in wanted]
                left = LOOK_AGAIN if until is None else min(LOOK_AGAIN, until - time.monotonic())
                if left <= 0 or is_abandoned() or all(job.has_ended for job in found):
                    return found
                waker.wait(seen, left)
        finally:
            waker.detach()

    def stats(self, failures: int = 10) -> JobStats:
        """Return the queue's depth, its oldest job and its latest failures."""
        with self._backend.engine.read() as conn:
            return JobStats(jobs.counts(conn), jobs.oldest_unended(conn), jobs.failed(conn, failures))

    def _announce(self) -> None:
        self._backend.hooks.announce_published()
