"""The figures of the add pipeline. Run: python -m bench.bench_add

The baseline is the bare script: one process that reads, hashes, chunks and embeds file by file, then appends to Lance
once and commits to SQLite once. It is run in turn with the add, from the same files, with the model loaded already.
"""

import gc
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import blake3
import lance
import pyarrow as pa

import holdfast
from bench.figures import Figure
from bench.stores import note
from holdfast.index.chunking import chunk
from holdfast.index.embedder import load_embedder
from holdfast.index.rows import embedding_text, rows_for

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


def bare(source: Path, scratch: Path) -> None:
    """Do the work of an add with nothing around it."""
    db = sqlite3.connect(scratch / "bare.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE files (path TEXT PRIMARY KEY, id TEXT, data BLOB)")
    embedder = load_embedder()
    stored, rows = [], []
    for file in sorted(source.rglob("*.md")):
        data = file.read_bytes()
        digest = blake3.blake3(data).hexdigest()
        chunks = chunk(data.decode("utf-8"))
        rows.append(rows_for(digest, chunks, embedder.encode([embedding_text(c) for c in chunks])))
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


def fresh(folder: Path) -> Path:
    """Return a new empty folder."""
    return Path(tempfile.mkdtemp(dir=folder))


def against_bare(folder: Path, *, files: int, size: int, jobs: int, target: float, what: str) -> None:
    """An add of Markdown files against the bare script, and the publish's share of its time."""
    source = markdown_tree(folder / f"md{files}", files=files, size=size, seed=files)
    ours, theirs, shares = [], [], []
    bare(markdown_tree(folder / f"warm{files}", files=3, size=size, seed=0), fresh(folder))
    for _ in range(RUNS):
        into = fresh(folder)
        theirs.append(seconds(lambda into=into: bare(source, into)))
        kb = holdfast.init(fresh(folder) / "kb")
        with holdfast.open(kb) as store:
            began = time.perf_counter()
            report = store.add(source, jobs=jobs)
            ours.append(time.perf_counter() - began)
        assert report.added == files, report
        shares.append(report.seconds["publish"] / report.seconds["wall"])
    mine, base = statistics.median(ours), statistics.median(theirs)
    Figure(what, base / mine, "x", target, at_most=False,
           note=f"{mine:.2f} s against {base:.2f} s for {files} files of {size // 1024} KiB").emit()  # fmt: skip
    if jobs > 1:
        share = statistics.median(shares) * 100
        Figure(f"publish's share of the wall time, {files:,} Markdown files", share, "%", 10).emit()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        folder = Path(name)
        against_bare(folder, files=300, size=20 * 1024, jobs=1, target=0.7,
                     what="add of 300 Markdown files (6 MB), one job, against the bare script")  # fmt: skip
        against_bare(folder, files=1000, size=18 * 1024, jobs=2, target=1.5,
                     what="add of 1,000 Markdown files (18 MB), two jobs, against the bare script")  # fmt: skip


if __name__ == "__main__":
    main()
