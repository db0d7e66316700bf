"""The worker's pulse: renews leases, notices cancels, ends attempts that take too long."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from holdfast.backend import Backend
from holdfast.catalog.work import jobs
from holdfast.catalog.work.jobs import Job
from holdfast.host.held import held
from holdfast.jobs import outcome
from holdfast.jobs.kinds import JobKind
from holdfast.jobs.outcome import lease_end
from holdfast.models.concurrent_calls import Stop

#: seconds between two beats
BEAT = 1.0
#: a lease is renewed when less than this part of it is left
RENEW_BELOW = 2 / 3


@dataclass
class Running:
    """An attempt under way in this worker."""

    job: Job
    kind: JobKind
    #: seconds since the epoch
    began: float
    stop: Stop = field(default_factory=Stop)
    #: beats since it was told to stop
    beats_ignored: int = 0


class Heartbeat:
    """Keeps the leases of what runs in one worker."""

    def __init__(self, backend: Backend, lease: float, rng: random.Random) -> None:
        self._backend = backend
        self._rng = rng
        #: seconds
        self._lease = lease
        self._running: dict[int, Running] = {}

    @held
    def attempt(self, job: Job, kind: JobKind) -> Iterator[Running]:
        """Look after an attempt while the block lasts."""
        running = Running(job, kind, self._backend.clock.now())
        try:
            self._running[id(running)] = running
            yield running
        finally:
            self._running.pop(id(running), None)

    def stop_all(self, reason: str) -> None:
        """Tell every attempt to stop."""
        for each in self._all():
            each.stop.set(reason)

    def beat(self) -> list[Running]:
        """Look after every attempt once; returns those that were told to stop and have not."""
        ignoring = []
        for each in self._all():
            if each.stop.reason is not None:
                each.beats_ignored += 1
                ignoring.append(each)
        watched = [each for each in self._all() if each.stop.reason is None]
        if watched:
            self._look_after(watched)
        return ignoring

    def _look_after(self, watched: list[Running]) -> None:
        now = self._backend.clock.now()
        with self._backend.engine.read() as conn:
            there = jobs.get_many(conn, [each.job.id for each in watched])
        renewing, slow = list[Running](), list[Running]()
        for each in watched:
            job = there.get(each.job.id)
            if job is None or job.token != each.job.token:
                each.stop.set("cancelled" if job is not None and job.state == jobs.CANCELLED else "taken over")
            elif now - each.began > each.kind.time_limit:
                slow.append(each)
            elif lease_end(job) - now < self._lease * RENEW_BELOW:
                renewing.append(each)
        # The leases first: no trouble with an attempt that is to end may cost the others theirs.
        if renewing:
            with self._backend.engine.write(durable=False) as conn:
                for each in renewing:
                    jobs.renew(conn, each.job.id, each.job.token or "", now + self._lease)
        for each in slow:
            self._end_slow(each)

    def _end_slow(self, running: Running) -> None:
        # The job is taken from the attempt before the attempt is told: it cannot publish in between.
        slow = TimeoutError(f"the attempt took longer than {running.kind.time_limit:g} s")
        outcome.write(self._backend, [outcome.after_error(running.job, slow, running.kind.backoff, self._rng)])
        running.stop.set("took too long")

    def _all(self) -> list[Running]:
        return list(self._running.values())
