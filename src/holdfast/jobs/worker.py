"""The worker: claims jobs, runs their handlers, and writes how they ended."""

import functools
import json
import random
import threading
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from holdfast import process
from holdfast.backend import Backend
from holdfast.catalog import jobs
from holdfast.catalog.engine import Connection
from holdfast.catalog.jobs import Job
from holdfast.errors import HoldfastError, LockLost, Unsupported
from holdfast.faults import point
from holdfast.jobs import outcome
from holdfast.jobs.context import Failed, JobContext, Skipped, Stopped
from holdfast.jobs.heartbeat import BEAT, Heartbeat
from holdfast.jobs.kinds import Kind
from holdfast.jobs.outcome import Outcome
from holdfast.jobs.waker import Waker
from holdfast.threads import SupervisedThread, revive

#: seconds that a lease lasts without being renewed; jobs of this host's dead are taken up sooner
LEASE = 60.0
#: seconds between two looks of an idle worker at what other processes enqueued: the first, and the longest
FIRST_LOOK, LAST_LOOK = 0.05, 0.5
#: jobs claimed at once, as long as they are quick
LARGEST_BATCH = 64
#: seconds that a job of a batch may take on average for the next batch to be larger, and one may take at all
QUICK, SLOW = 0.002, 0.02
#: beats of one job after which the others of its batch go back to the queue
BEATS_TO_LET_GO = 2
#: beats after which a handler that does not stop is left to itself and another thread takes its place
BEATS_TO_STOP = 5
#: seconds between two tries at most, while the store is in trouble (a full disk, say) and no job can be claimed
LONGEST_PAUSE = 5.0
#: seconds that ended jobs are listed
KEEP_ENDED = 7 * 24 * 3600.0
#: seconds between two clearings of the list
CLEAR_EVERY = 3600.0

#: what an attempt is told when its worker is stopping: the job goes back to the queue, the attempt uncounted
STOPPING = "the worker is stopping"


@dataclass
class _Hand:
    """A thread that runs jobs."""

    thread: SupervisedThread | None = None
    #: jobs it claims next
    batch: int = 1
    #: seconds it waits next when there is nothing to do
    look: float = FIRST_LOOK
    #: whether another thread has taken its place, because a handler will not return
    replaced: bool = False
    #: claimed and not begun
    _pending: list[Job] = field(default_factory=list)
    #: beats since it began a job
    _beats: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, claimed: list[Job]) -> None:
        with self._lock:
            self._pending, self._beats = list(claimed), 0

    def next(self) -> Job | None:
        """Return the job to begin now."""
        with self._lock:
            self._beats = 0
            return self._pending.pop(0) if self._pending else None

    @property
    def is_needed(self) -> bool:
        """Whether it runs jobs, or should."""
        return self.thread is not None and not self.replaced and (self.thread.running or self.thread.died)

    def let_go(self, *, after_beats: int = 0) -> list[Job]:
        """Return the jobs that were claimed and are not begun any more, if the present one took so many beats."""
        with self._lock:
            self._beats += after_beats > 0
            if self._beats < after_beats:
                return []
            found, self._pending = self._pending, []
            return found


