"""Which rows a search may find: those of a type that meet what `where` asks."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from holdfast.errors import NotFound
from holdfast.rows.bases import shape
from holdfast.rows.finding.asking import names_in
from holdfast.rows.finding.matching import AllOfRow, RowFilter, RowNode, RowTest
from holdfast.rows.finding.pushdown import predicate_of
from holdfast.rows.schema.types import TypeSchema, ValueKind
from holdfast.rows.searched.columns import SearchColumns
from holdfast.rows.stored import StoredRow

if TYPE_CHECKING:
    import pyarrow as pa

#: kinds of which a column holds just what a row has
_PLAIN: frozenset[ValueKind] = frozenset({"text", "enum", "int", "bool"})


def asked_of_base(wanted: RowFilter, columns: SearchColumns) -> tuple[str, Callable[[StoredRow], bool] | None]:
    """Return what Lance is told of a filter, and what each row is asked beside that: None where Lance is told all."""
    if wanted.root is None:
        return "", None
    schema = columns.schema()
    if (equal := _equalities(wanted.root, schema)) is not None:
        return equal, None
    return predicate_of(wanted, schema) or "", wanted.holds


def _equalities(node: RowNode, schema: "pa.Schema") -> str | None:
    """Return a filter that asks for values of columns which hold just these, as SQL; None for any other."""
    if isinstance(node, AllOfRow):
        parts = [_equalities(part, schema) for part in node.parts]
        return None if None in parts or not parts else " AND ".join(part for part in parts if part)
    if not isinstance(node, RowTest) or node.property is None or node.operator != "$eq":
        return None
    asked, column = node.property, shape.column_of(node.property.id)
    # Rows of before may have the default that a property came with, and a null in its column.
    if node.wanted[0] is None or asked.initial is not None or asked.type.kind not in _PLAIN:
        return None
    literal = shape.literal(schema.field(column), node.wanted[0])
    return f"{column} = {literal}" if literal is not None else None


def has_all(kind: TypeSchema, where: Mapping[str, Any]) -> bool:
    """Return whether a type has every property that a filter asks about."""
    return names_in(where) <= kind.by_name.keys()


def check_known(types: list[TypeSchema], where: Mapping[str, Any]) -> None:
    """Raise NotFound for the name of a property that none of some types has."""
    known = {name for kind in types for name in kind.by_name}
    for name in sorted(names_in(where) - known):
        raise NotFound(
            f"None of the types has a property {name[:80]}",
            path=name[:80],
            remedy=f"There are {', '.join(sorted(known)) or 'none'}",
        )
