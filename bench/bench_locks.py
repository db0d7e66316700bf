"""The figures of the locks. Run: python -m bench.bench_locks"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import holdfast
from bench.figures import Figure, paired_ms
from holdfast.front.store import Store

TURNS = 2000
CONTENDERS, TURNS_EACH = 8, 200
TAKEOVERS = 15
OTHERS = 100_000
DEEP_PATHS, DEPTH = 64, 24

CONTENDER = """
import sys, time, holdfast
with holdfast.open(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    waits = []
    for _ in range(int(sys.argv[2])):
        began = time.perf_counter()
        with store.lock("/contended", timeout=None):
            waits.append(time.perf_counter() - began)
    print(" ".join(f"{wait:.6f}" for wait in waits))
"""

HOLDER = """
import sys, holdfast
store = holdfast.open(sys.argv[1])
lock = store.lock("/taken", mode="subtree", ttl=3600)
print("holding", flush=True)
sys.stdin.readline()
"""


def uncontended(store: Store) -> None:
    """Acquire and release in one process; the median of runs, each as long as the others."""
    rates = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(TURNS):
            store.lock("/free").release()
        rates.append(TURNS / (time.perf_counter() - began))
    Figure(
        "uncontended acquire and release, one process",
        statistics.median(rates),
        "/s",
        2000,
        at_most=False,
        note=f"median of 5 runs of {TURNS}",
    ).emit()


def contended(folder: Path) -> None:
    """Processes that all want one path, again and again: nobody fails, nobody starves."""
    started = [_start(CONTENDER, folder, TURNS_EACH) for _ in range(CONTENDERS)]
    began = time.perf_counter()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    waits = [[float(wait) for wait in process.communicate()[0].split()] for process in started]
    seconds = time.perf_counter() - began
    granted = sum(map(len, waits))
    Figure(
        f"turns granted to {CONTENDERS} processes contending for one path",
        granted,
        "turns",
        CONTENDERS * TURNS_EACH,
        at_most=False,
        note=f"{granted / seconds:,.0f} a second",
    ).emit()
    means = [statistics.mean(each) for each in waits]
    Figure(
        "what the process that waits most waits, against the mean of all",
        max(means) / statistics.mean(means),
        "x",
        5,
        note=f"mean {statistics.mean(means) * 1000:.1f} ms a turn",
    ).emit()
    every = [wait for each in waits for wait in each]
    Figure(
        "the longest single wait, against the mean wait",
        max(every) / statistics.mean(every),
        "x",
        5,
        note=f"{max(every) * 1000:.1f} ms against {statistics.mean(every) * 1000:.1f} ms",
    ).emit()


def takeover(store: Store, folder: Path) -> None:
    """A waiter, and a holder that is killed: from the kill until the waiter holds the lock."""
    times = []
    for _ in range(TAKEOVERS):
        holder = _start(HOLDER, folder)
        began = time.perf_counter()
        os.kill(holder.pid, signal.SIGKILL)
        store.lock("/taken/below", timeout=60).release()
        times.append((time.perf_counter() - began) * 1000)
        holder.communicate()
    Figure(
        "taking over from a killed holder on the same host",
        statistics.median(times),
        "ms",
        50,
        note=f"median of {TAKEOVERS}, worst {max(times):.1f} ms",
    ).emit()


def among_others(folder: Path) -> None:
    """One acquire of many deep paths, with nothing else held and with a great many locks of others."""
    for name in ("few", "many"):
        holdfast.create(folder / name).close()
    paths = [_deep(f"mine/{i}") for i in range(DEEP_PATHS)]
    with holdfast.open(folder / "few") as few, holdfast.open(folder / "many") as many:
        for start in range(0, OTHERS, 10_000):
            many.lock([_deep(f"others/{i}") for i in range(start, start + 10_000)], ttl=7 * 86_400)
        large, small = paired_ms(lambda _: many.lock(paths).release(), lambda _: few.lock(paths).release(), 50)
        Figure(
            f"acquire of {DEEP_PATHS} deep paths with {OTHERS:,} other locks, against none",
            large / small,
            "x",
            2,
            note=f"{large:.2f} ms against {small:.2f} ms, with release; {DEPTH} names each",
        ).emit()
        trees, none = paired_ms(
            lambda _: many.lock(paths, mode="subtree").release(),
            lambda _: few.lock(paths, mode="subtree").release(),
            50,
        )
        Figure(
            f"the same as subtrees with {OTHERS:,} other locks held, against none",
            trees / none,
            "x",
            2,
            note=f"{trees:.2f} ms against {none:.2f} ms",
        ).emit()
        one, empty = paired_ms(lambda _: many.lock("/mine").release(), lambda _: few.lock("/mine").release(), 500)
        Figure(
            f"acquire of one path with {OTHERS:,} other locks held, against none",
            one / empty,
            "x",
            2,
            note=f"{one:.3f} ms against {empty:.3f} ms",
        ).emit()


def _deep(path: str) -> str:
    return "/" + path + "/d" * (DEPTH - 2)


def _start(code: str, *args: object) -> subprocess.Popen[str]:
    """Start a child and wait for its first word."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    return child


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        holdfast.create(folder / "kb").close()
        with holdfast.open(folder / "kb") as store:
            uncontended(store)
            contended(folder / "kb")
            takeover(store, folder / "kb")
        among_others(folder)


if __name__ == "__main__":
    main()
