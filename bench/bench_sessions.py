"""The figures of sessions and jobs. Run: python -m bench.bench_sessions"""

import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import holdfast
from bench.bench_spine import bare_insert
from bench.figures import Figure, median_ms, paired_ms
from bench.stores import sentence
from holdfast.catalog.branches import MAIN
from holdfast.catalog.work import jobs
from holdfast.catalog.work.enqueueing import NewJob
from holdfast.front.store import Store
from holdfast.jobs.kinds import JobKind
from holdfast.testing.seams import rooms
from tests.support.modelserver import extract, memory, serving

RUNS = 300
JOBS = 6000

#: a worker in a process of its own, which begins when it is told to
_WORKER = """
import sys
import holdfast
from holdfast.jobs.kinds import JobKind
store = holdfast.open(sys.argv[1])
worker = store.jobs.worker([JobKind("noop", lambda context: None)])
print("ready", flush=True)
sys.stdin.readline()
worker.run(until_empty=True)
"""


@contextmanager
def fresh(folder: Path, name: str, settings: str = "") -> Iterator[Store]:
    """Make a store and open it."""
    holdfast.create(folder / name).close()
    with (folder / name / "holdfast.toml").open("a") as file:
        file.write(settings)
    with holdfast.open(folder / name) as store:
        yield store


def appends(folder: Path) -> None:
    """A durable message against the bare insert."""
    with fresh(folder, "appends") as store:
        session, insert = store.session("chat"), bare_insert(folder)
        append, bare = paired_ms(lambda i: session.append("user", "x" * 100), insert, RUNS)
    Figure(
        "durable append of one message, against a bare FULL-sync insert",
        append / bare,
        "x",
        3,
        note=f"{append:.3f} ms against {bare:.3f} ms",
    ).emit()


def commits(folder: Path) -> None:
    """Phase 1 of a session of 1,000 messages."""
    rng = random.Random(3)
    with fresh(folder, "commits") as store:
        times = []
        for number in range(15):
            session = store.session(f"s{number}")
            session.extend([{"role": "user", "content": sentence(rng, 20)} for _ in range(1000)])
            began = time.perf_counter()
            session.commit()
            times.append((time.perf_counter() - began) * 1000)
    Figure("session commit of 1,000 messages (phase 1)", statistics.median(times[3:]), "ms", 25).emit()


def remembering(folder: Path) -> None:
    """Phase 2, with a model that answers at once over HTTP on loopback, from enqueue to published."""
    rng = random.Random(4)

    def answer(asked: object, call: int) -> str:
        return extract(memory(f"fact {call}", sentence(rng, 20), messages=[1]))

    with serving(answer) as server:
        settings = f'[llm]\nbase_url = "{server.url}"\nmodel = "instant"\n'
        with fresh(folder, "memory", settings) as store, store.jobs.worker():
            times = []
            for number in range(25):
                session = store.session(f"s{number}")
                session.extend([{"role": "user", "content": sentence(rng, 20)} for _ in range(20)])
                made = session.commit()
                began = time.perf_counter()
                [job] = store.jobs.wait([made.job_id or 0], 60)
                times.append((time.perf_counter() - began) * 1000)
                assert job.state == "done"
    Figure("phase 2 of a 20-message session, model of 0 ms", statistics.median(times[3:]), "ms", 150).emit()


