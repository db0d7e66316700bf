"""Filters of files and directories by their properties, as conditions that the catalog is asked with."""

from typing import Any

from holdfast.catalog.properties.conditions import AllOf, AnyOf, Between, Condition, NotSo, OneOf, Present
from holdfast.filters import Filter, FilterAny, FilterNot, FilterTest, Where, parsed_filter, refused, shown
from holdfast.tree.properties.checking import checked
from holdfast.tree.properties.encoding import NUMBER, TEXT, encoded

__all__ = ["Where", "condition_of"]


def condition_of(where: Where | None) -> Condition | None:
    """Return the condition that a filter states, None when it states none; raises Unsupported, naming what is wrong."""
    return _condition(parsed_filter(where)) if where else None


def _condition(each: Filter) -> Condition:
    if isinstance(each, FilterTest):
        return _test(each)
    if isinstance(each, FilterNot):
        return NotSo(_condition(each.part))
    parts = [_condition(part) for part in each.parts]
    if isinstance(each, FilterAny):
        return AnyOf(tuple(parts))
    return _all(_narrowed(parts) if each.together else parts)


def _test(test: FilterTest) -> Condition:
    checked({test.name: None}, "a filter")
    if test.operator == "$exists":
        return Present(test.name)
    if test.operator == "$in":
        return OneOf(test.name, tuple(_encoded(test, each) for each in test.operand))
    if test.operator == "$eq":
        return OneOf(test.name, (_encoded(test, test.operand),))
    return _compared(test)


def _compared(test: FilterTest) -> Condition:
    value = _encoded(test, test.operand)
    kind = value[0]
    if kind not in (NUMBER, TEXT):
        message = f"{test.operator} of {test.name} compares numbers and texts, not {shown(test.operand)}"
        raise refused(message, test.place, "Compare with a number or a text; of a time with its isoformat()")
    # What is of another kind comes before its letter, or after it.
    low_too, high_too = test.operator == "$gte", test.operator == "$lte"
    if test.operator in ("$gt", "$gte"):
        return Between(test.name, value, low_too, chr(ord(kind) + 1), high_too=False)
    return Between(test.name, kind, True, value, high_too)


def _encoded(test: FilterTest, value: Any) -> str:
    return encoded(checked({test.name: value}, "a filter")[test.name])


def _narrowed(parts: list[Condition]) -> list[Condition]:
    """Return conditions on one key with those that compare values of one kind made one: a value lies between both."""
    found: list[Condition] = []
    # What else is said of it may stand between two comparisons.
    for part in sorted(parts, key=lambda each: each.low[0] if isinstance(each, Between) else ""):
        before = found[-1] if found else None
        if isinstance(part, Between) and isinstance(before, Between) and part.low[0] == before.low[0]:
            # The higher of what it is above, and the lower of what it is below; to be above more is to be without it.
            low = max(part, before, key=lambda each: (each.low, not each.low_too))
            high = min(part, before, key=lambda each: (each.high, each.high_too))
            found[-1] = Between(part.key, low.low, low.low_too, high.high, high.high_too)
        else:
            found.append(part)
    return found


def _all(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))
