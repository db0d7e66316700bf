"""Ending attempts that did not end by their own publish: done, to be tried again, given up, taken from the dead."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from holdfast.backend import Backend
from holdfast.catalog import audit
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import jobs
from holdfast.catalog.work.jobs import Job
from holdfast.errors import HoldfastError, Locked, ProviderFailed
from holdfast.faults import point
from holdfast.host import process
from holdfast.jobs.kinds import Backoff

#: characters of a cause that are kept
CAUSE_CHARACTERS = 2000
#: seconds that a job rests at most because a provider asked for it
LONGEST_ASKED = 3600.0

log: logging.Logger = logging.getLogger("holdfast.jobs")


@dataclass(frozen=True)
class Outcome:
    """How one attempt ended whose effect, if it had one, is the catalog's alone."""

    job: Job
    #: done | skipped | failed; `queued` is another try, or `failed` when there were enough
    state: str
    error: str | None = None
    result: dict[str, Any] | None = None
    #: seconds to rest before another try
    rest: float = 0.0
    #: False when the attempt was broken off through no fault of the job's
    counted: bool = True


def write(backend: Backend, outcomes: list[Outcome]) -> None:
    """Write how attempts ended, in one durable commit; those whose lease is gone are passed over."""
    if not outcomes:
        return
    point("jobs.before_finish")
    _each_by_itself(backend, outcomes, _write_one)
    point("jobs.after_finish")


def after_error(job: Job, error: BaseException, backoff: Backoff, rng: random.Random) -> Outcome:
    """Return the outcome of an attempt that raised: another try, as long as any is left."""
    asked = min(error.retry_after or 0.0, LONGEST_ASKED) if isinstance(error, ProviderFailed) else 0.0
    return Outcome(job, jobs.QUEUED, cause(error), rest=max(asked, backoff.seconds(job.attempts, rng)))


def cause(error: BaseException) -> str:
    """Return what an error says, on one line of bounded length."""
    return f"{error.code if isinstance(error, HoldfastError) else type(error).__name__}: {reason(error)}"


def reason(error: BaseException) -> str:
    """Return what an error says, without its kind: on one line, bounded, and of what the catalog can keep."""
    try:
        text = str(error)
    except Exception as worse:  # noqa: BLE001 - an error that cannot be told is told by its kind
        text = f"it cannot be printed ({type(worse).__name__})"
    # A lone surrogate, as in a file's name that is no UTF-8, would keep the end of the job from being written.
    return " ".join(text.encode("utf-8", "backslashreplace").decode().replace("\0", " ").split())[:CAUSE_CHARACTERS]


def take_over(backend: Backend) -> int:
    """Queue again the jobs whose worker died, or whose lease ran out unrenewed; returns how many.

    A worker of this host is known to be dead or alive, so its jobs are taken up at once; of another host only its
    lease can tell.
    """
    with backend.engine.read() as conn:
        now = backend.clock.now()
        fates = {owner: _is_dead(owner) for owner in {job.owner for job in jobs.running(conn)}}
        lost = [job for job in jobs.running(conn) if fates[job.owner] or lease_end(job) < now]
    return _each_by_itself(
        backend,
        [Outcome(job, jobs.QUEUED, f"its worker ({_name(job.owner)}) died or fell silent") for job in lost],
        _take_one,
    )


def _each_by_itself(
    backend: Backend, outcomes: list[Outcome], write_one: Callable[[Connection, Outcome, float], bool]
) -> int:
    """Write outcomes in one commit; if the store refuses that, each in its own, so that none holds up the others.

    Returns how many took effect. Raises what the store said when it refused them all.
    """
    if not outcomes:
        return 0
    try:
        with backend.engine.write() as conn:
            return sum(write_one(conn, each, backend.clock.now()) for each in outcomes)
    except Locked:
        # Nobody gets to write at present: that is no job's doing.
        raise
    except Exception as error:
        if len(outcomes) == 1:
            raise
        log.debug("%d jobs are written one by one: %s", len(outcomes), error)
    return _one_by_one(backend, outcomes, write_one)


def _one_by_one(
    backend: Backend, outcomes: list[Outcome], write_one: Callable[[Connection, Outcome, float], bool]
) -> int:
    written, refused = 0, list[Exception]()
    for each in outcomes:
        try:
            with backend.engine.write() as conn:
                written += write_one(conn, each, backend.clock.now())
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one job is not the others' trouble
            log.warning("how job %d ended could not be written: %s", each.job.id, error)
            refused.append(error)
    if len(refused) == len(outcomes):
        raise refused[0]
    return written


def _take_one(conn: Connection, outcome: Outcome, now: float) -> bool:
    # Two that look for the dead at once find the same jobs: the second has nothing to do, and nothing to report.
    if not _write_one(conn, outcome, now):
        return False
    job = outcome.job
    subject = f"job {job.id} attempt {job.attempts} token {job.token}"
    audit.write(conn, now, "take_over", subject, f"{job.kind}: worker {_name(job.owner)} is gone")
    return True


def _write_one(conn: Connection, outcome: Outcome, now: float) -> bool:
    job = outcome.job
    if outcome.state != jobs.QUEUED:
        return jobs.finish(conn, job, outcome.state, now, error=outcome.error, result=outcome.result)
    if outcome.counted and job.attempts >= job.max_attempts:
        why = f"given up after {job.attempts} attempts; the last: {outcome.error}"
        return jobs.finish(conn, job, jobs.FAILED, now, error=why)
    run_at = now + outcome.rest
    return jobs.put_back(conn, job, now, run_at=run_at, error=outcome.error, counted=outcome.counted)


def lease_end(job: Job) -> float:
    """Return when the lease of a running job ends, in seconds since the epoch."""
    return 0.0 if job.lease_until is None else job.lease_until.timestamp()


def _is_dead(owner: str | None) -> bool:
    try:
        return bool(process.is_dead(process.Identity.from_json(owner or "")))
    except ValueError:
        return False


def _name(owner: str | None) -> str:
    try:
        return str(process.Identity.from_json(owner or ""))
    except ValueError:
        return "unknown"
