"""The worker: claims jobs, runs their handlers, and writes how they ended."""

import functools
import itertools
import json
import random
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import TracebackType

from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog import branches
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import jobs
from holdfast.catalog.work.jobs import Job
from holdfast.errors import HoldfastError, LockLost, Unsupported
from holdfast.faults import point
from holdfast.host import process
from holdfast.host.abandoned import is_abandoned
from holdfast.host.flag import Flag
from holdfast.host.held import held
from holdfast.host.threads import SupervisedThread, revive
from holdfast.jobs import outcome
from holdfast.jobs.context import Failed, JobContext, Skipped, Stopped
from holdfast.jobs.heartbeat import BEAT, Heartbeat
from holdfast.jobs.kinds import JobKind
from holdfast.jobs.outcome import Outcome
from holdfast.jobs.waker import Waker
from holdfast.jobs.worker_threads import FIRST_LOOK, Hand, Hands

#: seconds that a lease lasts without being renewed; jobs of this host's dead are taken up sooner
LEASE = 60.0
#: seconds between two looks of an idle worker at what other processes enqueued: the longest
LAST_LOOK = 0.5
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


@checks_arguments
class Worker:
    """Runs the jobs of some kinds until it is told to stop. Use as a context manager, or call `run`.

    Jobs of different kinds run side by side, of one kind `threads` at once.
    """

    def __init__(
        self,
        backend: Backend,
        kinds: Iterable[JobKind],
        *,
        threads: int = 1,
        lease: float = LEASE,
        rng: random.Random | None = None,
    ) -> None:
        self._backend = backend
        self._kinds = {kind.name: kind for kind in kinds}
        self._names = sorted(self._kinds)
        self._lease_seconds = lease
        self._rng = rng or random.Random()
        self._waker = Waker(backend)
        self._heartbeat = Heartbeat(backend, lease, self._rng)
        self._stopping = Flag()
        self._until_empty = False
        self._hands = Hands(self._names, threads, self._new_thread)
        self._claiming = threading.Lock()
        self._started = False
        self._pulse = self._new_pulse()
        self._running_hands: dict[int, Hand] = {}
        self._next_clearing = 0.0

    def __repr__(self) -> str:
        return f"<Worker of {self._backend.address} for {', '.join(self._names)}>"

    @property
    def trouble(self) -> BaseException | None:
        """The last error that was the store's or this process's, not a job's; None when all is well."""
        threads = [self._pulse, *(hand.thread for hand in self._hands.at_work() if hand.thread is not None)]
        return next((thread.trouble for thread in threads if thread.trouble is not None), None)

    # --- its life

    def start(self) -> None:
        """Begin to run jobs in threads of this process; raises HoldfastError when it has none to give."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        self._stopping.clear()
        self._waker.attach()
        self._started = True
        self._hands.clear()
        self._hands.add()
        self._pulse = self._new_pulse()
        # A hand that is gone already may have had nothing to do.
        if not self._pulse.ensure() or self._hands.are_dead():
            raise HoldfastError(
                f"No job can be run, for want of a thread: {self.trouble}",
                remedy="Let some other work of this process end, or raise its limit of threads (`ulimit -u`)",
            )

    def stop(self, timeout: float = 10.0) -> None:
        """Stop; jobs under way are told to, and go back to the queue for others. Waits at most `timeout` seconds."""
        self._tell()
        until = time.monotonic() + timeout
        for hand in self._hands.everyone():
            if hand.thread is not None:
                hand.thread.end(0.0 if hand.replaced else max(0.0, until - time.monotonic()))
        self._pulse.end(max(0.0, until - time.monotonic()))
        self._waker.detach()

    def run(self, *, until_empty: bool = False) -> None:
        """Run jobs until stopped; with `until_empty`, until none is left that can be run now or is to be tried again.

        Ctrl-C stops it cleanly.
        """
        self._until_empty = until_empty
        try:
            self.start()
            while threads := [hand.thread for hand in self._hands.at_work() if hand.thread is not None]:
                for thread in threads:
                    thread.wait(BEAT)
                if is_abandoned():
                    break
                revive()
        finally:
            try:
                self.stop()
            except BaseException:
                # An interrupt, before the threads were told.
                self.stop()
                raise

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
        return self._turn_of(Hand(batch=limit))

    def beat(self) -> None:
        """Look after the leases and limits of what runs; called every second while the worker runs."""
        for running in self._heartbeat.beat():
            hand = self._running_hands.get(id(running))
            if hand is not None and running.beats_ignored >= BEATS_TO_STOP and not hand.replaced:
                hand.replaced = True
                self._hands.discount(hand)
                self._have_one_look()
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

    def _new_thread(self, hand: Hand) -> SupervisedThread:
        return SupervisedThread(
            "holdfast-worker",
            functools.partial(self._work, hand),
            wake=self._tell,
            report=self._backend.note_trouble,
            longest_pause=LONGEST_PAUSE,
        )

    def _have_one_look(self) -> None:
        """See to it that somebody looks for work while this thread runs a job of one kind."""
        if self._started and not self._stopping.is_set() and not self._hands.is_anyone_looking():
            self._hands.add()

    def _tell(self) -> None:
        """Have every thread come to its end soon."""
        self._stopping.set()
        self._heartbeat.stop_all(STOPPING)
        self._waker.wake()

    def _work(self, hand: Hand) -> bool:
        """Run what there is to run, or wait for it; returns whether to go on."""
        if self._stopping.is_set() or hand.replaced:
            return False
        seen = self._waker.count
        try:
            return bool(self._turn_of(hand)) or (not self._hands.may_go(hand) and self._rest(hand, seen))
        except Unsupported:
            # The store was closed under the worker.
            return False

    def _turn_of(self, hand: Hand) -> int:
        hand.token = uuid.uuid4().hex
        with self._hands.turn(hand), self._leasing(hand):
            claimed = self._claim(hand)
            if claimed:
                hand.look = FIRST_LOOK
                if self._hands.with_room():
                    self._have_one_look()
                point("jobs.after_claim")
                self._run_batch(claimed, hand)
        return len(claimed)

    @held
    def _leasing(self, hand: Hand) -> Iterator[None]:
        """Give back what a thread has leased and not ended, when the block is left by an exception."""
        try:
            yield
        except BaseException:
            # The store refused something, or an interrupt came. Nobody could have what is still leased until the lease
            # ends: this process lives. It is asked for by the token: the claim itself may not have returned.
            with suppress(HoldfastError, OSError):
                with self._backend.engine.read() as conn:
                    leased = [job for job in jobs.running(conn) if job.token == hand.token]
                self._give_back(leased)
            raise

    def _give_back(self, claimed: list[Job]) -> None:
        if not claimed:
            return
        with self._backend.engine.write(durable=False) as conn:
            for job in claimed:
                jobs.put_back(conn, job, self._backend.clock.now(), counted=False)

    def _rest(self, hand: Hand, seen: int) -> bool:
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

    def _claim(self, hand: Hand) -> list[Job]:
        # One thread at a time, as what it finds to have room may have none once another has claimed.
        with self._claiming:
            names = self._hands.with_room()
            now = self._backend.clock.now()
            # Looked at first without the writer's turn: most looks of an idle worker end here.
            with self._backend.engine.read() as conn:
                if not names or not jobs.claimable(conn, names, now, 1):
                    return []
            claimed = self._lease(names, now, hand)
            if claimed:
                self._hands.begin(hand, claimed[0].kind)
            return claimed

    def _lease(self, names: list[str], now: float, hand: Hand) -> list[Job]:
        owner = process.current().to_json()
        # Not durable: after a power cut nobody holds a lease anyway.
        with self._backend.engine.write(durable=False) as conn:
            chosen = self._choose(conn, self._allowed(conn, names), now, hand.batch)
            return jobs.claim(conn, chosen, hand.token, owner, now, now + self._lease_seconds) if chosen else []

    def _choose(self, conn: Connection, names: list[str], now: float, limit: int) -> list[int]:
        """Return the ids to claim together: the first job's, and more of its kind.

        A job that was begun before is claimed alone: if it is what kills workers, it takes no other with it. So is one
        of a kind whose running jobs are counted.
        """
        first = jobs.claimable(conn, names, now, 1) if names else []
        if not first:
            return []
        job_id, kind, attempts = first[0]
        if limit == 1 or attempts or self._kinds[kind].concurrency is not None:
            return [job_id]
        more = jobs.claimable(conn, [kind], now, limit)
        return [job_id for job_id, _, _ in itertools.takewhile(lambda each: not each[2], more)]

    def _allowed(self, conn: Connection, names: list[str]) -> list[str]:
        if all(self._kinds[name].concurrency is None for name in names):
            return names
        running = jobs.running_by_kind(conn)
        return [
            name for name in names if (most := self._kinds[name].concurrency) is None or running.get(name, 0) < most
        ]

    # --- running

    def _run_batch(self, claimed: list[Job], hand: Hand) -> None:
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

    def _run(self, job: Job, hand: Hand) -> Outcome | None:
        """Run one job; returns how it ended, or None when that is written already or is no longer this worker's."""
        kind = self._kinds[job.kind]
        with self._heartbeat.attempt(job, kind) as running:
            context = JobContext(self._backend, self._branch_of(job), job, running.stop)
            try:
                self._running_hands[id(running)] = hand
                ended = self._handle(kind, context)
            finally:
                self._running_hands.pop(id(running), None)
        if context.ended or running.stop.reason not in (None, STOPPING):
            return None
        return ended

    def _branch_of(self, job: Job) -> Branch:
        with self._backend.engine.read() as conn:
            found = branches.get(conn, job.branch_id)
        assert found is not None, f"job {job.id} is of a branch that never was"
        return found

    def _handle(self, kind: JobKind, context: JobContext) -> Outcome | None:
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
                held = jobs.holds(conn, job.id, job.token or "")
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
