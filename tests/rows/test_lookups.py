"""Rows found by value: whatever became of the property, and whoever changes them meanwhile."""

import random
import string
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from holdfast import Conflict, NotFound, Store, Unsupported
from holdfast.catalog.graph import log
from holdfast.rows.bases.reading import LanceBase
from holdfast.rows.stored import StoredRow
from holdfast.testing.seams import rooms
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.graphs import edge, paper, person, with_graph

Declare = Callable[..., Store]


@pytest.fixture
def declare(store: Store, tmp_path: Path) -> Declare:
    """Return what gives a branch a type `Thing` with a key and a property `size`, declared as asked."""

    def declared(size: str, on: Store | None = None) -> Store:
        text = f"types: {{Thing: {{properties: {{id: {{type: text, key: true}}, size: {size}, note: optional text}}}}}}"
        path = tmp_path / "schema.yaml"
        path.write_text(text, "utf-8")
        (on or store).graph.apply(path)
        return on or store

    return declared


def sized(store: Store, size: float) -> list[object]:
    return [row.key for row in store.graph.find("Thing", size=size)]


def test_whole_numbers_are_found_when_fractions_are_allowed(declare: Declare) -> None:
    store = declare("{type: optional int, index: true}")
    store.graph.insert({"id": "three", "size": 3}, {"id": "big", "size": 2**60}, type="Thing")
    declare("{type: optional float, index: true}")
    store.graph.insert({"id": "half", "size": 3.5}, {"id": "other", "size": 3.0}, type="Thing")
    assert sized(store, 3) == sized(store, 3.0) == ["other", "three"]
    assert (sized(store, 3.5), sized(store, 2.0**60)) == (["half"], ["big"])


def test_whole_numbers_in_a_base_are_found_when_fractions_are_allowed(declare: Declare) -> None:
    store = declare("{type: optional int, unique: true}")
    store.graph.insert({"id": "three", "size": 3}, {"id": "four", "size": 4}, type="Thing")
    fold_graph(rooms(store), thorough=True, least=1)
    declare("{type: optional float, unique: true}")
    assert sized(store, 3) == ["three"]
    with pytest.raises(Conflict, match="Thing three has the same size"):
        store.graph.insert({"id": "other", "size": 3}, type="Thing")


def test_whole_numbers_stay_unique_when_fractions_are_allowed(declare: Declare) -> None:
    store = declare("{type: optional int, unique: true}")
    store.graph.insert({"id": "three", "size": 3}, type="Thing")
    declare("{type: optional float, unique: true}")
    with pytest.raises(Conflict, match="Thing three has the same size"):
        store.graph.insert({"id": "other", "size": 3}, type="Thing")


def test_a_property_is_looked_up_when_its_row_is_merged_in_the_same_commit(declare: Declare) -> None:
    store = declare("optional int")
    store.graph.insert({"id": "three", "size": 3}, type="Thing")
    store.branches.create("draft")
    draft = declare("{type: optional int, index: true}", store.branch("draft"))
    draft.graph.update("Thing", "three", {"note": "changed"})
    store.branches.merge("draft")
    assert sized(store, 3) == ["three"]


def change(store: Store) -> None:
    store.graph.update("Person", "ada", {"age": 28})


def rename(store: Store) -> None:
    store.graph.update("Person", "ada", {"name": "Augusta"})


def take_away(store: Store) -> None:
    store.graph.update("Person", "ada", {"name": None})


def delete(store: Store) -> None:
    store.graph.delete("Person", "ada")


def bring(store: Store) -> None:
    store.graph.insert(person("eva", name="Ada"))


@pytest.mark.parametrize("meanwhile", [change, rename, take_away, delete, bring])
def test_what_was_found_by_value_has_not_changed_when_it_is_written_on(
    graphed: Store, meanwhile: Callable[[Store], None]
) -> None:
    graphed.graph.insert(person("ada", name="Ada", age=27))
    with pytest.raises(Conflict), graphed.transaction() as tx:
        found = tx.graph.find("Person", name="Ada")
        meanwhile(graphed)
        tx.graph.insert(person("count", age=len(found)))
    with graphed.transaction() as tx:
        tx.graph.find("Person", name="Ada")
        graphed.graph.insert(person("ida", name="Ida"))
        tx.graph.insert(person("apart"))


