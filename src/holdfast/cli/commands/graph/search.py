"""Finding rows of the graph by what they say."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer

from holdfast import RowExplanation, RowHit
from holdfast.cli.call import Call, command
from holdfast.cli.commands.graph import app
from holdfast.cli.commands.graph.typed import filter_of, key_text, line, shape
from holdfast.cli.commands.search import why_lines
from holdfast.cli.excerpt import excerpt
from holdfast.cli.options import AtOption
from holdfast.cli.output import Output, visible

TypesOption = Annotated[
    list[str], typer.Option("--type", metavar="TYPE", help="Only rows of this type; repeat it for several.")
]
WhereOption = Annotated[
    list[str],
    typer.Option("--where", metavar="FILTER", show_default=False, help="Only rows of which this is so; repeat it."),
]
AlongOption = Annotated[
    str, typer.Option("--along", metavar="STEPS", help="Then go along edges from what was found, and list the nodes.")
]


@command(app)
def search(
    call: Call,
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help="What to look for; quotes are not needed.")],
    types: TypesOption = [],  # noqa: B006 - Typer wants a list
    where: WhereOption = [],  # noqa: B006 - Typer wants a list
    along: AlongOption = "",
    limit: Annotated[
        int, typer.Option("-n", "--limit", metavar="N", min=1, max=1000, help="At most so many rows.")
    ] = 10,
    mode: Annotated[
        Literal["hybrid", "text", "vector"], typer.Option("--mode", help="By words, by meaning, or both.")
    ] = "hybrid",
    explain: Annotated[bool, typer.Option("--explain", help="Show how each row was found.")] = False,
    at: AtOption = None,
) -> None:
    """Find the rows that answer a question, best first.

    Searched are the properties that the schema declares with full_text or embed. `holdfast graph search disks slow
    --type Claim --along 'SupportedBy>'` gives what supports the claims that are found.
    """
    asked = " ".join(query)
    if not asked.strip():
        raise typer.BadParameter("say what to look for")
    schema = call.at(at).graph.schema()
    wanted = filter_of(schema, schema.type_named(types[0]) if len(types) == 1 else None, where)
    found = call.store.graph.explain(asked, types or None, wanted, limit=limit, mode=mode, at=at)
    document: dict[str, Any] = {"hits": [_shape(hit, explain=explain) for hit in found.hits]}
    if explain:
        document |= {"explain": found.as_dict()}
    if along:
        reached = found.hits.expand(along)
        document |= {"rows": [{**shape(each.row), "hops": each.hops} for each in reached]}
        call.done(document, (f"{each.hops}  {line(each.row)}" for each in reached))
    else:
        call.done(document, _told(call.out, found, explain))
    if not found.hits and not call.json:
        call.out.note(f"Nothing found for {found.query!r}")


def _shape(hit: RowHit, *, explain: bool) -> dict[str, Any]:
    found = {**shape(hit.row), "text": hit.text, "marks": [list(span) for span in hit.marks], "score": hit.score}
    return {**found, "why": asdict(hit.why)} if explain else found


def _told(out: Output, found: RowExplanation, explain: bool) -> Iterator[str]:
    for number, hit in enumerate(found.hits, start=1):
        named = f"{visible(hit.row.type)} {key_text(hit.row.key)}"
        yield f"{number:>3}. {out.paint(named, 'bold', 'cyan')}  {out.paint(f'{hit.score:.3f}', 'dim')}"
        for said in excerpt(
            hit.text, hit.marks, width=out.width - 5, full=False, mark=lambda s: out.paint(s, "bold", "yellow")
        ):
            yield f"     {said}"
        if explain:
            yield from (out.paint(f"     {line}", "dim") for line in why_lines(hit.why))
        yield ""
    if explain:
        yield from (out.paint(said, "dim") for said in _how(found))


def _how(found: RowExplanation) -> Iterator[str]:
    candidates = ", ".join(f"{name} {value}" for name, value in found.candidates.items())
    yield f"commit {found.commit}, mode {found.mode}, types {', '.join(found.types) or 'none'}"
    yield f"words looked for: {', '.join(found.terms) or 'none'}"
    yield f"candidates: {candidates}; overtaken: {found.overtaken}; rounds: {found.rounds}"
    yield f"rows of the log: {found.log_rows}; of bases: {found.base_rows}"
    yield "milliseconds: " + ", ".join(f"{name} {value:.1f}" for name, value in found.milliseconds.items())
