"""What a large graph costs: loads, look-ups, inserts, merges. Run: python -m bench.bench_graph [NODES], or 1,000,000.

Each node has five edges. Loads are made by processes of their own, in turn with pylance alone, which writes the same
tables and the same indexes: of the keys of nodes and edges, and of the ends of edges. It is given the keys of the edges
in a column and flushes nothing to the disk; a load makes the keys, checks all, and flushes what it wrote. A merge load
replaces every row by one of the same key with another number in it.
"""

import itertools
import json
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import holdfast
from bench.figures import Figure, paired_ms
from holdfast import Components, Edge, Key, Node
from holdfast.front.store import Store

NODES, EDGES_EACH = 1_000_000, 5
#: how often each kind of load is measured, in turn
LOADS = 2
#: commits of one row each that the large store has seen
COMMITS = 5000
RUNS = 200
#: rows of the log over the bases while look-ups are measured
LOGGED = 1000
#: rows that a merged branch has changed, and how often one is merged
MERGED, MERGES = 100, 9
QUIET = Components(upkeep=False)


class Person(Node):
    """Someone."""

    handle: Annotated[str, Key]
    name: str
    born: int | None = None


class Knows(Edge[Person, Person]):
    """Who knows whom."""

    since: int | None = None


def handle(number: int) -> str:
    return f"p{number:08}"


