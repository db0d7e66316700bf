"""A schema as a file: YAML, and JSON, which is YAML too.

    types:
      Person:
        properties:
          handle: {type: text, key: true}
          born: optional date
      Wrote:
        from: Person
        to: Paper
        on_delete: cascade
        properties: {year: int}

A type with `from` and `to` is an edge. A property is a mapping, or only its type.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar, get_args

import yaml

from holdfast.errors import TooLarge, Unsupported
from holdfast.rows.schema import values
from holdfast.rows.schema.declared import DeclaredProperty, DeclaredSchema, DeclaredType
from holdfast.rows.schema.types import Cardinality, GraphSchema, PropertySchema, PropertyType, TypeSchema, ValueKind

#: characters of a file with a schema
MAX_CHARACTERS = 1024 * 1024
_KINDS = get_args(ValueKind)
#: before the type of what may be missing
_OPTIONAL = "optional "
_OF_TYPE = ("from", "to", "properties", "cardinality", "on_delete", "renamed_from")
#: what is said of a property as it is called in PropertySchema
_AS_THEY_ARE = ("default", "key", "unique", "index", "minimum", "maximum", "pattern", "max_length", "full_text")
_FLAGS = ("key", "unique", "index", "full_text", "optional")
_TEXTS = ("pattern", "renamed_from", "on_delete", "from", "to", "of")
_COUNTS = ("max_length", "dimensions")
_OF_PROPERTY = (*_AS_THEY_ARE, "type", "of", "values", "dimensions", "optional", "embed", "renamed_from")


def read_schema(text: str) -> DeclaredSchema:
    """Return the schema that a file declares; raises Unsupported with the place of what is wrong, TooLarge."""
    if len(text) > MAX_CHARACTERS:
        raise TooLarge(
            f"A schema of {len(text)} characters is too long; {MAX_CHARACTERS} are allowed",
            remedy="Name the file of the schema, not one of rows",
        )
    try:
        document = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _wrong(f"line {line}", str(error.problem)) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _wrong("the file", f"it cannot be read as YAML ({type(error).__name__})") from error
    return declared_schema(document)


def declared_schema(document: Any) -> DeclaredSchema:
    """Return the schema that the content of a file declares; raises Unsupported with the place of what is wrong."""
    whole = _mapping("the file", document, ("types",))
    types = _mapping("types", whole.get("types"))
    return DeclaredSchema(tuple(_type(str(name), said) for name, said in types.items()))


def write_schema(schema: GraphSchema) -> str:
    """Return a file that declares the types that there are."""
    said = schema_said(schema, schema.live)
    return str(yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None))


def schema_said(schema: GraphSchema, kinds: Iterable[TypeSchema]) -> dict[str, Any]:
    """Return the content of a file that declares some types of a schema."""
    return {"types": {each.name: _type_said(schema, each) for each in kinds}}


class _Loader(yaml.SafeLoader):
    """Reads YAML 1.2's plain values only, each key once, and nothing twice by an alias."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node of the document; refuses an alias, by which a small file means a huge one."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases are not read", self.peek_event().start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Return a mapping; refuses a key that comes twice."""
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} comes twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


# In YAML 1.1, which PyYAML reads else, `no` is false and 1:30 is 90.
for _tag, _form, _first in (
    ("null", r"~|null|", "~n\0"),
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_form})$"), list(_first))


def _wrong(place: str, said: str) -> Unsupported:
    return Unsupported(f"The schema cannot be read: {place}: {said}", path=place, remedy="docs/graph.md shows one")


def _mapping(place: str, said: Any, allowed: Collection[str] = ()) -> Mapping[str, Any]:
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise _wrong(place, f"{values.shown(said)} stands where names and what they mean are wanted")
    for name in said if allowed else ():
        if name not in allowed:
            raise _wrong(place, f"{values.shown(name)} means nothing here; there are {', '.join(allowed)}")
    return said


