"""Jobs with keys: whatever becomes of a running job, one job of its key is left to be done, and none is held up."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from holdfast.catalog import audit
from holdfast.catalog.work import jobs
from holdfast.catalog.work.jobs import CANCELLED, DONE, FAILED, QUEUED, RUNNING, SUPERSEDED, WAITING, Job, JobState
from holdfast.errors import Unsupported
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.host.clock import ManualClock, utc
from holdfast.jobs import outcome
from holdfast.jobs.context import JobContext
from holdfast.jobs.kinds import Backoff, JobKind
from holdfast.jobs.outcome import Outcome
from holdfast.jobs.worker import Worker
from holdfast.testing.seams import rooms
from tests.support.postgres import POSTGRESQL, SQLITE

#: seconds
LEASE = 60.0
DEAD = replace(process.current(), started="before all time").to_json()


def begin(store: Store, token: str, owner: str) -> Job | None:
    """Lease the job that is next."""
    now = rooms(store).clock.now()
    with rooms(store).engine.write() as conn:
        chosen = [job_id for job_id, _, _ in jobs.claimable(conn, ["noop"], now, 1)]
        claimed = jobs.claim(conn, chosen, token, owner, now, now + LEASE) if chosen else []
    return claimed[0] if claimed else None


def states(store: Store) -> list[JobState]:
    """Return the states of all jobs, oldest first."""
    return [job.state for job in store.jobs][::-1]


def fail(store: Store, clock: ManualClock, job: Job) -> None:
    outcome.write(rooms(store), [Outcome(job, QUEUED, "ValueError: no luck")])


def stop(store: Store, clock: ManualClock, job: Job) -> None:
    outcome.write(rooms(store), [Outcome(job, QUEUED, counted=False)])


def die(store: Store, clock: ManualClock, job: Job) -> None:
    with rooms(store).engine.write() as conn:
        conn.run("UPDATE jobs SET owner = :dead WHERE job_id = :id", {"dead": DEAD, "id": job.id})
    assert outcome.take_over(rooms(store)) == 1


def fall_silent(store: Store, clock: ManualClock, job: Job) -> None:
    clock.advance(LEASE + 1)
    assert outcome.take_over(rooms(store)) == 1


@pytest.mark.parametrize("put_back", [fail, stop, die, fall_silent])
@pytest.mark.parametrize("twin", ["queued", "later", "waiting", "waiting for it"])
def test_a_job_whose_key_was_wanted_again_gives_way_when_it_is_put_back(
    store: Store, clock: ManualClock, put_back: Callable[[Store, ManualClock, Job], None], twin: str
) -> None:
    store.jobs.enqueue("noop", key="k")
    job = begin(store, "t", process.current().to_json())
    assert job is not None
    if twin == "later":
        again = store.jobs.enqueue("noop", key="k", run_at=utc(clock.now() + 1e6))
    elif twin == "waiting":
        again = store.jobs.enqueue("noop", key="k", after=store.jobs.enqueue("other"))
    else:
        again = store.jobs.enqueue("noop", key="k", after=job.id if twin == "waiting for it" else None)
    other = store.jobs.enqueue("noop")
    put_back(store, clock, job)
    assert store.jobs.get(job.id).state == SUPERSEDED
    assert store.jobs.get(again).state == (WAITING if twin == "waiting" else QUEUED)
    assert store.jobs.get(other).state == QUEUED


def test_a_worker_goes_on_after_a_job_whose_key_was_wanted_again_has_failed(store: Store) -> None:
    again: list[int] = []

    def run(context: JobContext) -> None:
        if not again:
            again.append(store.jobs.enqueue("noop", key="k"))
            raise ValueError("no luck")

    first = store.jobs.enqueue("noop", key="k")
    other = store.jobs.enqueue("noop")
    worker = Worker(rooms(store), [JobKind("noop", run, concurrency=1, backoff=Backoff(0, 0))])
    while worker.turn():
        pass
    job = store.jobs.get(first)
    assert (job.state, job.error) == (SUPERSEDED, "ValueError: no luck")
    assert [store.jobs.get(each).state for each in (again[0], other)] == [DONE, DONE]


def test_of_two_that_ran_under_one_key_and_are_put_back_the_newer_stays(store: Store) -> None:
    for put_back in ([0, 1], [1, 0]):
        pair = []
        for token in "ab":
            store.jobs.enqueue("noop", key="k")
            pair.append(begin(store, token, DEAD))
        for each in put_back:
            job = pair[each]
            assert job is not None
            outcome.write(rooms(store), [Outcome(job, QUEUED)])
        older, newer = (job.id for job in pair if job is not None)
        assert [store.jobs.get(each).state for each in (older, newer)] == [SUPERSEDED, QUEUED]
        store.jobs.cancel(newer)


#: what has the database refuse every change of a job, and what ends that
STUBBORN = {
    SQLITE: (
        ["CREATE TRIGGER stubborn BEFORE UPDATE ON jobs WHEN OLD.job_id = {} BEGIN SELECT RAISE(ABORT, 'no'); END"],
        "DROP TRIGGER stubborn",
    ),
    POSTGRESQL: (
        [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE division_by_zero; END'",
            "CREATE TRIGGER stubborn BEFORE UPDATE ON jobs FOR EACH ROW WHEN (OLD.job_id={}) EXECUTE FUNCTION refuse()",
        ],
        "DROP TRIGGER stubborn ON jobs",
    ),
}


@pytest.mark.parametrize("how", ["recovered", "ended"])
def test_a_job_that_the_catalog_refuses_holds_up_no_other(store: Store, how: str, catalog: str) -> None:
    ids = [store.jobs.enqueue("noop") for _ in range(3)]
    found = [begin(store, f"t{each}", DEAD) for each in ids]
    with rooms(store).engine.write() as conn:
        for statement in STUBBORN[catalog][0]:
            conn.run(statement.format(ids[1]))
    if how == "recovered":
        assert outcome.take_over(rooms(store)) == 2
        assert states(store) == [QUEUED, RUNNING, QUEUED]
    else:
        outcome.write(rooms(store), [Outcome(job, DONE) for job in found if job is not None])
        assert states(store) == [DONE, RUNNING, DONE]
    with rooms(store).engine.write() as conn:
        conn.run(STUBBORN[catalog][1])
    outcome.take_over(rooms(store))
    assert RUNNING not in states(store)


def test_two_that_recover_at_once_recover_each_job_once(store: Store) -> None:
    for _ in range(3):
        store.jobs.enqueue("noop", attempts=2)
    for number in range(3):
        begin(store, f"t{number}", DEAD)
    counts: list[int] = []
    ready = threading.Barrier(2)

    def recover() -> None:
        ready.wait(30)
        counts.append(outcome.take_over(rooms(store)))

    threads = [threading.Thread(target=recover) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sum(counts) == 3
    assert [(job.state, job.attempts) for job in store.jobs] == [(QUEUED, 1)] * 3
    with rooms(store).engine.read() as conn:
        assert sum(row.kind == "take_over" for row in audit.newest(conn, 100)) == 3


class Unprintable(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError("not now")


@pytest.mark.parametrize("error", [ValueError("bad name: \udc80\0"), Unprintable()])
def test_an_error_that_the_catalog_cannot_keep_as_it_is_fails_its_job_alone(store: Store, error: Exception) -> None:
    def run(context: JobContext) -> None:
        if context.payload.get("bad"):
            raise error

    bad, good = store.jobs.enqueue("noop", {"bad": True}, attempts=1), store.jobs.enqueue("noop")
    assert Worker(rooms(store), [JobKind("noop", run)]).turn(2) == 2
    assert [store.jobs.get(each).state for each in (bad, good)] == [FAILED, DONE]


@pytest.mark.parametrize("job", [{"key": "\ud800"}, {"kind": "\ud800"}, {"priority": 2**70}, {"run_at": float("inf")}])
def test_what_the_catalog_cannot_keep_is_refused_at_the_door(store: Store, job: dict[str, object]) -> None:
    with pytest.raises(Unsupported):
        store.jobs.enqueue(**{"kind": "noop", **job})  # type: ignore[arg-type]


# --- any sequence of what may happen, against what should come of it


@dataclass
class Expected:
    """A job as it should be."""

    key: str | None
    after: int | None
    state: str
    attempts: int = 0
    token: str | None = None
    dead: bool = False


class Machine(RuleBasedStateMachine):
    """The queue beside a dictionary; `store` and `clock` are set by the test."""

    store: Store
    clock: ManualClock

    @initialize()
    def empty(self) -> None:
        with rooms(self.store).engine.write() as conn:
            conn.run("DELETE FROM jobs")
        self.expected: dict[int, Expected] = {}
        self.begun: list[Job] = []

    # --- what happens

    @rule(key=st.sampled_from([None, "a", "b"]), supersede=st.booleans(), data=st.data())
    def enqueue(self, key: str | None, supersede: bool, data: st.DataObject) -> None:
        after = data.draw(st.sampled_from([None, *self.expected]))
        job_id = self.store.jobs.enqueue("noop", key=key, supersede=supersede, after=after, attempts=3)
        twin = self.unstarted(key)
        if twin is not None and not supersede:
            assert job_id == twin
            return
        if twin is not None:
            self.end(twin, SUPERSEDED)
        self.expected[job_id] = Expected(key, after, WAITING if self.is_under_way(after) else QUEUED)

    @rule(dead=st.booleans())
    def begin(self, dead: bool) -> None:
        token = f"t{len(self.begun)}"
        job = begin(self.store, token, DEAD if dead else process.current().to_json())
        queued = [job_id for job_id, each in self.expected.items() if each.state == QUEUED]
        assert (job.id if job else None) == min(queued, default=None)
        if job is not None:
            self.begun.append(job)
            each = self.expected[job.id]
            each.state, each.token, each.dead = RUNNING, token, dead
            each.attempts += 1

    @rule(data=st.data(), how=st.sampled_from([DONE, FAILED, QUEUED, "stopped"]))
    def finish(self, data: st.DataObject, how: str) -> None:
        if not self.begun:
            return
        # Also one whose lease is long gone: then nothing may come of it.
        job = data.draw(st.sampled_from(self.begun))
        state = QUEUED if how == "stopped" else how
        outcome.write(rooms(self.store), [Outcome(job, state, counted=how != "stopped")])
        if self.expected[job.id].token == job.token:
            self.broke_off(job.id, counted=how == QUEUED) if state == QUEUED else self.end(job.id, how)

    @rule(silent=st.booleans())
    def recover(self, silent: bool) -> None:
        if silent:
            self.clock.advance(LEASE + 1)
        lost = [i for i, each in self.expected.items() if each.state == RUNNING and (each.dead or silent)]
        assert outcome.take_over(rooms(self.store)) == len(lost)
        for job_id in lost:
            self.broke_off(job_id, counted=True)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.expected:
            job_id = data.draw(st.sampled_from(list(self.expected)))
            assert self.store.jobs.cancel(job_id) == self.is_under_way(job_id)
            if self.is_under_way(job_id):
                self.end(job_id, CANCELLED)

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        again = [i for i, each in self.expected.items() if each.state in (FAILED, CANCELLED, SUPERSEDED)]
        if again:
            job_id = data.draw(st.sampled_from(again))
            each = self.expected[job_id]
            twin = self.unstarted(each.key)
            assert self.store.jobs.retry(job_id) == (job_id if twin is None else twin)
            if twin is None:
                each.state, each.attempts = WAITING if self.is_under_way(each.after) else QUEUED, 0

    # --- what should come of it

    def unstarted(self, key: str | None) -> int | None:
        """Return the one job that waits under a key."""
        found = [i for i, each in self.expected.items() if key and each.key == key and each.state in (QUEUED, WAITING)]
        assert len(found) < 2
        return found[0] if found else None

    def is_under_way(self, job_id: int | None) -> bool:
        """Return whether a job has not ended."""
        return job_id is not None and self.expected[job_id].state in jobs.UNENDED

    def end(self, job_id: int, state: str) -> None:
        """End a job; those that waited for it go on."""
        self.expected[job_id].state, self.expected[job_id].token = state, None
        for each in self.expected.values():
            if each.state == WAITING and each.after == job_id:
                each.state = QUEUED

    def broke_off(self, job_id: int, *, counted: bool) -> None:
        """Put a running job back, unless it is given up or gives way."""
        each, twin = self.expected[job_id], self.unstarted(self.expected[job_id].key)
        if counted and each.attempts >= 3:
            self.end(job_id, FAILED)
        elif twin is not None and twin > job_id:
            self.end(job_id, SUPERSEDED)
        else:
            if twin is not None:
                self.end(twin, SUPERSEDED)
            each.state, each.token = QUEUED, None
            each.attempts -= not counted

    @invariant()
    def all_is_as_expected(self) -> None:
        found = {job.id: (job.state, job.token) for job in self.store.jobs}
        assert found == {job_id: (each.state, each.token) for job_id, each in self.expected.items()}


def test_whatever_happens_to_keyed_jobs_each_ends_as_it_should(store: Store, clock: ManualClock) -> None:
    class OnThisStore(Machine):
        pass

    OnThisStore.store, OnThisStore.clock = store, clock
    run_state_machine_as_test(OnThisStore, settings=settings(max_examples=30, stateful_step_count=30))
