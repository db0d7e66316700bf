"""What ends an attempt: its time limit, and a cancel."""

import threading

import pytest

from holdfast.errors import LockLost
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.jobs.context import JobContext
from holdfast.jobs.kinds import Backoff, JobKind
from holdfast.jobs.worker import Worker
from tests.support.workers import nothing, worker_of


def test_an_attempt_that_took_too_long_rests_before_the_next(store: Store, clock: ManualClock) -> None:
    job_id = store.jobs.enqueue("slow")
    worker: list[Worker] = []

    def run(context: JobContext) -> None:
        clock.advance(11)
        worker[0].beat()
        context.check()

    worker.append(worker_of(store, JobKind("slow", run, time_limit=10, backoff=Backoff(base=100))))
    worker[0].turn()
    job = store.jobs.get(job_id)
    assert job.state == "queued"
    assert clock.now() + 50 <= job.run_at.timestamp() <= clock.now() + 150


def test_an_attempt_that_takes_too_long_loses_its_job(store: Store, clock: ManualClock) -> None:
    job_id = store.jobs.enqueue("slow", attempts=1)
    worker: list[Worker] = []

    def run(context: JobContext) -> None:
        clock.advance(11)
        worker[0].beat()
        with pytest.raises(Exception, match="too long"):
            context.check()
        with pytest.raises(Exception, match="too long"):
            context.publish(lambda tx: tx.write("/late.md", "late"))
        context.check()

    worker.append(worker_of(store, JobKind("slow", run, time_limit=10)))
    worker[0].turn()
    job = store.jobs.get(job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert "took longer than 10 s" in job.error
    assert not store.exists("/late.md")


def test_a_cancelled_job_stops_and_publishes_nothing(store: Store) -> None:
    job_id = store.jobs.enqueue("note")
    worker: list[Worker] = []

    def run(context: JobContext) -> None:
        assert store.jobs.cancel(job_id)
        # Even before its worker has noticed.
        with pytest.raises(LockLost):
            context.publish(lambda tx: tx.write("/late.md", "late"))
        worker[0].beat()
        context.check()

    worker.append(worker_of(store, JobKind("note", run)))
    worker[0].turn()
    assert store.jobs.get(job_id).state == "cancelled"
    assert not store.exists("/late.md")


def test_a_cancel_ends_a_call_that_never_returns(store: Store) -> None:
    never, called = threading.Event(), threading.Event()
    job_id = store.jobs.enqueue("stuck")

    def call() -> None:
        called.set()
        never.wait()

    worker = worker_of(store, JobKind("stuck", lambda context: context.call(call)))
    thread = threading.Thread(target=worker.turn)
    thread.start()
    assert called.wait(30)
    store.jobs.cancel(job_id)
    worker.beat()
    thread.join(30)
    assert not thread.is_alive()
    never.set()


def test_a_handler_that_ignores_its_cancel_does_not_hold_up_the_others(store: Store) -> None:
    stuck, go_on = threading.Event(), threading.Event()

    def run(context: JobContext) -> None:
        stuck.set()
        go_on.wait(60)

    worker = worker_of(store, JobKind("stuck", run), JobKind("noop", nothing))
    job_id = store.jobs.enqueue("stuck")
    with worker:
        assert stuck.wait(30)
        store.jobs.cancel(job_id)
        for _ in range(10):
            worker.beat()
        other = store.jobs.enqueue("noop")
        assert [job.state for job in store.jobs.wait([other], timeout=60)] == ["done"]
        go_on.set()
    assert store.jobs.get(job_id).state == "cancelled"


def test_a_call_passes_on_what_it_returns_and_raises(store: Store) -> None:
    def fail() -> None:
        raise KeyError("x")

    def run(context: JobContext) -> dict[str, int]:
        with pytest.raises(KeyError):
            context.call(fail)
        return {"answer": context.call(lambda: 42)}

    job_id = store.jobs.enqueue("call")
    worker_of(store, JobKind("call", run)).turn()
    assert store.jobs.get(job_id).result == {"answer": 42}
