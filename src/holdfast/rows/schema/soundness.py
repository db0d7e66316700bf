"""Whether a declared schema means something: names that are names, edges between types, keys that each row has."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from holdfast.errors import Unsupported
from holdfast.rows.schema import cardinalities, rules, values
from holdfast.rows.schema.declared import DeclaredProperty, DeclaredSchema, DeclaredType
from holdfast.rows.schema.types import ANY_NUMBER, KEY_KINDS, Cardinality, PropertySchema, PropertyType, ValueKind
from holdfast.rows.schema.values import Refused

#: characters of a name
MAX_NAME = 64
MAX_TYPES = 1000
#: of one type
MAX_PROPERTIES = 500
#: what rows are told by, what the endpoints of an edge are called, and what a row rests on
RESERVED = ("type", "from", "to", "sources")
#: contradictions that an error tells
TOLD = 10

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
#: what has an order
_RANGED: frozenset[ValueKind] = frozenset({"int", "float", "decimal", "date", "datetime"})
#: what rows are looked up by: of these, two values are the same exactly when they are stored alike
_SINGLE: frozenset[ValueKind] = frozenset({*KEY_KINDS, "float", "file"})
#: what can be in a list
_ITEMS: frozenset[ValueKind] = frozenset({*_SINGLE, "decimal"})

#: a place, such as Person.born, and what is wrong there
Contradiction = tuple[str, str]


def sound(declared: DeclaredSchema) -> DeclaredSchema:
    """Return the schema with its defaults and ranges as they are stored.

    Raises Unsupported, which names what contradicts itself, each with its place.
    """
    found = [*_of_schema(declared)]
    if found:
        raise _unsound(found)
    types = tuple(
        replace(each, properties=tuple(replace(one, schema=_stored(one.schema)) for one in each.properties))
        for each in declared.types
    )
    return DeclaredSchema(types)


def _unsound(found: list[Contradiction]) -> Unsupported:
    said = [f"{place}: {reason}" for place, reason in found[:TOLD]]
    more = [f"and {len(found) - TOLD} more"] if len(found) > TOLD else []
    return Unsupported(
        f"The schema cannot be: {'; '.join(said + more)}",
        path=found[0][0],
        remedy="Correct what is named; nothing was changed",
    )


def _of_schema(declared: DeclaredSchema) -> Iterator[Contradiction]:
    if len(declared.types) > MAX_TYPES:
        yield "the graph", f"it has {len(declared.types)} types; {MAX_TYPES} are allowed"
        return
    yield from _names("the graph", "types", [each.name for each in declared.types])
    yield from _renames("the graph", [each.renamed_from for each in declared.types])
    kinds = {each.name: each.kind for each in declared.types}
    for each in declared.types:
        yield from ((each.name, reason) for reason in _ends(each, kinds))
        yield from _of_type(each)
    around = cardinalities.contradiction(declared.types)
    if around:
        yield " and ".join(around), "no rows but none at all could keep their cardinalities, which go around in a cycle"


def _names(place: str, what: str, names: list[str]) -> Iterator[Contradiction]:
    for name in names:
        if not isinstance(name, str) or len(name) > MAX_NAME or not _NAME.fullmatch(name):
            yield place, f"{values.shown(name)} is no name: a letter, then letters, digits and _, {MAX_NAME} at most"
    for name, times in Counter(str(name).casefold() for name in names).items():
        if times > 1:
            yield place, f"it has {times} {what} called {values.shown(name)}, in capitals or not"


def _renames(place: str, olds: Iterable[str | None]) -> Iterator[Contradiction]:
    for old, times in Counter(old for old in olds if old).items():
        if times > 1:
            yield place, f"{times} say that they were {old} before"


def _ends(declared: DeclaredType, kinds: dict[str, Any]) -> Iterator[str]:
    ends = (declared.source, declared.target)
    if declared.kind == "node":
        if ends != (None, None) or declared.cardinality != ANY_NUMBER:
            yield "only edges have a source, a target and a cardinality"
        return
    for end in ends:
        if end is None:
            yield "an edge has a source and a target"
        elif end not in kinds:
            yield f"it has the endpoint {end}, and there is no type of this name"
        elif kinds[end] != "node":
            yield f"it has the endpoint {end}, which is an edge; edges are between nodes"
    yield from _of_cardinality(declared.cardinality)
    if declared.on_delete not in ("refuse", "cascade"):
        yield f"on_delete is refuse or cascade, not {values.shown(declared.on_delete)}"


def _of_cardinality(asked: Cardinality) -> Iterator[str]:
    sides = {
        "source": (asked.least_per_source, asked.most_per_source),
        "target": (asked.least_per_target, asked.most_per_target),
    }
    for side, (least, most) in sides.items():
        if least < 0 or (most is not None and most < max(least, 1)):
            yield f"its cardinality asks for {least} edges per {side} at least and {most} at most"


def _of_type(declared: DeclaredType) -> Iterator[Contradiction]:
    if len(declared.properties) > MAX_PROPERTIES:
        yield declared.name, f"it has {len(declared.properties)} properties; {MAX_PROPERTIES} are allowed"
        return
    yield from _names(declared.name, "properties", [each.name for each in declared.properties])
    yield from _renames(declared.name, [each.renamed_from for each in declared.properties])
    if declared.kind == "node" and not any(each.schema.key for each in declared.properties):
        yield declared.name, "a node has a key: mark the property that it is known by"
    texts = {each.name for each in declared.properties if each.schema.type.kind == "text"}
    for each in declared.properties:
        yield from ((f"{declared.name}.{each.name}", reason) for reason in _of_property(each, texts))


def _of_property(declared: DeclaredProperty, texts: set[str]) -> Iterator[str]:
    asked = declared.schema
    if asked.name in RESERVED:
        yield f"{asked.name} is what rows are told by; call it otherwise"
    wrong = [*_of_kind(asked.type)]
    yield from wrong
    if not wrong:
        yield from _of_key(asked)
        yield from _of_search(asked, texts)
        yield from _of_rules(asked)


def _of_kind(wanted: PropertyType) -> Iterator[str]:
    if wanted.kind == "vector" and not 1 <= (wanted.dimensions or 0) <= values.MAX_DIMENSIONS:
        yield f"a vector has 1 to {values.MAX_DIMENSIONS} numbers, not {wanted.dimensions}"
    if wanted.kind == "list" and (wanted.item is None or wanted.item.kind not in _ITEMS):
        yield f"a list is of {', '.join(sorted(_ITEMS))}, not of {wanted.item and wanted.item.kind}; else declare json"
    if wanted.scalar.kind == "enum":
        yield from _of_choices(wanted.scalar.values)


def _of_choices(choices: tuple[str, ...]) -> Iterator[str]:
    if not choices or len(set(choices)) < len(choices):
        yield "an enum has values, each of them once"
    for choice in choices:
        reason = _refusal(lambda choice: values.encoded(PropertyType(kind="text"), choice), choice)
        if reason:
            yield f"its value {values.shown(choice)} cannot be: {reason}"


def _of_key(asked: PropertySchema) -> Iterator[str]:
    if asked.key and asked.type.kind not in KEY_KINDS:
        yield f"a key is of {', '.join(sorted(KEY_KINDS))}, not of {asked.type.kind}"
    if asked.key and (not asked.required or asked.default is not None):
        yield "each row has a key of its own: it can neither be optional nor have a default"
    if (asked.unique or asked.index) and asked.type.kind not in _SINGLE:
        yield f"rows are looked up by {', '.join(sorted(_SINGLE))}, not by {asked.type}, as unique and index ask"
    if asked.unique and asked.default is not None:
        yield "a default is what many rows have, and unique lets one have it"


def _of_search(asked: PropertySchema, texts: set[str]) -> Iterator[str]:
    if asked.full_text and asked.type.kind != "text":
        yield f"full text is searched in text, not in {asked.type}"
    if asked.embed is not None and asked.embed not in texts:
        yield f"it is to be searched by the meaning of {values.shown(asked.embed)}, which is no property of text"
    if asked.embed not in (None, asked.name) and asked.type.kind != "vector":
        yield f"a vector is made of another property's text, not {asked.type}"


def _of_rules(asked: PropertySchema) -> Iterator[str]:
    kind = asked.type.scalar
    limits = {"minimum": asked.minimum, "maximum": asked.maximum}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    if given and kind.kind not in _RANGED:
        yield f"a range is of {', '.join(sorted(_RANGED))}, not of {asked.type}"
        return
    if (asked.pattern is not None or asked.max_length is not None) and kind.kind != "text":
        yield f"a pattern and a length are of text, not of {asked.type}"
        return
    wrong = [f"its {name} cannot be {values.shown(limit)}: {why}" for name, limit, why in _unfit(kind, given)]
    wrong += [*_of_texts(asked)]
    yield from wrong or _of_values(asked)


def _unfit(kind: PropertyType, limits: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield the ends of a range that are no value of a type, and why."""
    for name, limit in limits.items():
        reason = _refusal(lambda value: values.encoded(kind, value), limit)
        if reason:
            yield name, limit, reason


