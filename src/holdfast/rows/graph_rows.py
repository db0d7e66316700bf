"""Rows of the graph as users have them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from holdfast.errors import Unsupported
from holdfast.rows.lookups import looked_up
from holdfast.rows.schema.codec import EncodedRow, RowCodec, key_value
from holdfast.rows.schema.types import GraphSchema, PropertySchema, TypeSchema
from holdfast.rows.schema.values import Refused, encoded
from holdfast.rows.sources import Source, held
from holdfast.rows.stored import StoredRow

#: names the type in a row that is given as a dict
TYPE = "type"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRow:
    """A node or an edge as it stands at a commit."""

    #: the name of its type
    type: str
    #: what a node is known by, a list of values for a key of several properties; of an edge, of its endpoints first
    key: Any
    #: by name of property; of an edge, `from` and `to` are the keys of its endpoints
    values: dict[str, Any]
    #: the commit that last changed it; 0 for one that is not committed yet
    commit: int
    #: what it rests on
    sources: tuple[Source, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A node that `expand` reached."""

    row: GraphRow
    #: walks along the steps that were asked for, at least
    hops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """A node on a way through the graph, and the edge that leads to it; the first has none."""

    node: GraphRow
    edge: GraphRow | None


class RowModel(Protocol):
    """A Python class of the rows of one type, as `holdfast.Node` and `holdfast.Edge` make them."""

    @classmethod
    def graph_type(cls) -> str:
        """Return the name of its type."""
        ...

    @classmethod
    def of_graph(cls, values: Mapping[str, Any]) -> Self:
        """Return the instance of a row; raises InvalidRow when the class asks for more than the stored type."""
        ...

    def graph_values(self) -> dict[str, Any]:
        """Return its values by name of property, as a store takes them."""
        ...


M = TypeVar("M", bound=RowModel)


def type_name(kind: "type[RowModel] | str") -> str:
    """Return the name of a type, which is given as such or by its Python class."""
    if isinstance(kind, str):
        return kind
    if not hasattr(kind, "graph_type"):
        raise Unsupported(
            f"{kind.__name__} is no type of a graph",
            path="type",
            remedy="Give the name of a type, or a class made of holdfast.Node or holdfast.Edge[...]",
        )
    return kind.graph_type()


class Codecs:
    """Encodes and decodes the rows of one schema."""

    def __init__(self, schema: GraphSchema) -> None:
        self.schema = schema
        self._made: dict[int, RowCodec] = {}

    def of(self, kind: TypeSchema) -> RowCodec:
        """Return the codec of a type."""
        if kind.id not in self._made:
            self._made[kind.id] = RowCodec(self.schema, kind)
        return self._made[kind.id]

    def looked_up(self, type_id: int) -> list[int]:
        """Return the properties of a type whose rows are found by value."""
        return [each.id for each in looked_up(self.schema.type_of(type_id))]

    def stored(self, kind: TypeSchema, given: Mapping[str, Any]) -> StoredRow:
        """Return the row that some values make; raises InvalidRow."""
        row = self.of(kind).encode(given)
        return StoredRow(kind.id, row.key, row.src, row.dst, row.data)

    def stored_value(self, kind: TypeSchema, each: PropertySchema, value: object) -> Any:
        """Return what rows that have a value of a property have stored; raises InvalidRow for what it cannot be."""
        try:
            return encoded(each.type, value)
        except Refused as refused:
            raise self.of(kind).invalid(each.name, value, str(refused)) from None

    def values(self, row: StoredRow) -> dict[str, Any]:
        """Return the values of a row by name of property."""
        codec = self.of(self.schema.type_of(row.type_id))
        return codec.decode(EncodedRow(row.key, row.src, row.dst, row.data))

    def shown(self, row: StoredRow) -> GraphRow:
        """Return a row as users have it."""
        kind = self.schema.type_of(row.type_id)
        values = self.values(row)
        key = key_of(kind, row, values)
        return GraphRow(type=kind.name, key=key, values=values, commit=row.seq, sources=held(row.data))

    def made(self, row: StoredRow, model: "type[M]") -> M:
        """Return a row as an instance of a Python class."""
        return model.of_graph(self.values(row))


def key_of(kind: TypeSchema, row: StoredRow, values: Mapping[str, Any]) -> Any:
    """Return what a row with these values is known by, as in a `GraphRow`."""
    if kind.kind == "node":
        return key_value(kind, row.key)
    return [values["from"], values["to"], *(values[each.name] for each in kind.keys)]
