"""What a change costs in a small store and in a large one. Run: python -m bench.bench_scale [FILES]

FILES is 100,000 unless given; `python -m bench scale=1000000` keeps what a run of 1,000,000 measured, which takes the
better part of an hour and some 10 GB of the temporary folder. The large store is made by `add` alone, 10,000 generated
files at a time, each a document of its own; the small one is a copy of it as it was after the first 10,000. Progress
goes to standard error.
"""

import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import holdfast
from bench.figures import Figure, paired_ms
from bench.stores import many_files, note, sentence
from holdfast.front.store import Store

#: files of one add, and of the small store
ROUND = 10_000
#: files when nothing else is said
FILES = 100_000
RUNS = 30


def tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def empty_directories(folder: Path) -> None:
    """Removing an empty directory and closing the store, 100,000 files against 1,000."""
    stores = (folder / "many", folder / "few")
    many_files(stores[0], files=100_000, commits=1000)
    many_files(stores[1], files=1000, commits=10)
    for store in stores:
        with holdfast.open(store) as opened:
            opened.maintenance.optimize()
    large, small = paired_ms(_remove_and_close(stores[0]), _remove_and_close(stores[1]), RUNS)
    Figure(
        "`rm` of an empty directory with close, 100,000 files against 1,000",
        large / small,
        "x",
        1.5,
        note=f"{large:.2f} ms against {small:.2f} ms",
    ).emit()


def _remove_and_close(folder: Path) -> Callable[[int], None]:
    def run(_: int) -> None:
        with holdfast.open(folder) as store:
            store.mkdir("/gone", exist_ok=True)
        store = holdfast.open(folder)
        store.remove("/gone")
        store.close()

    return run


@dataclass
class Growth:
    """A store that grows by `add`."""

    folder: Path
    rng: random.Random = field(default_factory=lambda: random.Random(9))
    #: seconds of each add of ROUND files
    seconds: list[float] = field(default_factory=list)

    def grow(self) -> None:
        """Add ROUND files more; making and removing the files is not counted."""
        number = len(self.seconds)
        source = self.folder.parent / "source" / f"r{number:04}"
        for i in range(ROUND):
            file = source / f"d{i // 100:03}" / f"{i % 100:02}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(note(self.rng, 500), "utf-8")
        began = time.perf_counter()
        with holdfast.open(self.folder) as store:
            report = store.add(source)
        self.seconds.append(time.perf_counter() - began)
        assert report.added == ROUND, report
        shutil.rmtree(source)
        tell(f"{(number + 1) * ROUND:,} files: {ROUND / self.seconds[-1]:.0f} files a second")


def growth(folder: Path, files: int) -> None:
    """Adding until the store holds so many files, and what small changes cost then."""
    large, small = folder / "large", folder / "small"
    holdfast.create(large).close()
    growth = Growth(large)
    growth.grow()
    shutil.copytree(large, small)
    for _ in range(files // ROUND - 1):
        growth.grow()
    first, whole = ROUND / growth.seconds[0], ROUND / statistics.mean(growth.seconds)
    last = ROUND / statistics.mean(growth.seconds[-max(1, len(growth.seconds) // 10) :])
    rates = f"{whole:.0f} a second against {first:.0f}; the last tenth {last:.0f}"
    what = f"add of {files:,} small files: rate against the first 10,000"
    Figure(what, whole / first, "x", 0.7, at_most=False, note=rates).emit()
    for what, action in ACTIONS.items():
        tell(what)
        here, there = _in_both(large, small, action)
        Figure(
            f"{what} in {files:,} files, against 10,000",
            here / there,
            "x",
            2.0,
            note=f"{here:.2f} ms against {there:.2f} ms",
        ).emit()


def _in_both(large: Path, small: Path, action: Callable[[Store, int], object]) -> tuple[float, float]:
    with holdfast.open(large) as one, holdfast.open(small) as other:
        return paired_ms(lambda i: action(one, i), lambda i: action(other, i), RUNS)


def _open(store: Store, _: int) -> None:
    holdfast.open(Path(store.address)).close()


def _remove(store: Store, i: int) -> None:
    """Remove one of the files, by a store of its own that is closed after it."""
    with holdfast.open(Path(store.address)) as opened:
        opened.remove(f"/resources/r0000/d{40 + i // 50:03}/{i % 50:02}.md")


ACTIONS: dict[str, Callable[[Store, int], object]] = {
    "search": lambda store, i: store.search(sentence(random.Random(i), 4), limit=10),
    "write of a note": lambda store, i: store.write(f"/notes/{i}.md", note(random.Random(i), 500)),
    "move of a directory of 100 files": lambda store, i: store.move(
        *(("/moved", "/resources/r0000/d000"), ("/resources/r0000/d000", "/moved"))[i % 2]
    ),
    "opening": _open,
    "`rm` of a file with opening and close": _remove,
}


def main() -> None:
    files = int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as name:
        empty_directories(Path(name))
        growth(Path(name), files)


if __name__ == "__main__":
    main()
