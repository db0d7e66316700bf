"""Filters as users write them, in the words of MongoDB: `{"tags": "diary", "rating": {"$gte": 3}}`.

What a name is of, and what values may be, is said by what is filtered: properties of files, or rows of the graph.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from holdfast.errors import HoldfastError, TooLarge, Unsupported

#: what a caller gives as `where`
Where = Mapping[str, Any]
Operator = Literal["$eq", "$gt", "$gte", "$lt", "$lte", "$in", "$exists"]

#: conditions and values of one filter
MAX_PARTS = 500
#: filters within each other
MAX_LEVELS = 16
COMPARISONS: tuple[Operator, ...] = ("$gt", "$gte", "$lt", "$lte")


@dataclass(frozen=True, slots=True)
class FilterTest:
    """What is asked of one property."""

    name: str
    operator: Operator
    #: a list for `$in`, true for `$exists`
    operand: Any
    #: where it stands in the filter: `where.$or[1].rating.$gte`
    place: str


@dataclass(frozen=True, slots=True)
class FilterAll:
    """All of these hold; of none, it holds."""

    parts: "tuple[Filter, ...]"
    #: whether they are said of one property together: of a list in it, one item keeps to all comparisons
    together: bool = False


@dataclass(frozen=True, slots=True)
class FilterAny:
    """At least one of these holds."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class FilterNot:
    """Something does not hold."""

    part: "Filter"


Filter = FilterTest | FilterAll | FilterAny | FilterNot


def parsed_filter(where: Where) -> Filter:
    """Return what a filter says; raises Unsupported or TooLarge, naming what is wrong and where it stands."""
    return _Parsing().every(where, "where", 1)


def refused(message: str, place: str, remedy: str) -> HoldfastError:
    """Return the error that says what is wrong at a place of a filter."""
    return Unsupported(message, path=place, remedy=remedy)


class _Parsing:
    def __init__(self) -> None:
        self._parts = 0

    def every(self, where: Any, place: str, depth: int) -> Filter:
        """Return the filter that all members of an object make."""
        if not isinstance(where, Mapping):
            raise refused(f"A filter is an object, not {shown(where)}", place, 'Write {"rating": {"$gte": 3}}')
        if depth > MAX_LEVELS:
            raise TooLarge(f"A filter may be {MAX_LEVELS} levels deep", path=place, remedy="Write it with fewer levels")
        return _one([self._member(key, value, place, depth) for key, value in where.items()])

    def _member(self, key: Any, value: Any, above: str, depth: int) -> Filter:
        self._count()
        if not isinstance(key, str):
            raise refused(f"The key {shown(key)} is no text", above, "Give the name of a property, or an operator")
        place = f"{above}.{key:.60}"
        if key in _LOGICAL:
            return self._logical(key, value, place, depth)
        if key.startswith("$"):
            raise _unknown(key, _LOGICAL, above)
        if not isinstance(value, Mapping) or not any(str(each).startswith("$") for each in value):
            self._count()
            return FilterTest(key, "$eq", value, place)
        return _one([self._operator(key, *each, place, depth) for each in value.items()], together=True)

    def _logical(self, operator: str, value: Any, place: str, depth: int) -> Filter:
        if operator == "$not":
            return FilterNot(self.every(value, place, depth + 1))
        if not isinstance(value, list) or not value:
            remedy = f'Write {{"{operator}": [{{"rating": 3}}, ...]}}'
            raise refused(f"{operator} takes a list of filters", place, remedy)
        parts = tuple(self.every(each, f"{place}[{number}]", depth + 1) for number, each in enumerate(value))
        return FilterNot(FilterAny(parts)) if operator == "$nor" else _JOINED[operator](parts)

    def _operator(self, key: str, operator: Any, operand: Any, above: str, depth: int) -> Filter:
        self._count()
        place = f"{above}.{operator}"
        if operator == "$not":
            return FilterNot(self.every({key: operand}, place, depth + 1))
        if operator in _NEGATED:
            return FilterNot(self._operator(key, _NEGATED[operator], operand, above, depth))
        if operator not in _OPERATORS:
            raise _unknown(str(operator), (*_OPERATORS, *_NEGATED, "$not"), above)
        if operator == "$exists":
            return self._present(key, operand, place)
        if operator == "$in" and not isinstance(operand, list):
            raise refused(
                f"{operator} of {key} takes a list of values, not {shown(operand)}", place, "Write it in brackets"
            )
        self._count(len(operand) if operator == "$in" else 1)
        return FilterTest(key, operator, operand, place)

    def _present(self, key: str, operand: Any, place: str) -> Filter:
        if not isinstance(operand, bool):
            raise refused(f"$exists of {key} is true or false, not {shown(operand)}", place, "Say which")
        found = FilterTest(key, "$exists", True, place)
        return found if operand else FilterNot(found)

    def _count(self, parts: int = 1) -> None:
        self._parts += parts
        if self._parts > MAX_PARTS:
            message = f"A filter may have {MAX_PARTS} conditions and values"
            raise TooLarge(message, path="where", remedy="Ask for it in parts")


_JOINED = {"$or": FilterAny, "$and": FilterAll}
_LOGICAL = ("$and", "$or", "$nor", "$not")
_OPERATORS = ("$eq", *COMPARISONS, "$in", "$exists")
_NEGATED = {"$ne": "$eq", "$nin": "$in"}


def shown(value: object) -> str:
    """Return a value of a filter as a message quotes it."""
    return repr(value)[:40] if isinstance(value, str | int | float | bool) or value is None else type(value).__name__


def _one(parts: list[Filter], *, together: bool = False) -> Filter:
    return parts[0] if len(parts) == 1 else FilterAll(tuple(parts), together)


def _unknown(operator: str, known: tuple[str, ...], place: str) -> HoldfastError:
    return refused(f"There is no operator {operator[:40]!r} here", place, f"Use one of {', '.join(known)}")
