"""What the crash matrix does to the graph."""

from holdfast import Backoff, JobKind, Store, Transaction
from holdfast.catalog.branches import MAIN
from holdfast.digest.extraction.asking import fingerprint
from holdfast.digest.extraction.documents import EXTRACT, ExtractionOrder, enqueue
from holdfast.digest.extraction.extracting import Extracting
from holdfast.index.embedding.embedder import PREDECESSORS
from holdfast.models.port import Shape
from holdfast.testing.seams import rooms
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.claims import with_claims
from tests.support.crash.session_work import run
from tests.support.graphs import edge, paper, person, with_graph


def furnish(store: Store) -> None:
    """Write what changes of the graph start from."""
    with_graph(store)
    store.graph.insert(
        person("ada", name="Ada"),
        person("bob"),
        paper("notes"),
        edge("Wrote", "ada", "notes"),
        edge("Knows", "ada", "bob"),
    )
    store.write("/rested.md", "what Bob rests on")
    store.graph.cite("Person", "bob", "/rested.md")
    store.graph.look_again("check")


def change(tx: Transaction) -> None:
    """Change rows of several types, and a file with them."""
    tx.write("/eva.md", "about Eva")
    # Enqueues the job that looks again at Bob.
    tx.write("/rested.md", "and no longer does")
    tx.graph.insert(person("eva", name="Ada"), edge("Knows", "bob", "eva"), sources=["/eva.md"])
    tx.graph.update("Person", "ada", {"name": "Augusta"})
    tx.graph.delete("Paper", "notes")


def rows_of(store: Store) -> dict[str, bytes | None]:
    """Return all rows that a store shows, as its files are shown."""
    kinds = [kind.name for kind in store.graph.schema().live]
    rows = [row for kind in kinds for row in store.graph.find(kind, limit=None)]
    said: dict[str, bytes | None] = {
        f"{row.type} {row.key}": repr((row.values, [*map(str, row.sources)])).encode() for row in rows
    }
    looking = [job.payload["path"] for job in store.jobs.list(kind="check")]
    return said | {"types": repr(kinds).encode(), "jobs": repr(looking).encode()}


def furnish_searched(store: Store) -> None:
    """Write rows that are searched by their words and by their meaning."""
    with_claims(store)


def furnish_searched_base(store: Store) -> None:
    """Write such rows, some of them in a base."""
    with_claims(store)
    fold_graph(rooms(store), thorough=True, least=1)
    store.graph.update("Claim", "tape", {"text": "Tape is slow"})


def move_rows(store: Store) -> None:
    """Move to another embedder, and look whether rows are found with it."""
    store.maintenance.reindex(embedder=PREDECESSORS[0])
    assert {hit.why.place for hit in store.graph.search("slow disk", mode="vector")} == {"base", "log"}


class Reporter:
    """A `Model` in this process that reports the same rows of any document."""

    name = "reporter"
    max_input_characters = 10_000
    concurrency = 2

    def answer(self, task: str, material: str, shape: type[Shape]) -> Shape:
        """Return the one answer it has."""
        found = [person("eva", name="Eva"), paper("sums"), edge("Wrote", "eva", "sums"), edge("Wrote", "eva", "none")]
        return shape.model_validate({"rows": found})


def furnish_documents(store: Store) -> None:
    """Write a graph, and documents of one content that rows are to be extracted from."""
    furnish(store)
    store.write("/docs/eva.md", "# About Eva")
    store.copy("/docs/eva.md", "/docs/copy.md")


def order_rows(store: Store) -> None:
    """Enqueue the job that extracts rows from the documents."""
    schema = store.graph.schema()
    order = ExtractionOrder(
        under="/docs", types=("Person", "Paper", "Wrote"), asked=fingerprint(schema, schema.live[:3])
    )
    enqueue(rooms(store), MAIN, order)


def extract_rows(store: Store) -> None:
    """Enqueue and run the job that extracts rows from the documents."""
    order_rows(store)
    reporter = Reporter()
    run(store, JobKind(EXTRACT, Extracting(rooms(store), lambda: reporter).run, backoff=Backoff(0, 0)))


def change_alone(store: Store) -> None:
    """Change rows of several types, and a file with them, in a transaction of their own."""
    store.transaction()(change)
