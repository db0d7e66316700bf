"""What `--where` says: a filter by property as people type it."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

WhereOption = Annotated[
    list[str],
    typer.Option(
        "--where",
        metavar="FILTER",
        show_default=False,
        help="Only what has such properties: tags=diary, 'rating>=3', due, '!due', or JSON; repeat it.",
    ),
]

_COMPARED = re.compile(r"([^=<>!]+)(!=|>=|<=|=|>|<)(.*)", re.DOTALL)
_OPERATORS = {"=": "$eq", "!=": "$ne", ">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte"}


#: what a text says as the value of a property, which is named first
ReadValue = Callable[[str, str], Any]


def where_of(typed: Sequence[str], read: ReadValue | None = None) -> dict[str, Any] | None:
    """Return what all `--where` say together, as `where=` takes it; None without any.

    Values are JSON or text, unless `read` says what they are.
    """
    found = [_one(each, read or (lambda name, text: value_of(text))) for each in typed]
    return {"$and": found} if found else None


def value_of(typed: str) -> Any:
    """Return a value of a property as it is typed: JSON where it is that, else text."""
    try:
        return plain_json(typed)
    except ValueError:
        return typed


def plain_json(text: str) -> Any:
    """Return what JSON says; raises ValueError, for what JSON does not have and for keys that come twice too."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("too many levels of lists and objects") from error


def _one(typed: str, read: ReadValue) -> Any:
    if typed.startswith("{"):
        try:
            return plain_json(typed)
        except ValueError as error:
            raise typer.BadParameter(f"--where {typed[:60]} is not JSON: {error}") from error
    compared = _COMPARED.fullmatch(typed)
    if compared is not None:
        key, operator, value = compared.groups()
        return {key: {_OPERATORS[operator]: read(key, value)}}
    key = typed.removeprefix("!")
    if not key or re.search("[=<>!]", key):
        raise typer.BadParameter(f"--where {typed[:60]} is no filter; write it as in rating>=3")
    return {key: {"$exists": not typed.startswith("!")}}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
