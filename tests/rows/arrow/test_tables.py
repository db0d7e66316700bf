"""A whole table of rows is stored as its rows are one by one, and what is wrong in it is told in the same words."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.errors import InvalidRow
from holdfast.rows.arrow.stored import arrow_type, column, stored_values
from holdfast.rows.arrow.tables import TOLD, EncodedTable, encode_table
from holdfast.rows.schema.codec import RowCodec
from holdfast.rows.schema.types import GraphSchema, PropertySchema, PropertyType, TypeSchema
from holdfast.rows.schema.values import MAX_VALUE_BYTES
from tests.rows.schema.test_codec import VALUES
from tests.support.graph_schemas import EVENT, KINDS, SCHEMA, THING, TOUCHED, of_kind

#: of Arrow's, for values of each kind; one more way for those that have two
GIVEN_AS: list[tuple[str, pa.DataType, Any]] = [
    ("text", pa.string(), lambda value: value),
    ("text", pa.large_string(), lambda value: value),
    ("text", pa.dictionary(pa.int32(), pa.string()), lambda value: value),
    ("int", pa.int64(), lambda value: value),
    ("float", pa.float64(), lambda value: value),
    ("bool", pa.bool_(), lambda value: value),
    ("date", pa.date32(), lambda value: value),
    ("date", pa.string(), lambda value: value.isoformat()),
    ("datetime", pa.timestamp("us", "UTC"), lambda value: value),
    ("datetime", pa.timestamp("us", "+02:00"), lambda value: value),
    ("datetime", pa.timestamp("us"), lambda value: value.replace(tzinfo=None)),
    ("datetime", pa.string(), lambda value: value.isoformat()),
    ("decimal", pa.string(), str),
    ("decimal", pa.decimal128(38, 4), lambda value: value),
    ("vector", pa.list_(pa.float64()), lambda value: value),
    ("vector", pa.list_(pa.float32(), 3), lambda value: value),
    ("enum", pa.string(), lambda value: value),
    ("list", pa.list_(pa.date32()), lambda value: value),
    ("list", pa.list_(pa.string()), lambda value: [each.isoformat() for each in value]),
    ("file", pa.string(), lambda value: value),
]


def rows_of(kind: TypeSchema, found: EncodedTable) -> list[tuple[Any, ...]]:
    """Return the rows of a table as the codec gives them one by one."""
    return [(row.key, row.src, row.dst, row.data) for row in found.rows(kind)]


def one_by_one(kind: TypeSchema, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    codec = RowCodec(SCHEMA, kind)
    encoded = [codec.encode({name: value for name, value in row.items() if value is not None}) for row in rows]
    return [(row.key, row.src, row.dst, row.data) for row in encoded]


@pytest.mark.parametrize(("name", "kind", "as_given"), GIVEN_AS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_column_is_stored_as_its_values_are(name: str, kind: pa.DataType, as_given: Any, data: Any) -> None:
    values = data.draw(st.lists(st.none() | VALUES[name], max_size=6))
    handles = [f"h{number}" for number in range(len(values))]
    column = pa.array([None if each is None else as_given(each) for each in values], kind)
    table = pa.table({"handle": pa.array(handles, pa.string()), name: column})
    found = encode_table(SCHEMA, THING, table)
    assert (found.bad, found.refused) == ([], 0)
    rows = [{"handle": handle, name: value} for handle, value in zip(handles, values, strict=True)]
    assert rows_of(THING, found) == one_by_one(THING, rows)
    assert found.columns[str(THING.by_name[name].id)].type == arrow_type(KINDS[name])


def test_json_is_given_as_text_or_as_what_it_is() -> None:
    as_text = pa.table({"handle": ["a", "b"], "json": ['{"a": [1, null]}', "5"]})
    as_it_is = pa.table({"handle": ["a", "b"], "json": pa.array([{"a": [1, None]}, None])})
    assert [row[3].get("107") for row in rows_of(THING, encode_table(SCHEMA, THING, as_text))] == [{"a": [1, None]}, 5]
    assert [row[3].get("107") for row in rows_of(THING, encode_table(SCHEMA, THING, as_it_is))] == [
        {"a": [1, None]},
        None,
    ]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20),
            st.dates(),
            st.integers(-(2**63), 2**63 - 1),
            st.text('a\\"\n\x1fé/', max_size=5),
        )
    )
)
def test_edges_have_the_keys_that_they_have_one_by_one(edges: list[Any]) -> None:
    handles, days, numbers, roles = ([row[place] for row in edges] for place in range(4))
    ends = [{"day": day, "number": number} for day, number in zip(days, numbers, strict=True)]
    table = pa.table(
        {
            "from": pa.array(handles, pa.string()),
            "to": pa.array(ends, pa.struct({"day": pa.date32(), "number": pa.int64()})),
            "role": pa.array(roles, pa.string()),
        }
    )
    rows = [{"from": a, "to": [b, c], "role": d} for a, b, c, d in edges]
    assert rows_of(TOUCHED, encode_table(SCHEMA, TOUCHED, table)) == one_by_one(TOUCHED, rows)
    nodes = pa.table({"day": pa.array(days, pa.date32()), "number": pa.array(numbers, pa.int64())})
    found = encode_table(SCHEMA, EVENT, nodes)
    assert found.key.to_pylist() == [row[2] for row in one_by_one(TOUCHED, rows)]


BAD: list[tuple[str, pa.Array]] = [
    ("text", pa.array(["a", "b\0"])),
    ("text", pa.array(["a", "x" * (MAX_VALUE_BYTES + 1)])),
    ("text", pa.array([b"a", b"\xff"]).view(pa.string())),
    ("text", pa.array([1, 2])),
    ("int", pa.array([1.0, 2.5])),
    ("int", pa.array([1.0, math.nan])),
    ("int", pa.array([1.0, 2.0**60])),
    ("int", pa.array([1, 2**63], pa.uint64())),
    ("int", pa.array(["1", "2"])),
    ("float", pa.array([1.0, math.nan])),
    ("float", pa.array([1, 2**53 + 1])),
    ("bool", pa.array([1, 0])),
    ("date", pa.array(["2024-12-31", "2024-02-30"])),
    ("date", pa.array([datetime(2024, 1, 1), datetime(2024, 1, 1, 1)])),
    ("date", pa.array([0, 10**8], pa.int32()).view(pa.date32())),
    ("datetime", pa.array(["2024-12-31T00:00:00Z", "soon"])),
    ("datetime", pa.array([0, 1001], pa.timestamp("ns"))),
    ("datetime", pa.array([0, 2**60], pa.timestamp("s"))),
    ("decimal", pa.array(["1.5", "one"])),
    ("decimal", pa.array([1.5, math.inf])),
    ("vector", pa.array([[1.0, 2.0, 3.0], [1.0]])),
    ("vector", pa.array([[1.0, 2.0, 3.0], [1.0, 2.0, math.nan]])),
    ("vector", pa.array([[1.0, 2.0, 3.0], [1.0, 2.0, 1e300]])),
    ("enum", pa.array(["open", "shut"])),
    ("list", pa.array([["2024-12-31"], ["2024-12-31", "no"]])),
    ("list", pa.array([["2024-12-31"], [None]])),
    ("list", pa.array([[date(2024, 1, 1)], [date(2024, 1, 1)] * 10_001])),
    ("file", pa.array(["/a", "a"])),
    ("json", pa.array(["1", "{"])),
]


@pytest.mark.parametrize(("name", "given_column"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_wrong_is_told_with_its_line_and_left_out(name: str, given_column: pa.Array) -> None:
    table = pa.table({"handle": ["a", "b"], name: given_column})
    found = encode_table(SCHEMA, THING, table, pa.array([7, 9]))
    assert found.bad[-1].line == 9
    assert (found.bad[-1].type, found.bad[-1].field) == ("Thing", name)
    assert found.bad[-1].reason.startswith("it ") or found.bad[-1].reason.startswith("of its item")
    assert found.refused == len(found.bad)
    assert found.key.to_pylist() == ["a", "b"][: 2 - found.refused]
    assert len(found.bad[-1].value) < 200


def one(kind: PropertyType, **asked: Any) -> tuple[GraphSchema, TypeSchema]:
    it = PropertySchema(id=2, name="it", type=kind, **asked)
    node = TypeSchema(id=1, name="One", kind="node", properties=(THING.keys[0], it))
    return GraphSchema((node,)), node


@pytest.mark.parametrize(
    ("kind", "asked", "given_column", "reason"),
    [
        (KINDS["int"], {"minimum": 2}, pa.array([2, 1]), "it is less than 2"),
        (KINDS["float"], {"maximum": 2.5}, pa.array([2.5, 2.6]), "it is more than 2.5"),
        (KINDS["decimal"], {"maximum": "9"}, pa.array(["9", "10"]), "it is more than 9"),
        (KINDS["date"], {"minimum": "2024-01-02"}, pa.array([date(2024, 1, 2), date(2024, 1, 1)]), "it is less than"),
        (
            KINDS["datetime"],
            {"minimum": "2024-01-02T00:00:00.000000Z"},
            pa.array([datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)]),
            "it is less than",
        ),
        (KINDS["text"], {"max_length": 1}, pa.array(["é", "éa"]), "it has 2 characters; 1 are allowed"),
        (KINDS["text"], {"pattern": "^a"}, pa.array(["a", "b"]), "'b' does not match '^a'"),
        (KINDS["list"], {"minimum": "2024-01-02"}, pa.array([[date(2024, 1, 2)], [date(2024, 1, 1)]]), "less than"),
        (KINDS["int"], {"required": True}, pa.array([1, None]), "it is missing"),
    ],
)
def test_rules_hold_in_tables_too(kind: PropertyType, asked: Any, given_column: pa.Array, reason: str) -> None:
    schema, node = one(kind, **asked)
    found = encode_table(schema, node, pa.table({"handle": ["a", "b"], "it": given_column}))
    assert found.key.to_pylist() == ["a"]
    assert [(each.line, each.field) for each in found.bad] == [(2, "it")]
    assert reason in found.bad[0].reason


@pytest.mark.parametrize(("name", "default"), [("int", 7), ("list", ["2024-01-01"]), ("vector", [1.0, 2.0, 3.0])])
def test_what_is_not_given_has_the_default(name: str, default: Any) -> None:
    schema, node = one(KINDS[name], default=default, required=True)
    absent = encode_table(schema, node, pa.table({"handle": ["a"]}))
    assert stored_values(KINDS[name], absent.columns["2"]) == [default]
    some = column(KINDS[name], [default, None])
    null = encode_table(schema, node, pa.table({"handle": ["a", "b"], "it": some}))
    assert stored_values(KINDS[name], null.columns["2"]) == [default, default]
    assert null.bad == []


def test_keys_and_endpoints_that_are_wrong_are_told() -> None:
    nodes = pa.table({"handle": ["a", "", None, "x" * 801]})
    found = encode_table(SCHEMA, THING, nodes)
    assert [(each.line, each.field, each.reason) for each in found.bad] == [
        (2, "handle", "a key cannot be empty"),
        (3, "handle", "it is missing"),
        (4, "handle", "the key has 801 bytes; 800 are allowed"),
    ]
    edges = pa.table(
        {
            "from": ["a", None, "", "a", "a"],
            "to": pa.array([["2024-01-01", "1"]] * 5),
            "role": ["r", "r", "r", None, "r"],
        }
    )
    wrong = encode_table(SCHEMA, TOUCHED, edges)
    assert {each.line: each.field for each in wrong.bad} == {1: "to", 2: "from", 3: "from", 4: "role", 5: "to"}
    assert (len(wrong), wrong.refused) == (0, 5)


def test_a_column_of_no_property_is_refused() -> None:
    with pytest.raises(InvalidRow, match="Thing: there is no property 'nmae'"):
        encode_table(SCHEMA, THING, pa.table({"handle": ["a"], "nmae": [1]}))


def test_of_many_bad_rows_the_first_are_told_and_all_are_counted() -> None:
    table = pa.table({"handle": [f"{number}" for number in range(1000)], "text": ["\0"] * 1000})
    found = encode_table(SCHEMA, THING, table)
    assert [each.line for each in found.bad] == [*range(1, TOLD + 1)]
    assert (found.refused, len(found)) == (1000, 0)


def test_a_column_that_was_narrower_reads_as_it_is_today() -> None:
    assert stored_values(KINDS["float"], pa.array([1, None])) == [1.0, None]
    assert stored_values(KINDS["decimal"], pa.array([1])) == ["1"]


def test_moments_in_keys_are_spelt_as_they_are_stored() -> None:
    node = replace(EVENT, properties=(of_kind("at", 5, "datetime", key=True), of_kind("ok", 6, "bool", key=True)))
    schema = GraphSchema((node,))
    moments = [datetime(999, 1, 1, tzinfo=UTC) + timedelta(microseconds=1), datetime(2024, 1, 1, 5, tzinfo=UTC)]
    found = encode_table(schema, node, pa.table({"at": moments, "ok": [True, False]}))
    codec = RowCodec(schema, node)
    assert found.key.to_pylist() == [
        codec.encode({"at": moments[0], "ok": True}).key,
        codec.key_of([moments[1], False]),
    ]


def test_rows_say_that_they_have_none_where_rows_from_before_have_something() -> None:
    schema, node = one(KINDS["int"], initial=7)
    found = encode_table(schema, node, pa.table({"handle": ["a"], "it": pa.array([None], pa.int64())}))
    assert [*found.rows(node)] == [RowCodec(schema, node).encode({"handle": "a", "it": None})]
