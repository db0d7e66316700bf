"""Finding passages: search."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any, Literal

import typer

from holdfast import Evaluation, Explanation, Hit, HitPassage, ScoreBreakdown
from holdfast import open as open_store
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
        int, typer.Option("-n", "--limit", metavar="N", min=1, max=1000, help="At most so many hits.")
    ] = 10,
    passages: Annotated[
        int, typer.Option("--passages", metavar="N", min=1, max=100, help="Of each document, at most so many passages.")
    ] = 3,
    by: Annotated[
        Literal["document", "passage"], typer.Option("--by", help="What a hit is: a document, or each passage.")
    ] = "document",
    after: Annotated[
        str | None,
        typer.Option("--after", metavar="CURSOR", help="The next hits: the cursor that --json or --explain shows."),
    ] = None,
    mode: Annotated[
        Literal["hybrid", "text", "vector"], typer.Option("--mode", help="By words, by meaning, or both.")
    ] = "hybrid",
    explain: Annotated[bool, typer.Option("--explain", help="Show how each passage was found.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Show whole passages, not excerpts.")] = False,
    at: AtOption = None,
) -> None:
    """Find the documents that answer a question, best first.

    Each comes with its best passages.
    """
    if not " ".join(query).strip():
        raise typer.BadParameter("say what to look for")
    options: dict[str, Any] = {"by": by, "passages": passages, "after": after}
    options |= {"under": store_path(under), "where": where_of(where), "limit": limit, "mode": mode, "at": at}
    found = call.store.explain(" ".join(query), **options)
    hits = [shapes.hit(hit, explain=explain) for hit in found.hits]
    document: dict[str, Any] = {"hits": hits, "cursor": found.cursor}
    if explain:
        document |= {"explain": found.as_dict()}
    call.done(document, _told(call.out, found, _abstracts(call, found, at) if explain else None, full))
    if not found.hits and not call.json:
        more = "more " if after is not None else ""
        call.out.note(
            f"Nothing {more}found for {found.query!r}" + (f" under {found.under}" if found.under != "/" else "")
        )


@command(app, "eval")
def evaluate(
    call: Call,
    queries: Annotated[typer.FileText, typer.Argument(metavar="QUERIES.jsonl", help="- is standard input.")],
    against: Annotated[
        list[str],
        typer.Option(
            "--against",
            metavar="SETTING",
            show_default=False,
            help="Compare: mode=text, at=COMMIT, under=PATH, or store=FOLDER, as with another embedder; repeat it.",
        ),
    ] = [],  # noqa: B006 - Typer wants a list
    limit: Annotated[
        int, typer.Option("-n", "--limit", metavar="N", min=1, max=1000, help="Hits looked through.")
    ] = 10,
    mode: Annotated[
        Literal["hybrid", "text", "vector"], typer.Option("--mode", help="By words, by meaning, or both.")
    ] = "hybrid",
    at: AtOption = None,
) -> None:
    """Measure how well searches find what is wanted.

    Prints recall, MRR, nDCG and the worst queries.

    Each line is a query and the paths that answer it: {"query": "how are locks fenced", "wanted": ["/docs/locks.md"]}.
    """
    lines = list(queries)
    options: dict[str, Any] = {"limit": limit, "mode": mode, "at": at}
    found = {"these settings": call.store.evaluate(lines, **options)}
    for setting in against:
        found[setting] = _against(call, lines, options, setting)
    measured = [shapes.evaluation(name, each) for name, each in found.items()]
    call.done({"measured": measured}, _measured(call.out, found))


def _against(call: Call, lines: list[str], options: dict[str, Any], setting: str) -> Evaluation:
    """Return how well another setting does."""
    name, _, value = setting.partition("=")
    if name not in ("mode", "at", "under", "store") or not value:
        raise typer.BadParameter(f"--against {setting[:60]} is no setting; write it as in mode=text or store=FOLDER")
    if name == "store":
        with open_store(value, read_only=True) as store:
            return store.evaluate(lines, **options)
    return call.store.evaluate(lines, **options | {name: store_path(value) if name == "under" else value})


def _measured(out: Output, found: dict[str, Evaluation]) -> Iterator[str]:
    width = max(map(len, found))
    yield out.paint(f"{'':<{width}}  recall  first    MRR   nDCG", "bold")
    for name, each in found.items():
        yield f"{name:<{width}}  {each.recall:6.3f} {each.first:6.3f} {each.mrr:6.3f} {each.ndcg:6.3f}"
    ours, *others = found.values()
    yield ""
    yield f"{len(ours.results)} queries, the first {ours.limit} hits of each. The worst:"
    for result in ours.worst:
        place = f"number {result.rank}" if result.rank else "not found"
        yield f"  {visible(result.query)}: {', '.join(result.wanted)} {place}; first is {result.first or 'nothing'}"
        for name, other in zip(list(found)[1:], others, strict=True):
            rank = other.results[ours.results.index(result)].rank
            yield out.paint(f"    {name}: {f'number {rank}' if rank else 'not found'}", "dim")


def _abstracts(call: Call, found: Explanation, at: str | None) -> dict[str, str]:
    """Return the stored abstracts of the documents found, by path."""
    if call.json:
        return {}
    snapshot = call.store.snapshot(found.commit if at is None else at)
    return call.store.summaries.stored(snapshot.stat(path) for path in {hit.path for hit in found.hits})


def _told(out: Output, found: Explanation, abstracts: dict[str, str] | None, full: bool) -> Iterator[str]:
    for number, hit in enumerate(found.hits, start=found.before + 1):
        yield from _hit_lines(out, number, hit, full)
        if abstracts is not None:
            yield from (out.paint(f"     {line}", "dim") for line in why_lines(hit.why))
            if hit.path in abstracts:
                yield out.paint(f"     about: {abstracts[hit.path]}", "dim")
        yield ""
    if abstracts is not None:
        yield from (out.paint(line, "dim") for line in _how(found))


def _hit_lines(out: Output, number: int, hit: Hit, full: bool) -> Iterator[str]:
    page = f"  page {hit.page}" if hit.page is not None else ""
    yield f"{number:>3}. {out.paint(hit.path, 'bold', 'cyan')}{page}  {out.paint(f'{hit.score:.3f}', 'dim')}"
    if hit.generated is not None:
        yield out.paint(f"     {hit.generated}, ranked last", "dim")
    best, *others = hit.passages
    yield f"     {out.paint(visible(_above(hit, best)), 'bold')}"
    yield from (f"     {line}" for line in _excerpt(out, best, full))
    for passage in others:
        yield f"   + {out.paint(visible(_above(hit, passage)), 'bold')}"
        yield from (f"     {line}" for line in _excerpt(out, passage, full)[: None if full else 1])
    if hit.also:
        yield out.paint(f"     also at {', '.join(hit.also)}", "dim")


def _above(hit: Hit, passage: HitPassage) -> str:
    """Return what a passage stands under."""
    # A heading often begins with the document's title: said once, it is said.
    begins = passage.heading.startswith(hit.title)
    return passage.heading if begins else f"{hit.title} > {passage.heading}".removesuffix(" > ")


def _excerpt(out: Output, passage: HitPassage, full: bool) -> list[str]:
    return excerpt(
        passage.text, passage.marks, width=out.width - 5, full=full, mark=lambda s: out.paint(s, "bold", "yellow")
    )


def why_lines(why: ScoreBreakdown) -> Iterator[str]:
    """Yield what a hit holds of the query, what each part added to its score, and what put the one above it ahead."""
    without = f", without {', '.join(why.missing)}" if why.missing else ""
    yield f"holds {', '.join(why.matched) or 'no word of the query'}{without}; from the {why.place}"
    lists = []
    if why.text_rank is not None:
        lists.append(f"text rank {why.text_rank} (BM25 {why.text_score:.2f})")
    if why.vector_rank is not None:
        lists.append(f"vector rank {why.vector_rank} (cosine {why.vector_score:.2f})")
    yield "; ".join([*lists, *_signed(_parts(why))])
    if why.behind:
        total = sum(why.behind.values())
        ahead, ours = [{n: abs(v) for n, v in why.behind.items() if (v > 0) is more} for more in (True, False)]
        against = f", in spite of {', '.join(_signed(ours))} here" if ours else ""
        yield f"{total:.3f} behind the one above, which has {', '.join(_signed(ahead))}{against}"


def _parts(why: ScoreBreakdown) -> dict[str, float]:
    """Return what each list and each sign gave, by its name."""
    return {name.removeprefix("from_"): value for name, value in asdict(why).items() if name.startswith("from_")}


def _signed(parts: dict[str, float]) -> list[str]:
    return [f"{name} {value:+.3f}" for name, value in parts.items() if value]


def _how(found: Explanation) -> Iterator[str]:
    def pairs(values: dict[str, int]) -> str:
        return ", ".join(f"{name} {value}" for name, value in values.items()) or "none"

    yield f"commit {found.commit}, mode {found.mode}, under {found.under}, filter {found.filter}"
    yield f"words looked for: {', '.join(found.terms) or 'none'}"
    yield f"candidates: {pairs(found.candidates)}; hidden: {pairs(found.hidden)}; further rounds: {found.rounds}"
    yield f"rows in the tail: {found.tail_rows}"
    yield f"the next page: --after {found.cursor}" if found.cursor else "there are no more hits"
    yield "milliseconds: " + ", ".join(f"{name} {value:.1f}" for name, value in found.milliseconds.items())
