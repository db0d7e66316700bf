"""Workers: leases, attempts, limits, and what becomes of jobs whose worker is gone."""

import random
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog.work import jobs
from holdfast.errors import Conflict, LockLost
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.jobs import outcome
from holdfast.jobs.context import Failed, JobContext, Skipped
from holdfast.jobs.kinds import Backoff, JobKind
from holdfast.jobs.worker import BEATS_TO_LET_GO, Worker
from holdfast.publish.transaction import InternalTransaction, Transaction
from holdfast.testing.seams import rooms
from tests.support.processes import Child
from tests.support.workers import Torn, note_done, nothing, worker_of


def test_the_effect_and_the_end_of_a_job_are_one_commit(store: Store) -> None:
    job_id = store.jobs.enqueue("note")
    seen: list[str] = []

    def run(context: JobContext) -> None:
        def action(tx: Transaction) -> None:
            tx.write("/note.md", "done")
            assert isinstance(tx, InternalTransaction)
            tx.also(lambda conn, _: seen.append(jobs.get(conn, job_id).state))  # type: ignore[union-attr]

        context.publish(action, result={"pages": 3})

    worker_of(store, JobKind("note", run)).turn()
    job = store.jobs.get(job_id)
    assert (job.state, job.result) == ("done", {"pages": 3})
    assert store.commit_at().actor == f"job:{job_id}"
    # Inside the SQL transaction that wrote the note the job had ended too.
    assert seen == ["done"]


def test_a_zombie_cannot_publish(store: Store, clock: ManualClock) -> None:
    job_id = store.jobs.enqueue("note")
    refused: list[Exception] = []

    def run(context: JobContext) -> None:
        # Its lease runs out, and somebody else runs the job meanwhile.
        clock.advance(1000)
        assert outcome.take_over(rooms(store)) == 1
        worker_of(store, JobKind("note", note_done)).turn()
        with pytest.raises(LockLost) as error:
            context.publish(lambda tx: tx.write("/notes/zombie.md", "boo"))
        refused.append(error.value)
        raise error.value

    worker_of(store, JobKind("note", run)).turn()
    assert len(refused) == 1
    assert store.jobs.get(job_id).state == "done"
    assert list(store.glob("/notes/*")) == [f"/notes/{job_id}.md"]


def test_a_publish_that_lost_a_race_is_made_again_on_the_newer_state(store: Store) -> None:
    store.write("/count.md", "0")
    raced: list[int] = []

    def action(tx: Transaction) -> None:
        count = int(tx.read("/count.md"))
        if not raced:
            raced.append(1)
            store.write("/count.md", "41")
        tx.write("/count.md", str(count + 1))

    job_id = store.jobs.enqueue("count")

    def run(context: JobContext) -> None:
        context.publish(action)

    worker_of(store, JobKind("count", run)).turn()
    assert store.read("/count.md") == b"42"
    assert store.jobs.get(job_id).state == "done"


def test_a_publish_that_always_loses_fails_the_attempt_only(store: Store) -> None:
    store.write("/count.md", "0")

    def action(tx: Transaction) -> None:
        store.write("/count.md", str(int(tx.read("/count.md")) + 1))
        tx.write("/count.md", "mine")

    def run(context: JobContext) -> None:
        with pytest.raises(Conflict):
            context.publish(action)
        raise Failed("lost")

    job_id = store.jobs.enqueue("count")
    worker_of(store, JobKind("count", run)).turn()
    assert store.jobs.get(job_id).state == "failed"


def test_an_error_is_tried_again_later_and_later_and_then_given_up(store: Store, clock: ManualClock) -> None:
    job_id = store.jobs.enqueue("bad", attempts=3)

    def run(context: JobContext) -> None:
        raise ValueError("no luck")

    worker = worker_of(store, JobKind("bad", run, backoff=Backoff(10, 1000)), rng=random.Random(1))
    rests = []
    for _ in range(2):
        worker.turn()
        job = store.jobs.get(job_id)
        assert (job.state, job.error) == ("queued", "ValueError: no luck")
        assert worker.turn() == 0
        rests.append(job.run_at.timestamp() - clock.now())
        # A microsecond more, which is the finest a time is told in.
        clock.advance(rests[-1] + 1e-6)
    worker.turn()
    assert 5 <= rests[0] <= 15
    assert 10 <= rests[1] <= 30
    job = store.jobs.get(job_id)
    assert (job.state, job.attempts) == ("failed", 3)
    assert job.error == "given up after 3 attempts; the last: ValueError: no luck"


