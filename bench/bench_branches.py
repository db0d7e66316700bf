"""What branches and merges cost. Run: python -m bench.bench_branches [FILES], 100,000 files unless given."""

import itertools
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import holdfast
from bench.figures import Figure, paired_ms
from bench.stores import many_files, sentence
from holdfast import Components
from holdfast.front.store import Store

FILES = 100_000
RUNS = 60
#: how much longer what is asked of a branch may take than on main, by its depth
TIMES_OF_MAIN = {1: 1.5, 5: 3.0}
#: files that each branch has changed
CHANGED = 20
FEW, MANY = 2, 200
#: files that a branch which is merged has changed, and how often one is merged
MERGED, MERGES = 100, 15
#: files of the store that merges into a large one are compared with
SMALL = 1000
#: the number of the branch that is searched where many are alive
SEARCHED = 1
#: makes each text that is written another one
WRITES = itertools.count()


def quiet(folder: Path) -> Store:
    """Open a store whose upkeep does not run into what is measured."""
    return holdfast.open(folder, components=Components(upkeep=False))


def path_of(number: int) -> str:
    return f"/resources/all/d{number // 1000:02}/f{number % 1000:03}.md"


def make(folder: Path, files: int) -> None:
    """Make a store of so many files, folded, with a branch of main, one of that, and so on, each with its changes."""
    many_files(folder, files=files, commits=max(1, files // 1000))
    rng = random.Random(6)
    with quiet(folder) as store:
        store.maintenance.optimize()
        deeper = store
        for depth in range(1, max(TIMES_OF_MAIN) + 1):
            deeper.branches.create(f"depth{depth}")
            deeper = store.branch(f"depth{depth}")
            change(deeper, rng, files)
        store.maintenance.optimize()


def change(store: Store, rng: random.Random, files: int, changed: int = CHANGED) -> None:
    """Rewrite some files of a branch, in one commit."""
    with store.transaction() as tx:
        for number in rng.sample(range(files), changed):
            tx.write(path_of(number), f"# Changed\n\n{sentence(rng, 60)}.")


def making_and_deleting(store: Store) -> None:
    """A branch is made and deleted as quickly as a directory is made."""
    actions: dict[str, Callable[[int], object]] = {
        "create": lambda i: store.branches.create(f"new{i % 10_000}"),
        "delete": lambda i: store.branches.delete(f"new{i % 10_000}"),
    }
    for name, action in actions.items():
        ours, mkdir = paired_ms(action, lambda i, name=name: store.mkdir(f"/wiki/{name}{i % 10_000}"), RUNS)  # type: ignore[misc]
        emit(f"`branch {name}`, against `mkdir`", ours, mkdir, 3)


def on_branches(store: Store, files: int) -> None:
    """What is asked of a branch takes little longer than on main, at any depth."""
    for depth, most in TIMES_OF_MAIN.items():
        branch = store.branch(f"depth{depth}")
        for name, of in questions(files).items():
            if name != "write":
                # Whoever asks for a file first reads it from the disk for both.
                for turn in range(-3, RUNS):
                    of(store)(turn)
            there, here = paired_ms(of(branch), of(store), RUNS)
            emit(f"`{name}` on a branch of depth {depth}, against main", there, here, most)


def questions(files: int) -> dict[str, Callable[[Store], Callable[[int], object]]]:
    """Return what is asked, by its name: of a store, the i-th time."""
    words = random.Random(8)
    queries = [sentence(words, 3) for _ in range(RUNS + 3)]
    # A prime, so that the files come from everywhere.
    return {
        "read": lambda on: lambda i: on.read(path_of(i * 7919 % files)),
        "stat": lambda on: lambda i: on.stat(path_of(i * 7919 % files)),
        "ls": lambda on: lambda i: list(on.ls(f"/resources/all/d{i * 7919 % files // 1000:02}")),
        "write": lambda on: lambda i: on.write(path_of(i * 104_729 % files), f"written {next(WRITES)} times"),
        "search": lambda on: lambda i: on.search(queries[i % len(queries)]),
    }


def many_branches(folder: Path, files: int) -> None:
    """What is done where many branches are alive takes as long as where few are."""
    few, many = folder.with_name("few"), folder.with_name("many")
    for place, branches in ((few, FEW), (many, MANY)):
        shutil.copytree(folder, place)
        rng = random.Random(7)
        with quiet(place) as store:
            for number in range(branches):
                store.branches.create(f"agent{number}")
                # As much in both stores, and as much of it on the branch that is searched: it is the number of branches
                # that is asked about.
                others = CHANGED * (MANY - 1) // (branches - 1)
                change(store.branch(f"agent{number}"), rng, files, CHANGED if number == SEARCHED else others)
            store.maintenance.optimize()
    with quiet(few) as one, quiet(many) as other:
        actions: dict[str, Callable[[Store], Callable[[int], object]]] = {
            "branch create": lambda on: lambda i: on.branches.create(f"new{i % 10_000}"),
            "search": lambda on: questions(files)["search"](on.branch(f"agent{SEARCHED}")),
            "gc": lambda on: lambda i: on.maintenance.gc(),
        }
        for name, of in actions.items():
            there, here = paired_ms(of(other), of(one), RUNS // 2 if name == "gc" else RUNS)
            emit(f"`{name}` with {MANY} branches alive, against {FEW}", there, here, 1.2)


def merging(folder: Path, files: int) -> None:
    """A merge costs what the branch changed, and not what there is."""
    small = folder.with_name("small")
    many_files(small, files=SMALL, commits=1)
    rng = random.Random(9)
    with quiet(folder) as store, quiet(small) as other:
        other.maintenance.optimize()
        # Files from everywhere, and then the same files in both stores.
        cases = ((store, files), (store, SMALL), (other, SMALL))
        times: list[list[float]] = [[] for _ in cases]
        for turn, (place, (on, among)) in itertools.product(range(MERGES + 2), enumerate(cases)):
            spent = merge_of(on, f"merged{turn}-{place}", rng, among)
            times[place] += [spent] if turn >= 2 else []
    everywhere, large, little = map(statistics.median, times)
    what = f"merge of {MERGED} changed files into {files:,}"
    Figure(what, everywhere, "ms", 100, note=f"files from all directories; median of {MERGES}").emit()
    emit(f"{what}, against the same into {SMALL:,}", large, little, 1.5)


def merge_of(on: Store, name: str, rng: random.Random, among: int) -> float:
    """Return the milliseconds that a merge takes of a branch that changed some of the first files."""
    on.branches.create(name)
    change(on.branch(name), rng, among, MERGED)
    began = time.perf_counter()
    report = on.branches.merge(name)
    spent = (time.perf_counter() - began) * 1000
    assert len(report.changes) == MERGED
    return spent


def emit(what: str, value: float, against: float, target: float) -> None:
    Figure(what, value / against, "x", target, note=f"{value:.2f} ms against {against:.2f} ms").emit()


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "kb"
        make(folder, files)
        many_branches(folder, files)
        with quiet(folder) as store:
            making_and_deleting(store)
            on_branches(store, files)
        merging(folder, files)


if __name__ == "__main__":
    main()