def write_tables(folder: Path, nodes: int) -> None:
    """Write the rows to load as Arrow files, named after their types."""
    rng = np.random.default_rng(1)
    handles = pa.array([handle(number) for number in range(nodes)])
    names = pa.array([f"Person {number}" for number in range(nodes)])
    people = {"handle": handles, "name": names, "born": pa.array(rng.integers(1900, 2020, nodes))}
    both = np.unique(rng.integers(0, nodes, EDGES_EACH * nodes) * nodes + rng.integers(0, nodes, EDGES_EACH * nodes))
    rng.shuffle(both)
    ends = {"from": handles.take(pa.array(both // nodes)), "to": handles.take(pa.array(both % nodes))}
    knows = {**ends, "since": pa.array(rng.integers(1950, 2020, len(both)))}
    joined = pc.binary_join_element_wise(ends["from"], ends["to"], '","')
    keys = pc.binary_join_element_wise('["', joined, '"]', "")
    write_table(folder / "Person.arrow", people)
    write_table(folder / "Knows.arrow", knows)
    write_table(folder / "keyed" / "Person.arrow", people)
    write_table(folder / "keyed" / "Knows.arrow", {"key": keys, **knows})
    write_table(folder / "changed" / "Person.arrow", people | {"born": pc.add(people["born"], 1)})
    write_table(folder / "changed" / "Knows.arrow", knows | {"since": pc.add(knows["since"], 1)})


def write_table(path: Path, columns: dict[str, pa.Array]) -> None:
    path.parent.mkdir(exist_ok=True)
    table = pa.table(columns)
    with pa.ipc.new_file(str(path), table.schema) as file:
        file.write_table(table, max_chunksize=65_536)


# --- what runs in a process of its own


def load(folder: Path, tables: Path, mode: str) -> float:
    if mode == "append":
        holdfast.create(folder).close()
    else:
        tables = tables / "changed"
    with holdfast.open(folder, components=QUIET) as store:
        store.graph.apply([Person, Knows])
        began = time.perf_counter()
        store.graph.load([tables / "Person.arrow", tables / "Knows.arrow"], mode=mode)  # type: ignore[arg-type]
        return time.perf_counter() - began


def pylance(folder: Path, tables: Path) -> float:
    import lance

    began = time.perf_counter()
    for name, columns in (("Person", ["handle"]), ("Knows", ["key", "from", "to"])):
        with pa.OSFile(str(tables / "keyed" / f"{name}.arrow")) as file, pa.ipc.open_file(file) as reader:
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
            dataset = lance.write_dataset(
                pa.RecordBatchReader.from_batches(reader.schema, batches), str(folder / f"{name}.lance")
            )
        for column in columns:
            dataset.create_scalar_index(column, "BTREE")
    return time.perf_counter() - began


def child(what: str, folder: Path, tables: Path) -> tuple[float, float]:
    """Return the seconds that a load took in a process of its own, and the MB that this had at most."""
    command = [sys.executable, "-m", "bench.bench_graph", "--child", what, str(folder), str(tables)]
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    return said["seconds"], said["peak"]


def run_child(what: str, folder: Path, tables: Path) -> None:
    seconds = pylance(folder, tables) if what == "pylance" else load(folder, tables, what)
    status = Path("/proc/self/status").read_text("ascii")
    peak = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


# --- the sections


def loading(place: Path, tables: Path, what: str) -> Path:
    """A load takes little longer than writing and indexing its tables, and little memory."""
    spent: dict[str, list[float]] = {"append": [], "merge": [], "pylance": []}
    peaks: list[float] = []
    store = place / "large"
    for turn in range(LOADS):
        shutil.rmtree(store, ignore_errors=True)
        for kind in spent:
            folder = place / f"pylance{turn}" if kind == "pylance" else store
            seconds, peak = child(kind, folder, tables)
            spent[kind].append(seconds)
            peaks += [peak] if kind != "pylance" else []
        shutil.rmtree(place / f"pylance{turn}")
    alone = min(spent["pylance"])
    for kind, most in (("append", 2), ("merge", 3)):
        ours = min(spent[kind])
        note = f"{ours:.1f} s and {alone:.1f} s, the better of {LOADS}"
        Figure(f"load of {what}, {kind}, against pylance alone", ours / alone, "x", most, note=note).emit()
    note = "of its process, all told, the larger of append and merge"
    Figure(f"peak memory of the load of {what}", max(peaks), "MB", 600, note=note).emit()
    return store


def looking_up(folder: Path, nodes: int, what: str) -> None:
    """A row and what is three hops away are found in milliseconds, with a log over the bases."""
    rng = random.Random(2)
    with holdfast.open(folder, components=QUIET) as store:
        store.maintenance.optimize()
        for part in range(10):
            with store.transaction() as tx:
                for number in range(LOGGED // 20):
                    tx.graph.insert(Person(handle=f"new{part}-{number}", name="New"))
                    tx.graph.insert(Knows(source=handle(rng.randrange(nodes)), target=f"new{part}-{number}"))
        asked = [handle(rng.randrange(nodes)) for _ in range(RUNS + 3)]
        found = statistics.median(
            len(store.graph.expand(Person, each, "Knows>", hops=3, limit=None)) for each in asked[:20]
        )
        got, reached = paired_ms(
            lambda i: store.graph.get(Person, asked[i]),
            lambda i: store.graph.expand(Person, asked[i], "Knows>", hops=3, limit=None),
            RUNS,
        )
        Figure(f"`get` by key in {what}", got, "ms", 1, note=f"{LOGGED:,} rows of the log over it").emit()
        Figure(f"3 hops in {what}", reached, "ms", 15, note=f"{found:.0f} nodes, whole").emit()


def inserted(on: Store) -> Callable[[int], object]:
    return lambda i: on.graph.insert(Person(handle=f"one{i}", name="One"))


def inserting(place: Path, large: Path, what: str) -> None:
    """A row is inserted as quickly into a large graph as into an empty one."""
    small = place / "empty"
    holdfast.create(small).close()
    bare = sqlite3.connect(place / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, value TEXT)")
    with holdfast.open(large, components=QUIET, durability="relaxed") as store:
        for number in range(COMMITS):
            store.graph.upsert(Person(handle=handle(number), name=f"Changed {number}"))
    with holdfast.open(large, components=QUIET) as full, holdfast.open(small, components=QUIET) as empty:
        empty.graph.apply([Person, Knows])
        ours, others = paired_ms(inserted(full), inserted(empty), RUNS)
        note = f"{ours:.2f} ms and {others:.2f} ms"
        named = f"one-row insert into {what} after {COMMITS:,} commits"
        Figure(f"{named}, against an empty graph", ours / others, "x", 1.3, note=note).emit()
        more = itertools.count()
        ours, alone = paired_ms(
            lambda i: full.graph.insert(Person(handle=f"two{i}", name="Two")),
            lambda i: bare.execute("INSERT INTO rows VALUES (?, 'Two')", (f"two{next(more)}",)),
            RUNS,
        )
        note = f"{ours:.2f} ms and {alone:.2f} ms"
        Figure(f"{named}, against a bare SQLite insert and commit", ours / alone, "x", 10, note=note).emit()
    bare.close()


def merging(folder: Path, nodes: int, what: str) -> None:
    """A merge costs what the branch changed."""
    rng, times = random.Random(3), []
    with holdfast.open(folder, components=QUIET) as store:
        for turn in range(MERGES):
            store.branches.create(f"draft{turn}")
            changed = rng.sample(range(nodes), MERGED)
            rows = [Person(handle=handle(number), name=f"Merged {turn}") for number in changed]
            store.branch(f"draft{turn}").graph.upsert(*rows)
            began = time.perf_counter()
            store.branches.merge(f"draft{turn}")
            times.append((time.perf_counter() - began) * 1000)
    note = f"median of {MERGES}"
    Figure(f"merge of {MERGED} changed rows into {what}", statistics.median(times), "ms", 200, note=note).emit()


def main() -> None:
    if "--child" in sys.argv:
        run_child(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
        return
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else NODES
    what = f"{nodes:,} nodes and {nodes * EDGES_EACH:,} edges"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_tables(place, nodes)
        large = loading(place, place, what)
        looking_up(large, nodes, what)
        merging(large, nodes, what)
        inserting(place, large, what)


if __name__ == "__main__":
    main()
