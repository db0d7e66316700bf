"""Finding passages: search."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import typer

from holdfast import Explanation, Hit, ScoreBreakdown
from holdfast.cli import shapes
from holdfast.cli.call import Call, command
from holdfast.cli.completion import complete_path
from holdfast.cli.excerpt import excerpt
from holdfast.cli.filters import WhereOption, where_of
from holdfast.cli.options import AtOption, store_path
from holdfast.cli.output import Output, visible

app: typer.Typer = typer.Typer()


@command(app)
def search(
    call: Call,
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help="What to look for; quotes are not needed.")],
    under: Annotated[
        str, typer.Option("--under", metavar="PATH", autocompletion=complete_path, help="Only at or below this path.")
    ] = "/",
    where: WhereOption = [],  # noqa: B006 - Typer wants a list
    limit: Annotated[
        int, typer.Option("-n", "--limit", metavar="N", min=1, max=1000, help="At most so many passages.")
    ] = 10,
    mode: Annotated[
        Literal["hybrid", "text", "vector"], typer.Option("--mode", help="By words, by meaning, or both.")
    ] = "hybrid",
    explain: Annotated[bool, typer.Option("--explain", help="Show how each passage was found.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Show whole passages, not excerpts.")] = False,
    at: AtOption = None,
) -> None:
    """Find the passages that answer a question, best first."""
    if not " ".join(query).strip():
        raise typer.BadParameter("say what to look for")
    found = call.store.explain(
        " ".join(query), under=store_path(under), where=where_of(where), limit=limit, mode=mode, at=at
    )
    document: dict[str, Any] = {"hits": [shapes.hit(hit, explain=explain) for hit in found.hits]}
    if explain:
        document |= {"explain": found.as_dict()}
    call.done(document, _told(call.out, found, _abstracts(call, found, at) if explain else None, full))
    if not found.hits and not call.json:
        call.out.note(f"Nothing found for {found.query!r}" + (f" under {found.under}" if found.under != "/" else ""))


def _abstracts(call: Call, found: Explanation, at: str | None) -> dict[str, str]:
    """Return the stored abstracts of the documents found, by path."""
    if call.json:
        return {}
    snapshot = call.store.snapshot(found.commit if at is None else at)
    return call.store.summaries.stored(snapshot.stat(path) for path in {hit.path for hit in found.hits})


def _told(out: Output, found: Explanation, abstracts: dict[str, str] | None, full: bool) -> Iterator[str]:
    for number, hit in enumerate(found.hits, start=1):
        yield from _hit_lines(out, number, hit, full)
        if abstracts is not None:
            yield out.paint(f"     {why_line(hit.why)}", "dim")
            if hit.path in abstracts:
                yield out.paint(f"     about: {abstracts[hit.path]}", "dim")
        yield ""
    if abstracts is not None:
        yield from (out.paint(line, "dim") for line in _how(found))


def _hit_lines(out: Output, number: int, hit: Hit, full: bool) -> Iterator[str]:
    page = f"  page {hit.page}" if hit.page is not None else ""
    yield f"{number:>3}. {out.paint(hit.path, 'bold', 'cyan')}{page}  {out.paint(f'{hit.score:.3f}', 'dim')}"
    # A heading often begins with the document's title: said once, it is said.
    above = hit.heading if hit.heading.startswith(hit.title) else f"{hit.title} > {hit.heading}".removesuffix(" > ")
    yield f"     {out.paint(visible(above), 'bold')}"
    for line in excerpt(
        hit.text, hit.marks, width=out.width - 5, full=full, mark=lambda s: out.paint(s, "bold", "yellow")
    ):
        yield f"     {line}"
    if hit.also:
        yield out.paint(f"     also at {', '.join(hit.also)}", "dim")


def why_line(why: ScoreBreakdown) -> str:
    """Return which list found a passage at which rank, and what each part added to its score."""
    parts = []
    if why.text_rank is not None:
        parts.append(f"text rank {why.text_rank} (BM25 {why.text_score:.2f}) gave {why.from_text:+.3f}")
    if why.vector_rank is not None:
        parts.append(f"vector rank {why.vector_rank} (cosine {why.vector_score:.2f}) gave {why.from_vector:+.3f}")
    lifts = {
        "subject": why.from_subject,
        "phrase": why.from_phrase,
        "coverage": why.from_coverage,
        "opening": why.from_opening,
        "pointers": why.from_pointers,
        "links": why.from_links,
        "depth": why.from_depth,
    }
    parts += [f"{name} {value:+.3f}" for name, value in lifts.items() if value]
    return "; ".join([*parts, f"from the {why.place}"])


def _how(found: Explanation) -> Iterator[str]:
    def pairs(values: dict[str, int]) -> str:
        return ", ".join(f"{name} {value}" for name, value in values.items()) or "none"

    yield f"commit {found.commit}, mode {found.mode}, under {found.under}, filter {found.filter}"
    yield f"words looked for: {', '.join(found.terms) or 'none'}"
    yield f"candidates: {pairs(found.candidates)}; hidden: {pairs(found.hidden)}; further rounds: {found.rounds}"
    yield f"rows in the tail: {found.tail_rows}"
    yield "milliseconds: " + ", ".join(f"{name} {value:.1f}" for name, value in found.milliseconds.items())