def many_questions(folder: Path) -> None:
    """The abstracts of 50 documents, with a model that takes half a second, and a memory asked for in the middle."""
    rng = random.Random(5)

    def answer(asked: dict[str, Any], call: int) -> str:
        time.sleep(0.5)
        remembers = "memory of an assistant" in asked["messages"][0]["content"]
        return extract() if remembers else '{"abstract": "Short.", "overview": "Long."}'

    with serving(answer) as server:
        settings = f'[llm]\nbase_url = "{server.url}"\nmodel = "slow"\n'
        with fresh(folder, "questions", settings) as store:
            with store.transaction() as tx:
                for number in range(50):
                    tx.write(f"/lib/{number}.md", sentence(rng, 100))
            store.session("chat").append("user", "I prefer metric units")
            with store.jobs.worker():
                began = time.perf_counter()
                abstracts = store.jobs.enqueue("abstract", {"path": "/lib"})
                time.sleep(1.5)
                asked = time.perf_counter()
                made = store.session("chat").commit()
                [remembered] = store.jobs.wait([made.job_id or 0], 60)
                memory_seconds = time.perf_counter() - asked
                [described] = store.jobs.wait([abstracts], 60)
                seconds = time.perf_counter() - began
                assert remembered.state == described.state == "done"
    Figure("abstracts of 50 documents, model of 500 ms", seconds, "s", 5).emit()
    Figure("a session's memory, asked for in the middle of them", memory_seconds, "s", 1.5).emit()


def enqueue(store: Store, number: int) -> None:
    """Write many jobs in one commit."""
    with rooms(store).engine.write() as conn:
        for _ in range(number):
            jobs.enqueue(conn, MAIN, NewJob(kind="noop"), time.time())


def throughput(folder: Path) -> None:
    """Jobs a second through an empty handler, in worker processes."""
    for workers, target in ((1, 500), (4, 800)):
        rates = []
        for run in range(3):
            with fresh(folder, f"queue-{workers}-{run}") as store:
                enqueue(store, JOBS)
                rates.append(JOBS / _seconds(store, workers))
        name = "one worker" if workers == 1 else "four workers"
        Figure(
            f"jobs through an empty handler, {name}",
            statistics.median(rates),
            "/s",
            target,
            at_most=False,
            note=f"{JOBS} jobs, processes",
        ).emit()


def _seconds(store: Store, workers: int) -> float:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, Path(store.address)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(workers)
    ]
    for each in started:
        assert each.stdout is not None
        each.stdout.readline()
    began = time.perf_counter()
    for each in started:
        assert each.stdin is not None
        each.stdin.write(b"go\n")
        each.stdin.flush()
    while store.jobs.stats().counts.get("done", 0) < JOBS:
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    for each in started:
        each.communicate()
    return seconds


def idling(folder: Path) -> None:
    """What an idle worker costs, and how soon it begins a job that its own process enqueues."""
    began: list[float] = []
    ran = threading.Event()

    def run(context: object) -> None:
        began.append(time.perf_counter())
        ran.set()

    with fresh(folder, "idle") as store, store.jobs.worker([JobKind("noop", run)]):
        delays = []
        for _ in range(20):
            # Long enough for the worker to look at its most seldom.
            time.sleep(1)
            ran.clear()
            delays.append(_delay(store.jobs.enqueue, ran, began))
        spent, watched = time.process_time(), time.perf_counter()
        time.sleep(10)
        share = (time.process_time() - spent) / (time.perf_counter() - watched) * 100
    Figure("an idle worker's share of a core", share, "%", 1).emit()
    Figure(
        "from enqueue to the job's begin, idle worker of the same process",
        statistics.median(delays),
        "ms",
        20,
        note=f"longest {max(delays):.1f} ms",
    ).emit()


def _delay(enqueue: Callable[[str], int], ran: threading.Event, began: list[float]) -> float:
    asked = time.perf_counter()
    enqueue("noop")
    ran.wait(30)
    return (began[-1] - asked) * 1000


def enqueueing(folder: Path) -> None:
    """Durable enqueue of one job, for comparison."""
    with fresh(folder, "enqueue") as store:
        median = median_ms(lambda i: store.jobs.enqueue("noop"), RUNS)
    Figure("durable enqueue of one job", median, "ms", 5).emit()


def main() -> None:
    """Measure everything in a scratch folder."""
    with tempfile.TemporaryDirectory() as scratch:
        for measure in (appends, commits, remembering, many_questions, throughput, idling, enqueueing):
            measure(Path(scratch))


if __name__ == "__main__":
    main()
