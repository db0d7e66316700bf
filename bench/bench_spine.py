"""The figures of the spine: tree, transactions, search, opening, the command line. Run: python -m bench.bench_spine"""

import itertools
import math
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import holdfast
from bench.figures import Figure, median_ms, paired_ms
from bench.stores import many_chunks, many_files, note, sentence
from holdfast.testing.seams import rooms

RUNS = 200


def bare_insert(folder: Path) -> Callable[[int], None]:
    """Return an insert and commit into a bare SQLite file with synchronous=FULL: the least that durability costs."""
    db = sqlite3.connect(folder / "bare.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")

    def insert(_: int) -> None:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO t (body) VALUES (?)", ("x" * 100,))
        db.execute("COMMIT")

    return insert


def writes(folder: Path) -> None:
    """Durable small changes against the bare insert."""
    holdfast.create(folder / "empty").close()
    with holdfast.open(folder / "empty") as store:
        insert = bare_insert(folder)
        rng = random.Random(1)
        notes = [note(rng, 2048) for _ in range(RUNS + 10)]
        write, bare = paired_ms(lambda i: store.write(f"/notes/{i}.md", notes[i]), insert, RUNS)
        Figure(
            "durable write of a 2 KB note, against a bare FULL-sync insert",
            write / bare,
            "x",
            8,
            note=f"{write:.2f} ms against {bare:.2f} ms",
        ).emit()
        mkdir, bare = paired_ms(lambda i: store.mkdir(f"/wiki/{i}"), insert, RUNS)
        Figure(
            "durable mkdir, against a bare FULL-sync insert",
            mkdir / bare,
            "x",
            3,
            note=f"{mkdir:.2f} ms against {bare:.2f} ms",
        ).emit()


def tree(folder: Path) -> None:
    """A store of 100,000 files and 10,000 commits against an empty one; reading it; opening it."""
    holdfast.create(folder / "few").close()
    many_files(folder / "many", files=100_000, commits=10_000)
    with holdfast.open(folder / "few") as few, holdfast.open(folder / "many") as many:
        rng = random.Random(2)
        a, b = [[note(rng, 2048) for _ in range(RUNS + 10)] for _ in range(2)]
        large, small = paired_ms(
            lambda i: many.write(f"/notes/{i}.md", a[i]), lambda i: few.write(f"/notes/{i}.md", b[i]), RUNS
        )
        Figure(
            "write into 100,000 files and 10,000 commits, against an empty store",
            large / small,
            "x",
            1.3,
            note=f"{large:.2f} ms against {small:.2f} ms",
        ).emit()
        few.mkdir("/small")
        for i in range(10):
            few.write(f"/small/{i}.md", f"note {i}")
        large, small = paired_ms(_to_and_fro(many, "/resources/all"), _to_and_fro(few, "/small"), RUNS)
        Figure(
            "move of a directory of 100,000 files, against one of 10",
            large / small,
            "x",
            1.5,
            note=f"{large:.2f} ms against {small:.2f} ms",
        ).emit()
        top = "/resources/all" if many.exists("/resources/all") else "/elsewhere"
        files = [entry.path for entry in many.ls(f"{top}/d00")]
        for what, target, action in (
            ("read", 1.0, lambda i: many.read(files[i % len(files)])),
            ("stat", 1.0, lambda i: many.stat(files[i % len(files)])),
            ("ls of 1,000 entries", 10.0, lambda i: list(many.ls(f"{top}/d00"))),
        ):
            Figure(f"{what} (p50) in a store of 100,000 files", median_ms(action, 50), "ms", target).emit()


def _to_and_fro(store: holdfast.Store, path: str) -> Callable[[int], object]:
    """Return a move of `path` away at one call and back at the next."""
    ways = itertools.cycle([(path, "/elsewhere"), ("/elsewhere", path)])
    return lambda _: store.move(*next(ways))


def opening(folder: Path) -> None:
    """Opening a store of 100,000 files in-process, after a clean close and after a kill in the middle of a write."""
    store = folder / "many"

    def open_once(_: int) -> None:
        holdfast.open(store).close()

    Figure("open a store of 100,000 files, clean", median_ms(open_once, 20), "ms", 30).emit()
    times = []
    for i in range(5):
        _killed_write(store, i)
        began = time.perf_counter()
        holdfast.open(store).close()
        times.append((time.perf_counter() - began) * 1000)
    Figure(
        "open a store of 100,000 files after a kill",
        statistics.median(times),
        "ms",
        60,
        note="killed between staging a blob and publishing it; the sweep is included",
    ).emit()


