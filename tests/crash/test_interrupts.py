"""No interrupt, at whatever instant of a room, keeps this process or another one from going on (G10)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import holdfast
from holdfast import Backoff, JobContext, JobKind, Stopped
from holdfast.catalog.engines import turnstile as turns
from holdfast.front.store import Store
from holdfast.publish.staging import TAIL_ROWS_PER_COMMIT, staging
from holdfast.testing.seams import rooms
from holdfast.upkeep.fold import fold
from tests.support.interrupts import Interrupt, in_time, interrupted


@dataclass(frozen=True)
class Walk:
    """What is done, and in which rooms it is interrupted."""

    action: Callable[[Store, int], object]
    within: tuple[str, ...]
    #: done before each, without interrupts
    before: Callable[[Store, int], object] = lambda store, number: None
    #: every so many instants one is taken
    step: int = 1


def large(number: int) -> str:
    return f"{number} " * 40_000


def answer(context: JobContext) -> dict[str, int]:
    return {"answer": context.payload["number"]}


def work(store: Store, number: int) -> None:
    store.jobs.worker([JobKind("ask", answer)]).turn()


def many(number: int) -> str:
    """Return a text of more passages than go to the tail."""
    return "\n\n".join(f"# Part {part} of {number}\n\n{part} words." for part in range(TAIL_ROWS_PER_COMMIT + 10))


def say(store: Store, number: int) -> None:
    store.session("talk").append("user", f"message {number}")


def leave_litter(store: Store, number: int) -> None:
    """Leave a blob and a content that nothing refers to."""
    with suppress(Interrupt), staging(rooms(store), [rooms(store).draft("/x", large(number))], "me"):
        raise Interrupt


#: where an interrupt may come besides: at both ends of every block
BLOCKS = ("/contextlib.py",)

WALKS = {
    "take up and put back": Walk(
        work, ("/holdfast/jobs/",), before=lambda store, number: store.jobs.enqueue("ask", {"number": number})
    ),
    "stage a blob": Walk(
        lambda store, number: store.write(f"/blob-{number}.txt", large(number)), ("/publish/", "/blobs/"), step=2
    ),
    "stage rows": Walk(
        lambda store, number: store.write("/rows.md", many(number)), ("/publish/", "/index/tables"), step=600
    ),
    "fold": Walk(
        lambda store, number: fold(rooms(store)),
        ("/upkeep/", "/publish/"),
        before=lambda store, number: store.write(f"/tail-{number}.md", f"tail {number}"),
        step=5,
    ),
    "commit a session": Walk(
        lambda store, number: store.session("talk").commit(), ("/holdfast/sessions/",), before=say, step=13
    ),
    "collect garbage": Walk(
        lambda store, number: store.maintenance.gc(), ("/recovery/", "/publish/"), before=leave_litter, step=13
    ),
}


@pytest.fixture
def both(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Store, Store]]:
    """Return the store twice: as this process has it, and as another one would."""
    monkeypatch.setattr(turns, "LOOK_EVERY", 1.0)
    monkeypatch.setattr(turns, "MOST_LOOKS", 3)
    with holdfast.open(folder, durability="relaxed") as mine, holdfast.open(folder, durability="relaxed") as others:
        yield mine, others


@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
def test_an_interrupt_at_any_instant_of_a_room_stands_in_nobodys_way(walk: Walk, both: tuple[Store, Store]) -> None:
    at, more = 0, True
    while more:
        at += walk.step
        walk.before(both[0], at)
        more = interrupted(partial(walk.action, both[0], at), at, within=walk.within + BLOCKS)

        def everybody(at: int = at) -> None:
            for store in both:
                store.mkdir("/still", exist_ok=True)
                store.write("/still/here.md", str((at, store is both[0])))

        in_time(everybody)
    assert at > 20
    both[0].maintenance.gc()
    assert not both[0].maintenance.verify().problems


#: where a worker's turn may be interrupted: in what it is, in what it asks the catalog, and at both ends of its blocks
TURN = ("/holdfast/jobs/", "/catalog/work/jobs", "/host/held", *BLOCKS)


def be_stopped(context: JobContext) -> None:
    raise Stopped("as when its worker stops")


@pytest.mark.parametrize(("handler", "ends"), [(answer, "done"), (be_stopped, "queued")], ids=["take up", "put back"])
def test_an_interrupted_turn_keeps_no_job_and_no_room_for_one(
    handler: Callable[[JobContext], dict[str, int] | None], ends: str, both: tuple[Store, Store]
) -> None:
    at, more, store = 0, True, both[0]
    worker = store.jobs.worker([JobKind("ask", handler, backoff=Backoff(base=0.0))])
    while more:
        at += 1
        job = store.jobs.enqueue("ask", {"number": at}, attempts=3)
        more = interrupted(worker.turn, at, within=TURN)
        # Nobody else looks after it: neither a beat, nor another worker, nor the end of the lease.
        left = store.jobs.get(job).state
        assert left in ("queued", ends), at
        assert worker.turn() == (left == "queued"), at
        assert store.jobs.get(job).state == ends, at
        if ends == "queued":
            store.jobs.cancel(job)
    assert at > 100


def test_an_interrupted_run_leaves_no_thread_behind(both: tuple[Store, Store]) -> None:
    at, more, store = 0, True, both[0]
    while more:
        at += 1
        worker = store.jobs.worker([JobKind("ask", answer)])
        more = interrupted(partial(worker.run, until_empty=True), at, within=("/holdfast/jobs/worker", *BLOCKS))
        for thread in threading.enumerate():
            if thread.name.startswith(("holdfast-worker", "holdfast-heartbeat")):
                # One that was just begun may not have heard of its end yet.
                thread.join(10)
                assert not thread.is_alive(), (at, thread.name)
    assert at > 20
