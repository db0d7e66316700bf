"""Which rows a search may find: those of a type that meet what `where` asks."""

from collections.abc import Mapping
from typing import Any

from holdfast.errors import NotFound
from holdfast.rows.finding.asking import names_in
from holdfast.rows.schema.types import TypeSchema


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
