"""Applying schemas to a store: what stands afterwards, and what is refused with which rows."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import pytest

from holdfast import Conflict, Edge, Index, InvalidRow, Key, Node, NotFound, Range, Store, Unique, Unsupported
from tests.support.graphs import edge, person


class Person(Node):
    handle: Annotated[str, Key]
    name: str | None = None
    age: int | None = None


class Paper(Node):
    id: Annotated[str, Key]


class Wrote(Edge[Person, Paper]):
    year: int | None = None


@pytest.fixture
def typed(store: Store) -> Store:
    """Return a store with people, papers, and who wrote them."""
    store.graph.apply([Person, Paper, Wrote])
    return store


def test_a_store_takes_types_and_gives_rows_back_as_their_instances(typed: Store) -> None:
    ada = Person(handle="ada", name="Ada", age=27)
    typed.graph.insert(ada, Paper(id="notes"), Wrote(source="ada", target="notes", year=1843))
    assert typed.graph.get(Person, "ada") == ada
    assert typed.graph.find(Wrote, year=1843) == [Wrote(source="ada", target="notes", year=1843)]
    assert [each.row.key for each in typed.graph.expand(Person, "ada", "Wrote>")] == ["notes"]


def test_the_same_schema_again_makes_no_commit(typed: Store) -> None:
    head = typed.commit_at().id
    assert typed.graph.plan([Person, Paper, Wrote]).steps == ()
    assert typed.graph.apply([Person, Paper, Wrote]).id == head


def test_a_file_declares_the_same(typed: Store, tmp_path: Path) -> None:
    file = tmp_path / "schema.yaml"
    file.write_text(
        "types:\n  Person:\n    properties:\n      handle: {type: text, key: true}\n      name: optional text\n"
        "      age: optional int\n  Paper:\n    properties:\n      id: {type: text, key: true}\n"
        "  Wrote:\n    from: Person\n    to: Paper\n    properties:\n      year: optional int\n"
    )
    assert [step.said for step in typed.graph.plan(file).steps] == []
    with pytest.raises(NotFound):
        typed.graph.plan(tmp_path / "none.yaml")


def test_what_is_new_is_there_for_old_rows_and_history_keeps_its_types(typed: Store) -> None:
    typed.graph.insert(person("ada", age=27))
    before = typed.commit_at().id

    class Person(Node):
        handle: Annotated[str, Key]
        full_name: str = "unknown"
        age: float | None = None

    typed.graph.apply([Person])
    assert typed.graph.get("Person", "ada").values == {"handle": "ada", "full_name": "unknown", "age": 27}
    assert [kind.name for kind in typed.graph.schema().live] == ["Person"]
    assert "name" in typed.snapshot(before).graph.get("Person", "ada").values
    typed.graph.update("Person", "ada", {"age": 27.5})
    assert typed.graph.get(Person, "ada").age == 27.5


def test_rows_that_break_a_new_rule_are_named(typed: Store) -> None:
    typed.graph.insert(*(person(f"n{each:02}", name="Ada") for each in range(12)))

    class Person(Node):
        handle: Annotated[str, Key]
        name: Annotated[str | None, Unique] = None
        age: int

    plan = typed.graph.plan([Person])
    assert {(check.kind, check.property) for check in plan.checks} >= {("unique", "name")}
    head = typed.commit_at().id
    with pytest.raises((InvalidRow, Unsupported), match="n01"):
        typed.graph.apply([Person])
    assert typed.commit_at().id == head


def test_what_becomes_looked_up_is_found_in_old_rows(typed: Store) -> None:
    typed.graph.insert(person("ada", name="Ada"), person("bob"))

    class Person(Node):
        handle: Annotated[str, Key]
        name: Annotated[str | None, Unique] = None
        age: int | None = None

    typed.graph.apply([Person])
    assert [row.handle for row in typed.graph.find(Person, name="Ada")] == ["ada"]
    with pytest.raises(Conflict, match="Person ada has the same name"):
        typed.graph.insert(person("eva", name="Ada"))


def test_a_row_that_comes_while_a_rule_is_applied_is_held_against_it(typed: Store) -> None:
    class Person(Node):
        handle: Annotated[str, Key]
        name: Annotated[str | None, Unique] = None
        age: int | None = None

    with pytest.raises(Conflict, match="schema"), typed.transaction() as tx:
        tx.graph.insert(person("ada", name="Ada"))
        typed.graph.apply([Person, Paper, Wrote])


def test_a_type_that_was_dropped_and_comes_again_is_a_new_one(typed: Store) -> None:
    typed.graph.insert({"type": "Paper", "id": "p1"})
    typed.graph.apply([Person])
    with pytest.raises(NotFound, match="no type Paper"):
        typed.graph.get("Paper", "p1")
    typed.graph.apply([Person, Paper])
    assert typed.graph.count("Paper") == 0


def test_a_schema_that_contradicts_itself_is_refused(typed: Store) -> None:
    with pytest.raises(Unsupported, match="Paper"):
        typed.graph.apply([Person, Wrote])


def test_a_branch_has_a_schema_of_its_own(typed: Store) -> None:
    typed.branches.create("draft")
    draft = typed.branch("draft")
    draft.graph.apply([Person])
    assert [kind.name for kind in draft.graph.schema().live] == ["Person"]
    typed.graph.insert({"type": "Paper", "id": "p1"}, person("ada"), edge("Wrote", "ada", "p1"))
    assert typed.graph.count("Wrote") == 1


def test_old_rows_are_found_by_what_they_were_given_when_a_property_came(store: Store) -> None:
    class Thing(Node):
        handle: Annotated[str, Key]

    def with_rating(rating: int) -> type[Node]:
        fields = {"handle": Annotated[str, Key], "rating": Annotated[int, Index]}
        return type("Thing", (Node,), {"__annotations__": fields, "rating": rating, "__module__": __name__})

    store.graph.apply([Thing])
    store.graph.insert({"handle": "old"}, type="Thing")
    store.graph.apply([with_rating(3)])
    store.graph.apply([with_rating(4)])
    store.graph.insert({"handle": "new"}, type="Thing")
    assert [each.key for each in store.graph.find("Thing", rating=3)] == ["old"]
    assert [each.key for each in store.graph.find("Thing", rating=4)] == ["new"]
    assert [each.key for each in store.graph.find("Thing", order="-rating")] == ["new", "old"]


def test_a_default_that_comes_with_a_rule_is_not_the_old_rows(store: Store) -> None:
    class Loose(Node, name="Thing"):
        handle: Annotated[str, Key]
        age: int | None = None

    class Strict(Node, name="Thing"):
        handle: Annotated[str, Key]
        age: int = 5

    store.graph.apply([Loose])
    store.graph.insert({"handle": "old"}, type="Thing")
    with pytest.raises(InvalidRow, match="old: it is missing"):
        store.graph.apply([Strict])


def test_decimals_are_found_however_they_are_written(store: Store) -> None:
    class Priced(Node):
        handle: Annotated[str, Key]
        price: Decimal | None = None
        days: list[int] = []  # noqa: RUF012

    store.graph.apply([Priced])
    store.graph.insert(Priced(handle="a", price=Decimal("1.50")), Priced(handle="b"))
    assert [each.handle for each in store.graph.find(Priced, price=Decimal("1.5"))] == ["a"]
    assert [each.handle for each in store.graph.find(Priced, price=None)] == ["b"]

    class Needed(Node, name="Priced"):
        handle: Annotated[str, Key]
        price: Annotated[Decimal | None, Range(2)] = None
        days: list[int] = []  # noqa: RUF012

    with pytest.raises(InvalidRow, match=r"a: it is less than 2"):
        store.graph.apply([Needed])


def test_a_file_that_is_no_text_is_no_schema(typed: Store, tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_bytes(b"types: \xff")
    with pytest.raises(Unsupported, match="not valid UTF-8"):
        typed.graph.apply(tmp_path / "schema.yaml")
