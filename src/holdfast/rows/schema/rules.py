"""What a property asks of a stored value beyond its type: a range, a length, a pattern."""

from collections.abc import Iterable
from typing import Any

from holdfast.host.importing import importing
from holdfast.rows.schema.types import PropertySchema
from holdfast.rows.schema.values import Refused, comparable, encoded, shown


def check(asked: PropertySchema, stored: Any) -> None:
    """Raise Refused for a stored value, or an item of one, that the property does not allow."""
    items = stored if asked.type.item else [stored]
    if asked.minimum is not None or asked.maximum is not None:
        for item in items:
            _check_range(asked, item)
    if asked.max_length is not None:
        _check_length(asked.max_length, items)
    if asked.pattern is not None:
        _check_pattern(asked.pattern, items)


def refusal(asked: PropertySchema, stored: Any) -> str:
    """Return why what is stored for a value is none of a property as it is to be; empty when it is one."""
    if stored is None:
        return "it is missing" if asked.required else ""
    try:
        check(asked, encoded(asked.type, stored))
    except Refused as refused:
        return str(refused)
    return ""


def _check_range(asked: PropertySchema, item: Any) -> None:
    kind = asked.type.scalar
    value = comparable(kind, item)
    if asked.minimum is not None and value < comparable(kind, asked.minimum):
        raise Refused(f"it is less than {asked.minimum}")
    if asked.maximum is not None and value > comparable(kind, asked.maximum):
        raise Refused(f"it is more than {asked.maximum}")


def _check_length(most: int, items: Iterable[str]) -> None:
    for item in items:
        if len(item) > most:
            raise Refused(f"it has {len(item)} characters; {most} are allowed")


def _check_pattern(pattern: str, items: list[str]) -> None:
    for item, matches in zip(items, found(pattern, items), strict=True):
        if not matches:
            raise Refused(f"{shown(item)} does not match {shown(pattern)}")


def found(pattern: str, texts: list[str]) -> list[bool]:
    """Return of each text whether a pattern is found in it; raises Refused for what is no pattern.

    It is looked for in a time that grows with the text alone, whatever the pattern: by RE2, as in a whole table.
    """
    with importing():
        import pyarrow as pa
        import pyarrow.compute as pc
    try:
        matches: list[bool] = pc.match_substring_regex(pa.array(texts, pa.string()), pattern).to_pylist()
        return matches
    except pa.ArrowInvalid as error:
        raise Refused(f"it is no regular expression in RE2's syntax ({error})") from None
