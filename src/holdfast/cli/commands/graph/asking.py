"""Asking the graph: get, find, expand."""

from functools import partial
from typing import Annotated

import typer

from holdfast.cli.call import Call, command
from holdfast.cli.commands.graph import app
from holdfast.cli.commands.graph.typed import KeyArgument, TypeArgument, filter_of, key_of, line, shape
from holdfast.cli.options import AtOption, LimitOption

WhereArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="FILTER", help="Only such rows: name=Ada, 'age>=18', name= (it is missing), name, '!name', or JSON."
    ),
]
NodesOption = Annotated[
    list[str],
    typer.Option("--where", metavar="FILTER", show_default=False, help="Only nodes of which this is so; repeat it."),
]
CursorOption = Annotated[
    str | None, typer.Option("--cursor", metavar="CURSOR", help="Go on behind what the same command showed.")
]
OrderOption = Annotated[
    str, typer.Option("--order", metavar="NAME", help="By this property; -NAME begins with the greatest.")
]
StepsOption = Annotated[
    str, typer.Option("--along", metavar="STEPS", help="Edges to go along: 'Wrote>' on, '<Wrote' back, '<Knows>' both.")
]
HopsOption = Annotated[int, typer.Option("--hops", metavar="N", min=1, help="So many times, at most.")]
ExactOption = Annotated[bool, typer.Option("--exact", help="Only what is reached at the last hop.")]

#: rows that are shown when nothing is said
SHOWN = 100


@command(app)
def get(call: Call, type: TypeArgument, key: KeyArgument, at: AtOption = None) -> None:
    """Show one node or edge."""
    graph = call.at(at).graph
    schema = graph.schema()
    found = graph.get(type, key_of(schema, schema.type_named(type), key))
    call.done(shape(found), [line(found)])


@command(app)
def find(
    call: Call,
    type: TypeArgument,
    where: WhereArgument = [],  # noqa: B006 - Typer wants a list
    order: OrderOption = "",
    limit: LimitOption = SHOWN,
    cursor: CursorOption = None,
    at: AtOption = None,
) -> None:
    """List the rows of a type, or those with some values.

    These are 100, unless --limit says otherwise.
    Where there are more, the last line says how to go on: at the same commit, whatever was changed since.
    """
    graph = call.at(at).graph if at is not None else call.store.graph
    schema = graph.schema()
    wanted = filter_of(schema, schema.type_named(type), where)
    found = graph.find(type, wanted, order=order, limit=limit, cursor=cursor)
    lines = [line(each) for each in found]
    if found.cursor is not None:
        lines.append(f"there are more: go on with --cursor {found.cursor}")
    call.done({"rows": [shape(each) for each in found], "cursor": found.cursor}, lines)


@command(app)
def expand(
    call: Call,
    type: TypeArgument,
    key: KeyArgument,
    along: StepsOption,
    hops: HopsOption = 1,
    exact: ExactOption = False,
    where: NodesOption = [],  # noqa: B006 - Typer wants a list
    limit: LimitOption = SHOWN,
    at: AtOption = None,
) -> None:
    """List the nodes that are some hops away.

    `holdfast graph expand Person ada --along 'Wrote> Cites>'` gives what Ada's papers cite.
    """
    graph = call.at(at).graph
    schema = graph.schema()
    start = key_of(schema, schema.type_named(type), key)
    wanted = filter_of(schema, None, where)
    go = partial(graph.expand, type, start, along)
    found = go(hops=hops, exact=exact, where=wanted, limit=limit)
    rows = [{**shape(each.row), "hops": each.hops} for each in found]
    call.done({"rows": rows}, (f"{each.hops}  {line(each.row)}" for each in found))
