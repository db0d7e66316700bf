"""Asking the graph: get, find, expand."""

from collections.abc import Sequence
from typing import Annotated

import typer

from holdfast import GraphRow
from holdfast.cli.call import Call, command
from holdfast.cli.commands.graph import app
from holdfast.cli.commands.graph.typed import KeyArgument, TypeArgument, key_of, line, shape, values_of
from holdfast.cli.options import AtOption, LimitOption

WhereArgument = Annotated[
    list[str], typer.Argument(metavar="NAME=VALUE", help="Only rows with these values; none after = for no value.")
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
    at: AtOption = None,
) -> None:
    """List the rows of a type, those with some values."""
    graph = call.at(at).graph
    schema = graph.schema()
    wanted = values_of(schema, schema.type_named(type), where)
    _listed(call, graph.find(type, wanted, order=order, limit=limit))


@command(app)
def expand(
    call: Call,
    type: TypeArgument,
    key: KeyArgument,
    along: StepsOption,
    hops: HopsOption = 1,
    exact: ExactOption = False,
    limit: LimitOption = SHOWN,
    at: AtOption = None,
) -> None:
    """List the nodes that are some hops away.

    `holdfast graph expand Person ada --along 'Wrote> Cites>'` gives what Ada's papers cite.
    """
    graph = call.at(at).graph
    schema = graph.schema()
    start = key_of(schema, schema.type_named(type), key)
    found = graph.expand(type, start, along, hops=hops, exact=exact, limit=limit)
    rows = [{**shape(each.row), "hops": each.hops} for each in found]
    call.done({"rows": rows}, (f"{each.hops}  {line(each.row)}" for each in found))


def _listed(call: Call, found: Sequence[GraphRow]) -> None:
    call.done({"rows": [shape(each) for each in found]}, (line(each) for each in found))
