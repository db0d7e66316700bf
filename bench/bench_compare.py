"""What calls cost, against another version of Holdfast. Run: python -m bench.bench_compare [COMMIT [NAME,NAME...]]

COMMIT is BASE unless given; a folder with a checkout will do as well. Each version runs in a process of its own, on a
store of its own with the same files. They take short turns, so that what else the machine does meets both; compared
are the fastest calls of each. What one of the two cannot do is left out, which standard error says.
"""

import compileall
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.figures import Figure
from holdfast.errors import HoldfastError, Unsupported

HERE = Path(__file__).parent.parent

#: the version before branches, the house of today and PostgreSQL came
BASE = "46e92b7"
#: files in the store, in FOLDERS folders
FILES, FOLDERS = 2000, 20
#: turns of each version
ROUNDS = 30
#: seconds that one turn should last: short, so that a neighbour's load meets both versions
TURN = 0.03
#: seconds from which on a call gets SLOW_ROUNDS turns of one call each
SLOW, SLOW_ROUNDS = 0.3, 6
#: what is to be reached: a twentieth is more than such a figure moves between two runs
TARGET = 1.05
#: files of the folder that is added
ADDED = 500

#: what invented words are made of
SYLLABLES = ("ka", "lo", "mi", "ne", "po", "ru", "sa")

Action = Callable[[int], object]


# --- what is measured, in the process of one version


def actions(store: Any, folder: Path) -> dict[str, Action]:
    """Return what is measured by name; each call is given a number that never comes twice."""
    reading = reads(store)
    return {**reading, **changes(store), **whole(folder)}


def reads(store: Any) -> dict[str, Action]:
    at = "/d2/f22.md"
    snapshot = store.snapshot()
    return {
        "exists": lambda _: store.exists(at),
        "stat": lambda _: store.stat(at),
        "stat of a snapshot": lambda _: snapshot.stat(at),
        "read": lambda _: store.read(at),
        "read_text": lambda _: store.read_text(at),
        "ls of 100": lambda _: list(store.ls("/d2")),
        "tree of 2,000": lambda _: list(store.tree("/")),
        "glob": lambda _: list(store.glob("/**/f1*.md")),
        "grep": lambda _: list(store.grep("number 77", "/d17")),
        "search": lambda i: store.search(words(i, 2)),
        "search, text": lambda i: store.search(words(i, 2), mode="text"),
        "search, text, all files alike": lambda _: store.search("pelicans", mode="text"),
        "log of 20": lambda _: list(store.log(limit=20)),
        "log of a path": lambda _: list(store.log("/d2", limit=5)),
        "diff of a commit": lambda _: store.diff("HEAD~1"),
        "snapshot": lambda _: store.snapshot("HEAD~1"),
        "status": lambda _: store.status(),
    }


def changes(store: Any) -> dict[str, Action]:
    def lock(_: int) -> None:
        with store.lock("/d2/f22.md"):
            pass

    def hundred(i: int) -> None:
        with store.transaction() as tx:
            for k in range(100):
                tx.write(f"/many/{k}.md", f"text {i} {k}")

    def moved(i: int) -> None:
        store.move("/d1", f"/e{i}")
        store.move(f"/e{i}", "/d1")

    def made(i: int) -> None:
        store.mkdir(f"/m{i}")
        store.remove(f"/m{i}")

    session = store.session("talk")
    return {
        "write": lambda i: store.write("/w.md", f"text {i} words"),
        "mkdir and remove": made,
        "move, twice": moved,
        "copy": lambda i: store.copy("/d3/f3.md", f"/c{i}.md"),
        "transaction of 100 writes": hundred,
        "lock": lock,
        "message": lambda _: session.append("user", "hello"),
        "enqueue": lambda i: store.jobs.enqueue("k", {"i": i}),
    }


def whole(folder: Path) -> dict[str, Action]:
    """What opens stores and processes of its own."""
    import holdfast

    source = folder / "source"
    source.mkdir()
    for i in range(ADDED):
        (source / f"n{i}.md").write_text(f"# Note {i}\n\nA pelican met {i} herons beside the lake.\n", "utf-8")

    def opened(_: int) -> None:
        holdfast.open(folder / "kb", read_only=True).close()

    def added(i: int) -> None:
        with holdfast.create(folder / f"added{i}") as store:
            store.add(source)
        shutil.rmtree(folder / f"added{i}")

    def started(code: str) -> Action:
        return lambda _: subprocess.run([sys.executable, "-c", code], check=True)

    kb = str(folder / "kb")
    return {
        "open and close": opened,
        f"add of {ADDED} files": added,
        "import": started("import holdfast; holdfast.open"),
        "process: stat": started(f"import holdfast; holdfast.open({kb!r}).stat('/d2/f22.md')"),
        "command: ls": lambda _: subprocess.run(
            [sys.executable, "-m", "holdfast", "ls", "/d2", "--store", kb], check=True, stdout=subprocess.DEVNULL
        ),
    }


