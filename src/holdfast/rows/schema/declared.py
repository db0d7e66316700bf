"""A schema as somebody declares it: types that know each other by name, and what they were called before."""

from dataclasses import dataclass

from holdfast.rows.schema.types import ANY_NUMBER, Cardinality, OnDelete, PropertySchema, TypeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredProperty:
    """A property of a declared type."""

    #: without an id; its default and its range are values of Python, or what is stored for them
    schema: PropertySchema
    #: what it was called before; of no effect once it is called as it is now
    renamed_from: str | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.schema.name


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredType:
    """A declared type of nodes or edges."""

    name: str
    kind: TypeKind
    properties: tuple[DeclaredProperty, ...] = ()
    #: of an edge: the names of the types that it goes from and to
    source: str | None = None
    target: str | None = None
    cardinality: Cardinality = ANY_NUMBER
    on_delete: OnDelete = "refuse"
    #: what it was called before; of no effect once it is called as it is now
    renamed_from: str | None = None


@dataclass(frozen=True, slots=True)
class DeclaredSchema:
    """All types that a graph is to have: what is not in it is dropped."""

    types: tuple[DeclaredType, ...] = ()
