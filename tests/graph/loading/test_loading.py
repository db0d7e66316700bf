"""Loading rows in one commit: few, which go to the log, and many, which become a base."""

from contextlib import nullcontext
from typing import Any

import pyarrow as pa
import pytest

from holdfast import Conflict, InvalidRow, Store, faults
from holdfast.graph.loading import loading
from holdfast.index.lance.table import VersionedTable
from holdfast.recovery.gc import gc
from holdfast.recovery.verify import verify
from holdfast.rows.bases import staging
from holdfast.testing.seams import rooms
from tests.support.graphs import edge, paper, person, with_graph

#: people of a large load
MANY = 60


@pytest.fixture(params=["few", "many"])
def graphed(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return a store with the small graph, in which loads go to the log, or to bases."""
    if request.param == "many":
        monkeypatch.setattr(loading, "FEW_ROWS", 0)
    with_graph(store)
    store.graph.insert(person("ada", name="Ada", mail="ada@example.org", age=27), paper("notes"))
    return store


def people(*handles: str, **values: Any) -> dict[str, pa.Table]:
    rows = [{"handle": handle, "mail": None, "age": None, **values} for handle in handles]
    columns = pa.schema({"handle": pa.string(), "mail": pa.string(), "age": pa.int64()})
    return {"Person": pa.Table.from_pylist(rows, columns)}


def edges(kind: str, *ends: tuple[str, str]) -> dict[str, pa.Table]:
    return {kind: pa.table({"from": [a for a, _ in ends], "to": [b for _, b in ends]})}


def keys(store: Store, kind: str) -> list[Any]:
    return [row.key for row in store.graph.find(kind)]


def test_a_load_is_one_commit_with_all_types(graphed: Store) -> None:
    before = next(graphed.log()).id
    many = [f"p{number:02}" for number in range(MANY)]
    source = people(*many) | edges("Wrote", ("p01", "notes"), ("ada", "notes"))
    source |= edges("Knows", ("p01", "ada"), ("p02", "p01"))
    report = graphed.graph.load(source)
    assert dict(report.rows) == {"Person": MANY, "Wrote": 2, "Knows": 2}
    assert report.commit is not None
    assert report.commit.id == before + 1 == graphed.graph.get("Person", "p07").commit
    assert keys(graphed, "Person") == ["ada", *many]
    assert [each.row.key for each in graphed.graph.expand("Person", "p02", "Knows>", hops=2)] == ["p01", "ada"]
    assert graphed.graph.count("Person") == MANY + 1
    assert graphed.snapshot(before).graph.count("Person") == 1
    assert verify(rooms(graphed), deep=True).problems == ()


def test_rows_change_after_a_load_and_load_again(graphed: Store) -> None:
    graphed.graph.load(people("bob", "eva", age=3))
    graphed.graph.update("Person", "bob", {"age": 4})
    graphed.graph.delete("Person", "eva")
    graphed.graph.load(people("ida"))
    assert [(row.key, row["age"]) for row in graphed.graph.find("Person")] == [("ada", 27), ("bob", 4), ("ida", None)]
    gc(rooms(graphed))
    assert [row.key for row in graphed.graph.find("Person", age=4)] == ["bob"]


def test_append_names_a_key_that_is_there(graphed: Store) -> None:
    head = next(graphed.log()).id
    with pytest.raises(Conflict, match="Person ada already"):
        graphed.graph.load(people("bob", "ada"))
    with pytest.raises(Conflict, match="bob is in the source twice"):
        graphed.graph.load(people("bob", "bob"))
    assert next(graphed.log()).id == head
    assert keys(graphed, "Person") == ["ada"]


def test_merge_replaces_by_key(graphed: Store) -> None:
    graphed.graph.load(people("bob", "eva", age=3))
    graphed.graph.load(people("ada", "eva", "ida", age=5), mode="merge")
    found = [(row.key, row["age"], row["name"]) for row in graphed.graph.find("Person")]
    assert found == [("ada", 5, None), ("bob", 3, None), ("eva", 5, None), ("ida", 5, None)]
    assert graphed.graph.count("Person") == 4
    graphed.graph.load(people("ada", mail="ada@example.org"), mode="merge")
    with pytest.raises(Conflict, match="same mail"):
        graphed.graph.load(people("bob", mail="ada@example.org"), mode="merge")


def test_overwrite_replaces_the_loaded_types_and_is_checked_as_a_whole(graphed: Store) -> None:
    graphed.graph.load(people("bob") | edges("Knows", ("ada", "bob")))
    with pytest.raises(InvalidRow, match="Knows edges"):
        graphed.graph.load(people("ida", "bob"), mode="overwrite")
    graphed.graph.load(people("ida", "bob") | edges("Knows", ("ida", "bob")), mode="overwrite")
    assert keys(graphed, "Person") == ["bob", "ida"]
    assert keys(graphed, "Knows") == [["ida", "bob"]]
    assert keys(graphed, "Paper") == ["notes"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (edges("Wrote", ("ada", "lost")), "lost"),
        (edges("Leads", ("ada", "notes"), ("ada", "sums")) | {"Paper": pa.table({"id": ["sums"]})}, "Leads edges"),
        (people("x", age=3) | {"Paper": pa.table({"id": [None, "y"]})}, "missing"),
    ],
)
def test_what_is_wrong_with_rows_is_said_and_nothing_written(graphed: Store, source: Any, said: str) -> None:
    head = next(graphed.log()).id
    with pytest.raises(InvalidRow, match=said):
        graphed.graph.load(source)
    try:
        assert graphed.graph.load(source, dry_run=True).bad[0].reason == "it is missing"
    except InvalidRow:
        assert said != "missing"
    assert next(graphed.log()).id == head


def test_a_unique_value_is_had_once(graphed: Store) -> None:
    with pytest.raises(Conflict, match="same mail"):
        graphed.graph.load(people("bob", mail="ada@example.org"))
    with pytest.raises(Conflict, match="same mail"):
        graphed.graph.load(people("bob", "eva", mail="x@example.org"))


def test_a_dry_run_writes_nothing_and_tells_of_all_that_is_wrong(graphed: Store) -> None:
    head = next(graphed.log()).id
    assert dict(graphed.graph.load(people("bob", "eva"), dry_run=True).rows) == {"Person": 2}
    report = graphed.graph.load({"Paper": pa.table({"id": ["a", None, "", "b"]})}, dry_run=True)
    assert (dict(report.rows), report.refused, [bad.line for bad in report.bad]) == ({"Paper": 2}, 2, [2, 3])
    assert next(graphed.log()).id == head
    assert rooms(graphed).tables.all_of("graph") == []


@pytest.mark.parametrize(
    ("other", "error", "left"),
    [
        ("bob", Conflict, ["ada", "bob", "end"]),
        ("late", None, ["ada", "bob", "end", "late"]),
        ("gone", InvalidRow, ["ada"]),
    ],
)
def test_what_others_commit_meanwhile_is_checked_against(
    store: Store, other: str, error: Any, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "FEW_ROWS", 0)
    with_graph(store).graph.insert(person("ada"), person("end"), edge("Knows", "ada", "end"))
    done: list[str] = []

    def meanwhile(name: str) -> None:
        if name == "graph_load.before_publish" and not done:
            done.append(name)
            if other == "gone":
                store.graph.delete("Knows", ["ada", "end"])
                store.graph.delete("Person", "end")
            else:
                store.graph.insert(person(other))

    with faults.observing(meanwhile), pytest.raises(error) if error else nullcontext():
        store.graph.load(people("bob") | edges("Knows", ("bob", "end")))
    assert done
    assert keys(store, "Person") == left


def test_a_transaction_that_looked_at_a_loaded_type_is_refused(graphed: Store) -> None:
    with pytest.raises(Conflict), graphed.transaction() as tx:
        tx.graph.insert(person("bob"))
        graphed.graph.load(people("bob"))


def test_a_branch_loads_its_own(graphed: Store) -> None:
    graphed.graph.load(people("bob"))
    graphed.branches.create("try")
    other = graphed.branch("try")
    other.graph.load(people("eva"))
    graphed.graph.load(people("ida"))
    assert keys(graphed, "Person") == ["ada", "bob", "ida"]
    assert keys(other, "Person") == ["ada", "bob", "eva"]
    assert other.graph.get("Person", "bob").commit == graphed.graph.get("Person", "bob").commit


def test_a_merge_that_replaces_many_rows_writes_the_table_anew_and_keeps_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "FEW_ROWS", 0)
    monkeypatch.setattr(staging, "FEW_REPLACED", 5)
    with_graph(store)
    first = store.graph.load(people(*(f"p{number:02}" for number in range(30)), age=1)).commit
    store.graph.update("Person", "p29", {"age": 3})

    def refuse(self: VersionedTable, base: int, predicate: str) -> int:
        raise AssertionError(predicate)

    monkeypatch.setattr(VersionedTable, "delete", refuse)
    second = store.graph.load(people(*(f"p{number:02}" for number in range(10, 35)), age=2), mode="merge").commit
    assert first is not None
    assert second is not None
    found = store.graph.find("Person")
    assert [row.values["age"] for row in found] == [1] * 10 + [2] * 25
    assert [row.commit for row in found] == [first.id] * 10 + [second.id] * 25
    assert store.snapshot(at=second.parent).graph.get("Person", "p29").values["age"] == 3


@pytest.mark.parametrize("mode", ["merge", "overwrite"])
def test_a_load_of_what_is_there_already_makes_no_commit(graphed: Store, mode: Any) -> None:
    many = [f"p{number:02}" for number in range(MANY)]
    graphed.graph.load(people(*many, age=1), mode="overwrite")
    # Some stand in the log.
    graphed.graph.update("Person", "p03", {"age": 3})
    graphed.graph.delete("Person", "p04")
    left = people(*(name for name in many if name not in ("p03", "p04")), age=1)["Person"].to_pylist()
    source = pa.Table.from_pylist([*reversed(left), {"handle": "p03", "mail": None, "age": 3}])
    head = next(graphed.log()).id
    report = graphed.graph.load({"Person": source}, mode=mode)
    assert dict(report.rows) == {"Person": MANY - 1}
    assert report.commit is not None
    assert report.commit.id == head == next(graphed.log()).id
    # One row fewer, and one otherwise.
    fewer = graphed.graph.load({"Person": source.slice(1)}, mode=mode).commit
    assert fewer is not None
    assert fewer.id == head + (mode == "overwrite")
    assert graphed.graph.count("Person") == MANY - 1 - (mode == "overwrite")
    other = graphed.graph.load(people("p03", age=4) | edges("Knows", ("p03", "p03")), mode=mode).commit
    assert other is not None
    assert other.id == fewer.id + 1
    assert graphed.graph.get("Person", "p03").commit == other.id
    assert verify(rooms(graphed), deep=True).problems == ()


def test_a_type_that_a_load_leaves_as_it_is_keeps_its_base(graphed: Store) -> None:
    graphed.graph.load(people("bob", "eva"))
    graphed.graph.load(people("bob", "eva") | edges("Knows", ("bob", "eva")), mode="merge")
    assert graphed.graph.get("Person", "bob").commit < graphed.graph.get("Knows", ("bob", "eva")).commit