def fill(folder: Path) -> None:
    import holdfast

    with holdfast.create(folder / "kb") as store:
        with store.transaction() as tx:
            for i in range(FILES):
                tx.write(f"/d{i % FOLDERS}/f{i}.md", f"Note number {i}, of pelicans.\n\n{words(i, 40)}.\n")
        store.maintenance.optimize()


def words(seed: int, count: int) -> str:
    """Return invented words, of which few are frequent and many rare, as in a language."""
    rng = random.Random(seed)
    return " ".join(
        f"wo{SYLLABLES[n % 7]}{SYLLABLES[n // 7 % 7]}{n}"
        for n in (int(rng.paretovariate(0.6)) % 3000 for _ in range(count))
    )


def serve(folder: Path) -> None:
    """Run what is asked for on standard input, `NAME COUNT` in JSON, and answer with the seconds of each call."""
    import holdfast

    fill(folder)
    with holdfast.open(folder / "kb") as store:
        every = actions(store, folder)
        print(json.dumps(sorted(every)), flush=True)
        number = 0
        for line in sys.stdin:
            name, count = json.loads(line)
            try:
                print(json.dumps(list(timed(every[name], range(number, number + count)))), flush=True)
            except (AttributeError, TypeError, HoldfastError) as error:
                print(json.dumps({"cannot": f"{type(error).__name__}: {error}"}), flush=True)
            number += count


def timed(action: Action, numbers: range) -> Iterator[tuple[float, float]]:
    """Yield the seconds, and those on a processor, of each call."""
    for number in numbers:
        worked, began = processor_time(), time.perf_counter()
        action(number)
        yield time.perf_counter() - began, processor_time() - worked


def processor_time() -> float:
    """Return the seconds on a processor of this process, and of those that it started and that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


# --- comparing


class Side:
    """One version, in a process that waits for its turns."""

    def __init__(self, tree: Path, folder: Path) -> None:
        folder.mkdir()
        # Or one of them would be compiled anew at each start.
        compileall.compile_dir(tree / "src", quiet=1)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.bench_compare", "--serve", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": f"{tree / 'src'}{os.pathsep}{HERE}"},
            cwd=folder,
        )
        self.names: list[str] = self._answer()

    def turn(self, name: str, count: int) -> list[tuple[float, float]]:
        """Return the seconds of so many calls, and those on a processor; raises Unsupported for what it cannot do."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, count]) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if isinstance(answer, dict):
            raise Unsupported(answer["cannot"])
        return [(seconds, worked) for seconds, worked in answer]

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def tree_of(version: str) -> Iterator[Path]:
    """Give a folder with the sources of a commit, or the checkout that `version` is the folder of."""
    if Path(version).is_dir():
        yield Path(version).absolute()
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", version, "src"], cwd=HERE, check=True, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


@contextmanager
def both(old: Path, new: Path) -> Iterator[tuple[Side, Side]]:
    with tempfile.TemporaryDirectory() as folder:
        sides = Side(old, Path(folder) / "old"), Side(new, Path(folder) / "new")
        try:
            yield sides
        finally:
            for side in sides:
                side.close()


def compare(sides: tuple[Side, Side], name: str) -> Figure:
    """Return how long the newer version takes, against the older one: both take turns."""
    once = max(min(seconds for seconds, _ in side.turn(name, 3)) for side in sides)
    count, rounds = (1, SLOW_ROUNDS) if once > SLOW else (max(1, round(TURN / once)), ROUNDS)
    times: dict[Side, list[tuple[float, float]]] = {side: [] for side in sides}
    for place in range(rounds):
        # Who begins changes, so that neither always finds what the other left in the caches of the machine.
        for side in sides if place % 2 else sides[::-1]:
            times[side] += side.turn(name, count)
    old, new = (min(seconds for seconds, _ in times[side]) * 1000 for side in sides)
    before, now = (statistics.median(worked for _, worked in times[side]) for side in sides)
    note = f"{new:.3f} ms against {old:.3f} ms; median of processor time {now / before:.2f} x"
    return Figure(name, new / old, "x", TARGET, note=note)


def main(version: str = BASE, only: str = "") -> None:
    with tree_of(version) as old, both(old, HERE) as sides:
        for name in sides[1].names:
            if only and not name.startswith(tuple(only.split(","))):
                continue
            try:
                compare(sides, name).emit()
            except Unsupported as error:
                print(f"left out: {name}: {error}", file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]))
    else:
        main(*sys.argv[1:])
