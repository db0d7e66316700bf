"""What is different between states of the graph, and what the change feed tells of its rows."""

import pytest

from holdfast import NotFound, Store
from holdfast.testing.seams import rooms
from holdfast.tree.history import Change
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.graphs import edge, paper, person


def told(store: Store, since: str | int | None = None) -> list[tuple[str, str]]:
    return [(event.change.kind, event.change.path) for event in store.changes(since)]


def test_the_feed_tells_of_rows_beside_files(graphed: Store) -> None:
    start = graphed.commit_at().id
    with graphed.transaction() as tx:
        tx.write("/a.md", "a")
        tx.graph.insert(person("ada", name="Ada"), paper("p1"), edge("Wrote", "ada", "p1"))
    graphed.graph.update("Person", "ada", {"age": 1})
    graphed.graph.delete("Paper", "p1")
    assert told(graphed, start) == [
        ("added", "/a.md"),
        ("added", "Paper p1"),
        ("added", "Person ada"),
        ("added", 'Wrote ["ada","p1"]'),
        ("modified", "Person ada"),
        ("removed", "Paper p1"),
        ("removed", 'Wrote ["ada","p1"]'),
    ]
    events = list(graphed.changes(start))
    assert told(graphed, events[2].cursor) == told(graphed, start)[3:]
    assert [event.change.path for event in graphed.changes(start, under="/a.md")] == ["/a.md"]
    first = events[2].change
    assert not isinstance(first, Change)
    assert (first.before, first.after) == (None, {"handle": "ada", "name": "Ada", "mail": None, "age": None})


def test_a_row_has_a_history(graphed: Store) -> None:
    graphed.graph.insert(person("ada", age=1))
    graphed.graph.update("Person", "ada", {"age": 2})
    graphed.branches.create("draft")
    graphed.graph.delete("Person", "ada")
    ages = [version.values and version.values["age"] for version in graphed.graph.log("Person", "ada")]
    assert ages == [None, 2, 1]
    assert len(graphed.branch("draft").graph.log("Person", "ada")) == 2
    with pytest.raises(NotFound, match="Person bob"):
        graphed.graph.log("Person", "bob")


def test_two_commits_are_compared(graphed: Store) -> None:
    graphed.graph.insert(person("ada", age=1), person("bob"))
    old = graphed.commit_at().id
    graphed.graph.update("Person", "ada", {"age": 2})
    graphed.graph.update("Person", "ada", {"age": 1})
    graphed.graph.delete("Person", "bob")
    graphed.graph.insert(person("eva"))
    found = [(each.kind, each.key) for each in graphed.graph.diff(old)]
    assert found == [("removed", "bob"), ("added", "eva")]
    assert [(each.kind, each.key) for each in graphed.graph.diff("HEAD", old)] == [("added", "bob"), ("removed", "eva")]
    assert graphed.graph.diff(old, limit=1) == graphed.graph.diff(old)[:1]


def test_the_feed_tells_of_rows_over_a_base(graphed: Store) -> None:
    graphed.graph.insert(*(person(f"n{each}", age=1) for each in range(3)))
    fold_graph(rooms(graphed), thorough=True, least=1)
    start = graphed.commit_at().id
    graphed.graph.update("Person", "n1", {"age": 2})
    assert told(graphed, start) == [("modified", "Person n1")]
    (event,) = graphed.changes(start)
    assert not isinstance(event.change, Change)
    assert event.change.before == {"handle": "n1", "name": None, "mail": None, "age": 1}
