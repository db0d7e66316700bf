"""What gc takes of the graph: rows of deleted branches, and folded bases that were replaced; nobody misses them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast import Components, Store
from holdfast.catalog.graph import bases
from holdfast.recovery.retention import taking
from holdfast.recovery.verify import verify
from holdfast.testing.seams import rooms
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.graphs import edge, person, with_graph


@pytest.fixture
def graphed(tmp_path: Path) -> Iterator[Store]:
    """Return a store with two people, whose upkeep is done by the test alone."""
    holdfast.create(tmp_path / "kb").close()
    with holdfast.open(tmp_path / "kb", components=Components(upkeep=False)) as store:
        with_graph(store)
        store.graph.insert(person("ada", name="Ada"), person("bob"), edge("Knows", "ada", "bob"))
        yield store


def fold(store: Store) -> None:
    fold_graph(rooms(store), thorough=True, least=1)


def left(store: Store, table: str) -> int:
    with rooms(store).engine.read() as conn:
        return len(conn.rows(f"SELECT 1 FROM {table} WHERE branch_id > 1"))


def based(store: Store) -> int:
    with rooms(store).engine.read() as conn:
        return len(bases.every(conn))


def names(store: Store, at: int | None = None) -> list[tuple[str, str]]:
    graph = store.snapshot(at).graph if at else store.graph
    return [(row.key, row.values["name"]) for row in graph.find("Person")]


def test_rows_of_a_deleted_branch_go_and_those_below_another_stay(
    graphed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PAGE", 3)
    graphed.branches.create("draft")
    draft = graphed.branch("draft")
    draft.graph.insert(*(person(f"p{number}", name=f"P{number}") for number in range(10)))
    fold(graphed)
    draft.branches.create("deep")
    deep = graphed.branch("deep")
    seen = names(deep)
    graphed.branches.delete("draft")
    graphed.maintenance.gc()
    assert names(deep) == seen
    assert len(seen) == 12
    graphed.branches.delete("deep")
    graphed.maintenance.gc()
    assert [left(graphed, table) for table in ("graph_log", "graph_values", "graph_bases", "graph_schemas")] == [0] * 4
    assert names(graphed) == [("ada", "Ada"), ("bob", None)]
    assert not verify(rooms(graphed), deep=True).problems


def test_a_replaced_fold_goes_with_the_second_gc_and_every_commit_stays_readable(graphed: Store) -> None:
    fold(graphed)
    first, seen = next(graphed.log()).id, [names(graphed)]
    graphed.branches.create("draft")
    for number in range(3):
        graphed.graph.upsert(person("bob", name=f"Bob {number}"))
        seen.append(names(graphed))
        fold(graphed)
    assert based(graphed) == 2 + 3
    graphed.maintenance.gc()
    assert based(graphed) == 5
    assert graphed.maintenance.gc().files > 0
    # The newest, and what the branch was made on.
    assert based(graphed) == 2 + 1
    assert [names(graphed, first + number) for number in range(4)] == seen
    assert names(graphed.branch("draft")) == seen[0]
    graphed.branches.delete("draft")
    graphed.maintenance.gc()
    assert based(graphed) == 2
    assert [names(graphed, first + number) for number in range(4)] == seen
    assert not verify(rooms(graphed), deep=True).problems
