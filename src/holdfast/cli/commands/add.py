"""Adding documents: add."""

from collections.abc import Container, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from holdfast.cli.call import Call, command
from holdfast.cli.completion import complete_path
from holdfast.cli.interrupts import StopOnce
from holdfast.cli.options import MessageOption, store_path
from holdfast.cli.output import INTERRUPTED, SOME_FAILED, count, visible
from holdfast.cli.plain import PlainCommand
from holdfast.cli.progress import bar
from holdfast.cli.waiting import WaitOption, status_of, work_off

if TYPE_CHECKING:
    from holdfast import AddReport, Failure

app: typer.Typer = typer.Typer()

#: files that are no documents, shown one by one
LEFT_OUT_SHOWN = 10


class _AddCommand(PlainCommand):
    """A command whose `--prune` may have a value: options that may and need not have one would swallow a source."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        for number, arg in enumerate(args[: args.index("--")] if "--" in args else args):
            if arg == "--prune=force":
                args[number] = "--prune-force"
            elif arg.startswith("--prune="):
                raise typer.BadParameter(f"--prune or --prune=force, not {arg}", ctx=ctx)
        return super().parse_args(ctx, args)


@command(app, cls=_AddCommand)
def add(
    call: Call,
    sources: Annotated[list[str], typer.Argument(metavar="SRC", help="Files, folders and http(s) addresses.")],
    to: Annotated[
        str, typer.Option("--to", metavar="PATH", autocompletion=complete_path, help="The directory they go under.")
    ] = "/resources",
    workers: Annotated[
        int | None,
        typer.Option("-j", "--workers", metavar="N", min=0, max=256, help="Worker processes; 0 is one per core."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="Remove what has vanished from its source; move what was moved there. --prune=force: most of it too.",
        ),
    ] = False,
    prune_force: Annotated[bool, typer.Option("--prune-force", hidden=True)] = False,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="What the source is called in the store.")] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what came from elsewhere or was changed in the store.")
    ] = False,
    flatten: Annotated[bool, typer.Option("--flatten", help="Put all files directly under --to.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on with every change, until Ctrl-C; as with --prune.")
    ] = False,
    wait: WaitOption = False,
    message: MessageOption = "",
) -> int | None:
    """Add files, folders and URLs.

    Documents are converted to Markdown and searchable when this returns. A folder keeps its name; DIR/. adds what is in
    it. What is there unchanged is skipped. A file that cannot be read fails by itself, and the exit status is then 5.
    Ctrl-C once finishes the group in hand and stops; running the same command again goes on from there. With --watch
    there is a line for every burst of changes, and Ctrl-C ends with 0. With --wait the abstracts and overviews of what
    was added are derived too before this returns.
    """
    how: dict[str, Any] = {"to": store_path(to), "workers": workers, "flatten": flatten, "message": message}
    how |= {"name": name, "overwrite": overwrite}
    if watch:
        for asked, name in ((call.json, "--json"), (dry_run, "--dry-run"), (wait, "--wait")):
            if asked:
                raise typer.BadParameter(f"--watch does not go with {name}")
        _watch(call, sources, how | ({"prune": "force"} if prune_force else {}))
        return None
    removing: Any = "force" if prune_force else prune
    with StopOnce(call.out) as stop, bar(call.out) as progress:
        report = call.store.add(*sources, **how, dry_run=dry_run, prune=removing, progress=progress, stop=stop.wanted)
    ended = work_off(call, *report.job_ids) if wait and report.job_ids and not report.interrupted else []
    document = asdict(report)
    document["jobs"] = document.pop("job_ids")
    call.done(document, _told(report, dry_run))
    if not call.json:
        _remark(call, report)
        found = report.added + report.updated + report.moved + report.skipped + report.removed
        if not (found or report.failed or report.not_pruned or report.interrupted):
            call.out.note("Nothing to add was found; hidden files and what .gitignore names are left out")
    if report.interrupted:
        return INTERRUPTED
    return SOME_FAILED if report.failed or report.not_pruned else status_of(ended)


def _watch(call: Call, sources: list[str], how: dict[str, Any]) -> None:
    """Print a line for what is there, and one for every burst of changes; Ctrl-C is how it is meant to end."""
    before: list[str] = []
    with StopOnce(call.out) as stop:
        for report in call.store.watch(*sources, stop=stop.wanted, **how):
            call.out.lines(_told(report, dry_run=False))
            call.out.flush()
            before = _remark(call, report, before)


def _remark(call: Call, report: "AddReport", said: Container[str] = ()) -> list[str]:
    """Name the files that were not added, but for what was `said` of the last burst; returns what holds now."""
    lines = [*_remarks("not added", report.failed, None), *_remarks("not pruned", report.not_pruned, None)]
    lines += [*_remarks("left out", report.left_out, LEFT_OUT_SHOWN)]
    for line in lines:
        if line not in said:
            call.out.note(line)
    return lines


def _remarks(what: str, files: "tuple[Failure, ...]", limit: int | None) -> Iterator[str]:
    for file in files[:limit]:
        yield visible(f"{what}: {file.source}: {file.reason} ({file.code})")
    more = len(files) - len(files[:limit])
    if more:
        yield f"{what}: {more:,} more; --json lists all of them"


def _told(report: "AddReport", dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    numbers = {"added": report.added, "updated": report.updated, "moved": report.moved, "removed": report.removed}
    done = [f"{number:,} {would}{what}" for what, number in numbers.items() if number or what == "added"]
    # A person adds these numbers up, and the report counts what is left out as skipped.
    unchanged = report.skipped - len(report.left_out)
    done += [f"{unchanged:,} skipped"] if unchanged else []
    done += [f"{len(report.left_out):,} left out"] if report.left_out else []
    done += [f"{len(report.failed):,} failed"] if report.failed else []
    cost = f"{count(len(report.commits), 'commit')}, {report.seconds.get('wall', 0):.1f} s"
    yield f"{', '.join(done)}{'' if dry_run else f' ({cost})'}"
    if report.interrupted:
        yield "Stopped before the end; the same command goes on from here."
