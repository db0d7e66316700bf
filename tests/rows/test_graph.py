"""Typed rows in a store: what stands, what is refused, and what others see of it."""

import pytest

from holdfast import Conflict, InvalidRow, NotFound, Store, Unsupported
from tests.support.graphs import edge, paper, person


@pytest.fixture
def library(graphed: Store) -> Store:
    """Return a store with two people who know each other, two papers, and who wrote them."""
    graphed.graph.insert(
        edge("Wrote", "ada", "notes", year=1843),
        edge("Wrote", "bob", "sums"),
        edge("Knows", "ada", "bob"),
        person("ada", name="Ada", mail="ada@example.org", age=27),
        person("bob", name="Bob"),
        paper("notes"),
        paper("sums"),
    )
    return graphed


def keys(store: Store, kind: str) -> list[object]:
    return [row.key for row in store.graph.find(kind)]


# --- what stands


def test_a_row_is_there_with_its_values_and_its_commit(library: Store) -> None:
    row = library.graph.get("Person", "ada")
    assert row.values == {"handle": "ada", "name": "Ada", "mail": "ada@example.org", "age": 27}
    assert row.commit == next(library.log()).id
    assert library.graph.get("Wrote", ["ada", "notes"])["year"] == 1843


def test_rows_and_files_are_one_commit(library: Store) -> None:
    before = next(library.log()).id
    with library.transaction() as tx:
        tx.graph.insert(person("eva"))
        tx.write("/eva.md", "about Eva")
        assert tx.graph.get("Person", "eva").commit == 0
    assert next(library.log()).id == before + 1 == library.graph.get("Person", "eva").commit
    assert not library.snapshot(before).exists("/eva.md")
    with pytest.raises(NotFound):
        library.snapshot(before).graph.get("Person", "eva")


def test_an_error_in_a_transaction_leaves_no_row(library: Store) -> None:
    with pytest.raises(ZeroDivisionError), library.transaction() as tx:
        tx.graph.insert(person("eva"))
        raise ZeroDivisionError
    assert keys(library, "Person") == ["ada", "bob"]


def test_what_changes_nothing_makes_no_commit(library: Store) -> None:
    head = next(library.log()).id
    library.graph.upsert(person("bob", name="Bob"))
    library.graph.update("Person", "ada", {"age": 27})
    with library.transaction() as tx:
        tx.graph.insert(person("eva"))
        tx.graph.delete("Person", "eva")
    assert next(library.log()).id == head


def test_an_update_changes_what_it_names_and_takes_away_what_is_none(library: Store) -> None:
    library.graph.update("Person", "ada", {"age": 28, "mail": None})
    assert library.graph.get("Person", "ada").values == {"handle": "ada", "name": "Ada", "mail": None, "age": 28}


def test_rows_are_found_by_values_in_order(library: Store) -> None:
    library.graph.insert(person("eva", name="Ada", age=3), person("ida", name="Ada"))
    assert [row.key for row in library.graph.find("Person", name="Ada")] == ["ada", "eva", "ida"]
    assert [row.key for row in library.graph.find("Person", {"name": "Ada"}, order="age")] == ["eva", "ada", "ida"]
    assert [row.key for row in library.graph.find("Person", order="-age", limit=1)] == ["ada"]
    assert [row.key for row in library.graph.find("Person", mail=None)] == ["bob", "eva", "ida"]
    assert [row.key for row in library.graph.find("Wrote", {"from": "ada"})] == [["ada", "notes"]]


def test_what_was_found_by_an_old_value_is_found_no_more(library: Store) -> None:
    library.graph.update("Person", "ada", {"name": "Augusta"})
    assert library.graph.find("Person", name="Ada") == []
    with library.transaction() as tx:
        tx.graph.update("Person", "ada", {"name": "Ada"})
        assert [row.key for row in tx.graph.find("Person", name="Ada")] == ["ada"]
        assert tx.graph.find("Person", name="Augusta") == []


def test_rows_are_counted(library: Store) -> None:
    with library.transaction() as tx:
        tx.graph.insert(person("eva"))
        tx.graph.upsert(person("bob", age=1))
        assert tx.graph.count("Person") == 3
    assert library.graph.count("Person") == 3
    assert library.graph.count("Knows") == 1


# --- along edges