def test_backoff_is_bounded_and_jittered() -> None:
    backoff = Backoff(2, 60)
    rng = random.Random(7)
    assert {backoff.seconds(1000, rng) <= 90 for _ in range(20)} == {True}
    assert len({backoff.seconds(3, rng) for _ in range(20)}) == 20


def test_the_lease_of_a_long_job_is_renewed(store: Store, clock: ManualClock) -> None:
    job_id = store.jobs.enqueue("long")
    worker: list[Worker] = []

    def run(context: JobContext) -> None:
        for _ in range(10):
            clock.advance(40)
            worker[0].beat()
            assert outcome.take_over(rooms(store)) == 0
        context.check()

    worker.append(worker_of(store, JobKind("long", run, time_limit=1e6), lease=60))
    worker[0].turn()
    job = store.jobs.get(job_id)
    assert (job.state, job.attempts) == ("done", 1)


@pytest.mark.parametrize(("wrong", "cause"), [("result", "TypeError"), ("exit", "SystemExit"), ("torn", "Torn")])
def test_a_handler_that_misbehaves_fails_its_job_and_not_the_worker(store: Store, wrong: str, cause: str) -> None:
    def run(context: JobContext) -> dict[str, object] | None:
        if context.payload["wrong"] == "exit":
            sys.exit(3)
        if context.payload["wrong"] == "torn":
            raise Torn
        return {"not JSON": object()} if context.payload["wrong"] == "result" else None

    bad, good = (store.jobs.enqueue("noop", {"wrong": each}, attempts=1) for each in (wrong, "nothing"))
    worker = worker_of(store, JobKind("noop", run))
    while worker.turn():
        pass
    assert [store.jobs.get(job_id).state for job_id in (bad, good)] == ["failed", "done"]
    assert cause in (store.jobs.get(bad).error or "")


def test_jobs_claimed_with_a_slow_one_are_let_go_while_it_runs(store: Store) -> None:
    slow, quick = store.jobs.enqueue("noop"), store.jobs.enqueue("noop")
    ran: list[int] = []
    worker: list[Worker] = []

    def run(context: JobContext) -> None:
        ran.append(context.job.id)
        if context.job.id == slow:
            assert store.jobs.get(quick).state == "running"
            for _ in range(BEATS_TO_LET_GO):
                worker[0].beat()
            assert (store.jobs.get(quick).state, store.jobs.get(quick).attempts) == ("queued", 0)
            assert worker_of(store, kind).turn() == 1
            assert store.jobs.get(quick).state == "done"

    kind = JobKind("noop", run)
    worker.append(worker_of(store, kind))
    assert worker[0].turn(2) == 2
    assert ran == [slow, quick]
    assert store.jobs.get(slow).state == "done"


def test_the_jobs_of_a_dead_process_are_taken_up_at_once(
    store: Store, folder: Path, child: Callable[..., Child]
) -> None:
    job_id = store.jobs.enqueue("note")
    other = child(
        """
        from holdfast.jobs.kinds import JobKind
        store = holdfast.open(sys.argv[1])
        def run(context):
            say("running")
            hear()
        store.jobs.worker([JobKind("note", run)]).turn()
        """,
        folder,
    )
    assert other.hear() == "running"
    worker = worker_of(store, JobKind("note", note_done))
    assert outcome.take_over(rooms(store)) == 0
    assert worker.turn() == 0
    other.kill()
    assert outcome.take_over(rooms(store)) == 1
    assert worker.turn() == 1
    job = store.jobs.get(job_id)
    assert (job.state, job.attempts) == ("done", 2)


def test_a_job_that_kills_its_workers_is_given_up(store: Store) -> None:
    job_id = store.jobs.enqueue("poison", attempts=2)
    for _ in range(2):
        with rooms(store).engine.write() as conn:
            [found] = jobs.claimable(conn, ["poison"], rooms(store).clock.now(), 1)
            jobs.claim(conn, [found[0]], "t", _dead(), rooms(store).clock.now(), 1e18)
        assert outcome.take_over(rooms(store)) == 1
    job = store.jobs.get(job_id)
    assert job.state == "failed"
    assert "died" in (job.error or "")


