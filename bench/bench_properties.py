"""What filters by property cost. Run: python -m bench.bench_properties [FILES], 100,000 files unless given."""

import random
import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import holdfast
from bench.figures import Figure, median_ms, paired_ms
from bench.stores import many_files, sentence
from holdfast import Components
from holdfast.front.store import Store

FILES = 100_000
RUNS = 40
#: files that are given properties in one transaction
BATCH = 5_000
#: milliseconds of a filter, and how much longer a search by one may take than one without
MOST_MS, MOST_TIMES = 20.0, 1.3
#: one file in so many meets a filter
ONE_IN = {"rating": 1000, "group": 10, "half": 2}
WRITES = count()
#: of the words that the texts are made of
QUERY = sentence(random.Random(9), 4)


def make(folder: Path, files: int) -> None:
    """Make a store of so many files, folded, each with properties of its own."""
    many_files(folder, files=files, commits=max(1, files // 1000))
    with holdfast.open(folder, components=Components(upkeep=False)) as store:
        store.maintenance.optimize()
        paths = [info.path for info in store.tree("/resources") if not info.is_dir]
        for first in range(0, len(paths), BATCH):
            with store.transaction(message="give properties") as tx:
                for number, path in enumerate(paths[first : first + BATCH], start=first):
                    tx.properties.set(path, properties_of(number))


def properties_of(number: int) -> dict[str, Any]:
    few = {name: number % share for name, share in ONE_IN.items()}
    return {"number": number, "tags": [f"t{number % 7}", f"u{number % 11}"], "author": {"name": "Ada"}, **few}


def filters(store: Store, files: int) -> None:
    """A filter takes as long as what it finds."""
    wheres: dict[str, dict[str, Any]] = {
        "a value": {"rating": 7},
        "a range": {"number": {"$gte": files // 2, "$lt": files // 2 + files // 1000}},
        "two": {"rating": 7, "tags": "t3"},
    }
    for name, where in wheres.items():
        found = len(list(store.glob("/**", where=where)))
        took = median_ms(lambda _, where=where: list(store.glob("/**", where=where)), RUNS)  # type: ignore[misc]
        Figure(f"`glob --where`: {name}", took, "ms", MOST_MS, note=f"{found} of {files} files").emit()


def searches(store: Store, files: int) -> None:
    """A search by property takes little longer than one of all."""
    for name, share in ONE_IN.items():
        where = {name: 1}
        ours, all_of_it = paired_ms(
            lambda _, where=where: store.search(QUERY, where=where),  # type: ignore[misc]
            lambda _: store.search(QUERY),
            RUNS,
        )
        emit(f"`search --where` of one file in {share}, against all", ours, all_of_it)

    def after_a_commit(_: int, where: dict[str, Any] | None) -> None:
        store.properties.update(f"/resources/all/d00/f{next(WRITES) % 900:03}.md", {"seen": next(WRITES)})
        store.search(QUERY, where=where)

    ours, all_of_it = paired_ms(lambda i: after_a_commit(i, {"group": 1}), lambda i: after_a_commit(i, None), RUNS)
    emit("the same of one file in 10, after a commit each", ours, all_of_it)


def emit(what: str, ours: float, theirs: float) -> None:
    note = f"{ours:.1f} ms, against {theirs:.1f} ms"
    Figure(what, ours / theirs, "x", MOST_TIMES, note=note).emit()


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "kb"
        make(folder, files)
        with holdfast.open(folder, components=Components(upkeep=False)) as store:
            filters(store, files)
            searches(store, files)


if __name__ == "__main__":
    main()
