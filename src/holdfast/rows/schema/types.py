"""The types of a graph, as values: what a node or an edge of each is made of."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, fields
from functools import cached_property
from typing import Any, Literal

from holdfast.arguments import checks_arguments
from holdfast.errors import CorruptStore, NotFound
from holdfast.json_values import canonical

#: what a value is
ValueKind = Literal[
    "text", "int", "float", "bool", "date", "datetime", "decimal", "json", "vector", "enum", "list", "file"
]
TypeKind = Literal["node", "edge"]
#: what happens to an edge when one of its endpoints is deleted; `refuse`: the endpoint stays
OnDelete = Literal["refuse", "cascade"]

#: what a key may be made of; a number with a fraction has more than one spelling
KEY_KINDS: frozenset[ValueKind] = frozenset({"text", "int", "bool", "date", "datetime", "enum"})
#: of a schema's document
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyType:
    """What the values of a property are."""

    kind: ValueKind
    #: of a list: what it is a list of
    item: "PropertyType | None" = None
    #: of a vector: how many numbers it has
    dimensions: int | None = None
    #: of an enum: the texts that a value may be
    values: tuple[str, ...] = ()

    @property
    def scalar(self) -> "PropertyType":
        """What a range, a pattern or a length is said of: the items of a list, else the value."""
        return self.item or self

    def __str__(self) -> str:
        if self.item:
            return f"list of {self.item}"
        said = {"vector": f"({self.dimensions})", "enum": f" of {', '.join(self.values)}"}
        return self.kind + said.get(self.kind, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertySchema:
    """A property of a type: its name, what its values are, and what is asked of them."""

    #: stays when it is renamed, and never comes twice; 0 before it is stored
    id: int = 0
    name: str
    type: PropertyType
    #: whether each row has a value
    required: bool = False
    #: what a new row has that is given none, as it is stored (`values.encoded`); None for none
    default: Any = None
    #: what rows have that were written before there was the property: the default that it came with
    initial: Any = None
    #: whether it is (a part of) the key, by which a row is known
    key: bool = False
    #: whether no two rows of the type may have one value
    unique: bool = False
    #: whether it is looked up by
    index: bool = False
    #: the least and the most that a value, or each item of a list, may be; as stored
    minimum: Any = None
    maximum: Any = None
    #: what is found in each text, a regular expression in RE2's syntax
    pattern: str | None = None
    #: characters that a text may have
    max_length: int | None = None
    #: the property of text that is to be searched by meaning: this one, or the one that this vector is made of
    embed: str | None = None
    #: whether its words are to be searched
    full_text: bool = False
    #: whether it was taken out of the schema; its values stay with old rows
    dropped: bool = False

    def __hash__(self) -> int:
        # A default may be a list.
        return hash((self.id, self.name))


@checks_arguments
@dataclass(frozen=True, slots=True)
class Cardinality:
    """How many edges of a type a node may have: as their source, and as their target.

    `Cardinality(most_per_source=1)` on an edge from Person to City: a person lives in one city at most.
    """

    #: edges that begin at a node of the source type, at least
    least_per_source: int = 0
    #: edges that begin at a node of the source type, at most; None for any number
    most_per_source: int | None = None
    #: edges that end at a node of the target type, at least
    least_per_target: int = 0
    #: edges that end at a node of the target type, at most; None for any number
    most_per_target: int | None = None


ANY_NUMBER = Cardinality()


@dataclass(frozen=True, kw_only=True)
class TypeSchema:
    """A type of nodes or edges."""

    #: stays when it is renamed, and never comes twice; 0 before it is stored
    id: int = 0
    name: str
    kind: TypeKind
    #: of an edge: the types that it goes from and to
    source: int | None = None
    target: int | None = None
    #: all that there are and were, in the order in which they were declared
    properties: tuple[PropertySchema, ...] = ()
    #: of an edge
    cardinality: Cardinality = ANY_NUMBER
    #: of an edge
    on_delete: OnDelete = "refuse"
    #: whether it was taken out of the schema; its rows stay with old commits
    dropped: bool = False

    @cached_property
    def live(self) -> tuple[PropertySchema, ...]:
        """The properties that there are."""
        return tuple(each for each in self.properties if not each.dropped)

    @cached_property
    def by_name(self) -> Mapping[str, PropertySchema]:
        """The properties that there are, by name."""
        return {each.name: each for each in self.live}

    @cached_property
    def by_id(self) -> Mapping[str, PropertySchema]:
        """The properties that there are, by their ids as rows hold them."""
        return {str(each.id): each for each in self.live}

    @cached_property
    def keys(self) -> tuple[PropertySchema, ...]:
        """The properties that make the key: all of it for a node, what follows the endpoints for an edge."""
        return tuple(each for each in self.live if each.key)

    def property_named(self, name: str) -> PropertySchema:
        """Return the property called `name`; raises NotFound."""
        if name in self.by_name:
            return self.by_name[name]
        said = _short(str(name))
        raise NotFound(
            f"{self.name} has no property {said}",
            path=f"{self.name}.{said}",
            remedy=f"It has {_listed(self.by_name)}",
        )


@dataclass(frozen=True)
class GraphSchema:
    """All types of a graph, as they are stored: newest wins, per branch."""

    #: all that there are and were, in the order in which they were declared
    types: tuple[TypeSchema, ...] = ()

    @cached_property
    def live(self) -> tuple[TypeSchema, ...]:
        """The types that there are."""
        return tuple(each for each in self.types if not each.dropped)

    @cached_property
    def _by_name(self) -> Mapping[str, TypeSchema]:
        return {each.name: each for each in self.live}

    @cached_property
    def _by_id(self) -> Mapping[int, TypeSchema]:
        return {each.id: each for each in self.types}

    def type_named(self, name: str) -> TypeSchema:
        """Return the type called `name`; raises NotFound."""
        if name in self._by_name:
            return self._by_name[name]
        there = "Declare some: store.graph.apply, or `holdfast graph schema apply FILE`"
        if self._by_name:
            there = f"There are {_listed(self._by_name)}"
        raise NotFound(f"The graph has no type {_short(name)}", path=_short(name), remedy=there)

    def type_of(self, type_id: int) -> TypeSchema:
        """Return the type with an id, also one that was dropped; raises NotFound."""
        if type_id in self._by_id:
            return self._by_id[type_id]
        raise NotFound(f"The graph never had a type with the id {type_id}", path=str(type_id))

    def endpoints(self, edge: TypeSchema) -> tuple[TypeSchema, TypeSchema]:
        """Return the types that edges of a type go from and to."""
        assert edge.source is not None
        assert edge.target is not None
        return self.type_of(edge.source), self.type_of(edge.target)

    def edges_of(self, node: TypeSchema) -> Iterator[TypeSchema]:
        """Yield the edge types that begin or end at a node type."""
        return (each for each in self.live if node.id in (each.source, each.target))

    def to_yaml(self) -> str:
        """Return the file that declares these types, as `store.graph.apply` takes it."""
        from holdfast.rows.schema.documents import write_schema

        return write_schema(self)

    def to_json(self) -> str:
        """Return the document that is stored: one text for one schema."""
        document = {"format": FORMAT, "types": [_plain(each) for each in self.types]}
        return canonical(document)

    @classmethod
    def from_json(cls, text: str) -> "GraphSchema":
        """Return the schema of a stored document; raises CorruptStore for anything else."""
        try:
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise ValueError(f"its format is {document['format']!r}")
            return cls(tuple(_type(each) for each in document["types"]))
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptStore(f"The stored schema of the graph cannot be read ({error!r})") from error


def _plain(record: Any) -> dict[str, Any]:
    """Return what of a record is not as it is unless said."""
    return {
        each.name: _plain_value(value)
        for each in fields(record)
        if (value := getattr(record, each.name)) != _default(each) or type(value) is not type(_default(each))
    }


def _plain_value(value: Any) -> Any:
    if isinstance(value, PropertyType | PropertySchema):
        return _plain(value)
    if isinstance(value, Cardinality):
        return asdict(value)
    return [_plain_value(each) for each in value] if isinstance(value, tuple) else value


def _default(field: "Field[Any]") -> Any:
    return None if field.default is MISSING else field.default


def _type(plain: dict[str, Any]) -> TypeSchema:
    properties = tuple(_property(each) for each in plain.pop("properties", ()))
    cardinality = Cardinality(**plain.pop("cardinality", {}))
    return TypeSchema(**plain, properties=properties, cardinality=cardinality)


def _property(plain: dict[str, Any]) -> PropertySchema:
    return PropertySchema(**{**plain, "type": _property_type(plain["type"])})


def _property_type(plain: dict[str, Any]) -> PropertyType:
    item = plain.get("item")
    values = tuple(plain.get("values", ()))
    return PropertyType(**{**plain, "item": _property_type(item) if item else None, "values": values})


#: characters of a name that a message quotes
_TOLD = 80


def _short(name: str) -> str:
    return name if len(name) <= _TOLD else f"{name[:_TOLD]}..."


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names)) or "none"
