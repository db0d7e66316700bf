"""What rows rest on: why, rests-on, cite."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from holdfast import Job, Provenance
from holdfast.cli.call import Call, command
from holdfast.cli.commands.graph import app
from holdfast.cli.commands.graph.rows import done
from holdfast.cli.commands.graph.typed import (
    KeyArgument,
    SourcesOption,
    TypeArgument,
    key_of,
    key_text,
    source_shape,
    sources_of,
)
from holdfast.cli.options import AtOption, LimitOption, MessageOption, store_path
from holdfast.cli.output import count, plain, visible
from holdfast.cli.waiting import WaitOption, status_of, work_off

UnderOption = Annotated[str, typer.Option("--under", metavar="PATH", help="The documents here and below.")]
TypesOption = Annotated[
    str, typer.Option("--types", metavar="TYPES", help="Rows of these types, with commas between; else of all.")
]
AgainOption = Annotated[bool, typer.Option("--again", help="Ask about documents that were asked about before.")]
SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="A path in the store, or content:ID.")]

#: rows that are shown when nothing is said
SHOWN = 100


@command(app)
def why(call: Call, type: TypeArgument, key: KeyArgument, at: AtOption = None) -> None:
    """Show what a row rests on, and whether it still stands."""
    graph = call.store.graph
    schema = call.at(at).graph.schema()
    found = graph.why(type, key_of(schema, schema.type_named(type), key), at=at)
    call.done({"sources": [_shape(each) for each in found]}, _lines(found) if found else ["it rests on nothing"])


@command(app)
def rests_on(call: Call, source: SourceArgument, limit: LimitOption = SHOWN, at: AtOption = None) -> None:
    """List the rows that rest on a file or directory.

    On a directory rests what rests on a file below it.
    Also when it is there no longer: then what rested on it.
    """
    named = source if source.startswith("content:") else store_path(source)
    found = call.store.graph.rests_on(named, limit=limit, at=at)
    call.done({"rows": [_row_shape(each) for each in found]}, (_row_line(each) for each in found))


@command(app)
def cite(call: Call, type: TypeArgument, key: KeyArgument, source: SourcesOption, message: MessageOption = "") -> None:
    """Have a row rest on more sources than before."""
    graph = call.store.graph
    schema = graph.schema()
    before = call.store.commit_at().id
    row = key_of(schema, schema.type_named(type), key)
    commit = graph.cite(type, row, *sources_of(source), message=message)
    done(call, f"cited for {type}", commit.id, before)


@command(app)
def extract(
    call: Call,
    under: UnderOption = "/resources",
    types: TypesOption = "",
    again: AgainOption = False,
    wait: WaitOption = False,
) -> int | None:
    """Have the configured model report rows of documents, by jobs.

    `holdfast jobs run` runs them. A content is asked about once; what was not taken is in the job's result.
    """
    named = [each.strip() for each in types.split(",") if each.strip()]
    ids = call.store.graph.extract(under=store_path(under), types=named or None, again=again)
    ended = work_off(call, *ids) if wait else []
    results = [{"job": job.id, "state": job.state, "result": job.result or {}} for job in ended]
    call.done({"jobs": ids, "results": results}, _told(ids, ended))
    return status_of(ended)


def _told(ids: Sequence[int], ended: Sequence[Job]) -> Iterator[str]:
    for job in ended:
        result = job.result or {}
        rows = ", ".join(f"{number} of {visible(name)}" for name, number in result.get("rows", {}).items())
        refused = f"; {count(result['refused'], 'row')} not taken" if result.get("refused") else ""
        yield f"{job.state}  {visible(', '.join(result.get('documents', [])) or job.error or '')}  {rows}{refused}"
    if not ids:
        yield "nothing is to be asked that was not asked already"
    elif not ended:
        yield f"enqueued {count(len(ids), 'job')}; `holdfast jobs run --until-empty` runs them"


def _shape(each: Provenance) -> dict[str, Any]:
    return {**source_shape(each.source), "state": each.state, "now": each.path}


def _row_shape(each: Provenance) -> dict[str, Any]:
    key = plain(each.key) if isinstance(each.key, list) else [plain(each.key)]
    return {"type": each.type, "key": key, "source": source_shape(each.source), "state": each.state, "now": each.path}


def _lines(found: Sequence[Provenance]) -> Iterator[str]:
    for each in found:
        moved = f", now {visible(each.path)}" if each.path not in (None, each.source.path) else ""
        since = f" (commit {each.source.commit})" if each.source.commit else ""
        yield f"{each.state}  {visible(str(each.source))}{since}{moved}"
        if each.source.quote:
            yield f"  {visible(each.source.quote)}"


def _row_line(each: Provenance) -> str:
    return f"{each.state}  {visible(each.type)} {key_text(each.key)}  {visible(str(each.source))}"
