"""The figures of the add pipeline. Run: python -m bench.bench_add

The baseline is the bare script: one process that reads, hashes, chunks and embeds file by file, then appends to Lance
once and commits to SQLite once. It uses the libraries as they come: model2vec loads and runs the model. It is run in
turn with the add, from the same files, with the model loaded already.
"""

import functools
import gc
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import blake3
import lance
import pyarrow as pa

import holdfast
from bench.documents import pdf
from bench.figures import Figure
from bench.stores import note, sentence
from holdfast.front.store import Store
from holdfast.index.embedding.embedder import BUILT_IN, MODELS, load_embedder
from holdfast.index.rows import embedding_text, rows_of
from holdfast.index.text.chunking import chunk
from holdfast.ingest.report import AddReport

RUNS = 5


def markdown_tree(folder: Path, *, files: int, size: int, seed: int) -> Path:
    """Make a folder of Markdown files, about `size` bytes each, with headings."""
    rng = random.Random(seed)
    for i in range(files):
        file = folder / f"d{i // 100:03}" / f"{i:05}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        sections = max(1, size // 2000)
        text = "\n".join(f"#{note(rng, size // sections)}" for _ in range(sections))
        file.write_text(text, "utf-8")
    return folder


#: texts into vectors
Encode = Callable[[list[str]], Any]


@functools.cache
def library() -> Encode:
    """Return what embeds with model2vec as it comes."""
    from model2vec import StaticModel

    model = StaticModel.from_pretrained(MODELS / BUILT_IN, force_download=False)
    return lambda texts: model.encode(texts, use_multiprocessing=False)


def bare(source: Path, scratch: Path, encode: Encode) -> None:
    """Do the work of an add with nothing around it."""
    db = sqlite3.connect(scratch / "bare.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE files (path TEXT PRIMARY KEY, id TEXT, data BLOB)")
    stored, rows = [], []
    for file in sorted(source.rglob("*.md")):
        data = file.read_bytes()
        digest = blake3.blake3(data).hexdigest()
        chunks = chunk(data.decode("utf-8"))
        rows.append(rows_of([(digest, chunks)], encode([embedding_text(c) for c in chunks])))
        stored.append((str(file), digest, data))
    lance.write_dataset(pa.concat_tables(rows), str(scratch / "bare.lance"))
    db.execute("BEGIN")
    db.executemany("INSERT INTO files VALUES (?, ?, ?)", stored)
    db.execute("COMMIT")
    db.close()


def seconds(action: Callable[[], object]) -> float:
    """Return how long `action` takes."""
    gc.collect()
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def add_seconds(store: Store, source: Path, jobs: int) -> float:
    """Return how long an add takes, which must add everything."""
    reports: list[AddReport] = []
    taken = seconds(lambda: reports.append(store.add(source, workers=jobs)))
    assert not reports[0].failed, reports[0]
    return taken


def bare_seconds(source: Path, scratch: Path, encode: Encode) -> float:
    """Return how long the bare script takes."""
    return seconds(lambda: bare(source, scratch, encode))


def fresh(folder: Path) -> Path:
    """Return a new empty folder."""
    return Path(tempfile.mkdtemp(dir=folder))


def against_bare(folder: Path, *, files: int, size: int, jobs: int, target: float, what: str) -> None:
    """An add of Markdown files against the bare script, and the publish's share of its time."""
    source = markdown_tree(folder / f"md{files}", files=files, size=size, seed=files)
    ours, shares = [], []
    theirs: list[float] = []
    quicker: list[float] = []
    encoders = library(), load_embedder().encode
    for encode in encoders:
        bare(markdown_tree(folder / f"warm{files}", files=3, size=size, seed=0), fresh(folder), encode)
    for _ in range(RUNS):
        for encode, taken in zip(encoders, (theirs, quicker), strict=True):
            taken.append(bare_seconds(source, fresh(folder), encode))
        with holdfast.create(fresh(folder) / "kb") as store:
            began = time.perf_counter()
            report = store.add(source, workers=jobs)
            ours.append(time.perf_counter() - began)
        assert report.added == files, report
        shares.append(report.seconds["publish"] / report.seconds["wall"])
    mine, base, quick = (statistics.median(taken) for taken in (ours, theirs, quicker))
    Figure(
        what,
        base / mine,
        "x",
        target,
        at_most=False,
        note=f"{mine:.2f} s against {base:.2f} s for {files} files of {size // 1024} KiB; {quick:.2f} s, that is "
        f"{quick / mine:.2f} x, when the script is given Holdfast's own tokenizing",
    ).emit()
    if jobs > 1:
        share = statistics.median(shares) * 100
        Figure(f"publish's share of the wall time, {files:,} Markdown files", share, "%", 10).emit()


