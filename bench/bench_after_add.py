"""What a large add leaves behind, and a search below a large directory. Run: python -m bench.bench_after_add

HOLDFAST_BENCH_FILES says how many files are added, 200,000 unless told; the figures name the number.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import holdfast
from bench.figures import Figure, paired_ms
from bench.stores import WORDS, note, sentence

FILES = int(os.environ.get("HOLDFAST_BENCH_FILES", "200000"))
#: of the search below a directory: files in the store, and below the directory
STORE, BELOW = 100_000, 5_000
RUNS = 50

#: searches in a process of its own; prints the median in milliseconds and the peak of the resident memory in MB
_READER = """
import statistics, sys, time
import holdfast
times = []
with holdfast.open(sys.argv[1], read_only=True) as store:
    store.search("warm up")
    for query in sys.argv[2:]:
        began = time.perf_counter()
        store.search(query)
        times.append((time.perf_counter() - began) * 1000)
# Not getrusage: what it says of a new process begins with the memory of the one that started it.
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(statistics.median(times), peak / 1024)
"""


def small_files(folder: Path, files: int) -> Path:
    """Make a folder of so many small Markdown files, 1,000 a directory."""
    rng = random.Random(11)
    for i in range(files):
        file = folder / f"d{i // 1000:04}" / f"{i:06}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(note(rng, 300), "utf-8")
    return folder


def below_a_directory(folder: Path) -> None:
    """Matches that lie outside of the directory that is searched."""
    rng, kb = random.Random(12), folder / "below"
    holdfast.create(kb).close()
    half = len(WORDS) // 2
    inside = _small(folder / "inside", BELOW, rng, WORDS[half:])
    outside = _small(folder / "outside", STORE - BELOW, rng, WORDS[:half])
    with holdfast.open(kb, durability="relaxed") as store:
        store.add(outside, inside)
        queries = [" ".join(rng.choices(WORDS[:half], k=4)) for _ in range(RUNS + 3)]
        part, whole = paired_ms(
            lambda i: store.search(queries[i], under="/resources/inside"), lambda i: store.search(queries[i]), RUNS
        )
    Figure(
        f"search below a folder of {BELOW:,} in a store of {STORE:,}, matches elsewhere, against one of everything",
        part / whole,
        "x",
        2,
        note=f"{part:.1f} ms against {whole:.1f} ms",
    ).emit()


def _small(folder: Path, files: int, rng: random.Random, words: list[str]) -> Path:
    for i in range(files):
        file = folder / f"d{i // 1000:04}" / f"{i:06}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(" ".join(rng.choices(words, k=30)) + f" {i}", "utf-8")
    return folder


def after_an_add(folder: Path) -> None:
    """A search in a new process, the store's size and a reader's memory, right after an add and after upkeep."""
    source, kb = small_files(folder / "source", FILES), folder / "kb"
    holdfast.create(kb).close()
    _holdfast(kb, "add", str(source))
    rng = random.Random(13)
    queries = [sentence(rng, 4) for _ in range(RUNS)]
    size, before, memory = _size(kb), *_read(kb, queries)
    _holdfast(kb, "gc")
    collected = _size(kb)
    _holdfast(kb, "optimize")
    after, _ = _read(kb, queries)
    what = f"right after an add of {FILES:,} files: "
    Figure(
        f"{what}a search in a new process, against the same after `optimize`",
        before / after,
        "x",
        1.5,
        note=f"{before:.1f} ms against {after:.1f} ms",
    ).emit()
    Figure(
        f"{what}the store's size, against after `gc`",
        size / collected,
        "x",
        1.3,
        note=f"{size / 2**20:,.0f} MiB against {collected / 2**20:,.0f} MiB",
    ).emit()
    Figure(f"{what}peak memory of a process that searches", memory, "MB", 300).emit()


def _holdfast(kb: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "holdfast", "--store", str(kb), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _read(kb: Path, queries: Iterable[str]) -> tuple[float, float]:
    command = [sys.executable, "-c", _READER, str(kb), *queries]
    runs = [subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split() for _ in range(3)]
    return statistics.median(float(run[0]) for run in runs), max(float(run[1]) for run in runs)


def _size(kb: Path) -> int:
    return sum(file.stat().st_size for file in kb.rglob("*") if file.is_file())


def main() -> None:
    for part in (below_a_directory, after_an_add):
        with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
            part(Path(name))


if __name__ == "__main__":
    main()
