"""Rows of the graph out of files, and into one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from holdfast import LoadReport, SnapshotGraph
from holdfast.cli.call import Call, command
from holdfast.cli.commands.graph import app
from holdfast.cli.commands.graph.typed import given_shape
from holdfast.cli.options import AtOption, MessageOption
from holdfast.cli.output import count, plain, visible

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE", help="JSON Lines, CSV, Parquet or Arrow; several are one commit.")
]
ModeOption = Annotated[
    Literal["append", "merge", "overwrite"],
    typer.Option("--mode", help="Keys that are there: are refused, are put in place, or all rows are replaced."),
]
TypeOption = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="Of all rows, where they do not say it as `type`.")
]
FormatOption = Annotated[
    Literal["jsonl", "csv", "tsv", "parquet", "arrow"] | None,
    typer.Option("--format", help="Of files whose names do not say what rows are in them.", show_default=False),
]
TypesArgument = Annotated[list[str], typer.Argument(metavar="TYPE", help="Only rows of these types.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Check the rows, name what is wrong, and write nothing.")]
ToOption = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help="Write types and rows of the whole graph there.")
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="What `holdfast graph export --to` wrote.")]
#: exit status when some rows are wrong
SOME_FAILED = 5


@command(app)
def load(
    call: Call,
    files: FilesArgument,
    mode: ModeOption = "append",
    type: TypeOption = None,
    format: FormatOption = None,
    dry_run: DryOption = False,
    message: MessageOption = "",
) -> int | None:
    """Load rows from files, in one commit.

    A row says its type as `type`, unless --type says that of all, or the file is named after it: Person.csv. One
    bad row, and nothing is written.
    """
    before = call.store.commit_at().id
    report = call.store.graph.load(files, mode=mode, type=type, format=format, dry_run=dry_run, message=message)
    commit = report.commit.id if report.commit and report.commit.id > before else None
    call.done(_shape(report, commit), _told(report, commit, dry_run))
    return SOME_FAILED if report.refused else None


@command(app)
def export(
    call: Call,
    types: TypesArgument = [],  # noqa: B006 - Typer wants a list
    to: ToOption = None,
    at: AtOption = None,
) -> None:
    """Print rows as JSON Lines, or write a whole graph to a file.

    What is printed `holdfast graph load` takes.
    Nodes come before edges; `holdfast graph schema` prints their types. The file that --to names is what
    `holdfast graph import` takes: of the same graph it has always the same bytes.
    """
    if to is not None:
        if types:
            raise typer.BadParameter("--to writes the rows of all types")
        written = call.store.graph.export_to(to, at=at)
        lines = [f"{count(number, 'row')} of {visible(name)}" for name, number in written.rows.items()]
        document = {"rows": written.rows, "commit": written.commit}
        call.done(document, [*lines, f"exported commit {written.commit} to {visible(str(to))}"])
        return
    graph = call.at(at).graph
    schema = graph.schema()
    kinds = [schema.type_named(name) for name in types] or sorted(schema.live, key=lambda kind: kind.kind == "edge")
    for kind in kinds:
        for line in _rows(graph, kind.name):
            call.out.json_line(line)


@command(app, "import")
def import_(call: Call, file: FileArgument, dry_run: DryOption = False, message: MessageOption = "") -> int | None:
    """Take the types and rows of an exported graph.

    The file is one that `holdfast graph export --to` wrote.
    Where there are no types they are applied first; others than those of the file refuse it.
    """
    before = call.store.commit_at().id
    report = call.store.graph.import_from(file, dry_run=dry_run, message=message)
    load = report.load
    commit = load.commit.id if load.commit and load.commit.id > before else None
    steps = [step.said for step in report.plan.steps]
    document = {"steps": steps, **_shape(load, commit)}
    call.done(document, [*map(visible, steps), *_told(load, commit, dry_run)])
    return SOME_FAILED if load.refused else None


def _rows(graph: SnapshotGraph, kind: str) -> Iterator[dict[str, Any]]:
    for row in graph.find(kind, limit=None):
        values = {name: plain(value) for name, value in row.values.items() if value is not None}
        sources = {"sources": [given_shape(each) for each in row.sources]} if row.sources else {}
        yield {"type": kind, **values, **sources}


def _shape(report: LoadReport, commit: int | None) -> dict[str, Any]:
    return {
        "rows": dict(report.rows),
        "refused": report.refused,
        "bad": [
            {"source": bad.source, "line": bad.line, "field": bad.field, "reason": bad.reason} for bad in report.bad
        ],
        "commit": commit,
    }


def _told(report: LoadReport, commit: int | None, dry_run: bool) -> Iterator[str]:
    for name, number in report.rows.items():
        yield f"{count(number, 'row')} of {visible(name)}"
    for bad in report.bad:
        line = f"{bad.source}, line {bad.line}" if bad.source else f"line {bad.line}"
        yield ": ".join(visible(each) for each in (line, bad.field, bad.reason) if each)
    if report.refused:
        yield f"{count(report.refused, 'row')} cannot be loaded: nothing would be written"
    elif dry_run:
        yield "nothing was written: it is a dry run"
    else:
        yield f"loaded (commit {commit})" if commit is not None else "nothing changed"
