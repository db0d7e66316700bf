"""A plan: the steps from one schema to the next, and what rows are to be asked before it holds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from holdfast.rows.schema.types import GraphSchema, TypeSchema

#: `widen`: all values of before are values still; `constrain`: not all need be; `relax`: what was refused no longer is;
#: `change`: anything else, such as what is searched
StepKind = Literal[
    "add_type",
    "rename_type",
    "drop_type",
    "add_property",
    "rename_property",
    "drop_property",
    "widen",
    "constrain",
    "relax",
    "change",
]
#: what is asked of the rows: that there are none; that each has a value; that no two have the same; that each value is
#: one of its property as it is to be; that no node has too many edges or too few
CheckKind = Literal["no_rows", "required", "unique", "values", "cardinality"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaStep:
    """One thing that would change in a schema."""

    kind: StepKind
    #: the name of the type as it is to be, or as it was when it goes
    type: str
    #: the name of the property as it is to be, or as it was when it goes; None for a step of the type itself
    property: str | None
    #: what changes, in words
    said: str
    #: whether values are lost for good
    loses_data: bool = False
    #: whether rows are asked first, and may forbid it
    checked: bool = False
    #: why it cannot be done, and what to do; None when it can
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCheck:
    """What is asked of the rows of a type before a planned schema holds; names are those of the planned schema."""

    kind: CheckKind
    type: str
    #: None for what is asked of whole rows
    property: str | None = None


@dataclass(frozen=True, slots=True)
class SchemaPlan:
    """What would change from one schema to the next."""

    steps: tuple[SchemaStep, ...]
    #: what is asked of the rows that there are
    checks: tuple[RowCheck, ...]
    #: what the schema would be; what is new in it has a negative id
    schema: GraphSchema
    #: the ids of the types whose rows, and of types and their properties whose values, are lost for good
    erased: tuple[tuple[int, int | None], ...] = ()

    @property
    def refused(self) -> tuple[SchemaStep, ...]:
        """The steps that cannot be done."""
        return tuple(each for each in self.steps if each.refused)

    def result(self, next_id: Callable[[], int]) -> GraphSchema:
        """Return what the schema would be, with ids from `next_id` for what is new."""
        ids: dict[int, int] = {}

        def given(number: int) -> int:
            if number < 0 and number not in ids:
                ids[number] = next_id()
            return ids.get(number, number)

        return GraphSchema(tuple(_numbered(each, given) for each in self.schema.types))


def _numbered(kind: TypeSchema, given: Callable[[int], int]) -> TypeSchema:
    properties = tuple(replace(each, id=given(each.id)) for each in kind.properties)
    source, target = (None if end is None else given(end) for end in (kind.source, kind.target))
    return replace(kind, id=given(kind.id), source=source, target=target, properties=properties)
