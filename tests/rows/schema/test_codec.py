"""Rows come back as they were given, and what cannot be one is refused with its place and the reason."""

import json
import math
import pickle
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import InvalidRow
from holdfast.rows.schema.codec import MAX_NODE_KEY_BYTES, RowCodec
from holdfast.rows.schema.types import GraphSchema, PropertySchema, PropertyType, TypeSchema
from holdfast.rows.schema.values import MAX_DEPTH, MAX_VALUE_BYTES, shown
from tests.support.graph_schemas import EVENT, KINDS, SCHEMA, THING, TOUCHED

THINGS = RowCodec(SCHEMA, THING)
EVENTS = RowCodec(SCHEMA, EVENT)
TOUCHES = RowCodec(SCHEMA, TOUCHED)

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
WHOLE = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN: st.SearchStrategy[Any] = st.none() | st.booleans() | WHOLE | FLOATS | TEXTS
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "int": WHOLE,
    "float": FLOATS,
    "bool": st.booleans(),
    "date": st.dates(),
    "datetime": st.datetimes(timezones=st.just(UTC)),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20),
    "json": st.recursive(
        PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
    ).filter(lambda value: value is not None),
    "vector": st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
    "enum": st.sampled_from(["open", "done"]),
    "list": st.lists(st.dates()),
    "file": st.sampled_from(["/papers/a.pdf", "content:" + "0a" * 32]),
}


class State(Enum):
    DONE = "done"


def refusal(codec: RowCodec, **values: Any) -> InvalidRow:
    with pytest.raises(InvalidRow) as raised:
        codec.encode(values)
    return raised.value


@given(st.fixed_dictionaries({}, optional=VALUES))
def test_values_come_back_as_they_were(values: dict[str, Any]) -> None:
    row = THINGS.encode({"handle": "a", **values})
    stored = replace(row, data=json.loads(json.dumps(row.data, ensure_ascii=False)))
    back = THINGS.decode(stored)
    assert {name: back[name] for name in values} == values
    assert all(type(back[name]) is type(value) for name, value in values.items())
    assert {name for name, value in back.items() if value is None} == KINDS.keys() - values.keys()


@given(st.fixed_dictionaries({}, optional=VALUES))
def test_what_is_read_and_written_again_is_stored_as_it_was(values: dict[str, Any]) -> None:
    row = THINGS.encode({"handle": "a", **values})
    assert THINGS.encode(THINGS.decode(row)) == row
    assert THINGS.settled(row.data) == row.data


@given(TEXTS.filter(bool), st.dates(), WHOLE, TEXTS)
def test_keys_come_back_as_they_were(handle: str, day: date, number: int, role: str) -> None:
    values = {"from": handle, "to": [day, number], "role": role, "weight": 0.5}
    row = TOUCHES.encode(values)
    assert TOUCHES.decode(row) == values
    assert (
        row.key
        == TOUCHES.key_of((handle, (day, number), role))
        == TOUCHES.key_of({"from": {"handle": handle}, "to": {"day": day, "number": number}, "role": role})
    )
    assert (row.src, row.dst) == (THINGS.key_of(handle), EVENTS.key_of([day, number]))
    assert EVENTS.encode({"day": day, "number": number}).key == row.dst


def test_a_key_is_one_text_however_its_values_are_given() -> None:
    assert EVENTS.key_of(["2024-12-31", 7]) == EVENTS.key_of([date(2024, 12, 31), 7.0]) == '["2024-12-31","7"]'


@pytest.mark.parametrize(
    ("name", "given_as", "back"),
    [
        ("date", "20241231", date(2024, 12, 31)),
        ("datetime", "2024-12-31T23:00:00+02:00", datetime(2024, 12, 31, 21, tzinfo=UTC)),
        ("datetime", datetime(2024, 12, 31, 23), datetime(2024, 12, 31, 23, tzinfo=UTC)),
        (
            "datetime",
            datetime(1, 1, 1, 5, tzinfo=timezone(timedelta(hours=5))),
            datetime(1, 1, 1, tzinfo=UTC),
        ),
        ("decimal", 9.99, Decimal("9.99")),
        ("decimal", "1E+5", Decimal("1E+5")),
        ("int", 3.0, 3),
        ("int", np.int32(3), 3),
        ("float", 3, 3.0),
        ("float", np.float32(0.5), 0.5),
        ("bool", np.True_, True),
        ("vector", np.array([1, 2, 3]), [1.0, 2.0, 3.0]),
        ("vector", [0.1, 0, 0], [float(np.float32(0.1)), 0.0, 0.0]),
        ("enum", State.DONE, "done"),
        ("list", ("2024-12-31",), [date(2024, 12, 31)]),
        ("file", "/a//b/", "/a/b"),
        ("json", (1, {"a": ()}), [1, {"a": []}]),
    ],
)
def test_a_value_may_be_given_in_other_ways(name: str, given_as: Any, back: Any) -> None:
    values = THINGS.decode(THINGS.encode({"handle": "a", name: given_as}))
    assert values[name] == back
    assert type(values[name]) is type(back)


