"""Whatever a schema becomes that is planned and held against the rows, the rows are rows of it."""

import itertools
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from holdfast.errors import InvalidRow, Unsupported
from holdfast.rows.schema import rules
from holdfast.rows.schema.codec import EncodedRow, RowCodec, held_value
from holdfast.rows.schema.declared import DeclaredProperty, DeclaredSchema
from holdfast.rows.schema.planning import plan
from holdfast.rows.schema.steps import RowCheck
from holdfast.rows.schema.types import GraphSchema, PropertySchema, PropertyType
from tests.rows.schema.test_codec import VALUES
from tests.support.graph_schemas import HANDLE, KINDS, declared_node

NAMES = ("a", "b", "c")
TYPES = (
    *(KINDS[name] for name in ("text", "int", "float", "decimal", "file", "json", "date")),
    PropertyType(kind="enum", values=("open",)),
    PropertyType(kind="enum", values=("done", "open")),
    *(PropertyType(kind="list", item=KINDS[name]) for name in ("int", "float", "text")),
)
SMALL: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-2, 2) | st.just(2**60 + 1),
    "float": st.sampled_from([-1.5, 0.0, 2.0]),
    "text": st.sampled_from(["", "x", "open", "long"]),
}


def values_of(kind: PropertyType) -> st.SearchStrategy[Any]:
    if kind.item:
        return st.lists(values_of(kind.item), max_size=2)
    return st.sampled_from(kind.values) if kind.values else SMALL.get(kind.kind, VALUES[kind.kind])


@st.composite
def properties(draw: st.DrawFn, name: str) -> DeclaredProperty:
    kind = draw(st.sampled_from(TYPES))
    said: dict[str, Any] = {"required": draw(st.booleans()), "default": draw(st.none() | values_of(kind))}
    if kind.scalar.kind in ("int", "float", "decimal"):
        said |= {"minimum": draw(st.none() | st.integers(-2, 0)), "maximum": draw(st.none() | st.integers(0, 2))}
    if kind.scalar.kind == "text":
        said["max_length"] = draw(st.none() | st.integers(1, 4))
    schema = PropertySchema(name=name, type=kind, **said)
    return DeclaredProperty(schema=schema, renamed_from=draw(st.none() | st.sampled_from(NAMES)))


@st.composite
def schemas(draw: st.DrawFn) -> DeclaredSchema:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return DeclaredSchema((declared_node("Thing", HANDLE, *(draw(properties(name)) for name in names)),))


def holds(check: RowCheck, schema: GraphSchema, row: EncodedRow) -> bool:
    if check.kind == "no_rows" or check.property is None:
        return False
    asked = schema.type_named(check.type).by_name[check.property]
    return not rules.refusal(asked, held_value(asked, row.data))


def after(schema: GraphSchema, declared: DeclaredSchema, row: EncodedRow, numbers: Iterator[int]) -> GraphSchema:
    """Return the next schema, or the same one when it cannot be, or the row forbids it."""
    try:
        found = plan(schema, declared)
    except Unsupported:
        return schema
    if found.refused or not all(holds(check, found.schema, row) for check in found.checks):
        return schema
    now = found.result(numbers.__next__)
    again = plan(now, declared)
    assert (again.steps, again.checks) == ((), ())
    assert again.schema == now == GraphSchema.from_json(now.to_json())
    return now


def row_of(codec: RowCodec, data: Any) -> EncodedRow:
    others = [each for each in codec.kind.live if each.name != "handle"]
    given_values = {each.name: data.draw(st.none() | values_of(each.type)) for each in others}
    try:
        return codec.encode(
            {"handle": "h", **{name: value for name, value in given_values.items() if value is not None}}
        )
    except InvalidRow:
        assume(False)
        raise


@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], max_examples=150, deadline=None)
@given(schemas(), st.lists(schemas(), min_size=1, max_size=3), st.data())
def test_rows_that_are_held_against_a_schema_are_rows_of_it(
    first: DeclaredSchema, later: list[DeclaredSchema], data: Any
) -> None:
    numbers = itertools.count(1)
    schema = after(GraphSchema(), first, EncodedRow("", None, None, {}), numbers)
    assume(schema.types)
    row = row_of(RowCodec(schema, schema.type_named("Thing")), data)
    for declared in later:
        schema = after(schema, declared, row, numbers)
        codec = RowCodec(schema, schema.type_named("Thing"))
        again = codec.encode(codec.decode(row))
        assert again.key == row.key
        assert again.data == codec.settled(row.data)
        row = again if data.draw(st.booleans()) else row
