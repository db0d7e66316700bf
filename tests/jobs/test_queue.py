"""The queue as users see it."""

from typing import Any

import pytest

from holdfast.errors import NotFound, Unsupported
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock, utc
from holdfast.jobs.context import Failed, JobContext, Skipped
from holdfast.jobs.kinds import JobKind


def _nothing(context: JobContext) -> None:
    """Do nothing, well."""


def _work(store: Store, *kinds: JobKind) -> None:
    worker = store.jobs.worker(kinds)
    while worker.turn():
        pass


def test_a_job_enqueued_in_a_transaction_exists_only_when_that_commits(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction() as tx:
        tx.jobs.enqueue("noop")
        raise RuntimeError("changed my mind")
    assert list(store.jobs) == []

    with store.transaction() as tx:
        tx.write("/a.md", "a")
        ticket = tx.jobs.enqueue("noop", {"path": "/a.md"})
        assert ticket.id is None
    assert ticket.id is not None
    job = store.jobs.get(ticket.id)
    assert (job.kind, job.payload, job.state) == ("noop", {"path": "/a.md"}, "queued")


@pytest.mark.parametrize(
    "job",
    [
        {"payload": {"a": object()}},
        {"payload": {"a": float("nan")}},
        {"payload": [1]},
        {"kind": ""},
        {"run_at": float("nan")},
        {"priority": "high"},
        {"attempts": 0},
    ],
)
def test_what_no_worker_could_make_sense_of_is_not_enqueued(store: Store, job: dict[str, Any]) -> None:
    with pytest.raises(Unsupported) as refused:
        store.jobs.enqueue(**{"kind": "noop", **job})
    assert "NewJob" not in refused.value.message
    assert next(iter(job)).removeprefix("run_at") in refused.value.message
    with pytest.raises(Unsupported), store.transaction() as tx:
        tx.jobs.enqueue(**{"kind": "noop", **job})
    assert list(store.jobs) == []


def test_jobs_run_in_order_of_priority_then_of_their_coming(store: Store) -> None:
    order: list[int] = []
    kind = JobKind("noop", lambda context: order.append(context.job.id))
    low, high, middle, later_high = (store.jobs.enqueue("noop", priority=p) for p in (0, 9, 5, 9))
    _work(store, kind)
    assert order == [high, later_high, middle, low]


def test_a_job_is_not_begun_before_its_time(store: Store, clock: ManualClock) -> None:
    job_id = store.jobs.enqueue("noop", run_at=utc(clock.now() + 60))
    _work(store, JobKind("noop", _nothing))
    assert store.jobs.get(job_id).state == "queued"
    clock.advance(60)
    _work(store, JobKind("noop", _nothing))
    assert store.jobs.get(job_id).state == "done"


def test_of_two_unstarted_jobs_with_one_key_the_older_stands_for_both(store: Store) -> None:
    first = store.jobs.enqueue("noop", {"n": 1}, key="k")
    assert store.jobs.enqueue("noop", {"n": 2}, key="k") == first
    assert [job.payload for job in store.jobs] == [{"n": 1}]
    _work(store, JobKind("noop", _nothing))
    assert store.jobs.enqueue("noop", key="k") != first


def test_a_newer_job_supersedes_an_unstarted_one_with_its_key(store: Store) -> None:
    first = store.jobs.enqueue("noop", {"n": 1}, key="k")
    second = store.jobs.enqueue("noop", {"n": 2}, key="k", supersede=True)
    assert store.jobs.get(first).state == "superseded"
    seen: list[int] = []
    _work(store, JobKind("noop", lambda context: seen.append(context.payload["n"])))
    assert seen == [2]
    assert store.jobs.get(second).state == "done"


def test_a_running_job_does_not_stand_for_a_new_one_with_its_key(store: Store) -> None:
    new: list[int] = []

    def run(context: JobContext) -> None:
        if not new:
            new.append(store.jobs.enqueue("noop", key="k"))

    first = store.jobs.enqueue("noop", key="k")
    _work(store, JobKind("noop", run))
    assert new != [first]
    assert {job.state for job in store.jobs} == {"done"}


@pytest.mark.parametrize("end", [None, Failed("no"), Skipped("not now")])
def test_a_job_waits_for_the_end_of_another_however_it_ended(store: Store, end: Exception | None) -> None:
    first = store.jobs.enqueue("first")
    second = store.jobs.enqueue("second", after=first)
    third = store.jobs.enqueue("second", after=second)
    _work(store, JobKind("second", _nothing))
    assert [store.jobs.get(i).state for i in (second, third)] == ["waiting", "waiting"]

    def run(context: JobContext) -> None:
        if end is not None:
            raise end

    _work(store, JobKind("first", run), JobKind("second", _nothing))
    assert [store.jobs.get(i).state for i in (second, third)] == ["done", "done"]


def test_a_job_after_one_that_has_ended_need_not_wait(store: Store) -> None:
    first = store.jobs.enqueue("noop")
    _work(store, JobKind("noop", _nothing))
    assert store.jobs.get(store.jobs.enqueue("noop", after=first)).state == "queued"


def test_cancelling_a_job_lets_those_that_wait_for_it_go_on(store: Store) -> None:
    first = store.jobs.enqueue("noop")
    second = store.jobs.enqueue("noop", after=first)
    assert store.jobs.cancel(first)
    assert not store.jobs.cancel(first)
    assert [store.jobs.get(i).state for i in (first, second)] == ["cancelled", "queued"]


def test_a_job_that_ended_without_effect_can_be_run_again(store: Store) -> None:
    def fail(context: JobContext) -> None:
        raise Failed("broken")

    job_id = store.jobs.enqueue("noop")
    _work(store, JobKind("noop", fail))
    failed = store.jobs.get(job_id)
    assert (failed.state, failed.error, failed.attempts) == ("failed", "broken", 1)
    assert store.jobs.stats().failed == [failed]

    assert store.jobs.retry(job_id) == job_id
    _work(store, JobKind("noop", _nothing))
    done = store.jobs.get(job_id)
    assert (done.state, done.error) == ("done", None)
    with pytest.raises(Unsupported):
        store.jobs.retry(job_id)


def test_jobs_tried_again_wait_for_each_other_as_they_did_at_first(store: Store) -> None:
    first = store.jobs.enqueue("noop")
    second = store.jobs.enqueue("noop", after=first)

    def skip(context: JobContext) -> None:
        raise Skipped("not now")

    _work(store, JobKind("noop", skip))
    for job_id in (first, second):
        store.jobs.retry(job_id)
    assert [store.jobs.get(job_id).state for job_id in (first, second)] == ["queued", "waiting"]
    _work(store, JobKind("noop", _nothing))
    assert [store.jobs.get(job_id).state for job_id in (first, second)] == ["done", "done"]


def test_a_retry_gives_way_to_a_queued_job_of_its_key(store: Store) -> None:
    first = store.jobs.enqueue("noop", key="k")
    store.jobs.cancel(first)
    second = store.jobs.enqueue("noop", key="k")
    assert store.jobs.retry(first) == second
    assert store.jobs.get(first).state == "cancelled"


def test_an_unknown_job_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        store.jobs.get(7)
    with pytest.raises(NotFound):
        store.jobs.retry(7)
    with pytest.raises(NotFound):
        store.jobs.cancel(7)


def test_the_summary_counts_and_names_the_oldest(store: Store) -> None:
    first = store.jobs.enqueue("noop")
    store.jobs.enqueue("other", after=first)
    summary = store.jobs.stats()
    assert (summary.depth, summary.counts) == (2, {"queued": 1, "waiting": 1})
    assert summary.oldest is not None
    assert summary.oldest.id == first


def test_listing_goes_through_all_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.jobs.queue.PAGE", 2)
    ids = [store.jobs.enqueue("noop" if n % 2 else "other") for n in range(5)]
    assert [job.id for job in store.jobs] == ids[::-1]
    assert [job.id for job in store.jobs.list("queued", kind="noop")] == [ids[3], ids[1]]
    assert list(store.jobs.list("failed")) == []


def test_waiting_gives_up_and_tells_the_state(store: Store) -> None:
    job_id = store.jobs.enqueue("nobody-runs-this")
    assert [job.state for job in store.jobs.wait([job_id], timeout=0.01)] == ["queued"]
