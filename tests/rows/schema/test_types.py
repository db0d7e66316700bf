"""A schema is stored as one text, and says what there is."""

from dataclasses import replace

import pytest

from holdfast.errors import CorruptStore, NotFound
from holdfast.rows.schema.types import Cardinality, GraphSchema, PropertySchema, PropertyType
from tests.support.graph_schemas import EVENT, SCHEMA, THING, TOUCHED

FULL = PropertySchema(
    id=5,
    name="claim",
    type=PropertyType(kind="list", item=PropertyType(kind="enum", values=("a", "b"))),
    required=True,
    default=["a"],
    unique=True,
    index=True,
    minimum=False,
    maximum=0,
    pattern="^a",
    max_length=7,
    embed="claim",
    full_text=True,
    dropped=True,
)


def test_a_schema_comes_back_as_it_was() -> None:
    edge = replace(TOUCHED, cardinality=Cardinality(most_per_source=1), on_delete="cascade", dropped=True)
    schema = GraphSchema((THING, replace(EVENT, properties=(*EVENT.properties, FULL)), edge))
    text = schema.to_json()
    again = GraphSchema.from_json(text)
    assert again == schema
    assert again.to_json() == text
    assert [type(again.types[1].properties[-1].minimum), again.types[1].properties[-1].maximum] == [bool, 0]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format":2,"types":[]}', '{"format":1,"types":[{"nmae":1}]}'])
def test_what_is_no_schema_is_damage(text: str) -> None:
    with pytest.raises(CorruptStore, match="schema of the graph"):
        GraphSchema.from_json(text)


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(NotFound, match=r"no type Ting. There are Event, Thing, Touched"):
        SCHEMA.type_named("Ting")
    with pytest.raises(NotFound, match=r"graph\.apply"):
        GraphSchema().type_named("Ting")
    with pytest.raises(NotFound, match=r"Event has no property dya. It has day, number"):
        EVENT.property_named("dya")
    with pytest.raises(NotFound, match="99"):
        SCHEMA.type_of(99)


def test_what_was_dropped_is_not_found_by_name_and_its_name_is_free() -> None:
    old = replace(THING, id=9, dropped=True)
    schema = GraphSchema((old, *SCHEMA.types))
    assert schema.type_named("Thing") is THING
    assert schema.type_of(9) is old
    assert schema.live == SCHEMA.types


def test_edges_of_a_node_type_are_those_at_either_end() -> None:
    assert [*SCHEMA.edges_of(THING)] == [*SCHEMA.edges_of(EVENT)] == [TOUCHED]
    assert SCHEMA.endpoints(TOUCHED) == (THING, EVENT)


def test_a_type_is_one_of_a_set_whatever_its_defaults_are() -> None:
    with_list = replace(EVENT, properties=(*EVENT.properties, FULL))
    assert {with_list, replace(with_list)} == {with_list}
