"""A schema that contradicts itself is refused with each place and why."""

from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import Unsupported
from holdfast.rows.schema import cardinalities
from holdfast.rows.schema.declared import DeclaredProperty, DeclaredSchema, DeclaredType
from holdfast.rows.schema.soundness import MAX_PROPERTIES, MAX_TYPES, sound
from holdfast.rows.schema.types import Cardinality, PropertyType
from tests.support.graph_schemas import HANDLE, declared_edge, declared_node, declared_property


def text_of(*types: DeclaredType) -> str:
    with pytest.raises(Unsupported) as raised:
        sound(DeclaredSchema(types))
    return str(raised.value)


def of_property(name: str = "it", kind: str = "text", **asked: Any) -> DeclaredType:
    return declared_node("Person", HANDLE, declared_property(name, kind, **asked))


PERSON = declared_node("Person", HANDLE)
CITY = declared_node("City", HANDLE)


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ([declared_node("9lives", HANDLE)], "the graph: '9lives' is no name"),
        ([declared_node("x" * 65, HANDLE)], "is no name"),
        ([declared_node("Personne\u0301", HANDLE)], "is no name"),
        ([declared_node("", HANDLE)], "'' is no name"),
        ([PERSON, PERSON], "the graph: it has 2 types called 'person'"),
        ([PERSON, declared_node("PERSON", HANDLE)], "it has 2 types called 'person'"),
        ([replace(PERSON, renamed_from="A"), replace(CITY, renamed_from="A")], "2 say that they were A before"),
        ([declared_node("Person")], "Person: a node has a key"),
        ([declared_node("Person", declared_property("a", key=True))], "Person.a: each row has a key of its own"),
        (
            [declared_node("Person", declared_property("a", key=True, required=True, default="x"))],
            "each row has a key of its own",
        ),
        ([declared_node("Person", declared_property("a", "float", key=True, required=True))], "a key is of bool, date"),
        ([declared_node("Person", HANDLE, HANDLE)], "Person: it has 2 properties called 'handle'"),
        ([of_property("from")], "Person.from: from is what rows are told by"),
        ([of_property("_x")], "'_x' is no name"),
        ([declared_edge("Knows", "Person", "Persn"), PERSON], "Knows: it has the endpoint Persn, and there is no type"),
        ([declared_edge("A", "A", "Person"), PERSON], "A: it has the endpoint A, which is an edge"),
        ([replace(declared_edge("A", "Person", "Person"), target=None), PERSON], "an edge has a source and a target"),
        ([replace(PERSON, source="Person")], "only edges have a source"),
        ([replace(PERSON, cardinality=Cardinality(most_per_source=1))], "only edges have"),
        (
            [declared_edge("A", "Person", "Person", Cardinality(least_per_source=2, most_per_source=1)), PERSON],
            "A: its cardinality asks for 2 edges per source at least and 1 at most",
        ),
        ([declared_edge("A", "Person", "Person", Cardinality(least_per_target=-1)), PERSON], "asks for -1 edges"),
        ([declared_edge("A", "Person", "Person", Cardinality(most_per_target=0)), PERSON], "and 0 at most"),
        ([of_property(kind="vector")], "a vector has 1 to 8192 numbers, not None"),
        ([of_property(kind="list")], "a list is of"),
        ([of_property(kind="enum")], "an enum has values"),
        ([of_property(kind="enum", choices=("a", "a"))], "each of them once"),
        ([of_property(kind="enum", choices=("a", "b\0"))], "NUL"),
        ([of_property(kind="json", unique=True)], "rows are looked up by bool, date, datetime, enum, file"),
        ([of_property(kind="decimal", index=True)], "not by decimal, as unique and index ask"),
        ([of_property(unique=True, default="a")], "a default is what many rows have"),
        ([of_property(kind="int", full_text=True)], "full text is searched in text"),
        ([of_property(embed="they")], "the meaning of 'they', which is no property of text"),
        ([of_property(kind="int", embed="handle")], "a vector is made of another property's text, not int"),
        ([of_property(minimum=1)], "a range is of date"),
        ([of_property(kind="int", pattern="a")], "a pattern and a length are of text"),
        ([of_property(kind="int", minimum=1.5)], "its minimum cannot be 1.5: it is no whole number"),
        ([of_property(kind="int", minimum=2, maximum=1)], "nothing is between 2 and 1"),
        ([of_property(kind="decimal", minimum=Decimal(10), maximum=Decimal(9))], "nothing is between 10 and 9"),
        ([of_property(max_length=0)], "no length of 0"),
        ([of_property(pattern="(a")], "its pattern '(a' cannot be: it is no regular expression"),
        ([of_property(pattern="(?=a)")], "no regular expression"),
        ([of_property(kind="int", default="a")], "Person.it: its default cannot be 'a': it is no whole number"),
        ([of_property(kind="int", default=6, maximum=5)], "its default cannot be 6: it is more than 5"),
        ([declared_node(f"T{number}", HANDLE) for number in range(MAX_TYPES + 1)], "1001 types; 1000 are allowed"),
        (
            [declared_node("T", HANDLE, *(declared_property(f"p{n}") for n in range(MAX_PROPERTIES)))],
            "501 properties; 500 are allowed",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_contradicts_itself_is_named(types: list[DeclaredType], said: str) -> None:
    assert said in text_of(*types)


def test_all_that_is_wrong_is_told_at_once_up_to_ten() -> None:
    text = text_of(*(declared_node(f"T{number}") for number in range(13)))
    assert text.count("a node has a key") == 10
    assert "and 3 more" in text
    assert len(text) < 2000


def test_a_sound_schema_has_its_defaults_as_they_are_stored() -> None:
    node = of_property(kind="decimal", default=Decimal("1.50"), minimum=1, maximum=2.5)
    asked = sound(DeclaredSchema((node,))).types[0].properties[1].schema
    assert (asked.default, asked.minimum, asked.maximum) == ("1.50", "1", "2.5")


def test_a_list_has_a_range_of_its_items_and_a_default_of_its_own() -> None:
    asked = declared_property("it", "list", minimum=1, default=[2, 3])
    kind = PropertyType(kind="list", item=PropertyType(kind="int"))
    node = declared_node("Person", HANDLE, DeclaredProperty(schema=replace(asked.schema, type=kind)))
    assert sound(DeclaredSchema((node,))).types[0] == node


def test_cardinalities_that_go_around_in_a_cycle_are_named() -> None:
    # Two cities a person, one person a city: twice as many cities as people. And the other way around.
    twice = Cardinality(least_per_source=2, most_per_target=1)
    text = text_of(
        PERSON, CITY, declared_edge("Owns", "Person", "City", twice), declared_edge("In", "City", "Person", twice)
    )
    assert "In and Owns: no rows but none at all could keep their cardinalities" in text
    assert "Self: no rows" in text_of(PERSON, declared_edge("Self", "Person", "Person", twice))
    once = Cardinality(least_per_source=1, most_per_target=1)
    sound(
        DeclaredSchema(
            (PERSON, CITY, declared_edge("A", "Person", "City", twice), declared_edge("B", "City", "Person"))
        )
    )
    sound(DeclaredSchema((PERSON, declared_edge("Next", "Person", "Person", once))))


SIDES = st.tuples(st.integers(0, 2), st.none() | st.integers(1, 2)).filter(
    lambda side: side[1] is None or side[0] <= side[1]
)
EDGES = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("AB"), SIDES, SIDES), min_size=1, max_size=3)


@given(EDGES)
def test_what_some_number_of_nodes_can_keep_is_no_contradiction(edges: list[Any]) -> None:
    """Edges between n As and m Bs exist, as multigraphs, when some number fits both sides' bounds."""
    types = [
        declared_edge(f"E{number}", source, target, Cardinality(*per_source, *per_target))
        for number, (source, target, per_source, per_target) in enumerate(edges)
    ]

    def fits(counts: dict[str, int]) -> bool:
        return all(
            max(out[0] * counts[source], into[0] * counts[target])
            <= min((side[1] or 99) * counts[end] for side, end in ((out, source), (into, target)))
            for source, target, out, into in edges
        )

    possible = any(fits({"A": a, "B": b}) for a, b in product(range(1, 13), repeat=2))
    assert possible is (cardinalities.contradiction(types) == [])