class Worker:
    """Runs the jobs of some kinds until it is told to stop. Use as a context manager, or call `run`."""

    def __init__(
        self,
        backend: Backend,
        kinds: Iterable[Kind],
        *,
        threads: int = 1,
        lease: float = LEASE,
        rng: random.Random | None = None,
    ) -> None:
        self._backend = backend
        self._kinds = {kind.name: kind for kind in kinds}
        self._names = sorted(self._kinds)
        self._threads = threads
        self._lease = lease
        self._rng = rng or random.Random()
        self._waker = Waker(backend)
        self._heartbeat = Heartbeat(backend, lease, self._rng)
        self._stopping = threading.Event()
        self._until_empty = False
        self._hands: list[_Hand] = []
        self._pulse = self._new_pulse()
        self._running_hands: dict[int, _Hand] = {}
        self._next_clearing = 0.0

    @property
    def trouble(self) -> BaseException | None:
        """The last error that was the store's or this process's, not a job's; None when all is well."""
        threads = [self._pulse, *(hand.thread for hand in self._hands if hand.thread is not None)]
        return next((thread.trouble for thread in threads if thread.trouble is not None), None)

    # --- its life

    def start(self) -> None:
        """Begin to run jobs in threads of this process; raises HoldfastError when it has none to give."""
        self._stopping.clear()
        self._waker.attach()
        self._hands = []
        for _ in range(self._threads):
            self._add_hand()
        self._pulse = self._new_pulse()
        # A hand that is gone already may have had nothing to do.
        if not self._pulse.ensure() or all(hand.thread is not None and hand.thread.died for hand in self._hands):
            self.stop()
            raise HoldfastError(
                f"No job can be run, for want of a thread: {self.trouble}",
                remedy="Let some other work of this process end, or raise its limit of threads (`ulimit -u`)",
            )

    def stop(self, timeout: float = 10.0) -> None:
        """Stop; jobs under way are told to, and go back to the queue for others. Waits at most `timeout` seconds."""
        self._tell()
        until = time.monotonic() + timeout
        for hand in list(self._hands):
            if hand.thread is not None:
                hand.thread.end(0.0 if hand.replaced else max(0.0, until - time.monotonic()))
        self._pulse.end(max(0.0, until - time.monotonic()))
        self._waker.detach()

    def run(self, *, until_empty: bool = False) -> None:
        """Run jobs until stopped; with `until_empty`, until none is left that can be run now or is to be tried again.

        Ctrl-C stops it cleanly.
        """
        self._until_empty = until_empty
        self.start()
        try:
            while threads := [hand.thread for hand in self._hands if hand.thread is not None and hand.is_needed]:
                for thread in threads:
                    thread.wait(BEAT)
                revive()
        finally:
            self.stop()

    def __enter__(self) -> "Worker":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- one turn

    def turn(self, limit: int = 1) -> int:
        """Claim up to `limit` jobs, run them in this thread, and return how many there were."""
        return self._turn_of(_Hand(batch=limit))

    def beat(self) -> None:
        """Look after the leases and limits of what runs; called every second while the worker runs."""
        for running in self._heartbeat.beat():
            hand = self._running_hands.get(id(running))
            if hand is not None and running.beats_ignored >= BEATS_TO_STOP and not hand.replaced:
                hand.replaced = True
                self._add_hand()
        # What was claimed with a job that turns out to be slow would wait for it, and its lease is not renewed.
        for hand in list(self._running_hands.values()):
            self._give_back(hand.let_go(after_beats=BEATS_TO_LET_GO))
        outcome.take_over(self._backend)
        self._clear()

    def _new_pulse(self) -> SupervisedThread:
        return SupervisedThread(
            "holdfast-heartbeat",
            self._pulse_once,
            wake=self._tell,
            report=self._backend.note_trouble,
            longest_pause=BEAT,
        )

    def _pulse_once(self) -> bool:
        if self._stopping.wait(BEAT):
            return False
        self.beat()
        return True

    def _add_hand(self) -> None:
        hand = _Hand()
        hand.thread = SupervisedThread(
            "holdfast-worker", functools.partial(self._work, hand),
            wake=self._tell, report=self._backend.note_trouble, longest_pause=LONGEST_PAUSE,
        )  # fmt: skip
        self._hands = [each for each in self._hands if each.is_needed]
        self._hands.append(hand)
        hand.thread.ensure()

    def _tell(self) -> None:
        """Have every thread come to its end soon."""
        self._stopping.set()
        self._heartbeat.stop_all(STOPPING)
        self._waker.wake()

    def _work(self, hand: _Hand) -> bool:
        """Run what there is to run, or wait for it; returns whether to go on."""
        if self._stopping.is_set() or hand.replaced:
            return False
        seen = self._waker.count
        try:
            return bool(self._turn_of(hand)) or self._rest(hand, seen)
        except Unsupported:
            # The store was closed under the worker.
            return False

    def _turn_of(self, hand: _Hand) -> int:
        claimed = self._claim(hand.batch)
        if claimed:
            hand.look = FIRST_LOOK
            try:
                point("jobs.after_claim")
                self._run_batch(claimed, hand)
            except BaseException:
                # The store refused something. What is still leased goes back, or nobody could have it until the lease
                # ends: this process lives.
                with suppress(HoldfastError, OSError):
                    self._give_back(claimed)
                raise
        return len(claimed)

    def _give_back(self, claimed: list[Job]) -> None:
        if not claimed:
            return
        with self._backend.engine.write(durable=False) as conn:
            for job in claimed:
                jobs.put_back(conn, job.job_id, job.token or "", self._backend.clock.now(), counted=False)

    def _rest(self, hand: _Hand, seen: int) -> bool:
        """Wait for something to do; False when there is nothing to wait for."""
        if outcome.take_over(self._backend):
            return True
        with self._backend.engine.read() as conn:
            now = self._backend.clock.now()
            if self._until_empty and not jobs.under_way(conn, self._names, now):
                return False
            due = jobs.next_due(conn, self._names)
        seconds = hand.look if due is None or due <= now else min(hand.look, due - now)
        hand.batch = 1
        hand.look = FIRST_LOOK if self._waker.wait(seen, seconds) else min(LAST_LOOK, hand.look * 2)
        return True

    # --- claiming

    def _claim(self, limit: int) -> list[Job]:
        if not self._names:
            return []
        now = self._backend.clock.now()
        # Looked at first without the writer's turn: most looks of an idle worker end here.
        with self._backend.engine.read() as conn:
            if not jobs.claimable(conn, self._names, now, 1):
                return []
        owner, token = process.current().to_json(), uuid.uuid4().hex
        # Not durable: after a power cut nobody holds a lease anyway.
        with self._backend.engine.write(durable=False) as conn:
            names = self._with_room(conn)
            chosen = _batch(jobs.claimable(conn, names, now, limit), self._kinds) if names else []
            claimed = jobs.claim(conn, chosen, token, owner, now, now + self._lease) if chosen else []
        return claimed

    def _with_room(self, conn: Connection) -> list[str]:
        if all(kind.concurrency is None for kind in self._kinds.values()):
            return self._names
        running = jobs.running_by_kind(conn)
        return [
            name
            for name in self._names
            if (most := self._kinds[name].concurrency) is None or running.get(name, 0) < most
        ]

    # --- running

    def _run_batch(self, claimed: list[Job], hand: _Hand) -> None:
        """Run claimed jobs in order and write in one commit how those ended that published nothing."""
        began = time.monotonic()
        outcomes: list[Outcome] = []
        hand.take(claimed)
        while (job := hand.next()) is not None:
            before = time.monotonic()
            ended = self._run(job, hand)
            if ended is not None:
                outcomes.append(ended)
            if time.monotonic() - before > SLOW or self._stopping.is_set() or hand.replaced:
                # The others of the batch do not wait behind a slow one: any worker may have them.
                outcomes.extend(Outcome(each, jobs.QUEUED, counted=False) for each in hand.let_go())
        outcome.write(self._backend, outcomes)
        quick = time.monotonic() - began < QUICK * len(claimed) + SLOW / 2
        hand.batch = min(LARGEST_BATCH, hand.batch * 2) if quick else 1

    def _run(self, job: Job, hand: _Hand) -> Outcome | None:
        """Run one job; returns how it ended, or None when that is written already or is no longer this worker's."""
        kind = self._kinds[job.kind]
        running = self._heartbeat.begin(job, kind)
        self._running_hands[id(running)] = hand
        context = JobContext(self._backend, job, running.stop)
        try:
            ended = self._handle(kind, context)
        finally:
            self._heartbeat.end(running)
            self._running_hands.pop(id(running), None)
        if context.ended or running.stop.reason not in (None, STOPPING):
            return None
        return ended

    def _handle(self, kind: Kind, context: JobContext) -> Outcome | None:
        job = context.job
        try:
            result = kind.run(context)
            # A result that cannot be kept is the handler's mistake: found out later it would be the worker's.
            json.dumps(result, allow_nan=False)
            return Outcome(job, jobs.DONE, result=result)
        except Skipped as reason:
            return Outcome(job, jobs.SKIPPED, outcome.reason(reason))
        except Failed as error:
            return Outcome(job, jobs.FAILED, outcome.reason(error))
        except Stopped:
            return Outcome(job, jobs.QUEUED, counted=False)
        except LockLost as error:
            with self._backend.engine.read() as conn:
                held = jobs.holds(conn, job.job_id, job.token or "")
            return outcome.after_error(job, error, kind.backoff, self._rng) if held else None
        except KeyboardInterrupt:
            # Meant for whoever called `turn`, in whose thread this is.
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a handler raises is not the worker's failure
            return outcome.after_error(job, error, kind.backoff, self._rng)

    def _clear(self) -> None:
        now = self._backend.clock.now()
        if now >= self._next_clearing:
            self._next_clearing = now + CLEAR_EVERY
            with self._backend.engine.write(durable=False) as conn:
                jobs.forget_ended(conn, now - KEEP_ENDED)


def _batch(claimable: list[tuple[int, str, int]], kinds: dict[str, Kind]) -> list[int]:
    """Return the ids to claim together.

    A job that was begun before is claimed alone: if it is what kills workers, it takes no other with it. So is one of a
    kind whose running jobs are counted.
    """
    alone = [attempts > 0 or kinds[kind].concurrency is not None for _, kind, attempts in claimable]
    if alone and alone[0]:
        return [claimable[0][0]]
    until = alone.index(True) if True in alone else len(alone)
    return [job_id for job_id, _, _ in claimable[:until]]
