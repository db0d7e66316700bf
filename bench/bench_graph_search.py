"""What a filtered search of rows costs. Run: python -m bench.bench_graph_search [ROWS], 100,000 rows unless given."""

import random
import sys
import tempfile
from collections import defaultdict
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import holdfast
from bench.figures import Figure, paired_ms
from bench.stores import sentence
from holdfast import Components, Embed, FullText, Index, Key, Node
from holdfast.catalog.graph import bases
from holdfast.front.store import Store
from holdfast.index.embedding.embedder import load_embedder
from holdfast.index.text.analysis import query_tokens
from holdfast.testing.seams import rooms

ROWS = 100_000
RUNS = 40
#: how many times as long as Lance alone a search may take
MOST_TIMES = 1.5
#: rows of each list, and of the answer
LISTED, HITS = 60, 10
#: of reciprocal rank fusion
RANK = 60
#: one row in so many meets the filter
ONE_IN = 10
#: rows that the log has over the base
LOGGED = 1_000


class Claim(Node):
    id: Annotated[str, Key]
    text: Annotated[str, FullText, Embed]
    topic: Annotated[int, Index]


def claim(said: random.Random, number: int) -> Claim:
    return Claim(id=f"c{number:07}", text=sentence(said, 24), topic=number % ONE_IN)


def make(store: Store, rows: int) -> None:
    """Load so many claims, indexed and searchable when it returns."""
    import pyarrow as pa

    said = random.Random(7)
    found = [claim(said, number).model_dump() for number in range(rows)]
    store.graph.apply([Claim])
    store.graph.load(pa.Table.from_pylist(found), type="Claim")


def alone(store: Store) -> Any:
    """Return a search of the same table by Lance alone: both lists filtered before they rank, fused by their ranks."""
    from lance.query import MatchQuery

    backend = rooms(store)
    with backend.engine.read() as conn:
        base = bases.every(conn)[-1]
    table = backend.tables.graph(base.table).table
    dataset, column = table.open(base.version), topic_column(store)
    embedder, names = load_embedder(), [name for name in table.shape.schema.names if name != "vector"]

    def search(query: str, topic: int) -> list[str]:
        told: dict[str, Any] = {"filter": f"{column} = {topic}", "prefilter": True, "limit": LISTED}
        match = MatchQuery(" ".join(query_tokens(query)), "terms")
        near = {"column": "vector", "q": embedder.encode([query])[0], "k": LISTED, "metric": "cosine", "nprobes": 24}
        lists = (
            dataset.scanner(columns=[*names, "_score"], full_text_query=match, **told).to_table(),
            dataset.scanner(columns=[*names, "_distance"], nearest=near, **told).to_table(),
        )
        fused: dict[str, float] = defaultdict(float)
        for found in lists:
            for rank, key in enumerate(found["key"].to_pylist(), start=1):
                fused[key] += 1 / (RANK + rank)
        return sorted(fused, key=lambda key: -fused[key])[:HITS]

    return search


def topic_column(store: Store) -> str:
    return f"p{store.graph.schema().type_named('Claim').property_named('topic').id}"


def compare(store: Store, name: str, by_lance: Any) -> None:
    """Search for the same by Holdfast and by Lance alone, in turn."""
    said, turns = random.Random(9), count()
    asked = [(sentence(said, 4), number % ONE_IN) for number in range(RUNS + 20)]

    def ours(number: int) -> object:
        query, topic = asked[number % len(asked)]
        return store.graph.search(query, [Claim], {"topic": topic}, limit=HITS)

    def theirs(number: int) -> object:
        return by_lance(*asked[number % len(asked)])

    for _ in range(5):
        number = next(turns)
        ours(number), theirs(number)
    one, other = paired_ms(ours, theirs, RUNS)
    note = f"{one:.1f} ms, Lance alone {other:.1f} ms"
    Figure(
        f"filtered hybrid search of rows against Lance alone: {name}", one / other, "x", MOST_TIMES, note=note
    ).emit()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    quiet = Components(upkeep=False)
    with tempfile.TemporaryDirectory() as folder, holdfast.create(Path(folder) / "kb", components=quiet) as store:
        make(store, rows)
        by_lance = alone(store)
        compare(store, f"{rows:,} rows in a base", by_lance)
        said = random.Random(8)
        store.graph.upsert(*(claim(said, number) for number in range(LOGGED)))
        compare(store, f"{LOGGED:,} of them newer in the log", by_lance)


if __name__ == "__main__":
    main()