def test_nodes_are_reached_along_edges_and_back(library: Store) -> None:
    def reached(steps: str, **how: object) -> list[tuple[object, int]]:
        found = library.graph.expand("Person", "bob", steps, **how)  # type: ignore[arg-type]
        return [(each.row.key, each.hops) for each in found]

    assert reached("Wrote>") == [("sums", 1)]
    assert reached("<Knows Wrote>") == [("notes", 1)]
    assert reached("Knows>") == []
    assert reached("<Knows>") == [("ada", 1)]
    library.graph.insert(person("eva", age=3), edge("Knows", "eva", "ada"))
    assert reached("<Knows", hops=2) == [("ada", 1), ("eva", 2)]
    assert reached("<Knows", hops=2, exact=True) == [("eva", 2)]
    assert reached("<Knows", hops=2, where={"age": 3}) == [("eva", 2)]
    assert reached("<Knows", hops=2, limit=1) == [("ada", 1)]


def test_a_shortest_way_names_its_edges(library: Store) -> None:
    way = library.graph.path(("Paper", "sums"), ("Paper", "notes"))
    assert [step.node.key for step in way] == ["sums", "bob", "ada", "notes"]
    assert [step.edge.type for step in way if step.edge] == ["Wrote", "Knows", "Wrote"]
    with pytest.raises(NotFound, match="No way"):
        library.graph.path(("Paper", "sums"), ("Paper", "notes"), steps="Wrote>")


def test_neighbours_come_with_the_edges_that_join_them(library: Store) -> None:
    found = library.graph.neighbours("Person", "ada")
    assert [(step.node.key, step.edge.type if step.edge else "") for step in found] == [
        ("notes", "Wrote"),
        ("bob", "Knows"),
    ]


@pytest.mark.parametrize(
    ("steps", "said"), [("Wrote", "which way"), ("", "not said"), ("Person>", "type of nodes"), ("Nope>", "no type")]
)
def test_steps_that_lead_nowhere_are_refused(library: Store, steps: str, said: str) -> None:
    with pytest.raises((Unsupported, NotFound), match=said):
        library.graph.expand("Person", "bob", steps)


# --- what is refused


def test_a_key_that_is_there_is_a_conflict_that_names_it(library: Store) -> None:
    with pytest.raises(Conflict, match="Person ada already"):
        library.graph.insert(person("ada"))


def test_a_unique_value_is_had_once(library: Store) -> None:
    with pytest.raises(Conflict, match="Person ada has the same mail"):
        library.graph.insert(person("eva", mail="ada@example.org"))
    with pytest.raises(Conflict, match="same mail"):
        library.graph.insert(person("eva", mail="e@example.org"), person("ida", mail="e@example.org"))
    with library.transaction() as tx:
        tx.graph.update("Person", "ada", {"mail": None})
        tx.graph.insert(person("eva", mail="ada@example.org"))
    assert keys(library, "Person") == ["ada", "bob", "eva"]


def test_an_edge_needs_both_its_endpoints(library: Store) -> None:
    with pytest.raises(InvalidRow, match="no Person eva"):
        library.graph.insert(edge("Wrote", "eva", "sums"))
    with pytest.raises(InvalidRow, match="no Paper lost"), library.transaction() as tx:
        tx.graph.insert(edge("Wrote", "ada", "lost"))
        tx.write("/a.md", "x")
    assert not library.exists("/a.md")


def test_a_node_is_held_by_its_edges_or_takes_them_with_it(library: Store) -> None:
    with pytest.raises(InvalidRow, match="1 Knows edges"):
        library.graph.delete("Person", "bob")
    library.graph.delete("Paper", "notes")
    assert keys(library, "Wrote") == [["bob", "sums"]]
    with library.transaction() as tx:
        tx.graph.delete("Knows", ["ada", "bob"])
        tx.graph.delete("Person", "bob")
    assert keys(library, "Wrote") == []


