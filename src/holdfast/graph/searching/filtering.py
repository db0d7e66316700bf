"""Which rows a search may find: those of a type that meet what `where` asks."""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.errors import NotFound
from holdfast.rows.graph_rows import Codecs
from holdfast.rows.schema.codec import held_value
from holdfast.rows.schema.types import TypeSchema
from holdfast.rows.schema.values import comparable
from holdfast.rows.stored import StoredRow


def row_test(codecs: Codecs, kind: TypeSchema, where: Mapping[str, Any]) -> Callable[[StoredRow], bool]:
    """Return what tells whether a row of a type meets a filter."""
    asked = {name: kind.property_named(name) for name in where}
    wanted = {
        name: None if value is None else codecs.stored_value(kind, asked[name], value) for name, value in where.items()
    }

    def meets(row: StoredRow) -> bool:
        for name, each in asked.items():
            held = held_value(each, row.data)
            if held is None or wanted[name] is None:
                if held is not wanted[name]:
                    return False
            elif comparable(each.type, held) != comparable(each.type, wanted[name]):
                return False
        return True

    return meets


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


def names_in(where: Mapping[str, Any]) -> set[str]:
    """Return the names of the properties that a filter asks about."""
    return {str(name) for name in where}
