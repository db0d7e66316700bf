"""What the crash matrix does to the graph."""

from holdfast import Store, Transaction
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


def change(tx: Transaction) -> None:
    """Change rows of several types, and a file with them."""
    tx.graph.insert(person("eva", name="Ada"), edge("Knows", "bob", "eva"))
    tx.graph.update("Person", "ada", {"name": "Augusta"})
    tx.graph.delete("Paper", "notes")
    tx.write("/eva.md", "about Eva")


def rows_of(store: Store) -> dict[str, bytes | None]:
    """Return all rows that a store shows, as its files are shown."""
    kinds = [kind.name for kind in store.graph.schema().live]
    rows = [row for kind in kinds for row in store.graph.find(kind, limit=None)]
    said: dict[str, bytes | None] = {f"{row.type} {row.key}": repr(row.values).encode() for row in rows}
    return said | {"types": repr(kinds).encode()}


def change_alone(store: Store) -> None:
    """Change rows of several types, and a file with them, in a transaction of their own."""
    store.transaction()(change)