def test_long_texts_are_looked_up_and_unique_beside_long_keys(graphed: Store) -> None:
    numbers = random.Random(7)
    for length in (100, 3000, 9000, 100_000):
        text = "".join(numbers.choices(string.ascii_letters, k=length))
        graphed.graph.insert(person(text[:800], name=text, mail=text))
        assert [row["mail"] for row in graphed.graph.find("Person", mail=text)] == [text]
        assert graphed.graph.find("Person", name=text[:-1]) == []
        with pytest.raises(Conflict, match="same mail"):
            graphed.graph.insert(person("other", mail=text))


# --- what is asked wrongly


def test_a_class_that_is_no_type_is_refused(graphed: Store) -> None:
    for asked in (dict, str, Store):
        with pytest.raises(Unsupported, match="is no type of a graph"):
            graphed.graph.find(asked)  # type: ignore[type-var]


def test_a_property_is_named_by_text(graphed: Store) -> None:
    with pytest.raises(Unsupported, match="The key 1 is no text"):
        graphed.graph.find("Person", {1: 2})  # type: ignore[dict-item]


def test_a_property_that_no_node_has_is_refused(graphed: Store) -> None:
    graphed.graph.insert(person("ada"))
    with pytest.raises(NotFound, match="No node has a property nmae"):
        graphed.graph.expand("Person", "ada", "Wrote>", where={"nmae": "Ada"})
    assert graphed.graph.expand("Person", "ada", "Wrote>", where={"name": "Ada"}) == []


def test_no_way_is_shorter_than_a_hop(graphed: Store) -> None:
    graphed.graph.insert(person("ada"), person("bob"))
    with pytest.raises(Unsupported, match="hops cannot be 0"):
        graphed.graph.path(("Person", "ada"), ("Person", "bob"), hops=0)
    with pytest.raises(NotFound, match="Allow more hops"):
        graphed.graph.path(("Person", "ada"), ("Person", "bob"))


def test_an_edge_of_a_node_to_itself_is_one_neighbour(graphed: Store) -> None:
    graphed.graph.insert(person("ada"), edge("Knows", "ada", "ada"))
    assert [step.node.key for step in graphed.graph.neighbours("Person", "ada")] == ["ada"]


def test_rows_that_change_together_are_looked_up_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with_graph(store)
    people = [person(f"p{number}", name="P") for number in range(30)]
    store.graph.insert(*people, paper("notes"))
    store.graph.insert(*(edge("Wrote", f"p{number}", "notes") for number in range(30)))
    fold_graph(rooms(store), thorough=True, least=1)
    asked: list[str] = []
    look_up = LanceBase.rows

    def counted(base: LanceBase, keys: Iterable[str]) -> Iterator[StoredRow]:
        asked.append("rows")
        return look_up(base, keys)

    monkeypatch.setattr(LanceBase, "rows", counted)
    changes: list[Callable[[], object]] = [
        lambda: store.graph.insert(*(person(f"q{number}") for number in range(30))),
        lambda: store.graph.upsert(*people),
        lambda: store.graph.load({"Person": pa.table({"handle": [f"r{number}" for number in range(30)]})}),
        # With its edges, which go with it.
        lambda: store.graph.delete("Paper", "notes"),
        lambda: store.graph.delete("Person", *(f"p{number}" for number in range(30))),
    ]
    for change in changes:
        asked.clear()
        change()
        assert len(asked) < 10


def test_few_rows_that_overwrite_a_base_are_a_base_themselves(store: Store) -> None:
    with_graph(store)
    store.graph.insert(*(person(f"p{number}") for number in range(30)))
    fold_graph(rooms(store), thorough=True, least=1)
    with rooms(store).engine.read() as conn:
        before = log.newest_id(conn)
    store.graph.load({"Person": pa.table({"handle": ["ada"]})}, mode="overwrite")
    with rooms(store).engine.read() as conn:
        assert log.newest_id(conn) == before
    assert [row.key for row in store.graph.find("Person")] == ["ada"]
    assert store.snapshot("HEAD~1").graph.count("Person") == 30