def _of_texts(asked: PropertySchema) -> Iterator[str]:
    if asked.max_length is not None and asked.max_length < 1:
        yield f"a text can have no length of {asked.max_length} at most"
    reason = _refusal(lambda pattern: rules.found(pattern, [""]), asked.pattern)
    if reason:
        yield f"its pattern {values.shown(asked.pattern)} cannot be: {reason}"


def _of_values(asked: PropertySchema) -> Iterator[str]:
    stored = _stored(replace(asked, default=None))
    kind = asked.type.scalar
    if None not in (stored.minimum, stored.maximum):
        least, most = (values.comparable(kind, each) for each in (stored.minimum, stored.maximum))
        if least > most:
            yield f"nothing is between {stored.minimum} and {stored.maximum}"
    reason = _refusal(lambda value: rules.check(stored, values.encoded(asked.type, value)), asked.default)
    if reason:
        yield f"its default cannot be {values.shown(asked.default)}: {reason}"


def _refusal(judge: Callable[[Any], object], value: object) -> str:
    """Return why something is refused; empty when it is not, and for None."""
    try:
        if value is not None:
            judge(value)
    except Refused as refused:
        return str(refused)
    return ""


def _stored(asked: PropertySchema) -> PropertySchema:
    """Return a property with its default and its range as they are stored."""

    def stored(kind: PropertyType, value: Any) -> Any:
        return None if value is None else values.encoded(kind, value)

    return replace(
        asked,
        default=stored(asked.type, asked.default),
        minimum=stored(asked.type.scalar, asked.minimum),
        maximum=stored(asked.type.scalar, asked.maximum),
    )
