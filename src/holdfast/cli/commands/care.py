"""Is all well, and what to do if not: status, verify, doctor, repair, gc, optimize, reindex, journal."""

import shlex
from collections.abc import Iterator
from dataclasses import asdict
from time import time
from typing import TYPE_CHECKING, Annotated

import typer

import holdfast
from holdfast import JobStats, LockStats, OptimizeReport
from holdfast.cli import shapes, work_shapes
from holdfast.cli.call import Call, command
from holdfast.cli.completion import complete_path
from holdfast.cli.interrupts import StopOnce
from holdfast.cli.options import store_path
from holdfast.cli.output import INTERRUPTED, SOME_FAILED, Output, count, human_size, visible
from holdfast.cli.progress import bar

if TYPE_CHECKING:
    from holdfast import Finding, GcReport, IntentInfo, Lost, ReindexReport, RepairReport, Status, VerifyReport

app: typer.Typer = typer.Typer()

#: exit status when something is wrong with the store
UNWELL = 1

#: where the bytes of a content are, in words
_KEPT_IN = {"inline": "in catalog", "blobs": "in blobs"}

#: intents that `journal --all` shows
NEWEST = 1000

_ALIVE = {True: "at work", False: "dead: the next sweep removes it", None: ""}

_LEVELS = {"problem": "red", "warning": "yellow", "note": "cyan"}


@command(app)
def status(call: Call) -> None:
    """Show what the store holds and what goes on in it."""
    store = call.store_or_main
    found, queue, locks = store.status(), store.jobs.stats(), store.locks.stats()
    document = {
        "store": str(call.folder.resolve()),
        **shapes.status(found),
        "locks": shapes.lock_stats(locks),
        "jobs": work_shapes.queue(queue),
    }
    lines = (*_figures(call.out, document["store"], found), *_work(call.out, locks, queue))
    call.done(document, lines)


@command(app)
def verify(
    call: Call, deep: Annotated[bool, typer.Option("--deep", help="Read every byte of every commit.")] = False
) -> int | None:
    """Check that nothing is damaged or half there.

    The exit status is 1 when something is.
    """
    report = call.on_main.maintenance.verify(deep=deep)
    call.done({"ok": report.ok, **asdict(report)}, _verdict(call.out, report))
    return None if report.ok else UNWELL


@command(app)
def doctor(call: Call) -> int | None:
    """Explain what is wrong and what to run.

    It works on a store that does not open, too, and changes nothing. The exit status is 1 when there is a problem.
    """
    findings = holdfast.doctor(call.folder)
    well = all(finding.level != "problem" for finding in findings)
    call.done({"ok": well, "findings": [asdict(finding) for finding in findings]}, _explained(call.out, findings))
    return None if well else UNWELL


@command(app)
def repair(call: Call) -> int | None:
    """Mend what can be mended.

    Search rows and Markdown are made again from the files, lost bytes looked for at their source. The exit status is 1
    when something could not be mended.
    """
    report = call.on_main.maintenance.repair()
    call.done(asdict(report), _mended(report))
    return UNWELL if report.lost or report.failed or report.left else None


