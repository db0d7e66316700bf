"""Ordered copies of bases: nobody sees them, and they go with what they were made of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast import Components, StorageFailed, Store, faults
from holdfast.index.tables import ORDERED
from holdfast.recovery.verify import verify
from holdfast.testing.seams import rooms
from holdfast.upkeep import graph_copies
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.graphs import edge, paper, person, with_graph
from tests.upkeep.test_graph_fold import seen

QUIET = Components(upkeep=False)


@pytest.fixture
def graphed(tmp_path: Path) -> Iterator[Store]:
    """Return a store with people and papers whose upkeep is done by the test alone."""
    holdfast.create(tmp_path / "kb").close()
    with holdfast.open(tmp_path / "kb", components=QUIET) as store:
        with_graph(store)
        store.graph.insert(person("ada", name="Ada"), person("bob"), person("é", name="é\n"), paper("notes"))
        store.graph.insert(edge("Wrote", "ada", "notes", year=1843), edge("Knows", "ada", "bob"))
        store.graph.insert(edge("Knows", "bob", "é"))
        yield store


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_copies, "LEAST_ROWS", 1)


def folded(store: Store) -> None:
    fold_graph(rooms(store), thorough=True, least=1)


def copies(store: Store) -> set[Path]:
    return set((rooms(store).tables.root / ORDERED).glob("*"))


def test_copies_show_nowhere_and_are_made_once(graphed: Store) -> None:
    folded(graphed)
    before, head = seen(graphed), next(graphed.log()).id
    assert graph_copies.is_due(rooms(graphed))
    assert graph_copies.tend(rooms(graphed)) == 2 + 2 * 2
    assert seen(graphed) == seen(graphed, head) == before
    assert graphed.graph.get("Wrote", ["ada", "notes"]).values["year"] == 1843
    assert not graph_copies.is_due(rooms(graphed))
    assert not verify(rooms(graphed), deep=True).problems
    assert graph_copies.tend(rooms(graphed)) == 0


def test_what_optimize_did_it_does_not_do_again(graphed: Store) -> None:
    graphed.graph.insert(*(person(f"p{number}") for number in range(1000)))
    assert graphed.maintenance.optimize().steps[:2] == [
        "folding of 1003 rows of the graph",
        "ordering of the graph in 1 copies",
    ]
    assert graphed.maintenance.optimize().steps == []


def test_the_log_comes_before_a_copy_and_a_copy_goes_with_its_base(graphed: Store) -> None:
    folded(graphed)
    graph_copies.tend(rooms(graphed))
    of_first = copies(graphed)
    graphed.graph.delete("Knows", ["ada", "bob"])
    graphed.graph.upsert(person("bob", name="Rob"), edge("Knows", "ada", "é"))
    reached = [each.row.key for each in graphed.graph.expand("Person", "ada", "Knows>", hops=2)]
    assert reached == ["é"]
    assert graphed.graph.get("Person", "bob").values["name"] == "Rob"
    folded(graphed)
    # Person and Knows have new bases.
    assert graph_copies.tend(rooms(graphed)) == 3
    assert len(copies(graphed)) == len(of_first) == 6
    assert len(copies(graphed) - of_first) == 3
    assert [each.row.key for each in graphed.graph.expand("Person", "ada", "Knows>", hops=2)] == ["é"]


def test_a_copy_that_is_damaged_or_gone_is_done_without(graphed: Store, tmp_path: Path) -> None:
    folded(graphed)
    before = seen(graphed)
    graph_copies.tend(rooms(graphed))
    for file in copies(graphed):
        half = file.read_bytes()[:100]
        file.unlink()
        file.write_bytes(half)
    with holdfast.open(tmp_path / "kb", components=QUIET) as other:
        assert seen(other) == before
        for file in copies(other):
            file.unlink()
        assert seen(other) == before
        assert graph_copies.tend(rooms(other)) == 6
        assert seen(other) == before
    # What was mapped is read though it is gone.
    assert seen(graphed) == before


def test_what_a_dead_process_left_goes_and_a_refused_copy_is_made_later(graphed: Store) -> None:
    folded(graphed)
    faults.arm("ordered.before_rename=enospc")
    try:
        with pytest.raises(StorageFailed, match="space"):
            graph_copies.tend(rooms(graphed))
    finally:
        faults.arm("")
    folder = rooms(graphed).tables.root / ORDERED
    (folder / ".making-1").write_text("half")
    assert graph_copies.is_due(rooms(graphed))
    assert graph_copies.tend(rooms(graphed)) == 6
    assert not (folder / ".making-1").exists()


def test_branches_beyond_the_newest_few_are_read_without(graphed: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_copies, "MOST_BRANCHES", 1)
    folded(graphed)
    graph_copies.tend(rooms(graphed))
    graphed.branches.create("draft")
    draft = graphed.branch("draft")
    draft.graph.insert(person("new"))
    folded(graphed)
    # That of main goes.
    assert graph_copies.tend(rooms(graphed)) == 1
    assert len(copies(graphed)) == 6
    assert graphed.graph.get("Person", "ada") == draft.graph.get("Person", "ada")
    graphed.branches.delete("draft")
    assert graph_copies.tend(rooms(graphed)) == 1