def test_a_zero_is_stored_in_one_way() -> None:
    assert json.dumps(THINGS.encode({"handle": "a", "float": -0.0}).data["102"]) == "0.0"


def deep(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("text", 5, "it is no text"),
        ("text", "a\0b", "it has a NUL character"),
        ("text", "\ud800", "not valid Unicode"),
        ("text", "x" * (10 * 1024 * 1024), f"10485760 bytes; {MAX_VALUE_BYTES} are allowed"),
        ("int", True, "no whole number"),
        ("int", "5", "no whole number"),
        ("int", 2.5, "no whole number"),
        ("int", math.nan, "no whole number"),
        ("int", 2**63, "does not fit 64 bits"),
        ("int", 10**5000, "does not fit 64 bits"),
        ("float", math.nan, "not a finite number"),
        ("float", -math.inf, "not a finite number"),
        ("float", "1.5", "no number"),
        ("float", False, "no number"),
        ("float", 2**53 + 1, "more digits than a float keeps"),
        ("float", 10**400, "no number that fits"),
        ("bool", 1, "neither true nor false"),
        ("bool", "true", "neither true nor false"),
        ("date", "2024-02-30", "no date of the form"),
        ("date", datetime(2024, 1, 1), "no date"),
        ("datetime", date(2024, 1, 1), "no moment"),
        ("datetime", "yesterday", "no moment of the form"),
        ("datetime", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), "before the year 1"),
        ("decimal", Decimal("NaN"), "not a finite number"),
        ("decimal", "five", "no decimal"),
        ("decimal", "9" * 39, "more than 38 digits"),
        ("decimal", Decimal("1E+99"), "more than 38 digits"),
        ("json", {"a": math.nan}, "not a finite number"),
        ("json", {1: 2}, "the key 1, which is no text"),
        ("json", {"a": {2}}, "which JSON has nothing for"),
        ("json", {"\0": 2}, "NUL"),
        ("json", [10**30], "does not fit 64 bits"),
        ("json", deep(MAX_DEPTH + 1), "levels deep"),
        ("json", deep(100_000), "levels deep"),
        ("json", ["x" * 600_000] * 2, "bytes"),
        ("vector", [1.0, 2.0], "it has 2 numbers; 3 are wanted"),
        ("vector", [1.0, 2.0, math.inf], "not a finite number"),
        ("vector", [1.0, 2.0, 1e300], "does not fit 32 bits"),
        ("vector", 5, "no list of numbers"),
        ("enum", "lost", "it is none of open, done"),
        ("enum", ["open"], "it is none of open, done"),
        ("list", "2024-12-31", "it is no list"),
        ("list", ["2024-12-31", "no"], "of its item 1, 'no': it is no date"),
        ("list", [None], "of its item 0, None: it is missing"),
        ("list", [date(2024, 1, 1)] * 10_001, "10001 items"),
        ("file", "papers/a.pdf", "neither a path of this store"),
        ("file", "content:12", "64 digits"),
    ],
    ids=shown,
)
def test_what_is_wrong_is_refused_with_its_place_and_the_reason(name: str, value: Any, reason: str) -> None:
    error = refusal(THINGS, handle="a", **{name: value})
    assert error.field == name
    assert reason in error.reason
    assert str(error).startswith(f"Thing.{name} cannot be ")
    assert len(str(error)) < 400
    again = pickle.loads(pickle.dumps(error))
    assert (again.field, again.value, again.reason, str(again)) == (name, error.value, error.reason, str(error))


@pytest.mark.parametrize(
    ("values", "place", "reason"),
    [
        ({}, "Thing.handle", "it is missing"),
        ({"handle": None}, "Thing.handle", "it is missing"),
        ({"handle": ""}, "Thing.handle", "a key cannot be empty"),
        ({"handle": math.nan}, "Thing.handle", "it is no text"),
        ({"handle": "é" * MAX_NODE_KEY_BYTES}, "Thing.handle", "the key has 1600 bytes; 800 are allowed"),
        ({"handle": "a", "nmae": 1}, "Thing", "there is no property 'nmae'"),
        ({"handle": "a", "from": "b"}, "Thing", "there is no property 'from'"),
    ],
)
def test_a_node_needs_its_key_and_has_only_properties(values: dict[str, Any], place: str, reason: str) -> None:
    error = refusal(THINGS, **values)
    assert error.path == place
    assert reason in error.reason


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"to": [date(2024, 1, 1), 1]}, "Touched.from"),
        ({"from": "a"}, "Touched.to"),
        ({"from": "a", "to": date(2024, 1, 1)}, "Touched.to"),
        ({"from": "a", "to": [date(2024, 1, 1), "one"]}, "Touched.to"),
        ({"from": "a", "to": {"day": date(2024, 1, 1)}}, "Touched.to"),
        ({"from": "a", "to": [date(2024, 1, 1), None]}, "Touched.to"),
        ({"from": "", "to": [date(2024, 1, 1), 1]}, "Touched.from"),
        ({"from": ["a", "b"], "to": [date(2024, 1, 1), 1]}, "Touched.from"),
    ],
)
def test_an_edge_needs_the_keys_of_its_endpoints(values: dict[str, Any], place: str) -> None:
    assert refusal(TOUCHES, role="r", **values).path == place


