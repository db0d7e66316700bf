"""Classes of Python declare types, and their instances are rows."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, JsonValue, computed_field

from holdfast.errors import InvalidRow, Unsupported
from holdfast.graph.models.markers import (
    Embed,
    File,
    FullText,
    Index,
    Key,
    MaxLength,
    Pattern,
    Range,
    RenamedFrom,
    Unique,
    Vector,
)
from holdfast.graph.models.nodes import Edge, Node, declared
from holdfast.rows.schema.codec import RowCodec
from holdfast.rows.schema.planning import plan
from holdfast.rows.schema.soundness import sound
from holdfast.rows.schema.types import Cardinality, GraphSchema, PropertySchema


class Mood(Enum):
    GOOD = "good"
    BAD = "bad"


class Address(BaseModel):
    street: str
    number: int = 1


class Person(Node):
    handle: Annotated[str, Key]
    name: Annotated[str, FullText, MaxLength(80)]
    mail: Annotated[str | None, Unique, Pattern("@")] = None
    born: date | None = None
    seen: datetime | None = None
    worth: Annotated[Decimal, Range(0)] = Decimal("0.00")
    mood: Mood = Mood.GOOD
    size: Literal["small", "large"] = "small"
    about: Annotated[str, Embed] = ""
    meaning: Annotated[list[float] | None, Vector[2], Embed("about")] = None
    tags: list[Annotated[str, Pattern("^[a-z]+$")]] = Field(default_factory=list)
    days: tuple[date, ...] = ()
    more: dict[str, Any] = Field(default={})
    home: Address | None = None
    anything: JsonValue = None
    photo: Annotated[str | None, File] = None
    stars: Annotated[int, Field(ge=1, le=5), Index] = 3


class Event(Node, name="Happening", renamed_from="Occasion"):
    day: Annotated[date, Key]
    number: Annotated[int, Key]


class Visited(Edge[Person, Event], cardinality=Cardinality(most_per_source=3), on_delete="cascade"):
    note: Annotated[str, RenamedFrom("remark")] = ""


SCHEMA = plan(GraphSchema(), declared([Person, Event, Visited])).result(iter(range(1, 100)).__next__)
FULL = Person(
    handle="ada",
    name="Ada",
    mail="a@b",
    born=date(1815, 12, 10),
    seen=datetime(2024, 1, 1, tzinfo=UTC),
    worth=Decimal("1.50"),
    mood=Mood.BAD,
    size="large",
    about="wrote",
    meaning=[0.5, 1.0],
    tags=["a", "b"],
    days=(date(2024, 1, 1),),
    more={"a": [1, {"b": None}]},
    home=Address(street="S"),
    anything=[1],
    photo="/a.png",
    stars=5,
)


def asked(name: str) -> PropertySchema:
    return SCHEMA.type_named("Person").by_name[name]


def test_annotations_say_what_values_are() -> None:
    kinds = {each.name: str(each.type) for each in SCHEMA.type_named("Person").live}
    assert kinds == {
        "handle": "text",
        "name": "text",
        "mail": "text",
        "born": "date",
        "seen": "datetime",
        "worth": "decimal",
        "mood": "enum of good, bad",
        "size": "enum of small, large",
        "about": "text",
        "meaning": "vector(2)",
        "tags": "list of text",
        "days": "list of date",
        "more": "json",
        "home": "json",
        "anything": "json",
        "photo": "file",
        "stars": "int",
    }


def test_markers_say_what_is_asked_of_them() -> None:
    assert asked("handle").key
    assert asked("name").full_text
    assert asked("name").max_length == 80
    assert (asked("mail").unique, asked("mail").pattern) == (True, "@")
    assert asked("worth").minimum == "0"
    assert (asked("about").embed, asked("meaning").embed) == ("about", "about")
    assert asked("tags").pattern == "^[a-z]+$"
    assert (asked("stars").minimum, asked("stars").maximum, asked("stars").index) == (1, 5, True)


def test_what_may_be_missing_is_what_may_be_none() -> None:
    needed = {each.name for each in SCHEMA.type_named("Person").live if each.required}
    assert needed == {each.name for each in SCHEMA.type_named("Person").live} - {
        "mail",
        "born",
        "seen",
        "meaning",
        "home",
        "photo",
        "anything",
    }
    assert asked("tags").default == []
    assert (asked("mood").default, asked("worth").default) == ("good", "0.00")


def test_a_class_says_what_its_type_is_called_and_was() -> None:
    event = declared([Event]).types[0]
    assert (event.name, event.renamed_from) == ("Happening", "Occasion")
    visited = declared([Visited]).types[0]
    assert (visited.source, visited.target, visited.on_delete) == ("Person", "Happening", "cascade")
    assert visited.cardinality == Cardinality(most_per_source=3)
    assert visited.properties[0].renamed_from == "remark"


def test_a_subclass_is_a_type_of_its_own_with_the_fields_of_both() -> None:
    class Member(Person):
        since: int

    assert declared([Member]).types[0].name == "Member"
    assert len(declared([Member]).types[0].properties) == len(Person.model_fields) + 1


def stored_and_back(codec: RowCodec, instance: Any) -> Any:
    return type(instance).of_graph(codec.decode(codec.encode(instance.graph_values())))


def test_an_instance_comes_back_as_it_was() -> None:
    codec = RowCodec(SCHEMA, SCHEMA.type_named("Person"))
    assert stored_and_back(codec, FULL) == FULL
    assert stored_and_back(codec, Person(handle="b", name="B")) == Person(handle="b", name="B")


def test_an_edge_is_given_nodes_or_their_keys_and_comes_back_with_keys() -> None:
    codec = RowCodec(SCHEMA, SCHEMA.type_named("Visited"))
    event = Event(day=date(2024, 1, 1), number=2)
    given = Visited(source=FULL, target=event, note="n")
    back = stored_and_back(codec, given)
    assert (back.source, back.target, back.note) == ("ada", [date(2024, 1, 1), 2], "n")
    assert codec.encode(given.graph_values()) == codec.encode(back.graph_values())
    read = Visited.model_validate({"from": "ada", "to": ["2024-01-01", 2]})
    assert codec.encode(read.graph_values()).key == codec.encode(given.graph_values()).key


def test_what_the_class_does_not_know_of_a_row_is_left_out() -> None:
    row = Event(day=date(2024, 1, 1), number=2).graph_values()
    assert Event.of_graph({**row, "younger": 1}).graph_values() == row


def test_a_row_that_the_class_does_not_allow_says_which_field() -> None:
    with pytest.raises(InvalidRow, match=r"Happening.number cannot be 'x': the class says") as raised:
        Event.of_graph({"day": date(2024, 1, 1), "number": "x"})
    assert raised.value.field == "number"


def declaring(annotation: Any, default: Any = ...) -> Any:
    return type("Thing", (Node,), {"__annotations__": {"it": annotation}, "it": default, "__module__": __name__})


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (bytes, r"Thing.it: Values of the type bytes cannot be stored"),
        (int | str, "cannot be stored"),
        (set[int], "cannot be stored"),
        (None, "NoneType cannot be stored"),
        (Literal[1, 2], "are not all text"),
        (Annotated[int, File], "A file is named by a text"),
        (Annotated[str, Pattern], "Pattern wants a value. Write Pattern"),
        (Annotated[int, Field(gt=1)], "would hold for the class alone"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_the_field(annotation: Any, said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        declared([declaring(annotation)])


def test_a_default_that_breaks_its_own_rule_is_named() -> None:
    class Odd(Node):
        handle: Annotated[str, Key]
        it: Annotated[int, Range(1, 5)] = 6

    with pytest.raises(Unsupported, match=r"Odd.it: its default cannot be 6: it is more than 5"):
        sound(declared([Odd]))


@pytest.mark.parametrize("wrong", [str, 5, Node, Edge, Edge[Person, Event], Address])
def test_what_is_no_class_of_a_graph_is_refused(wrong: Any) -> None:
    with pytest.raises(Unsupported, match="declares no type of a graph"):
        declared([wrong])


def test_an_edge_says_what_it_goes_between() -> None:
    class Loose(Edge):  # type: ignore[type-arg]
        pass

    with pytest.raises(Unsupported, match="Loose does not say what it goes from and to"):
        declared([Loose])


def test_a_field_nobody_declared_is_refused_when_an_instance_is_made() -> None:
    with pytest.raises(ValueError, match="nmae"):
        Person(handle="a", nmae="b")  # type: ignore[call-arg]


def test_an_endpoint_is_no_property() -> None:
    class Odd(Edge[Person, Event]):
        source: str

    with pytest.raises(Unsupported, match=r"Odd.source is an endpoint"):
        declared([Odd])


def test_a_class_may_have_other_names_for_its_fields_and_things_it_makes_of_them() -> None:
    class Named(Node):
        handle: Annotated[str, Key]
        born: date | None = Field(default=None, alias="dob")

        @computed_field  # type: ignore[prop-decorator]
        @property
        def shout(self) -> str:
            return self.handle.upper()

    schema = plan(GraphSchema(), declared([Named])).result(iter(range(1, 9)).__next__)
    codec = RowCodec(schema, schema.type_named("Named"))
    ada = Named(handle="ada", dob=date(1815, 12, 10))
    assert ada.graph_values() == {"handle": "ada", "born": date(1815, 12, 10)}
    assert stored_and_back(codec, ada) == ada
