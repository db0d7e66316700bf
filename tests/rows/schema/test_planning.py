"""A plan says step by step what would change, what rows are asked for, and what is refused."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from holdfast.errors import Unsupported
from holdfast.rows.schema import rules
from holdfast.rows.schema.declared import DeclaredProperty, DeclaredSchema, DeclaredType
from holdfast.rows.schema.planning import plan
from holdfast.rows.schema.steps import RowCheck, SchemaPlan
from holdfast.rows.schema.types import Cardinality, GraphSchema, PropertyType
from tests.support.graph_schemas import HANDLE, declared_edge, declared_node, declared_property

NAME = declared_property("name")
PERSON = declared_node("Person", HANDLE, NAME)
CITY = declared_node("City", HANDLE)
LIVES = declared_edge("Lives", "Person", "City")


def planned(old: GraphSchema, *types: DeclaredType, erase: bool = False) -> SchemaPlan:
    return plan(old, DeclaredSchema(types), erase=erase)


def applied(old: GraphSchema, *types: DeclaredType, first: int = 1) -> GraphSchema:
    return planned(old, *types).result(itertools.count(first).__next__)


OLD = applied(GraphSchema(), PERSON, CITY, LIVES)


def kinds(found: SchemaPlan) -> list[tuple[str, str | None]]:
    return [(step.kind, step.property) for step in found.steps]


def test_a_first_schema_is_added_type_by_type_with_an_id_each() -> None:
    first = planned(GraphSchema(), PERSON, CITY, LIVES)
    assert [(step.kind, step.type) for step in first.steps] == [
        ("add_type", "Person"),
        ("add_type", "City"),
        ("add_type", "Lives"),
    ]
    assert not first.checks
    ids = [number for kind in OLD.types for number in (kind.id, *(each.id for each in kind.properties))]
    assert sorted(ids) == [*range(1, len(ids) + 1)]
    lives = OLD.type_named("Lives")
    assert OLD.endpoints(lives) == (OLD.type_named("Person"), OLD.type_named("City"))


def test_the_same_schema_again_changes_nothing() -> None:
    again = planned(OLD, PERSON, CITY, LIVES)
    assert (again.steps, again.checks) == ((), ())
    assert again.result(itertools.count(100).__next__) == OLD


def test_what_is_renamed_keeps_its_id_and_its_marker_does_no_harm_later() -> None:
    body = replace(declared_property("full_name"), renamed_from="name")
    human = replace(declared_node("Human", HANDLE, body), renamed_from="Person")
    found = planned(OLD, human, CITY, declared_edge("Lives", "Human", "City"))
    assert kinds(found) == [("rename_type", None), ("rename_property", "full_name")]
    now = found.result(itertools.count(100).__next__)
    assert now.type_named("Human").id == OLD.type_named("Person").id
    assert now.type_named("Human").by_name["full_name"].id == OLD.type_named("Person").by_name["name"].id
    assert planned(now, human, CITY, declared_edge("Lives", "Human", "City")).steps == ()


def test_a_new_type_of_a_renamed_ones_name_is_a_new_thing() -> None:
    human = replace(declared_node("Human", HANDLE, NAME), renamed_from="Person")
    now = applied(OLD, PERSON, human, CITY, LIVES, first=100)
    assert now.type_named("Human").id == OLD.type_named("Person").id
    assert now.type_named("Person").id >= 100
    assert planned(now, PERSON, human, CITY, LIVES).steps == ()


def test_names_can_move_on_in_a_row() -> None:
    a, b = (declared_property(name, "int") for name in "ab")
    old = applied(GraphSchema(), declared_node("Person", HANDLE, a, b))
    moved = (replace(a, renamed_from="b"), replace(declared_property("c", "int"), renamed_from="a"))
    person = old.type_named("Person")
    # Both names stand: what is declared under a name that there is, is that.
    now = applied(old, declared_node("Person", HANDLE, *moved), first=100).type_named("Person")
    assert now.by_name["c"].id == person.by_name["a"].id
    assert now.by_name["a"].id == person.by_name["b"].id
    assert set(now.by_name) == {"handle", "a", "c"}


def test_what_is_dropped_stays_on_record_and_its_name_added_again_is_new() -> None:
    without = planned(OLD, declared_node("Person", HANDLE), CITY)
    assert kinds(without) == [("drop_property", "name"), ("drop_type", None)]
    assert not any(step.loses_data for step in without.steps)
    assert without.erased == ()
    now = without.result(itertools.count(100).__next__)
    assert [each.name for each in now.live] == ["Person", "City"]
    again = applied(now, PERSON, CITY, LIVES, first=100)
    assert again.type_named("Lives").id != OLD.type_named("Lives").id
    assert again.type_named("Person").by_name["name"].id != OLD.type_named("Person").by_name["name"].id
    assert len(again.types) == 4
    assert planned(again, PERSON, CITY, LIVES).steps == ()


def test_what_is_erased_is_gone_and_says_that_it_loses_data() -> None:
    without = planned(OLD, declared_node("Person", HANDLE), CITY, erase=True)
    assert all(step.loses_data for step in without.steps)
    person, name = OLD.type_named("Person"), OLD.type_named("Person").by_name["name"]
    assert without.erased == ((person.id, name.id), (OLD.type_named("Lives").id, None))
    now = without.result(itertools.count(100).__next__)
    assert len(now.types) == 2
    assert len(now.type_named("Person").properties) == 1


def test_a_new_property_comes_with_its_default_to_the_rows_that_there_are() -> None:
    rating = declared_property("rating", "int", required=True, default=3)
    found = planned(OLD, declared_node("Person", HANDLE, NAME, rating), CITY, LIVES)
    assert kinds(found) == [("add_property", "rating")]
    assert not found.checks
    now = found.result(itertools.count(100).__next__)
    assert now.type_named("Person").by_name["rating"].initial == 3
    later = declared_property("rating", "int", required=True, default=4)
    changed = planned(now, declared_node("Person", HANDLE, NAME, later), CITY, LIVES)
    assert kinds(changed) == [("change", "rating")]
    rating_now = changed.result(itertools.count(200).__next__).type_named("Person").by_name["rating"]
    assert (rating_now.default, rating_now.initial) == (4, 3)


def test_a_new_property_that_each_row_needs_asks_that_there_are_none() -> None:
    born = declared_property("born", "date", required=True)
    found = planned(OLD, declared_node("Person", HANDLE, NAME, born), CITY, LIVES)
    assert found.checks == (RowCheck(kind="no_rows", type="Person", property="born"),)
    assert found.steps[0].checked


def of_it(kind: str = "int", **asked: Any) -> DeclaredType:
    return declared_node("Person", HANDLE, declared_property("it", kind, **asked))


@pytest.mark.parametrize(
    ("before", "now", "step", "check"),
    [
        (of_it(), of_it("float"), "widen", "values"),
        (of_it(), of_it("decimal"), "widen", None),
        (of_it(minimum=1), of_it("decimal", minimum=1), "widen", None),
        (of_it(minimum=1), of_it("float", minimum=1), "widen", "values"),
        (of_it("enum", choices=("a",)), of_it("enum", choices=("a", "b")), "widen", None),
        (of_it("enum", choices=("a", "b")), of_it("enum", choices=("b",)), "constrain", "values"),
        (of_it("enum", choices=("a", "b")), of_it("text"), "widen", None),
        (of_it("file"), of_it("text"), "widen", None),
        (of_it(required=True), of_it(), "relax", None),
        (of_it(), of_it(required=True), "constrain", "required"),
        (of_it(), of_it(unique=True), "constrain", "unique"),
        (of_it(unique=True), of_it(), "relax", None),
        (of_it(), of_it(minimum=1), "constrain", "values"),
        (of_it(minimum=2), of_it(minimum=1), "relax", None),
        (of_it(maximum=2), of_it(maximum=1), "constrain", "values"),
        (of_it(maximum=2), of_it(), "relax", None),
        (of_it("text"), of_it("text", max_length=5), "constrain", "values"),
        (of_it("text", max_length=5), of_it("text", max_length=6), "relax", None),
        (of_it("text", pattern="a"), of_it("text", pattern="b"), "constrain", "values"),
        (of_it("text", pattern="a"), of_it("text"), "relax", None),
        (of_it(), of_it(index=True), "change", None),
        (of_it("text"), of_it("text", full_text=True), "change", None),
        (of_it("text"), of_it("text", embed="it"), "change", None),
        (of_it(), of_it(default=5), "change", None),
        (of_it(default=1), of_it(default=0), "change", None),
    ],
)
def test_a_property_that_changes_is_a_step(
    before: DeclaredType, now: DeclaredType, step: str, check: str | None
) -> None:
    found = planned(applied(GraphSchema(), before), now)
    assert kinds(found) == [(step, "it")]
    assert [each.kind for each in found.checks] == ([check] if check else [])
    assert found.steps[0].checked is (check is not None)
    assert not found.refused
    assert planned(found.result(itertools.count(100).__next__), now).steps == ()


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (of_it("float"), of_it("int"), "From float to int"),
        (of_it("text"), of_it("int"), "From text to int"),
        (of_it("decimal", minimum=1), of_it("int", minimum=2), "From decimal to int"),
        (of_it("text"), of_it("enum", choices=("a",)), "From text to enum of a"),
        (
            of_it(),
            declared_node(
                "Person",
                HANDLE,
                DeclaredProperty(
                    schema=replace(
                        declared_property("it").schema, type=PropertyType(kind="list", item=PropertyType(kind="int"))
                    )
                ),
            ),
            "From int to list of int",
        ),
        (of_it(), declared_node("Person", declared_property("it", "int", key=True, required=True), HANDLE), "key"),
        (of_it(), declared_node("Person", declared_property("id", key=True, required=True)), "key"),
        (
            declared_node("Person", declared_property("it", "date", key=True, required=True)),
            declared_node("Person", declared_property("it", "text", key=True, required=True)),
            "From date to text",
        ),
    ],
)
def test_what_would_lose_or_mean_otherwise_is_refused(before: DeclaredType, now: DeclaredType, said: str) -> None:
    found = planned(applied(GraphSchema(), before), now)
    assert any(said in step.said for step in found.refused)
    assert all(step.refused for step in found.refused)


def test_an_edge_cannot_go_elsewhere_nor_a_node_become_an_edge() -> None:
    elsewhere = planned(OLD, PERSON, CITY, declared_edge("Lives", "City", "Person"))
    assert [step.said for step in elsewhere.refused] == ["It goes from or to another type"]
    other = planned(OLD, PERSON, CITY, declared_node("Lives", HANDLE))
    assert "From edge to node" in [step.said for step in other.refused]


@pytest.mark.parametrize(
    ("before", "now", "step"),
    [
        (Cardinality(), Cardinality(most_per_source=1), "constrain"),
        (Cardinality(most_per_source=1), Cardinality(most_per_source=2), "relax"),
        (Cardinality(most_per_source=1), Cardinality(least_per_target=1), "constrain"),
        (Cardinality(least_per_target=2), Cardinality(least_per_target=1), "relax"),
    ],
)
def test_a_cardinality_that_allows_less_asks_the_rows(before: Cardinality, now: Cardinality, step: str) -> None:
    old = applied(GraphSchema(), PERSON, CITY, replace(LIVES, cardinality=before))
    found = planned(old, PERSON, CITY, replace(LIVES, cardinality=now))
    assert kinds(found) == [(step, None)]
    assert found.checks == ((RowCheck(kind="cardinality", type="Lives"),) if step == "constrain" else ())


def test_a_new_edge_that_each_node_needs_asks_the_nodes_that_there_are() -> None:
    needed = declared_edge("Born", "Person", "City", Cardinality(least_per_source=1))
    assert planned(OLD, PERSON, CITY, LIVES, needed).checks == (RowCheck(kind="cardinality", type="Born"),)


def test_what_deleting_an_endpoint_does_may_change() -> None:
    found = planned(OLD, PERSON, CITY, replace(LIVES, on_delete="cascade"))
    assert [(step.kind, step.said) for step in found.steps] == [
        ("change", "Deleting an endpoint: cascade, no longer refuse")
    ]


def test_a_schema_that_contradicts_itself_has_no_plan() -> None:
    with pytest.raises(Unsupported, match=r"Lives: it has the endpoint City"):
        planned(OLD, PERSON, LIVES)


@pytest.mark.parametrize(
    ("asked", "stored", "reason"),
    [
        ({"kind": "float"}, 5, ""),
        ({"kind": "float"}, 2**53 + 1, "more digits than a float keeps"),
        ({"kind": "int", "required": True}, None, "it is missing"),
        ({"kind": "int"}, None, ""),
        ({"kind": "int", "maximum": 4}, 5, "it is more than 4"),
        ({"kind": "datetime"}, "2024-12-31T23:59:59.000001Z", ""),
    ],
)
def test_a_stored_value_is_asked_whether_it_still_is_one(asked: dict[str, Any], stored: Any, reason: str) -> None:
    assert reason in rules.refusal(declared_property("it", **asked).schema, stored)
    assert bool(reason) is bool(rules.refusal(declared_property("it", **asked).schema, stored))
