"""Values and keys of rows as they are typed on the command line and as they are shown."""

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from holdfast import GraphRow, GraphSchema, PropertySchema, Source, SourceInput, TypeSchema, Unsupported
from holdfast.cli.filters import plain_json, value_of, where_of
from holdfast.cli.options import store_path
from holdfast.cli.output import plain, visible

TypeArgument = Annotated[str, typer.Argument(metavar="TYPE", help="The name of a type.")]
KeyArgument = Annotated[
    list[str], typer.Argument(metavar="KEY", help="The key; of an edge, the keys of its endpoints and its own.")
]
ValuesArgument = Annotated[
    list[str],
    typer.Argument(metavar="NAME=VALUE", help="Values of properties; of an edge, from=KEY and to=KEY too."),
]

SourcesOption = Annotated[
    list[str],
    typer.Option("--source", metavar="SOURCE", help="A file, one with lines (/a.md#L3-5), or JSON; may be repeated."),
]

#: lines after a path, as `/notes.md#L3-5`
_LINES = re.compile(r"(?P<path>.+)#L(?P<first>[0-9]{1,9})(?:-L?(?P<last>[0-9]{1,9}))?")
#: kinds whose values are typed as they are; those of the others are JSON
_TEXTS = {"text", "enum", "date", "datetime", "decimal", "file"}


def values_of(schema: GraphSchema, kind: TypeSchema, typed: Sequence[str]) -> dict[str, Any]:
    """Return what `NAME=VALUE` pairs say of a row of a type; an empty value takes the property away."""
    given = {}
    for each in typed:
        name, equals, value = each.partition("=")
        if not equals:
            raise typer.BadParameter(f"{each} is not NAME=VALUE")
        given[name] = _value(schema, kind, name, value)
    return given


def filter_of(schema: GraphSchema, kind: TypeSchema | None, typed: Sequence[str]) -> dict[str, Any] | None:
    """Return the filter that some `NAME=VALUE`, `NAME>=VALUE`, `NAME` or `!NAME` say together; None without any.

    It is of the rows of a type, or without one of those of all types of nodes.
    """
    return where_of(typed, lambda name, text: _asked_value(schema, kind, name, text))


def key_of(schema: GraphSchema, kind: TypeSchema, typed: Sequence[str]) -> Any:
    """Return the key that some arguments name."""
    keys = [*(_endpoint(end) for end in _ends(schema, kind)), *kind.keys]
    if len(typed) != len(keys):
        wanted = ", ".join(["from", "to"] * (kind.kind == "edge") + [each.name for each in kind.keys])
        raise Unsupported(f"A key of {kind.name} is {wanted}", path=kind.name, remedy="Give each as an argument")
    parts = [_parsed(each, text) for each, text in zip(keys, typed, strict=True)]
    return parts[0] if len(parts) == 1 else parts


def sources_of(typed: Sequence[str]) -> list[SourceInput]:
    """Return the sources that some options name."""
    return [_source(each) for each in typed]


def _source(text: str) -> SourceInput:
    if text.startswith("{"):
        found = value_of(text)
        if not isinstance(found, dict):
            raise Unsupported(f"{text} is not JSON", path="source", remedy="Name a path, or write a JSON object")
        return found
    if text.startswith("content:"):
        return text
    lines = _LINES.fullmatch(text)
    if lines is None:
        return store_path(text)
    first = int(lines["first"])
    return store_path(lines["path"]), (first, int(lines["last"] or first))


def source_shape(source: Source) -> dict[str, Any]:
    """Return the JSON shape of a source."""
    return {
        "path": source.path,
        "content": source.content,
        "lines": list(source.lines or ()),
        "characters": list(source.characters or ()),
        "quote": source.quote,
        "node": source.node,
        "commit": source.commit,
    }


def given_shape(source: Source) -> dict[str, Any]:
    """Return a source as a row is given it, in this store or in another one."""
    return {name: value for name, value in source_shape(source).items() if value and name not in ("node", "commit")}


def shape(row: GraphRow) -> dict[str, Any]:
    """Return the JSON shape of a row."""
    return {
        "type": row.type,
        "key": plain(row.key) if isinstance(row.key, list) else [plain(row.key)],
        "values": {name: plain(value) for name, value in row.values.items()},
        "commit": row.commit,
        "sources": [source_shape(each) for each in row.sources],
    }


def line(row: GraphRow) -> str:
    """Return a row as people read it."""
    said = (
        f"{visible(name)}={_shown(value)}"
        for name, value in row.values.items()
        if value is not None and [value] != (row.key if isinstance(row.key, list) else [row.key])
    )
    return "  ".join((f"{visible(row.type)} {key_text(row.key)}", *said))


def key_text(key: Any) -> str:
    """Return a key as it is typed."""
    return " ".join(_shown(part) for part in key) if isinstance(key, list) else _shown(key)


def _shown(value: Any) -> str:
    found = plain(value)
    return visible(found) if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _value(schema: GraphSchema, kind: TypeSchema, name: str, text: str) -> Any:
    if kind.kind == "edge" and name in ("from", "to"):
        end = schema.endpoints(kind)[name == "to"]
        # A key of several properties is typed as a JSON list.
        return _parsed(end.keys[0], text) if len(end.keys) == 1 else value_of(text)
    if not text:
        return None
    return _parsed(kind.property_named(name), text)


def _asked_value(schema: GraphSchema, kind: TypeSchema | None, name: str, text: str) -> Any:
    if kind is not None and kind.kind == "edge" and name in ("from", "to"):
        return _value(schema, kind, name, text)
    if not text:
        return None
    kinds = [kind] if kind is not None else [each for each in schema.live if each.kind == "node"]
    named = [each.by_name[name] for each in kinds if name in each.by_name]
    # A list is asked for by one of its items too.
    return text if named and all(each.type.scalar.kind in _TEXTS for each in named) else value_of(text)


def _parsed(each: PropertySchema | None, text: str) -> Any:
    if each is None:
        return value_of(text)
    if each.type.kind in _TEXTS:
        return text
    try:
        return plain_json(text)
    except ValueError as error:
        remedy = f"{each.name} is {each.type}, and typed as JSON"
        raise Unsupported(f"{text} is not JSON: {error}", path=each.name, remedy=remedy) from error


def _ends(schema: GraphSchema, kind: TypeSchema) -> tuple[TypeSchema, ...]:
    return schema.endpoints(kind) if kind.kind == "edge" else ()


def _endpoint(node: TypeSchema) -> PropertySchema | None:
    return node.keys[0] if len(node.keys) == 1 else None