def _type(name: str, said: Any) -> DeclaredType:
    given = _mapping(name, said, _OF_TYPE)
    _check(name, given)
    properties = _mapping(name, given.get("properties"))
    asked = _mapping(f"{name}.cardinality", given.get("cardinality"), Cardinality.__dataclass_fields__)
    for number in asked.values():
        if type(number) is not int:
            raise _wrong(f"{name}.cardinality", f"{values.shown(number)} is no number of edges")
    return DeclaredType(
        name=name,
        kind="edge" if "from" in given or "to" in given else "node",
        source=given.get("from"),
        target=given.get("to"),
        properties=tuple(_property(name, str(each), how) for each, how in properties.items()),
        cardinality=Cardinality(**asked),
        on_delete=given.get("on_delete", "refuse"),
        renamed_from=given.get("renamed_from"),
    )


def _property(owner: str, name: str, said: Any) -> DeclaredProperty:
    place = f"{owner}.{name}"
    given = {"type": said} if isinstance(said, str) else dict(_mapping(place, said, _OF_PROPERTY))
    _check(place, given)
    kind = given.get("type")
    optional = given.get("optional", False) or (isinstance(kind, str) and kind.startswith(_OPTIONAL))
    embed = given.get("embed")
    if embed not in (None, True, False) and not isinstance(embed, str):
        raise _wrong(place, f"embed is true, or the name of a property, not {values.shown(embed)}")
    asked: dict[str, Any] = {field: given[field] for field in _AS_THEY_ARE if field in given}
    asked |= {"required": not optional, "embed": name if embed is True else embed or None}
    schema = PropertySchema(name=name, type=_property_type(place, given), **asked)
    return DeclaredProperty(schema=schema, renamed_from=given.get("renamed_from"))


def _check(place: str, given: Mapping[str, Any]) -> None:
    """Raise for what is not of the kind that its name says."""
    for names, kind, wanted in ((_FLAGS, bool, "true or false"), (_TEXTS, str, "a text"), (_COUNTS, int, "a number")):
        for name in names:
            if name in given and type(given[name]) is not kind:
                raise _wrong(place, f"{name} is {wanted}, not {values.shown(given[name])}")


def _property_type(place: str, given: Mapping[str, Any]) -> PropertyType:
    kind = _kind(place, given.get("type"))
    choices = given.get("values", [])
    if not isinstance(choices, list) or not all(isinstance(each, str) for each in choices):
        raise _wrong(place, f"values are a list of texts, not {values.shown(choices)}")
    if kind == "list":
        item = PropertyType(kind=_kind(place, given.get("of")), values=tuple(choices))
        return PropertyType(kind="list", item=item)
    return PropertyType(kind=kind, dimensions=given.get("dimensions"), values=tuple(choices))


def _kind(place: str, said: Any) -> Any:
    kind = said.removeprefix(_OPTIONAL) if isinstance(said, str) else None
    if kind not in _KINDS:
        raise _wrong(place, f"{values.shown(said)} is no type; there are {', '.join(_KINDS)}")
    return kind


def _type_said(schema: GraphSchema, kind: TypeSchema) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if kind.kind == "edge":
        source, target = schema.endpoints(kind)
        said = {"from": source.name, "to": target.name}
        if kind.on_delete != "refuse":
            said["on_delete"] = kind.on_delete
        asked = {name: number for name, number in asdict(kind.cardinality).items() if number}
        said |= {"cardinality": asked} if asked else {}
    properties = {each.name: _property_said(each) for each in kind.live}
    return said | ({"properties": properties} if properties else {})


def _property_said(asked: PropertySchema) -> str | dict[str, Any]:
    kind, item = asked.type, asked.type.item
    said: dict[str, Any] = {"type": ("" if asked.required else _OPTIONAL) + kind.kind}
    if item:
        said["of"] = item.kind
    if kind.scalar.values:
        said["values"] = list(kind.scalar.values)
    if kind.dimensions:
        said["dimensions"] = kind.dimensions
    for name in _AS_THEY_ARE:
        value = getattr(asked, name)
        if (value is not None and value is not False) or (name == "default" and value is False):
            said[name] = value
    if asked.embed:
        said["embed"] = True if asked.embed == asked.name else asked.embed
    return said["type"] if len(said) == 1 else said
