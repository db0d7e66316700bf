"""JSON as it is stored: one text for one value."""

import json
import math

import pytest

from holdfast.json_values import canonical, fault_of_number, fault_of_text


def test_equal_values_have_one_text_and_it_is_theirs() -> None:
    one, other = {"b": [1, "é"], "a": None}, {"a": None, "b": [1, "é"]}
    assert canonical(one) == canonical(other) == '{"a":null,"b":[1,"é"]}'
    assert json.loads(canonical(one)) == one
    assert canonical(1) != canonical(True)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (2**63, "does not fit 64 bits"),
        (-(2**63), None),
        (math.nan, "is not a finite number"),
        (-math.inf, "is not a finite number"),
        (-0.0, None),
        (True, None),
    ],
)
def test_numbers_that_would_not_come_back_are_told(value: float, fault: str | None) -> None:
    assert fault_of_number(value) == fault


def test_texts_that_would_not_come_back_are_told() -> None:
    assert [fault_of_text(text) for text in ("", "a\nb", "a\0b", "a\ud800")] == [
        None,
        None,
        "has a NUL character",
        "is not valid Unicode",
    ]