def test_there_are_no_more_edges_than_the_schema_allows(library: Store) -> None:
    library.graph.insert(edge("Leads", "ada", "notes"))
    with pytest.raises(InvalidRow, match="at most 1"):
        library.graph.insert(edge("Leads", "ada", "sums"))
    with library.transaction() as tx:
        tx.graph.insert(edge("Leads", "ada", "sums"))
        tx.graph.delete("Leads", ["ada", "notes"])
    assert keys(library, "Leads") == [["ada", "sums"]]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"handle": "x"}, "does not say its type"),
        (person("x", height=3), "no property"),
        (person("x", age="old"), "whole number"),
        ({"type": "Person"}, "missing"),
        ({"type": "Nope"}, "no type"),
    ],
)
def test_a_wrong_row_is_refused_before_anything_is_written(library: Store, row: dict[str, object], said: str) -> None:
    head = next(library.log()).id
    with pytest.raises((InvalidRow, Unsupported, NotFound), match=said):
        library.graph.insert(person("first"), row)
    assert next(library.log()).id == head
    assert keys(library, "Person") == ["ada", "bob"]


def test_the_key_of_a_row_stays(library: Store) -> None:
    with pytest.raises(Unsupported, match="cannot be changed"):
        library.graph.update("Person", "ada", {"handle": "augusta"})


# --- others


def test_of_two_who_give_the_same_unique_value_one_wins(library: Store) -> None:
    first, second = library.transaction(), library.transaction()
    with pytest.raises(Conflict), first as one:
        one.graph.insert(person("eva", mail="new@example.org"))
        with second as other:
            other.graph.insert(person("ida", mail="new@example.org"))
    assert keys(library, "Person") == ["ada", "bob", "ida"]


@pytest.mark.parametrize("number", [1, 1200])
def test_an_edge_is_not_joined_to_what_was_deleted_meanwhile(library: Store, number: int) -> None:
    library.graph.insert(person("eva"))
    with pytest.raises(Conflict, match="row eva"), library.transaction() as tx:
        tx.graph.insert(edge("Knows", "ada", "eva"))
        library.graph.delete("Person", "eva")
        library.graph.insert(*(person(f"n{each}") for each in range(number)))
    assert len(keys(library, "Knows")) == 1


@pytest.mark.parametrize("number", [1, 1200])
def test_a_node_is_not_deleted_under_an_edge_that_came_meanwhile(library: Store, number: int) -> None:
    library.graph.insert(person("eva"))
    with pytest.raises(Conflict), library.transaction() as tx:
        tx.graph.delete("Person", "eva")
        library.graph.insert(edge("Knows", "ada", "eva"), *(person(f"n{each}") for each in range(number)))
    assert library.graph.get("Person", "eva")


def test_what_was_counted_must_not_change_before_the_commit(library: Store) -> None:
    with pytest.raises(Conflict), library.transaction() as tx:
        tx.write("/people.md", str(tx.graph.count("Person")))
        tx.graph.update("Person", "ada", {"age": 30})
        library.graph.insert(person("eva"))


def test_rows_that_nobody_else_touched_are_committed(library: Store) -> None:
    with library.transaction() as tx:
        tx.graph.update("Person", "ada", {"age": 30})
        library.graph.insert(person("eva"))
    assert library.graph.get("Person", "ada")["age"] == 30


# --- branches


def test_a_branch_has_rows_of_its_own_over_those_of_its_base(library: Store) -> None:
    library.branches.create("draft")
    draft = library.branch("draft")
    draft.graph.insert(person("eva"), edge("Knows", "bob", "eva"))
    draft.graph.delete("Paper", "notes")
    library.graph.insert(person("ida"))
    assert keys(library, "Person") == ["ada", "bob", "ida"]
    assert keys(draft, "Person") == ["ada", "bob", "eva"]
    assert (keys(library, "Paper"), keys(draft, "Paper")) == (["notes", "sums"], ["sums"])
    assert (keys(library, "Wrote"), keys(draft, "Wrote")) == ([["ada", "notes"], ["bob", "sums"]], [["bob", "sums"]])
    assert [each.row.key for each in draft.graph.expand("Person", "ada", "Knows>", hops=2)] == ["bob", "eva"]
    draft.branches.create("deeper")
    deeper = draft.branch("deeper")
    deeper.graph.update("Person", "ada", {"age": 1})
    assert [row.key for row in deeper.graph.find("Person", name="Ada")] == ["ada"]
    assert (deeper.graph.get("Person", "ada")["age"], draft.graph.get("Person", "ada")["age"]) == (1, 27)


def test_a_store_without_types_says_what_to_do(store: Store) -> None:
    with pytest.raises(NotFound, match=r"graph\.apply"):
        store.graph.get("Person", "ada")
