"""Rows of a type: values of Python to what is stored, and back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.errors import InvalidRow
from holdfast.json_values import canonical
from holdfast.rows.schema import rules, values
from holdfast.rows.schema.types import GraphSchema, PropertySchema, PropertyType, TypeSchema
from holdfast.rows.schema.values import Refused

#: bytes of UTF-8 of a node's key
MAX_NODE_KEY_BYTES = 800
#: bytes of UTF-8 of an edge's key, which has those of its endpoints in it
MAX_EDGE_KEY_BYTES = 2400
#: what the endpoints of an edge are called among its values
FROM, TO = "from", "to"
_MISSING = object()


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """A row as it is stored."""

    key: str
    #: of an edge: the keys of its endpoints
    src: str | None
    dst: str | None
    #: what is stored for each property by its id, those of the key too; without those that have no value
    data: dict[str, Any]


class RowCodec:
    """Makes rows of one type of values, and values of rows."""

    def __init__(self, schema: GraphSchema, kind: TypeSchema) -> None:
        self.kind = kind
        self._ends = schema.endpoints(kind) if kind.kind == "edge" else None

    def encode(self, given: Mapping[str, Any]) -> EncodedRow:
        """Return the row of some values by name, an edge's endpoints by their keys as `from` and `to`.

        Raises InvalidRow for the first value that is wrong, is missing, or is of no property.
        """
        self._check_names(given)
        data: dict[str, Any] = {}
        for each in self.kind.live:
            stored = self._stored(each, given.get(each.name, _MISSING))
            if stored is not None or each.initial is not None:
                data[str(each.id)] = stored
        src, dst = (self.endpoint(name, given.get(name)) for name in (FROM, TO)) if self._ends else (None, None)
        own = [key_part(data[str(each.id)]) for each in self.kind.keys]
        return EncodedRow(self._key(src, dst, own), src, dst, data)

    def decode(self, row: EncodedRow) -> dict[str, Any]:
        """Return the values of a row by name; what it was written before has the default that came with it, or None."""
        ends: dict[str, Any] = {}
        if self._ends:
            ends = {
                name: key_value(end, key)
                for name, end, key in zip((FROM, TO), self._ends, (row.src, row.dst), strict=True)
            }
        stored = ((each, row.data.get(str(each.id), each.initial)) for each in self.kind.live)
        return ends | {each.name: values.decoded(each.type, value) for each, value in stored}

    def settled(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return what `encode` gives for the values of a row that is written: of two equal rows the same.

        What it was written before is in it, values of dropped properties are not.
        """
        stored = ((each, held_value(each, data)) for each in self.kind.live)
        return {str(each.id): value for each, value in stored if value is not None or each.initial is not None}

    def key_of(self, value: Any) -> str:
        """Return the key of the row that is looked up by `value`; raises InvalidRow for what can be no key.

        `value` is the key's value; of a key of several properties, and of an edge, their values in order or by name,
        an edge's endpoints first.
        """
        if not self._ends:
            return self._key_text(self.kind, "", value)
        names = [FROM, TO, *(each.name for each in self.kind.keys)]
        parts = self._parts(self.kind, "", value, names)
        src, dst = (
            self._key_text(end, name, part) for name, end, part in zip((FROM, TO), self._ends, parts[:2], strict=True)
        )
        own = [self._key_part(each, part) for each, part in zip(self.kind.keys, parts[2:], strict=True)]
        return self._key(src, dst, own)

    def _check_names(self, given: Mapping[str, Any]) -> None:
        known = {*self.kind.by_name, *((FROM, TO) if self._ends else ())}
        for name in given:
            if name not in known:
                shown = values.shown(name)
                raise self.invalid("", _MISSING, f"there is no property {shown}; there are {', '.join(sorted(known))}")

    def _stored(self, asked: PropertySchema, value: Any) -> Any:
        if value is _MISSING and asked.default is not None:
            return asked.default
        if value is None or value is _MISSING:
            if asked.required or asked.key:
                raise self.invalid(asked.name, _MISSING, "it is missing")
            return None
        try:
            stored = values.encoded(asked.type, value)
            rules.check(asked, stored)
        except Refused as refused:
            raise self.invalid(asked.name, value, str(refused)) from None
        return stored

    def endpoint(self, name: str, value: Any) -> str:
        """Return the key of the node that an edge is said to go `from` or `to`; raises InvalidRow."""
        assert self._ends is not None
        if value is None:
            raise self.invalid(name, _MISSING, "it is missing")
        return self._key_text(self._ends[(FROM, TO).index(name)], name, value)

    def _key_text(self, node: TypeSchema, field: str, value: Any) -> str:
        """Return the key that a value is of the nodes of a type, where `field` of this type means one."""
        keys = node.keys
        if len(keys) == 1 and not isinstance(value, Mapping):
            parts = [value]
        else:
            parts = list(self._parts(node, field, value, [each.name for each in keys]))
        texts = [self._key_part(each, part, field) for each, part in zip(keys, parts, strict=True)]
        return self._key_joined(texts, field)

    def _parts(self, of: TypeSchema, field: str, value: Any, names: list[str]) -> Sequence[Any]:
        if isinstance(value, Mapping) and set(value) == set(names):
            return [value[name] for name in names]
        if isinstance(value, list | tuple) and len(value) == len(names):
            return value
        raise self.invalid(field, value, f"a key of {of.name} is {', '.join(names)}, in this order or by name")

    def _key_part(self, asked: PropertySchema, value: Any, field: str = "") -> str:
        try:
            if value is None:
                raise Refused("it is missing")
            return key_part(values.encoded(asked.type, value))
        except Refused as refused:
            raise self.invalid(field or asked.name, value, str(refused)) from None

    def _key_joined(self, texts: list[str], field: str) -> str:
        key = texts[0] if len(texts) == 1 else canonical(texts)
        return self._key_checked(key, MAX_NODE_KEY_BYTES, field or self.kind.keys[0].name)

    def _key(self, src: str | None, dst: str | None, own: list[str]) -> str:
        if not self._ends:
            return self._key_joined(own, "")
        return self._key_checked(canonical([src, dst, *own]), MAX_EDGE_KEY_BYTES, "")

    def _key_checked(self, key: str, most: int, field: str) -> str:
        if not key:
            raise self.invalid(field, key, "a key cannot be empty")
        if len(key.encode()) > most:
            raise self.invalid(field, key, f"the key has {len(key.encode())} bytes; {most} are allowed")
        return key

    def invalid(self, field: str, value: Any, reason: str) -> InvalidRow:
        """Return what says that a field of a row of this type cannot be what was given."""
        shown = "" if value is _MISSING else values.shown(value)
        return InvalidRow.of(self.kind.name, field, shown, reason)


def held_value(asked: PropertySchema, data: Mapping[str, Any]) -> Any:
    """Return what a row has stored for a property, as it is stored today; None for none."""
    return values.settled(asked.type, data.get(str(asked.id), asked.initial))


def key_part(stored: Any) -> str:
    """Return the text in a key of what is stored for a value of it."""
    if isinstance(stored, bool):
        return "true" if stored else "false"
    return str(stored)


def key_value(node: TypeSchema, key: str | None) -> Any:
    """Return the value that a node has a key by: a list of them for a key of several properties."""
    if key is None:
        return None
    if len(node.keys) == 1:
        return _part_value(node.keys[0].type, key)
    return [_part_value(each.type, part) for each, part in zip(node.keys, json.loads(key), strict=True)]


def _part_value(wanted: PropertyType, part: str) -> Any:
    if wanted.kind == "int":
        return int(part)
    return part == "true" if wanted.kind == "bool" else values.decoded(wanted, part)
