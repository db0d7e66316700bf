"""Rows of the graph: insert, update, delete."""

from typing import Annotated, Any

import typer

from holdfast.cli.call import Call, command
from holdfast.cli.commands.graph import app
from holdfast.cli.commands.graph.typed import KeyArgument, TypeArgument, ValuesArgument, key_of, values_of
from holdfast.cli.options import MessageOption

OverOption = Annotated[bool, typer.Option("--upsert", help="Put it over the row that has its key, if one is there.")]


@command(app)
def insert(
    call: Call, type: TypeArgument, values: ValuesArgument, upsert: OverOption = False, message: MessageOption = ""
) -> None:
    """Add a node or an edge.

    `holdfast graph insert Wrote from=ada to=notes year=1843` adds an edge between two nodes that are there.
    """
    graph = call.store.graph
    schema = graph.schema()
    given = values_of(schema, schema.type_named(type), values)
    before = call.store.commit_at().id
    commit = (graph.upsert if upsert else graph.insert)(given, type=type, message=message)
    _done(call, f"inserted {type}" if not upsert else f"put {type}", commit.id, before)


@command(app)
def update(
    call: Call,
    type: TypeArgument,
    key: KeyArgument,
    set: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="A new value; none after = takes it away.")
    ] = [],  # noqa: B006 - Typer wants a list
    message: MessageOption = "",
) -> None:
    """Give some properties of a row other values."""
    graph = call.store.graph
    schema = graph.schema()
    kind = schema.type_named(type)
    before = call.store.commit_at().id
    commit = graph.update(type, key_of(schema, kind, key), values_of(schema, kind, set), message=message)
    _done(call, f"updated {type}", commit.id, before)


@command(app)
def delete(call: Call, type: TypeArgument, key: KeyArgument, message: MessageOption = "") -> None:
    """Remove a row.

    The edges of a node go with it, or hold it, as their types say.
    """
    graph = call.store.graph
    schema = graph.schema()
    before = call.store.commit_at().id
    commit = graph.delete(type, key_of(schema, schema.type_named(type), key), message=message)
    _done(call, f"deleted {type}", commit.id, before)


def _done(call: Call, said: str, commit: int, before: int) -> None:
    document: dict[str, Any] = {"commit": commit, "changed": commit > before}
    call.done(document, [f"{said} (commit {commit})" if commit > before else "nothing changed"])
