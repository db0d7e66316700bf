"""Conditions on properties, on the values that these are found by (`tree/properties/encoding.py`)."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

#: by key, all that properties are found by under it
Values = Mapping[str, Set[str]]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Some value under a key is one of these."""

    key: str
    values: tuple[str, ...]

    def holds(self, values: Values) -> bool:
        return not values.get(self.key, set()).isdisjoint(self.values)


@dataclass(frozen=True, slots=True)
class Between:
    """Some value under a key lies between two; both are of one kind."""

    key: str
    low: str
    #: whether `low` itself does
    low_too: bool
    high: str
    #: whether `high` itself does
    high_too: bool

    def holds(self, values: Values) -> bool:
        return any(map(self._has, values.get(self.key, ())))

    def _has(self, value: str) -> bool:
        above = value >= self.low if self.low_too else value > self.low
        return above and (value <= self.high if self.high_too else value < self.high)


@dataclass(frozen=True, slots=True)
class Present:
    """There is something under a key."""

    key: str

    def holds(self, values: Values) -> bool:
        return self.key in values


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of these hold; of none, it holds."""

    parts: "tuple[Condition, ...]"

    def holds(self, values: Values) -> bool:
        return all(part.holds(values) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these holds."""

    parts: "tuple[Condition, ...]"

    def holds(self, values: Values) -> bool:
        return any(part.holds(values) for part in self.parts)


@dataclass(frozen=True, slots=True)
class NotSo:
    """Something does not hold; so it is where there are no properties at all."""

    part: "Condition"

    def holds(self, values: Values) -> bool:
        return not self.part.holds(values)


Condition = OneOf | Between | Present | AllOf | AnyOf | NotSo
