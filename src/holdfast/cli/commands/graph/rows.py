"""Rows of the graph: insert, update, delete."""

from typing import Annotated, Any

import typer

from holdfast.cli.call import Call, command
from holdfast.cli.commands.graph import app
from holdfast.cli.commands.graph.typed import (
    KeyArgument,
    SourcesOption,
    TypeArgument,
    ValuesArgument,
    key_of,
    sources_of,
    values_of,
)
from holdfast.cli.options import MessageOption

OverOption = Annotated[bool, typer.Option("--upsert", help="Put it over the row that has its key, if one is there.")]


@command(app)
def insert(
    call: Call,
    type: TypeArgument,
    values: ValuesArgument,
    upsert: OverOption = False,
    source: SourcesOption = [],  # noqa: B006 - Typer wants a list
    message: MessageOption = "",
) -> None:
    """Add a node or an edge.

    `holdfast graph insert Wrote from=ada to=notes year=1843` adds an edge between two nodes that are there.
    """
    graph = call.store.graph
    schema = graph.schema()
    given = values_of(schema, schema.type_named(type), values)
    before = call.store.commit_at().id
    sources = sources_of(source) or None
    commit = (graph.upsert if upsert else graph.insert)(given, type=type, sources=sources, message=message)
    done(call, f"inserted {type}" if not upsert else f"put {type}", commit.id, before)


@command(app)
def update(
    call: Call,
    type: TypeArgument,
    key: KeyArgument,
    set: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="A new value; none after = takes it away.")
    ] = [],  # noqa: B006 - Typer wants a list
    source: SourcesOption = [],  # noqa: B006 - Typer wants a list
    message: MessageOption = "",
) -> None:
    """Give some properties of a row other values.

    Sources that are given take the place of those that it had.
    """
    graph = call.store.graph
    schema = graph.schema()
    kind = schema.type_named(type)
    before = call.store.commit_at().id
    row, given = key_of(schema, kind, key), values_of(schema, kind, set)
    commit = graph.update(type, row, given, sources=sources_of(source) or None, message=message)
    done(call, f"updated {type}", commit.id, before)


@command(app)
def delete(call: Call, type: TypeArgument, key: KeyArgument, message: MessageOption = "") -> None:
    """Remove a row.

    The edges of a node go with it, or hold it, as their types say.
    """
    graph = call.store.graph
    schema = graph.schema()
    before = call.store.commit_at().id
    commit = graph.delete(type, key_of(schema, schema.type_named(type), key), message=message)
    done(call, f"deleted {type}", commit.id, before)


def done(call: Call, said: str, commit: int, before: int) -> None:
    """Tell of a change, and of the commit it made if it made one."""
    document: dict[str, Any] = {"commit": commit, "changed": commit > before}
    call.done(document, [f"{said} (commit {commit})" if commit > before else "nothing changed"])
