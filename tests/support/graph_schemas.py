"""A schema with each kind of property, for tests of rows."""

from typing import Any

from holdfast.rows.schema.declared import DeclaredProperty, DeclaredType
from holdfast.rows.schema.types import (
    ANY_NUMBER,
    Cardinality,
    GraphSchema,
    PropertySchema,
    PropertyType,
    TypeSchema,
    ValueKind,
)

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


def declared_property(
    name: str, kind: str = "text", *, choices: tuple[str, ...] = (), **asked: Any
) -> DeclaredProperty:
    schema = PropertySchema(name=name, type=PropertyType(kind=kind, values=choices), **asked)  # type: ignore[arg-type]
    return DeclaredProperty(schema=schema)


#: a key
HANDLE = declared_property("handle", key=True, required=True)


def declared_node(name: str, *properties: DeclaredProperty) -> DeclaredType:
    return DeclaredType(name=name, kind="node", properties=properties)


def declared_edge(
    name: str, source: str, target: str, cardinality: Cardinality = ANY_NUMBER, *properties: DeclaredProperty
) -> DeclaredType:
    return DeclaredType(
        name=name, kind="edge", source=source, target=target, cardinality=cardinality, properties=properties
    )
