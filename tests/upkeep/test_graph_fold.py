"""Folding the log of the graph into bases: nobody sees it, at no commit and on no branch."""

import pytest

from holdfast import Store
from holdfast.catalog.branches import MAIN
from holdfast.catalog.graph import bases
from holdfast.recovery.gc import gc
from holdfast.recovery.verify import verify
from holdfast.testing.seams import rooms
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.graphs import edge, paper, person, with_graph


@pytest.fixture
def graphed(store: Store) -> Store:
    """Return a store with people and papers."""
    with_graph(store)
    store.graph.insert(
        person("ada", name="Ada", mail="ada@example.org", age=27),
        person("bob", name='Bob\'s "x"'),
        person("é", name="é\n"),
        paper("notes"),
        edge("Wrote", "ada", "notes", year=1843),
        edge("Knows", "ada", "bob"),
        edge("Knows", "bob", "é"),
    )
    return store


KINDS = ("Person", "Paper", "Wrote", "Knows")


def seen(store: Store, seq: int | None = None) -> object:
    """Return all that the questions about a graph answer."""
    graph = store.snapshot(seq).graph if seq else store.graph
    people = [row.key for row in graph.find("Person")]
    return (
        [
            [(row.key, row.values, row.commit) for row in graph.find(kind)]
            for kind in ("Person", "Paper", "Wrote", "Knows")
        ],
        [graph.count(kind) for kind in KINDS],
        [graph.get("Person", key) for key in people],
        [row.key for row in graph.find("Person", name="Ada")],
        [row.key for row in graph.find("Person", name='Bob\'s "x"')],
        [row.key for row in graph.find("Person", mail="ada@example.org")],
        [row.key for row in graph.find("Knows", to="bob")],
        [[(each.row, each.hops) for each in graph.expand("Person", key, "Knows>", hops=3)] for key in people],
    )


def versions(store: Store) -> int:
    with rooms(store).engine.read() as conn:
        return len(bases.every(conn))


def test_a_fold_shows_nowhere_and_is_done_once(graphed: Store) -> None:
    before, head = seen(graphed), next(graphed.log()).id
    assert fold_graph(rooms(graphed), thorough=True, least=1) == 7
    assert seen(graphed) == before == seen(graphed, head)
    assert fold_graph(rooms(graphed), thorough=True, least=1) == 0
    assert graphed.maintenance.optimize().steps == []
    assert next(graphed.log()).id == head


def test_changes_stand_over_a_fold_and_are_folded_in_turn(graphed: Store) -> None:
    fold_graph(rooms(graphed), thorough=True, least=1)
    first, before = next(graphed.log()).id, seen(graphed)
    graphed.graph.update("Person", "ada", {"name": "Augusta", "age": None})
    graphed.graph.delete("Knows", ["ada", "bob"])
    graphed.graph.insert(person("eva", name="Ada"), edge("Knows", "eva", "bob"))
    now = seen(graphed)
    assert fold_graph(rooms(graphed), thorough=True, least=1) == 4
    assert seen(graphed) == now
    assert seen(graphed, first) == before
    with rooms(graphed).engine.read() as conn:
        base = bases.at(conn, MAIN, 1, next(graphed.log()).id)
    assert base is not None
    assert base.rows == 4


def test_a_branch_folds_its_own_log_and_not_that_below_it(graphed: Store) -> None:
    graphed.branches.create("try")
    other = graphed.branch("try")
    before = seen(other)
    graphed.graph.delete("Knows", ["ada", "bob"])
    assert fold_graph(rooms(graphed), thorough=True, least=1) == 7
    assert seen(other) == before
    assert fold_graph(rooms(graphed), thorough=True, least=1) == 0
    other.graph.insert(person("eva", mail="new@example.org"))
    graphed.graph.insert(person("ida", mail="new@example.org"))
    here, there = seen(graphed), seen(other)
    # Of the branch all types: it sees no base yet.
    assert fold_graph(rooms(graphed), thorough=True, least=1) == 1 + 8
    assert (seen(graphed), seen(other)) == (here, there)
    assert [row.key for row in other.graph.find("Person")] == ["ada", "bob", "eva", "é"]
    assert [row.key for row in graphed.graph.find("Person")] == ["ada", "bob", "ida", "é"]


def test_what_others_commit_meanwhile_stands(graphed: Store) -> None:
    from holdfast import faults

    def other(name: str) -> None:
        if name == "graph_fold.before_publish":
            graphed.graph.upsert(person("ada", age=28), person("late"))

    with faults.observing(other):
        assert fold_graph(rooms(graphed), thorough=True, least=1)
    assert graphed.graph.get("Person", "ada")["age"] == 28
    assert graphed.graph.count("Person") == 4
    assert fold_graph(rooms(graphed), thorough=True, least=1)
    assert graphed.graph.get("Person", "ada")["age"] == 28


def test_gc_keeps_what_bases_are_read_from_and_takes_the_rest(graphed: Store) -> None:
    backend = rooms(graphed)
    fold_graph(backend, thorough=True, least=1)
    first, before = next(graphed.log()).id, seen(graphed)
    graphed.graph.upsert(person("ada", age=1))
    fold_graph(backend, thorough=True, least=1)
    now = seen(graphed)
    assert gc(backend).files > 0
    for table in backend.tables.all_of("graph"):
        table.table.forget()
    assert seen(graphed) == now
    assert seen(graphed, first) == before
    # A replaced base goes with the second gc after it: what read it during the first has ended by then.
    assert gc(backend).files > 0
    assert (seen(graphed), seen(graphed, first)) == (now, before)
    assert gc(backend).files == 0


def test_verify_reads_bases_and_finds_one_that_is_damaged(graphed: Store) -> None:
    backend = rooms(graphed)
    fold_graph(backend, thorough=True, least=1)
    assert verify(backend, deep=True).problems == ()
    table = backend.tables.all_of("graph")[0].table
    for file in (table.path / "data").iterdir():
        file.unlink()
    table.forget()
    with backend.engine.write() as conn:
        conn.run("UPDATE graph_bases SET row_count = 9 WHERE table_name <> :name", {"name": table.name})
        conn.run("UPDATE graph_log SET row = 'x', type_id = 99 WHERE log_id = 1", {})
    found = [problem.what for problem in verify(backend, deep=True).problems if problem.kind == "graph"]
    assert sum("damaged" in what or "cannot be read" in what for what in found) == 2
    assert sum("and not 9" in what for what in found) == 3
    assert sum("unknown" in what for what in found) == 1
