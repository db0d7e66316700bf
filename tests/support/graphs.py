"""A small graph: people, papers, and what joins them."""

from holdfast import Cardinality, GraphSchema, PropertySchema, PropertyType, Store, TypeSchema
from holdfast.catalog.branches import MAIN
from holdfast.catalog.graph import schemas
from holdfast.testing.seams import rooms

TEXT, INT = PropertyType(kind="text"), PropertyType(kind="int")

PERSON = TypeSchema(
    id=1,
    name="Person",
    kind="node",
    properties=(
        PropertySchema(id=11, name="handle", type=TEXT, key=True, required=True),
        PropertySchema(id=12, name="name", type=TEXT, index=True),
        PropertySchema(id=13, name="mail", type=TEXT, unique=True),
        PropertySchema(id=14, name="age", type=INT),
    ),
)
PAPER = TypeSchema(
    id=2, name="Paper", kind="node", properties=(PropertySchema(id=21, name="id", type=TEXT, key=True, required=True),)
)
#: goes with the person or the paper
WROTE = TypeSchema(
    id=3,
    name="Wrote",
    kind="edge",
    source=1,
    target=2,
    on_delete="cascade",
    properties=(PropertySchema(id=31, name="year", type=INT),),
)
#: keeps both persons from being deleted
KNOWS = TypeSchema(id=4, name="Knows", kind="edge", source=1, target=1)
#: at most one for each person
LEADS = TypeSchema(
    id=5, name="Leads", kind="edge", source=1, target=2, on_delete="cascade", cardinality=Cardinality(0, 1)
)
SCHEMA = GraphSchema((PERSON, PAPER, WROTE, KNOWS, LEADS))


def with_graph(store: Store) -> Store:
    """Return a store whose first commit has been given the schema of this module."""
    with rooms(store).engine.write() as conn:
        schemas.apply(conn, MAIN, 1, SCHEMA.to_json())
    return store


def person(handle: str, **values: object) -> dict[str, object]:
    return {"type": "Person", "handle": handle, **values}


def paper(name: str) -> dict[str, object]:
    return {"type": "Paper", "id": name}


def edge(kind: str, source: str, target: str, **values: object) -> dict[str, object]:
    return {"type": kind, "from": source, "to": target, **values}
