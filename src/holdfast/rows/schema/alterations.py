"""What differs between a type or a property as it is and as it is to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from holdfast.rows.schema.steps import CheckKind, StepKind
from holdfast.rows.schema.types import PropertySchema, PropertyType, TypeSchema, ValueKind
from holdfast.rows.schema.values import comparable, shown

#: each value of the first is one of the second, and is stored alike
_WIDER: dict[ValueKind, tuple[ValueKind, ...]] = {
    "int": ("float", "decimal"),
    "enum": ("text",),
    "file": ("text",),
}
#: a 64-bit number with a fraction keeps whole numbers of 53 bits, so that rows are asked
_ASKED = {("int", "float")}


@dataclass(frozen=True, slots=True)
class Alteration:
    """A difference between a type or a property as it is and as it is to be."""

    kind: StepKind
    said: str
    check: CheckKind | None = None
    refused: str | None = None


def of_type(before: TypeSchema, now: TypeSchema) -> Iterator[Alteration]:
    """Yield what differs between two states of a type itself."""
    if before.kind != now.kind:
        yield Alteration("change", f"From {before.kind} to {now.kind}", refused=_ANOTHER)
    elif (before.source, before.target) != (now.source, now.target):
        yield Alteration("change", "It goes from or to another type", refused=_ANOTHER)
    if before.on_delete != now.on_delete:
        yield Alteration("change", f"Deleting an endpoint: {now.on_delete}, no longer {before.on_delete}")
    old, new = before.cardinality, now.cardinality
    if old != new:
        looser = (
            new.least_per_source <= old.least_per_source
            and new.least_per_target <= old.least_per_target
            and _at_least(new.most_per_source, old.most_per_source)
            and _at_least(new.most_per_target, old.most_per_target)
        )
        if looser:
            yield Alteration("relax", "Its cardinality allows more")
        else:
            yield Alteration("constrain", "Its cardinality allows less", "cardinality")


_ANOTHER = "its rows would mean something else; declare it under another name, and drop this one"


def _at_least(new: int | None, old: int | None) -> bool:
    return new is None or (old is not None and new >= old)


def of_property(before: PropertySchema, now: PropertySchema) -> Iterator[Alteration]:
    """Yield what differs between two states of a property, but for its name and its part in the key."""
    of_kind = [*_of_kind(before.type, now.type)]
    yield from of_kind
    if any(each.refused for each in of_kind):
        # What is asked of values of another type cannot be compared.
        return
    if before.required != now.required:
        if now.required:
            yield Alteration("constrain", "Each row needs a value", "required")
        else:
            yield Alteration("relax", "A row needs no value")
    if before.unique != now.unique:
        if now.unique:
            yield Alteration("constrain", "No two rows may have one value", "unique")
        else:
            yield Alteration("relax", "Rows may have one value")
    if before.default != now.default or type(before.default) is not type(now.default):
        yield Alteration("change", f"New rows have the default {shown(now.default)}")
    yield from _of_rules(before, now)
    yield from _of_search(before, now)


def _of_kind(before: PropertyType, now: PropertyType) -> Iterator[Alteration]:
    if before == now:
        return
    said = f"From {before} to {now}"
    if (before.item is None) is not (now.item is None):
        yield Alteration("change", said, refused=_NARROWER)
        return
    old, new = before.scalar, now.scalar
    if new.kind in _WIDER.get(old.kind, ()):
        yield Alteration("widen", said, "values" if (old.kind, new.kind) in _ASKED else None)
    elif old.kind == new.kind == "enum":
        yield from _of_choices(set(old.values), set(new.values), said)
    else:
        yield Alteration("change", said, refused=_NARROWER)


_NARROWER = "not each value of before is one; add a property under another name, and carry over what can be"


def _of_choices(old: set[str], new: set[str], said: str) -> Iterator[Alteration]:
    if old - new:
        yield Alteration("constrain", said, "values")
    elif new - old:
        yield Alteration("widen", said)


def _of_rules(before: PropertySchema, now: PropertySchema) -> Iterator[Alteration]:
    for said, old, new, sign in (
        ("The least that a value may be", before.minimum, now.minimum, -1),
        ("The most that a value may be", before.maximum, now.maximum, 1),
        ("The characters that a text may have", before.max_length, now.max_length, 1),
    ):
        was = None if old is None else comparable(before.type.scalar, old)
        to_be = None if new is None else comparable(now.type.scalar, new)
        if was != to_be:
            yield _of_limit(f"{said}: {_limit(new)}, no longer {_limit(old)}", was, to_be, sign)
    if before.pattern != now.pattern:
        said = f"The pattern of a text: {_limit(now.pattern)}, no longer {_limit(before.pattern)}"
        yield Alteration("relax", said) if now.pattern is None else Alteration("constrain", said, "values")


def _limit(value: Any) -> str:
    return "any" if value is None else shown(value)


def _of_limit(said: str, was: Any, to_be: Any, sign: int) -> Alteration:
    """Return how a limit moves: with a positive `sign` a greater one allows more."""
    looser = to_be is None or (was is not None and (to_be > was if sign > 0 else to_be < was))
    return Alteration("relax", said) if looser else Alteration("constrain", said, "values")


def _of_search(before: PropertySchema, now: PropertySchema) -> Iterator[Alteration]:
    if before.index != now.index:
        yield Alteration("change", "It is looked up by" if now.index else "It is no longer looked up by")
    if before.full_text != now.full_text:
        yield Alteration("change", "Its words are searched" if now.full_text else "Its words are no longer searched")
    if before.embed != now.embed:
        said = f"It is searched by the meaning of {now.embed}" if now.embed else "It is no longer searched by meaning"
        yield Alteration("change", said)