@command(app)
def gc(
    call: Call,
    keep: Annotated[
        str | None,
        typer.Option("--keep", metavar="N|30d|all", help="Leave so many commits of each branch, or those of a time."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
) -> None:
    """Remove what nothing refers to any more.

    History is kept: whatever an earlier commit shows is referred to. --keep thins it, to the newest N commits of each
    branch or to those of so many hours, days or weeks (12h, 30d, 8w) before the newest. What a tag, a branch, a reader
    or a merge needs stays; asking for what was taken is an error. The setting history.keep says it for every gc.
    """
    report = call.on_main.maintenance.gc(keep=keep, dry_run=dry_run)
    call.done(asdict(report), _collected(report))


@command(app)
def optimize(call: Call) -> None:
    """Fold, index and compact the search rows now.

    A store does so by itself in time. What a search finds is the same before and after.
    """
    report = call.on_main.maintenance.optimize()
    call.done(asdict(report), _tended(report))


@command(app)
def reindex(
    call: Call,
    under: Annotated[
        str, typer.Option("--under", metavar="PATH", autocompletion=complete_path, help="Only what is at or below it.")
    ] = "/",
    everything: Annotated[bool, typer.Option("--all", help="Also what is of today's versions.")] = False,
    embedder: Annotated[
        str | None,
        typer.Option("--embedder", metavar="ADDRESS", help="Make all vectors anew by another embedder (see init)."),
    ] = None,
) -> int | None:
    """Convert and index anew what an older version did.

    After an upgrade, documents keep the Markdown and the search rows that they have until this is run. History and the
    files stay as they are. Ctrl-C finishes the group in hand; the same command goes on from there. The exit status is 5
    when some documents could not be converted any more: they keep what they have.

    With --embedder, searches find with the vectors there are until the others are complete, and then turn to them at
    once; all else goes on meanwhile. Ctrl-C, or a kill, stops it, and the same command goes on from there.
    """
    with StopOnce(call.out) as stop, bar(call.out) as progress:
        report = call.store.maintenance.reindex(
            store_path(under), everything=everything, embedder=embedder, progress=progress, stop=stop.wanted
        )
    call.done(asdict(report), _renewed(report))
    if report.interrupted:
        return INTERRUPTED
    return SOME_FAILED if report.failed else None


@command(app)
def journal(
    call: Call,
    everything: Annotated[bool, typer.Option("--all", help=f"The newest {NEWEST}, those that ended well too.")] = False,
) -> None:
    """Show the work in flight.

    That is what live writers are staging, what dead ones left for the next sweep, and what no sweep could remove.
    """
    found = call.on_main.maintenance.intents(newest=NEWEST if everything else 0)
    call.done({"intents": [shapes.intent(entry) for entry in found]}, _in_flight(call.out, found))
    if not found and not call.json:
        call.out.note("Nothing is in flight.")


def _figures(out: Output, folder: str, found: "Status") -> Iterator[str]:
    def line(name: str, value: str) -> str:
        return f"{out.paint(f'{name:<12}', 'dim')} {value}"

    yield line("store", folder)
    yield line("branch", f"{found.branch}, of {count(found.branches, 'branch', 'branches')}")
    yield line("head", f"commit {found.head} of {found.commits:,}")
    folders = count(found.directories, "directory", "directories")
    yield line("files", f"{count(found.files, 'file')} in {folders}, {human_size(found.size)}")
    for place, (number, size) in sorted(found.contents.items()):
        yield line(_KEPT_IN.get(place, place), f"{count(number, 'content')} of all commits, {human_size(size)}")
    for place, (number, chunks) in sorted(found.searchable.items()):
        yield line(f"in {place}", f"{count(chunks, 'passage')} of {count(number, 'content')} to search")
    if found.moving_to is not None:
        yield line("moving to", f"{found.moving_to}; `holdfast reindex --embedder` goes on with it")
    if found.waiting[0]:
        waiting = f"{count(found.waiting[1], 'passage')} of {count(found.waiting[0], 'content')}"
        yield line("waiting", f"{waiting} for vectors, found by words; `holdfast jobs run` makes them")
    yield line("in flight", count(found.active_intents, "staging"))
    if found.set_aside_intents:
        given_up = f"{count(found.set_aside_intents, 'staging')} could not be swept; see `holdfast doctor`"
        yield line("set aside", out.paint(given_up, "red"))
    if found.last_sweep is not None:
        yield line("last sweep", f"{out.time(found.last_sweep.at, time())}: {found.last_sweep.detail}")
    if found.last_trouble is not None:
        yield line("last trouble", f"{out.time(found.last_trouble.at, time())}: {found.last_trouble.detail}")


def _work(out: Output, locks: LockStats, queue: JobStats) -> Iterator[str]:
    """Yield who holds and who waits, the queue's depth, its oldest job and its failures."""
    held = f"{count(locks.held, 'path')} held, {locks.waiting} waiting, {locks.stale} stale"
    yield f"{out.paint('locks'.ljust(12), 'dim')} {held}"
    name = out.paint("jobs".ljust(12), "dim") + " "
    oldest = queue.oldest
    since = (
        "" if oldest is None else f", the oldest of {out.time(oldest.enqueued, time())} ({oldest.kind}, {oldest.state})"
    )
    failed = f", {number} failed" if (number := queue.counts.get("failed")) else ""
    yield f"{name}{queue.depth} to do{since}{failed}"
    for job in queue.failed:
        yield f"{name}{out.paint(f'job {job.id} failed', 'red')} ({job.kind}): {job.error}"


def _verdict(out: Output, report: "VerifyReport") -> Iterator[str]:
    for problem in report.problems:
        yield f"{out.paint(problem.kind, 'bold', 'red')}: {problem.what}"
        yield f"    {problem.remedy}"
    for note in report.notes:
        yield f"{out.paint('note', 'cyan')}: {note}"
    looked = ", ".join(f"{number:,} {what}" for what, number in report.checked.items() if number)
    verdict = out.paint("ok", "bold", "green") if report.ok else count(len(report.problems), "problem")
    yield f"{verdict} (checked {looked})"


def _explained(out: Output, findings: "list[Finding]") -> Iterator[str]:
    for finding in findings:
        yield f"{out.paint(finding.level, 'bold', _LEVELS[finding.level])}: {finding.what}"
        yield f"    {finding.meaning}. {finding.remedy}."
    if not findings:
        yield "Nothing is wrong."


def _mended(report: "RepairReport") -> Iterator[str]:
    made = {
        "found again": (report.found_again, "content"),
        "converted again": (report.renditions, "document"),
        "of nothing dropped": (report.forgotten, "rendition"),
        "made searchable again": (report.rebuilt, "content"),
        "made anew": (len(report.tables), "table"),
        "found by their values again": (report.values, "row"),
    }
    done = [f"{count(number, noun)} {what}" for what, (number, noun) in made.items() if number]
    if report.recounted:
        done.append("contents counted again")
    hopeless = report.lost or report.failed or report.left
    yield ", ".join(done) or f"Nothing {'could' if hopeless else 'had to'} be mended."
    for lost in report.lost:
        yield f"lost: {lost.path} ({_where(lost)})"
    for content, reason in report.failed.items():
        yield f"failed: {content}: {reason}"
    for problem in report.left:
        yield f"still wrong: {problem.what}. {problem.remedy}"


def _where(lost: "Lost") -> str:
    last = "now" if lost.until_seq is None else f"commit {lost.until_seq - 1}"
    advice = "no earlier bytes are left"
    if lost.intact_at is not None:
        advice = f"holdfast restore {shlex.quote(lost.path)} --at {lost.intact_at} brings earlier bytes back"
    return f"from commit {lost.from_seq} to {last}; {advice}"


def _collected(report: "GcReport") -> Iterator[str]:
    would = "would be " if report.dry_run else ""
    if report.commits or report.entries:
        rows = count(report.entries, "row")
        yield f"{count(report.commits, 'commit')} {would}taken, with {rows} that nothing shows any more"
    if report.branches or report.sessions:
        left = f"{count(report.branches, 'deleted branch', 'deleted branches')}, {count(report.sessions, 'session')}"
        yield f"{left} {would}removed for good"
    yield f"{count(report.contents, 'content')} ({human_size(report.content_bytes)}) {would}removed"
    yield f"{count(report.blobs, 'blob')} {would}removed"
    yield f"{count(report.files, 'file')} of search tables ({human_size(report.file_bytes)}) {would}removed"
    if report.held:
        yield f"{count(report.held, 'file')} left alone: a live writer may need them"


def _renewed(report: "ReindexReport") -> Iterator[str]:
    yield f"{report.renewed:,} of {count(report.checked, 'content')} made anew"
    for failure in report.failed:
        yield f"failed: {failure.source}: {failure.reason} ({failure.code})"
    if report.interrupted:
        yield "Stopped before the end; the same command goes on from here."


def _tended(report: OptimizeReport) -> Iterator[str]:
    yield f"{count(report.folded, 'row')} folded, {count(report.retired, 'content')} put into history"
    yield from report.steps


def _in_flight(out: Output, found: "list[IntentInfo]") -> Iterator[str]:
    now = time()
    for entry in found:
        state = out.paint(f"{entry.state:<9}", "red" if entry.state == "set_aside" else "bold")
        when = out.paint(f"{out.time(entry.started, now):<15}", "dim")
        owner = ", ".join(filter(None, [entry.owner, _ALIVE[entry.owner_alive]]))
        yield f"{entry.id[:12]}  {state}  {when}  {entry.kind} by {visible(entry.actor)} ({owner})"
        if entry.error:
            yield f"    {visible(entry.error)} (tried {entry.attempts} times)"