def one(kind: PropertyType, **asked: Any) -> RowCodec:
    """Return the codec of a type with a key and one property `it`."""
    it = PropertySchema(id=2, name="it", type=kind, **asked)
    node = TypeSchema(id=1, name="One", kind="node", properties=(THING.keys[0], it))
    return RowCodec(GraphSchema((node,)), node)


@pytest.mark.parametrize(
    ("codec", "right", "wrong", "reason"),
    [
        (one(KINDS["int"], minimum=1, maximum=5), 5, 6, "it is more than 5"),
        (one(KINDS["int"], minimum=1, maximum=5), 1, 0, "it is less than 1"),
        (one(KINDS["decimal"], minimum="-1.5"), Decimal("-1.50"), Decimal("-1.51"), "less than -1.5"),
        (one(KINDS["date"], maximum="2024-12-31"), date(999, 1, 1), date(2025, 1, 1), "more than 2024-12-31"),
        (one(KINDS["list"], minimum="2024-01-01"), [date(2024, 1, 1)], [date(2023, 1, 1)], "less than"),
        (one(KINDS["text"], max_length=2), "éé", "abc", "it has 3 characters; 2 are allowed"),
        (one(KINDS["text"], pattern="^a+$"), "aa", "ab", "'ab' does not match '^a+$'"),
        (one(KINDS["text"], pattern="^(a|aa)+$"), "a", "a" * 5000 + "b", "does not match"),
        (one(PropertyType(kind="list", item=KINDS["text"]), pattern="a"), ["ba"], ["a", "b"], "'b' does not"),
    ],
)
def test_a_range_a_length_and_a_pattern_hold(codec: RowCodec, right: Any, wrong: Any, reason: str) -> None:
    assert codec.decode(codec.encode({"handle": "a", "it": right}))["it"] == right
    assert reason in refusal(codec, handle="a", it=wrong).reason


def test_a_row_that_is_given_none_has_the_default() -> None:
    codec = one(KINDS["int"], default=7, initial=7, required=True)
    row = codec.encode({"handle": "a"})
    assert row.data == {"10": "a", "2": 7}
    assert codec.decode(row) == {"handle": "a", "it": 7}
    assert refusal(codec, handle="a", it=None).reason == "it is missing"


def test_a_row_from_before_a_property_has_its_default_and_one_set_to_none_has_none() -> None:
    codec = one(KINDS["int"], default=8, initial=7)
    without = codec.encode({"handle": "a", "it": None})
    assert codec.decode(without)["it"] is None
    assert codec.settled(without.data) == without.data
    before = replace(without, data={"10": "a"})
    assert codec.decode(before)["it"] == 7
    assert codec.settled(before.data) == {"10": "a", "2": 7}


@pytest.mark.parametrize(("kind", "stored"), [("float", 5.0), ("decimal", "5")])
def test_a_row_from_before_its_property_was_widened_is_as_one_written_today(kind: str, stored: Any) -> None:
    codec = one(KINDS[kind])
    today = codec.encode({"handle": "a", "it": 5})
    assert today.data["2"] == stored
    before = replace(today, data={"10": "a", "2": 5})
    assert codec.decode(before) == codec.decode(today)
    assert type(codec.decode(before)["it"]) is type(codec.decode(today)["it"])
    assert json.dumps(codec.settled(before.data)) == json.dumps(today.data)


def test_values_of_a_dropped_property_stay_out() -> None:
    gone = PropertySchema(id=3, name="gone", type=KINDS["int"], dropped=True, required=True, default=1)
    node = replace(THING, properties=(THING.keys[0], gone))
    codec = RowCodec(GraphSchema((node,)), node)
    row = codec.encode({"handle": "a"})
    assert row.data == {"10": "a"}
    assert codec.decode(replace(row, data={"10": "a", "3": 5})) == {"handle": "a"}
    assert codec.settled({"10": "a", "3": 5}) == {"10": "a"}
    assert "no property 'gone'" in refusal(codec, handle="a", gone=1).reason
