"""A schema with each kind of property, for tests of rows."""

from holdfast.rows.schema.types import GraphSchema, PropertySchema, PropertyType, TypeSchema, ValueKind

KINDS: dict[str, PropertyType] = {
    **{kind: PropertyType(kind=kind) for kind in ("text", "int", "float", "bool", "date", "datetime", "decimal")},
    "json": PropertyType(kind="json"),
    "vector": PropertyType(kind="vector", dimensions=3),
    "enum": PropertyType(kind="enum", values=("open", "done")),
    "list": PropertyType(kind="list", item=PropertyType(kind="date")),
    "file": PropertyType(kind="file"),
}


def of_kind(name: str, number: int, kind: ValueKind = "text", *, key: bool = False) -> PropertySchema:
    return PropertySchema(id=number, name=name, type=PropertyType(kind=kind), key=key, required=key)


#: a node with a key of one property and a value of each kind, one with a key of two, and edges between them
THING = TypeSchema(
    id=1,
    name="Thing",
    kind="node",
    properties=(
        of_kind("handle", 10, key=True),
        *(PropertySchema(id=100 + number, name=name, type=kind) for number, (name, kind) in enumerate(KINDS.items())),
    ),
)
EVENT = TypeSchema(
    id=2,
    name="Event",
    kind="node",
    properties=(of_kind("day", 20, "date", key=True), of_kind("number", 21, "int", key=True)),
)
TOUCHED = TypeSchema(
    id=3,
    name="Touched",
    kind="edge",
    source=1,
    target=2,
    properties=(of_kind("role", 30, key=True), of_kind("weight", 31, "float")),
)
SCHEMA = GraphSchema((THING, EVENT, TOUCHED))
