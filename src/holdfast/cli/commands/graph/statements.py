"""Asking the graph in SQL and in Cypher."""

from typing import Annotated, Any

import typer

from holdfast.cli.call import Call, command
from holdfast.cli.commands.graph import app
from holdfast.cli.filters import value_of
from holdfast.cli.options import AtOption
from holdfast.cli.output import plain, visible

StatementArgument = Annotated[str, typer.Argument(metavar="STATEMENT", help="One statement, in quotes.")]
ParametersOption = Annotated[
    list[str], typer.Option("--set", metavar="NAME=VALUE", help="What $NAME stands for; JSON or text. Repeat it.")
]
RowsOption = Annotated[
    int, typer.Option("-n", "--limit", metavar="N", min=1, help="Rows that the answer may have; more is an error.")
]
SecondsOption = Annotated[
    float, typer.Option("--seconds", metavar="N", min=0.001, help="Stop the statement after so long.")
]


@command(app)
def sql(
    call: Call,
    statement: StatementArgument,
    parameters: ParametersOption = [],  # noqa: B006 - Typer wants a list
    limit: RowsOption = 1000,
    seconds: SecondsOption = 30.0,
    at: AtOption = None,
) -> None:
    """Ask the graph in SQL, by DuckDB.

    Each type is a table, edges with the columns "from" and "to". Statements that write, or read files, are refused.
    """
    found = call.store.graph.sql(statement, _parameters(parameters), at=at, limit=limit, seconds=seconds)
    _told(call, found)


@command(app)
def cypher(
    call: Call,
    statement: StatementArgument,
    parameters: ParametersOption = [],  # noqa: B006 - Typer wants a list
    limit: RowsOption = 1000,
    seconds: SecondsOption = 30.0,
    at: AtOption = None,
) -> None:
    """Ask the graph in Cypher, by Ladybug.

    `holdfast graph cypher "MATCH (a:Person)-[:Wrote]->(p:Paper) RETURN a.name, p.id"`.
    """
    found = call.store.graph.cypher(statement, _parameters(parameters), at=at, limit=limit, seconds=seconds)
    _told(call, found)


def _parameters(typed: list[str]) -> dict[str, Any]:
    found = {}
    for each in typed:
        name, equals, value = each.partition("=")
        if not equals:
            raise typer.BadParameter(f"{each} is not NAME=VALUE")
        found[name] = value_of(value)
    return found


def _told(call: Call, table: Any) -> None:
    names: list[str] = table.column_names
    columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    shown = [names, *([_shown(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in shown]
    call.done({"columns": names, "rows": rows}, lines)


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cell(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_cell(each) for each in value]
    found = plain(value)
    return found if isinstance(found, str | int | float | bool) or found is None else str(found)


def _shown(value: Any) -> str:
    return "" if value is None else visible(value if isinstance(value, str) else str(value))