def _dead() -> str:
    from dataclasses import replace

    from holdfast.host import process

    return replace(process.current(), started="before all time").to_json()


def test_a_job_that_was_begun_before_is_claimed_alone(store: Store, clock: ManualClock) -> None:
    def once(context: JobContext) -> None:
        if context.job.attempts == 1:
            raise ValueError("first")

    kind = JobKind("noop", once, backoff=Backoff(0, 0))
    first, second = store.jobs.enqueue("noop", priority=1), store.jobs.enqueue("noop")
    worker = worker_of(store, kind)
    assert worker.turn(limit=1) == 1
    assert worker.turn(limit=10) == 1
    assert store.jobs.get(first).state == "done"
    assert store.jobs.get(second).state == "queued"


def test_a_kinds_concurrency_holds_over_all_workers(store: Store) -> None:
    kind = JobKind("one", nothing, concurrency=1)
    counted: list[int] = []

    def run(context: JobContext) -> None:
        counted.append(worker_of(store, kind).turn())

    store.jobs.enqueue("one")
    store.jobs.enqueue("one")
    worker_of(store, JobKind("one", run, concurrency=1)).turn()
    assert counted == [0]
    assert worker_of(store, kind).turn() == 1


def test_the_rest_of_a_batch_goes_back_when_one_job_is_slow(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.jobs.worker.SLOW", -1.0)
    for _ in range(3):
        store.jobs.enqueue("noop")
    assert worker_of(store, JobKind("noop", nothing)).turn(limit=3) == 3
    states = [(job.state, job.attempts) for job in store.jobs]
    assert states == [("queued", 0), ("queued", 0), ("done", 1)]


def test_a_worker_leaves_kinds_it_does_not_know_to_others(store: Store) -> None:
    job_id = store.jobs.enqueue("foreign")
    store.jobs.worker().run(until_empty=True)
    assert store.jobs.get(job_id).state == "queued"


def test_a_worker_under_way_runs_what_is_enqueued_and_goes_on_until_stopped(store: Store) -> None:
    ran = threading.Event()
    with store.jobs.worker([JobKind("noop", lambda context: ran.set())], threads=2):
        store.jobs.enqueue("noop")
        assert ran.wait(30)


def test_until_empty_waits_for_another_try(folder: Path) -> None:
    tries: list[int] = []

    def run(context: JobContext) -> None:
        tries.append(context.job.attempts)
        if len(tries) < 3:
            raise ValueError("again")

    with holdfast.open(folder) as store:
        job_id = store.jobs.enqueue("flaky")
        store.jobs.worker([JobKind("flaky", run, backoff=Backoff(0.01, 0.02))]).run(until_empty=True)
        assert store.jobs.get(job_id).state == "done"
    assert tries == [1, 2, 3]


def test_stopping_puts_a_job_back_uncounted(store: Store) -> None:
    began = threading.Event()
    forever = threading.Event()

    def run(context: JobContext) -> None:
        began.set()
        context.call(forever.wait)

    job_id = store.jobs.enqueue("long")
    worker = worker_of(store, JobKind("long", run))
    worker.start()
    assert began.wait(30)
    worker.stop()
    forever.set()
    job = store.jobs.get(job_id)
    assert (job.state, job.attempts) == ("queued", 0)


def test_ended_jobs_are_forgotten_after_a_week_but_those_that_can_be_tried_again_stay(
    store: Store, clock: ManualClock
) -> None:
    def run(context: JobContext) -> None:
        if (error := {"bad": Failed, "early": Skipped}.get(context.payload["how"])) is not None:
            raise error("not this time")

    _, *kept = [store.jobs.enqueue("noop", {"how": how}) for how in ("well", "bad", "early")]
    worker = worker_of(store, JobKind("noop", run))
    while worker.turn():
        pass
    clock.advance(8 * 24 * 3600)
    worker.beat()
    assert sorted(job.id for job in store.jobs) == kept
