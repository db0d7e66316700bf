"""Rows as columns of a table: they come back as they were stored."""

import pytest

from holdfast import PropertySchema, PropertyType, TypeSchema
from holdfast.rows.bases.shape import column_of, decoded_rows, encoded_rows, literal, schema_of, table_name
from holdfast.rows.stored import StoredRow


def of(number: int, kind: str, **how: object) -> PropertySchema:
    return PropertySchema(id=number, name=f"n{number}", type=PropertyType(kind=kind, **how))  # type: ignore[arg-type]


PROPERTIES = (
    of(1, "text"),
    of(2, "int"),
    of(3, "float"),
    of(4, "bool"),
    of(5, "date"),
    of(6, "decimal"),
    of(7, "json"),
    of(8, "vector", dimensions=2),
    of(9, "list", item=PropertyType(kind="text")),
    of(10, "list", item=PropertyType(kind="json")),
    of(11, "datetime"),
    of(12, "list", item=PropertyType(kind="date")),
)
NODE = TypeSchema(id=7, name="N", kind="node", properties=PROPERTIES)
EDGE = TypeSchema(id=8, name="E", kind="edge", source=7, target=7, properties=PROPERTIES[:2])
FULL = {
    "1": "a'b\n",
    "2": -(2**63),
    "3": 0.1,
    "4": False,
    "5": "2024-12-31",
    "6": "1.50",
    "7": {"b": [1, None], "a": "x"},
    "8": [0.5, -1.0],
    "9": ["x", ""],
    "10": [{"a": 1}, "t", [None]],
    "11": "2024-12-31T23:59:59.000001Z",
    "12": ["0001-01-01"],
}


@pytest.mark.parametrize(
    "data",
    [
        FULL,
        {},
        {"1": None, "2": 0},
        {"7": None, "99": "of a property that is not known"},
        {"7": "text", "9": [], "10": []},
        {"7": False},
    ],
)
def test_a_row_comes_back_as_it_was(data: dict[str, object]) -> None:
    row = StoredRow(7, "k", None, None, data, 5)
    assert list(decoded_rows(7, encoded_rows(NODE, [row]))) == [row]


def test_an_edge_keeps_its_ends() -> None:
    row = StoredRow(8, '["a","b"]', "a", "b", {"2": 3}, 5)
    assert list(decoded_rows(8, encoded_rows(EDGE, [row, row]))) == [row, row]


def test_what_was_stored_when_a_property_was_narrower_is_stored_as_today() -> None:
    row = StoredRow(7, "k", None, None, {"3": 3, "6": 12}, 5)
    (found,) = decoded_rows(7, encoded_rows(NODE, [row]))
    assert (found.data, type(found.data["3"])) == ({"3": 3.0, "6": "12"}, float)


def test_only_other_columns_make_another_table() -> None:
    renamed = TypeSchema(id=7, name="M", kind="node", properties=PROPERTIES)
    assert table_name(renamed) == table_name(NODE)
    wider = TypeSchema(id=7, name="N", kind="node", properties=(PROPERTIES[0], of(2, "float")))
    assert table_name(wider) != table_name(TypeSchema(id=7, name="N", kind="node", properties=PROPERTIES[:2]))


@pytest.mark.parametrize(("number", "value"), [(1, 3), (2, "3"), (2, True), (4, 1), (7, "x"), (8, [1.0]), (9, "x")])
def test_a_value_of_another_kind_is_in_no_column(number: int, value: object) -> None:
    assert literal(schema_of(NODE).field(column_of(number)), value) is None
