"""Filters by property as users write them, in the words of MongoDB: `{"tags": "diary", "rating": {"$gte": 3}}`."""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.catalog.properties.conditions import AllOf, AnyOf, Between, Condition, NotSo, OneOf, Present
from holdfast.errors import HoldfastError, TooLarge, Unsupported
from holdfast.tree.properties.checking import MAX_DEPTH, checked
from holdfast.tree.properties.encoding import NUMBER, TEXT, encoded

#: what a caller gives as `where`
Where = Mapping[str, Any]

#: conditions and values of one filter
MAX_PARTS = 500
_COMPARED = "numbers and texts"


def condition_of(where: Where | None) -> Condition | None:
    """Return the condition that a filter states, None when it states none; raises Unsupported, naming what is wrong."""
    return _Parsing().every(where, 1) if where else None


class _Parsing:
    def __init__(self) -> None:
        self._parts = 0

    def every(self, where: Any, depth: int) -> Condition:
        """Return the condition that all members of an object hold."""
        if not isinstance(where, Mapping):
            raise _refused(f"A filter is an object, not {_shown(where)}", 'Write {"rating": {"$gte": 3}}')
        if depth > MAX_DEPTH:
            raise TooLarge(f"A filter may be {MAX_DEPTH} levels deep", remedy="Write it with fewer levels")
        return _one([self._member(key, value, depth) for key, value in where.items()])

    def _member(self, key: Any, value: Any, depth: int) -> Condition:
        self._count()
        if not isinstance(key, str):
            raise _refused(f"The key {_shown(key)} is no text", "Give the name of a property, or an operator")
        if key in _LOGICAL:
            return self._logical(key, value, depth)
        if key.startswith("$"):
            raise _unknown(key, _LOGICAL)
        checked({key: None}, "a filter")
        if not isinstance(value, Mapping) or not any(str(each).startswith("$") for each in value):
            return OneOf(key, (self._encoded(key, value),))
        return _one(_narrowed([self._operator(key, operator, operand, depth) for operator, operand in value.items()]))

    def _logical(self, operator: str, value: Any, depth: int) -> Condition:
        if operator == "$not":
            return NotSo(self.every(value, depth + 1))
        if not isinstance(value, list) or not value:
            raise _refused(f"{operator} takes a list of filters", f'Write {{"{operator}": [{{"rating": 3}}, ...]}}')
        parts = tuple(self.every(each, depth + 1) for each in value)
        return NotSo(AnyOf(parts)) if operator == "$nor" else AnyOf(parts) if operator == "$or" else AllOf(parts)

    def _operator(self, key: str, operator: Any, operand: Any, depth: int) -> Condition:
        self._count()
        if operator not in _OPERATORS:
            raise _unknown(str(operator), _OPERATORS)
        if operator == "$not":
            return NotSo(self.every({key: operand}, depth + 1))
        return _OPERATORS[operator](self, key, operator, operand)

    def _equal(self, key: str, operator: str, operand: Any) -> Condition:
        found = OneOf(key, (self._encoded(key, operand),))
        return found if operator == "$eq" else NotSo(found)

    def _among(self, key: str, operator: str, operand: Any) -> Condition:
        if not isinstance(operand, list):
            raise _refused(f"{operator} of {key} takes a list of values, not {_shown(operand)}", "Write it in brackets")
        found = OneOf(key, tuple(self._encoded(key, each) for each in operand))
        return found if operator == "$in" else NotSo(found)

    def _present(self, key: str, operator: str, operand: Any) -> Condition:
        if not isinstance(operand, bool):
            raise _refused(f"{operator} of {key} is true or false, not {_shown(operand)}", "Say which")
        return Present(key) if operand else NotSo(Present(key))

    def _compared(self, key: str, operator: str, operand: Any) -> Condition:
        value = self._encoded(key, operand)
        kind = value[0]
        if kind not in (NUMBER, TEXT):
            message = f"{operator} of {key} compares {_COMPARED}, not {_shown(operand)}"
            raise _refused(message, "Compare with a number or a text; of a time with its isoformat()")
        # What is of another kind comes before its letter, or after it.
        low_too, high_too = operator == "$gte", operator == "$lte"
        if operator in ("$gt", "$gte"):
            return Between(key, value, low_too, chr(ord(kind) + 1), high_too=False)
        return Between(key, kind, True, value, high_too)

    def _encoded(self, key: str, value: Any) -> str:
        self._count()
        return encoded(checked({key: value}, "a filter")[key])

    def _count(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            message = f"A filter may have {MAX_PARTS} conditions and values"
            raise TooLarge(message, remedy="Ask for it in parts")


_LOGICAL = ("$and", "$or", "$nor", "$not")
_OPERATORS: dict[Any, Callable[[_Parsing, str, str, Any], Condition]] = {
    "$eq": _Parsing._equal,
    "$ne": _Parsing._equal,
    "$gt": _Parsing._compared,
    "$gte": _Parsing._compared,
    "$lt": _Parsing._compared,
    "$lte": _Parsing._compared,
    "$in": _Parsing._among,
    "$nin": _Parsing._among,
    "$exists": _Parsing._present,
    "$not": _Parsing._equal,
}


def _narrowed(parts: list[Condition]) -> list[Condition]:
    """Return conditions on one key with those that compare values of one kind made one: a value lies between both."""
    found: list[Condition] = []
    for part in parts:
        before = found[-1] if found else None
        if isinstance(part, Between) and isinstance(before, Between) and part.low[0] == before.low[0]:
            # The higher of what it is above, and the lower of what it is below; to be above more is to be without it.
            low = max(part, before, key=lambda each: (each.low, not each.low_too))
            high = min(part, before, key=lambda each: (each.high, each.high_too))
            found[-1] = Between(part.key, low.low, low.low_too, high.high, high.high_too)
        else:
            found.append(part)
    return found


def _one(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _unknown(operator: str, known: Any) -> HoldfastError:
    return _refused(f"There is no operator {operator[:40]!r} here", f"Use one of {', '.join(known)}")


def _refused(message: str, remedy: str) -> HoldfastError:
    return Unsupported(message, path="where", remedy=remedy)


def _shown(value: object) -> str:
    return repr(value)[:40] if isinstance(value, str | int | float | bool) or value is None else type(value).__name__