def _killed_write(store: Path, number: int) -> None:
    program = (
        f"import holdfast; holdfast.open({str(store)!r}).write('/killed-{number}.bin', bytes([{number}]) * 200_000)"
    )
    env = {**os.environ, "HOLDFAST_FAULTS": "publish.before_lock=kill"}
    result = subprocess.run([sys.executable, "-c", program], env=env, check=False)
    assert result.returncode == -9, result.returncode


def processes(folder: Path) -> None:
    """The command line as a whole process."""
    Figure("`holdfast ls` as a process", _process_seconds(folder / "many", "ls", "/"), "s", 0.35).emit()


def _process_seconds(store: Path, *arguments: str) -> float:
    command = [sys.executable, "-m", "holdfast", "--store", str(store), *arguments]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run(_: int) -> None:
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)

    return median_ms(run, 10) / 1000


def searching(folder: Path) -> None:
    """Search over 100,000 chunks against the same two raw Lance queries."""
    many_chunks(folder / "chunks", contents=10_000, chunks_each=10)
    with holdfast.open(folder / "chunks") as store:
        store.maintenance.optimize()
        rng = random.Random(3)
        queries = [sentence(rng, 4) for _ in range(3 * (RUNS + 10))]
        backend, embed = rooms(store), store._shared.reader.embedder
        table = backend.tables.live.table
        with backend.engine.read() as conn:
            from holdfast.publish.publication import pinned

            dataset = table.open(pinned(conn, backend.tables.live))
        from lance.query import MatchQuery

        from holdfast.index.lance.lookup import REFINE
        from holdfast.index.text.analysis import query_tokens
        from holdfast.search.order import POOL
        from holdfast.search.sizes import SPARE

        columns = ["content_id", "ordinal", "heading", "text", "start", "end", "page"]
        probes = store._shared.reader.lookup_of(backend.tables.live).probes(dataset.version)

        def raw(i: int, rows: int = 10) -> None:
            match = MatchQuery(" ".join(query_tokens(queries[i])), "terms")
            dataset.scanner(columns=[*columns, "_score"], full_text_query=match, limit=rows).to_table()
            vector = embed.encode([queries[i]])[0]
            nearest = {
                "column": "vector",
                "q": vector,
                "k": rows,
                "metric": "cosine",
                "nprobes": probes,
                "refine_factor": REFINE,
            }
            dataset.scanner(columns=[*columns, "_distance"], nearest=nearest).to_table()

        def search(i: int) -> None:
            store.search(queries[i], limit=10)

        ours, theirs = paired_ms(search, raw, RUNS)
        Figure(
            "search of 100,000 chunks (hybrid, limit 10), against the same two raw Lance queries",
            ours / theirs,
            "x",
            1.3,
            note=f"{ours:.2f} ms against {theirs:.2f} ms",
        ).emit()
        # Each pass has queries of its own: passages that were read lately are kept.
        looked_at, part = math.ceil(POOL * SPARE), RUNS + 10
        ours, theirs = paired_ms(lambda i: search(part + i), lambda i: raw(part + i, looked_at), RUNS)
        Figure(
            f"the same, against the raw queries asked for the {looked_at} candidates of each that it looks at",
            ours / theirs,
            "x",
            1.3,
            note=f"{ours:.2f} ms against {theirs:.2f} ms",
        ).emit()
        began = time.process_time()
        warm = median_ms(lambda i: search(2 * part + i), RUNS)
        worked = (time.process_time() - began) * 1000 / (RUNS + 3)
        note = f"{worked:.1f} ms of processor time, of all threads together"
        Figure("the same, warm", warm, "ms", 20, note=note).emit()
    seconds = _process_seconds(folder / "chunks", "search", "-n", "5", *queries[0].split())
    Figure("`holdfast search` as a process", seconds, "s", 0.45, note="in a store of 100,000 chunks").emit()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        folder = Path(name)
        for part in (writes, tree, opening, processes, searching):
            part(folder)


if __name__ == "__main__":
    main()