def pdf_jobs(folder: Path) -> None:
    """Forty PDFs of twenty pages, with two jobs and with one."""
    source, rng = fresh(folder), random.Random(3)
    for i in range(40):
        (source / f"{i:02}.pdf").write_bytes(pdf([[sentence(rng, 10) for _ in range(40)] for _ in range(20)]))
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(RUNS):
        for jobs, taken in times.items():
            with holdfast.create(fresh(folder) / "kb") as store:
                taken.append(add_seconds(store, source, jobs))
    one, two = (statistics.median(times[jobs]) for jobs in (1, 2))
    Figure(
        "40 PDFs of 20 pages: two jobs against one",
        one / two,
        "x",
        1.7,
        at_most=False,
        note=f"{two:.2f} s against {one:.2f} s",
    ).emit()


def add_watched(kb: Path, source: Path, files: int) -> tuple[float, float, float]:
    """Run `holdfast add` of so many files; return its memory in MB.

    Its median while the second tenth is published, its median over the second half, and its peak to its end.
    """
    command = [sys.executable, "-m", "holdfast", "--store", str(kb), "add", str(source)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    samples: list[tuple[int, float]] = []
    peak = 0.0
    with holdfast.open(kb, read_only=True) as store:
        while process.poll() is None:
            memory = memory_of(process.pid)
            samples.append((store.status().files, memory["VmRSS"]))
            peak = max(peak, memory["VmHWM"])
            time.sleep(0.02)
    assert process.returncode == 0, process.returncode
    early = [memory for published, memory in samples if files // 10 <= published < files // 5]
    late = [memory for published, memory in samples if published >= files // 2]
    return statistics.median(early), statistics.median(late), peak


def memory_of(pid: int) -> dict[str, float]:
    """Return what Linux says of a process's memory, in MB: 0 when it has just ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = {"VmRSS": 0.0, "VmHWM": 0.0}
    sizes.update((line.split(":")[0], int(line.split()[1]) / 1024) for line in lines if line.endswith("kB"))
    return sizes


def growth(folder: Path) -> None:
    """Twenty thousand small files: memory on the way; then adding to them, and adding them again."""
    source = markdown_tree(folder / "small", files=20_000, size=500, seed=9)
    large = fresh(folder) / "kb"
    holdfast.create(large).close()
    early, late, peak = add_watched(large, source, 20_000)
    Figure(
        "peak memory of `holdfast add`, 20,000 small files, upkeep at its end included",
        peak,
        "MB",
        400,
        note="compacting and indexing take 50 to 90 MB, for a second",
    ).emit()
    Figure(
        "its memory over the last 10,000 files, against that after the first 2,000",
        late / early,
        "x",
        1.25,
        note=f"{late:.0f} MB against {early:.0f} MB, medians",
    ).emit()
    with holdfast.open(large) as many, holdfast.create(fresh(folder) / "kb") as few:
        few.add(markdown_tree(fresh(folder), files=100, size=500, seed=10))
        costs: tuple[list[float], list[float]] = ([], [])
        sides = list(zip((many, few), costs, strict=True))
        for run in range(2 * RUNS + 2):
            more = markdown_tree(fresh(folder), files=200, size=500, seed=100 + run)
            # Who comes second finds the words known already.
            for store, taken in sides if run % 2 else reversed(sides):
                taken.append(add_seconds(store, more, 1) / 200 * 1000)
        here, there = (statistics.median(taken[2:]) for taken in costs)
        Figure(
            "cost of a file at 20,000 documents in the store against 100",
            here / there,
            "x",
            1.2,
            note=f"{here:.2f} ms against {there:.2f} ms",
        ).emit()
        again = [folder / "small" / f"d{i:03}" for i in range(100)]
        many.add(*again, to="/resources/small", dry_run=True)
        rates = [10_000 / seconds(lambda: many.add(*again, to="/resources/small")) for _ in range(RUNS)]
        Figure("adding 10,000 unchanged files again", statistics.median(rates), "files/s", 4000, at_most=False).emit()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        folder = Path(name)
        against_bare(
            folder,
            files=300,
            size=20 * 1024,
            jobs=1,
            target=0.7,
            what="add of 300 Markdown files (6 MB), one job, against the bare script",
        )
        against_bare(
            folder,
            files=1000,
            size=18 * 1024,
            jobs=2,
            target=1.5,
            what="add of 1,000 Markdown files (18 MB), two jobs, against the bare script",
        )
        pdf_jobs(folder)
        growth(folder)


if __name__ == "__main__":
    main()
