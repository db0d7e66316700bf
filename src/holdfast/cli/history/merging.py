"""What `holdfast merge` and `holdfast branch merge` do: take over what another branch changed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import typer

from holdfast import MergeConflict, MergeConflicted, MergeReport, MergeSide, RowConflict, Unsupported
from holdfast.cli import shapes
from holdfast.cli.call import Call
from holdfast.cli.completion import complete_branch, complete_path
from holdfast.cli.history.differences import mark
from holdfast.cli.options import MessageOption, store_path
from holdfast.cli.output import count, plain, visible

#: what both sides changed
Clash = MergeConflict | RowConflict

SourceArgument = Annotated[
    str, typer.Argument(metavar="BRANCH", autocompletion=complete_branch, help="The branch to take over.")
]
PreferOption = Annotated[
    str | None, typer.Option("--prefer", metavar="SIDE", help="What holds in every conflict: ours or theirs.")
]
_PATHS = {"metavar": "PATH", "autocompletion": complete_path, "show_default": False}
OursOption = Annotated[list[str], typer.Option("--ours", help="What this branch has there holds; repeat it.", **_PATHS)]
TheirsOption = Annotated[list[str], typer.Option("--theirs", help="What the other has there holds.", **_PATHS)]
TextOption = Annotated[bool, typer.Option("--text", help="Merge texts that both edited line by line.")]
_HOW = "say what holds with --prefer ours|theirs, or with --ours PATH and --theirs PATH for each"
DryOption = Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")]


def merge(
    call: Call,
    source: SourceArgument,
    prefer: PreferOption = None,
    ours: OursOption = [],  # noqa: B006 - Typer wants a list
    theirs: TheirsOption = [],  # noqa: B006
    text: TextOption = False,
    dry_run: DryOption = False,
    message: MessageOption = "",
) -> int | None:
    """Take over what another branch changed, as one commit.

    What both changed differently is a conflict: all of them are listed, nothing is merged, and the exit status is 3.
    """
    if prefer not in (None, "ours", "theirs"):
        raise Unsupported(f"--prefer {prefer} is no side", path=str(prefer), remedy="Say ours or theirs")
    try:
        report = call.store.branches.merge(
            source,
            prefer=prefer,  # type: ignore[arg-type]
            resolve=_said(call, ours, theirs),
            text=text,
            dry_run=dry_run,
            message=message,
        )
    except MergeConflicted as error:
        document = _document(source, call.branch, (*error.conflicts, *error.rows))
        listed = _listed((*error.conflicts, *error.rows), error.message, call.branch, source)
        call.done(document, (*listed, f"Nothing was merged: {_HOW}"))
        return error.exit_status
    document = _document(report.source, report.into, (*report.conflicts, *report.row_conflicts), report)
    call.done(document, _told(call, report, dry_run))
    return MergeConflicted.exit_status if report.conflicts or report.row_conflicts else None


def _said(call: Call, ours: list[str], theirs: list[str]) -> dict[str, str]:
    # A row of the graph is named by its type and key.
    types = {kind.name for kind in call.store.graph.schema().types} if ours or theirs else set()
    sides = {
        side: {path if path.partition(" ")[0] in types else store_path(path) for path in said}
        for side, said in (("ours", ours), ("theirs", theirs))
    }
    if twice := sides["ours"] & sides["theirs"]:
        path = min(twice)
        raise Unsupported(f"{path} is said to hold both ours and theirs", path=path, remedy="Say one of them")
    return {path: side for side, paths in sides.items() for path in paths}


def _document(source: str, into: str, conflicts: Iterable[Clash], report: MergeReport | None = None) -> dict[str, Any]:
    commit = None if report is None else report.commit
    settled: tuple[Clash, ...] = () if report is None else (*report.settled, *report.rows_settled)
    return {
        "source": source,
        "into": into,
        "commit": None if commit is None else commit.id,
        "changes": [] if report is None else [shapes.change(each) for each in report.changes],
        "rows": 0 if report is None else report.rows,
        "conflicts": [_shape(each) for each in conflicts],
        "settled": [_shape(each) for each in settled],
    }


def _shape(conflict: Clash) -> dict[str, Any]:
    return {
        "conflict": conflict.kind,
        "path": conflict.path,
        "reason": conflict.reason if isinstance(conflict, RowConflict) else None,
        "ours": _side(conflict.ours),
        "theirs": _side(conflict.theirs),
        "ancestor": _side(conflict.ancestor),
        "keys": [] if isinstance(conflict, RowConflict) else list(conflict.keys),
    }


def _side(side: MergeSide | Mapping[str, Any] | None) -> dict[str, Any] | None:
    if side is None:
        return None
    if isinstance(side, Mapping):
        return {"values": {name: plain(value) for name, value in side.items()}}
    return {
        "path": side.path,
        "kind": "directory" if side.is_dir else "file",
        "content": side.content_id,
        "properties": side.properties,
    }


def _told(call: Call, report: MergeReport, dry_run: bool) -> Iterator[str]:
    yield from (mark(call.out, each) for each in report.changes)
    if report.rows:
        yield f"{count(report.rows, 'row')} of the graph"
    conflicts: tuple[Clash, ...] = (*report.conflicts, *report.row_conflicts)
    if conflicts:
        yield from _listed(conflicts, "These are in conflict", report.into, report.source)
        yield f"Nothing would be merged: {_HOW}"
    elif report.commit is not None:
        yield f"merged {report.source} into {report.into} (commit {report.commit.id})"
    elif (report.changes or report.rows) and dry_run:
        yield f"{report.source} would be merged into {report.into}"
    else:
        yield f"{report.into} has all of {report.source} already"


def _told_side(conflict: MergeConflict, side: MergeSide | None) -> str:
    if side is None:
        return "not there"
    return visible(json.dumps(side.properties, ensure_ascii=False)) if conflict.keys else side.path


def _listed(conflicts: Iterable[Clash], why: str, ours: str, theirs: str) -> Iterator[str]:
    yield f"{why}:"
    for each in conflicts:
        if isinstance(each, RowConflict):
            yield f"  {each.kind:<8} {visible(each.path)}  ({visible(each.reason)})"
            continue
        sides = ((ours, each.ours), (theirs, each.theirs), ("before", each.ancestor))
        stands = ", ".join(f"{name}: {_told_side(each, side)}" for name, side in sides)
        yield f"  {each.kind:<8} {each.path}  ({stands})"
