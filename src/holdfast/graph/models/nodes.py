"""Types of nodes and edges as classes of Python."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from holdfast.errors import InvalidRow, Unsupported
from holdfast.graph.models.fields import declared_property
from holdfast.rows.schema.codec import FROM, TO
from holdfast.rows.schema.declared import DeclaredSchema, DeclaredType
from holdfast.rows.schema.types import ANY_NUMBER, Cardinality, OnDelete
from holdfast.rows.schema.values import shown

A = TypeVar("A", bound="Node")
B = TypeVar("B", bound="Node")

#: the fields of an edge that are its endpoints, and what these are called in rows
_ENDS = {"source": FROM, "target": TO}


class _Row(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", populate_by_name=True, protected_namespaces=())

    #: what the type is called: as the class, unless it is said otherwise
    __holdfast_type__: ClassVar[str] = ""
    __holdfast_renamed__: ClassVar[str | None] = None

    def __init_subclass__(cls, *, name: str | None = None, renamed_from: str | None = None) -> None:
        super().__init_subclass__()
        cls.__holdfast_type__ = name or cls.__name__
        cls.__holdfast_renamed__ = renamed_from

    @classmethod
    def graph_type(cls) -> str:
        """Return the name of the type that this class declares."""
        return cls.__holdfast_type__

    @classmethod
    def __holdfast_declared__(cls) -> DeclaredType:
        raise NotImplementedError

    def graph_values(self) -> dict[str, Any]:
        """Return its values by name of property, as a store takes them."""
        # Under the names of the fields, and without what the class makes of them.
        names = type(self).model_fields.keys() - (_ENDS if isinstance(self, Edge) else {})
        return self.model_dump(include=names, by_alias=False, warnings=False)

    @classmethod
    def of_graph(cls, values: Mapping[str, Any]) -> Self:
        """Return the instance of a row; raises InvalidRow when the class asks for more than the stored type."""
        names = {_ENDS.get(name, name) if issubclass(cls, Edge) else name for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in values.items() if name in names})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            given, said = shown(values.get(field)), f"the class says: {first['msg']}"
            raise InvalidRow.of(cls.graph_type(), field, given, said) from error


class Node(_Row):
    """A type of nodes: a class with the properties as its fields, at least one of them the key.

    `class Person(holdfast.Node, renamed_from="Human")`: the name of the type is that of the class, or `name=`; what it
    was called before is said so that its rows stay.
    """

    @classmethod
    def __holdfast_declared__(cls) -> DeclaredType:
        return DeclaredType(
            name=cls.graph_type(),
            kind="node",
            properties=tuple(
                declared_property(cls.graph_type(), name, field) for name, field in cls.model_fields.items()
            ),
            renamed_from=cls.__holdfast_renamed__,
        )

    def __holdfast_key__(self) -> Any:
        """Return the values of the key: one, or a list of them in the order of the fields."""
        keys = [each.name for each in self.__holdfast_declared__().properties if each.schema.key]
        parts = [getattr(self, name) for name in keys]
        return parts[0] if len(parts) == 1 else parts


#: what an endpoint is given as: a node, or the values of its key
_Endpoint = str | int | bool | date | Sequence[Any] | Mapping[str, Any]


class Edge(_Row, Generic[A, B]):
    """A type of edges from nodes of one type to nodes of another: `class Wrote(holdfast.Edge[Person, Paper])`.

    `source` and `target` are nodes, or their keys; in files they are `from` and `to`. From one node to another there is
    one edge of a type, unless that has a key of its own. `cardinality=` says how many a node may have, and `on_delete=`
    whether an edge goes with its endpoints ("cascade"), or keeps them from being deleted ("refuse").
    """

    if TYPE_CHECKING:
        source: A | _Endpoint
        target: B | _Endpoint
    else:
        source: Any = Field(validation_alias=AliasChoices("source", FROM))
        target: Any = Field(validation_alias=AliasChoices("target", TO))

    __holdfast_cardinality__: ClassVar[Cardinality] = ANY_NUMBER
    __holdfast_on_delete__: ClassVar[OnDelete] = "refuse"

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        renamed_from: str | None = None,
        cardinality: Cardinality = ANY_NUMBER,
        on_delete: OnDelete = "refuse",
    ) -> None:
        super().__init_subclass__(name=name, renamed_from=renamed_from)
        cls.__holdfast_cardinality__ = cardinality
        cls.__holdfast_on_delete__ = on_delete

    @classmethod
    def __holdfast_declared__(cls) -> DeclaredType:
        source, target = cls.__holdfast_ends__()
        owner = cls.graph_type()
        for name in _ENDS:
            if cls.model_fields[name].annotation is not Any:
                raise Unsupported(
                    f"{owner}.{name} is an endpoint, and cannot be a property",
                    path=f"{owner}.{name}",
                    remedy="Call the property otherwise",
                )
        fields = {name: field for name, field in cls.model_fields.items() if name not in _ENDS}
        return DeclaredType(
            name=owner,
            kind="edge",
            source=source.graph_type(),
            target=target.graph_type(),
            properties=tuple(declared_property(owner, name, field) for name, field in fields.items()),
            cardinality=cls.__holdfast_cardinality__,
            on_delete=cls.__holdfast_on_delete__,
            renamed_from=cls.__holdfast_renamed__,
        )

    @classmethod
    def __holdfast_ends__(cls) -> tuple[type[Node], type[Node]]:
        """Return the classes that it goes from and to; raises Unsupported when these are not said."""
        for each in cls.__mro__:
            given = getattr(each, "__pydantic_generic_metadata__", {})
            ends = given.get("args", ())
            if given.get("origin") is Edge and all(isinstance(end, type) and issubclass(end, Node) for end in ends):
                return ends[0], ends[1]
        raise Unsupported(
            f"{cls.__name__} does not say what it goes from and to",
            path=cls.__name__,
            remedy="Write class Wrote(holdfast.Edge[Person, Paper]), of two classes of nodes",
        )

    def graph_values(self) -> dict[str, Any]:
        ends = {told: getattr(self, field) for field, told in _ENDS.items()}
        keys = {told: end.__holdfast_key__() if isinstance(end, Node) else end for told, end in ends.items()}
        return keys | super().graph_values()


def declared(models: Iterable[type[Node] | type[Edge[Any, Any]]]) -> DeclaredSchema:
    """Return the schema that some classes declare; raises Unsupported for what is no class of nodes or edges."""
    found = [*models]
    for each in found:
        if not (isinstance(each, type) and issubclass(each, Node | Edge)) or _is_of_no_type(each):
            raise Unsupported(
                f"{shown(each) if not isinstance(each, type) else each.__name__} declares no type of a graph",
                path=getattr(each, "__name__", ""),
                remedy="Give classes made of holdfast.Node and holdfast.Edge[...]",
            )
    return DeclaredSchema(tuple(each.__holdfast_declared__() for each in found))


def _is_of_no_type(model: type[_Row]) -> bool:
    """Return whether a class is Node, Edge or Edge[...] itself, of which types are made."""
    return model in (Node, Edge) or bool(model.__pydantic_generic_metadata__["args"])
