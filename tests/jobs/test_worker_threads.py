"""The threads of a worker: as many as there is work for, and others when they fail."""

import threading
from typing import Any, NoReturn

import pytest

from holdfast.errors import HoldfastError, Unsupported
from holdfast.front.store import Store
from holdfast.jobs.context import JobContext
from holdfast.jobs.heartbeat import Heartbeat
from holdfast.jobs.kinds import JobKind
from holdfast.jobs.worker import Worker
from tests.support.workers import PATIENCE, Torn, nothing, worker_of


@pytest.mark.parametrize("error", [ImportError("half a module"), MemoryError(), RuntimeError("no thread"), Torn()])
@pytest.mark.parametrize("place", ["claim", "beat"])
def test_a_worker_goes_on_whatever_its_own_threads_raise(
    store: Store, monkeypatch: pytest.MonkeyPatch, place: str, error: BaseException
) -> None:
    for name in ("host.threads.FIRST_PAUSE", "jobs.worker.BEAT", "jobs.worker.LONGEST_PAUSE"):
        monkeypatch.setattr(f"holdfast.{name}", 0.01)
    raised, again = threading.Event(), threading.Event()
    target, method = (Worker, "_claim") if place == "claim" else (Heartbeat, "beat")
    works = getattr(target, method)

    def torn(*args: object) -> object:
        if not raised.is_set():
            raised.set()
            raise error
        again.set()
        return works(*args)

    monkeypatch.setattr(target, method, torn)
    done = threading.Event()
    with worker_of(store, JobKind("note", lambda context: done.set())):
        assert again.wait(PATIENCE)
        store.jobs.enqueue("note")
        assert done.wait(PATIENCE)


def test_a_worker_that_can_have_no_thread_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    worker = worker_of(store, JobKind("note", nothing))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(HoldfastError, match="can't start new thread"):
            worker.start()
    job_id = store.jobs.enqueue("note")
    worker.run(until_empty=True)
    assert store.jobs.get(job_id).state == "done"


def test_a_hand_that_could_not_be_had_comes_with_the_next_beat(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    start, started = threading.Thread.start, []

    def scarce(thread: threading.Thread) -> None:
        started.append(thread.name)
        if thread.name == "holdfast-worker" and started.count(thread.name) == 2:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)
    monkeypatch.setattr("holdfast.jobs.worker.BEAT", 0.01)
    # Each of the two jobs waits for the other: one hand alone would never be done.
    both = threading.Barrier(2)

    def meet(context: JobContext) -> None:
        both.wait(PATIENCE)

    with worker_of(store, JobKind("pair", meet), threads=2):
        ids = [store.jobs.enqueue("pair") for _ in range(2)]
        assert [job.state for job in store.jobs.wait(ids, timeout=PATIENCE)] == ["done", "done"]
    assert started.count("holdfast-worker") == 3


def test_no_kind_of_job_waits_for_another(store: Store) -> None:
    began = {name: threading.Event() for name in "abc"}
    go_on = threading.Event()

    def run(context: JobContext) -> None:
        began[context.job.kind].set()
        assert go_on.wait(60)

    with worker_of(store, *(JobKind(name, run) for name in "abc")):
        ids = [store.jobs.enqueue(name) for name in "aabc"]
        # All three are under way at once, though one of them takes for ever.
        assert all(each.wait(60) for each in began.values())
        assert store.jobs.get(ids[1]).state == "queued"
        go_on.set()
        assert {job.state for job in store.jobs.wait(ids, 60)} == {"done"}


def test_a_worker_has_one_thread_when_there_is_nothing_to_do(store: Store) -> None:
    ended = threading.Event()

    def looking() -> int:
        return sum(thread.name == "holdfast-worker" for thread in threading.enumerate())

    with worker_of(store, *(JobKind(name, nothing) for name in "abc")):
        for _ in range(5):
            store.jobs.wait([store.jobs.enqueue(name) for name in "abcabc"], 60)
        while looking() > 1 and not ended.wait(0.01):
            pass
        assert looking() == 1


@pytest.mark.parametrize("threads", [0, -1, "2", object()])
def test_a_worker_without_a_number_of_threads_is_refused(store: Store, threads: Any) -> None:
    with pytest.raises(Unsupported, match="threads"):
        store.jobs.worker(threads=threads)
