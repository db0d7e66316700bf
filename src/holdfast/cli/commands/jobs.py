"""Background work: list, show, run, wait, retry, cancel."""

from collections.abc import Iterator
from time import time
from typing import Annotated, cast, get_args

import typer

from holdfast import Job, JobState
from holdfast.cli import work_shapes as shapes
from holdfast.cli.call import Call, command, group
from holdfast.cli.output import Output, count, visible
from holdfast.cli.waiting import WaitOption, status_of, work_off

app: typer.Typer = group("Background work: see it, run it, try it again.")

STATES: tuple[JobState, ...] = get_args(JobState)

JobArgument = Annotated[int, typer.Argument(metavar="JOB", help="A job's number.")]
JobsArgument = Annotated[list[int], typer.Argument(metavar="JOB", help="Numbers of jobs.")]

_COLOURS = {"done": "green", "failed": "red", "running": "cyan", "queued": "yellow", "waiting": "yellow"}


@command(app, "list")
def list_(
    call: Call,
    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help=f"Only in this state: {', '.join(STATES)}.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only of this kind.")] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", metavar="N", min=1, help="At most so many.")] = 50,
    after: Annotated[int | None, typer.Option("--after", metavar="JOB", help="Only what comes after this job.")] = None,
) -> None:
    """List jobs, newest first."""
    if unknown := set(state or ()) - set(STATES):
        raise typer.BadParameter(f"{unknown.pop()!r} is no state; there are {', '.join(STATES)}")
    queue = call.on_main.jobs
    found = list(queue.list(*cast(list[JobState], state or []), kind=kind, limit=limit, after=after))
    document = {"jobs": [shapes.job(job) for job in found], "queue": shapes.queue(queue.stats())}
    call.done(document, (_line(call.out, job) for job in found))


@command(app)
def show(call: Call, job: JobArgument) -> None:
    """Show all there is to know of a job."""
    shape = shapes.job(call.on_main.jobs.get(job))
    call.done(shape, (f"{name:<12}  {value}" for name, value in shape.items() if value is not None))


@command(app)
def run(
    call: Call,
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="End when nothing is left that can be run or is tried again.")
    ] = False,
    threads: Annotated[int, typer.Option("--threads", metavar="N", min=1, max=64, help="Jobs of a kind at once.")] = 1,
) -> None:
    """Run jobs until Ctrl-C.

    Any number of such workers may share a store.
    """
    if not call.json:
        call.out.note("Running jobs; Ctrl-C ends it.")
    call.on_main.jobs.worker(threads=threads).run(until_empty=until_empty)
    summary = call.on_main.jobs.stats()
    counts = ", ".join(f"{number} {state}" for state, number in summary.counts.items())
    call.done({"queue": shapes.queue(summary)}, [counts or "no jobs"])


@command(app)
def wait(
    call: Call,
    job: JobsArgument,
    timeout: Annotated[float | None, typer.Option("--timeout", metavar="SECONDS", help="Wait no longer.")] = None,
) -> int | None:
    """Wait until jobs have ended, whoever runs them.

    The exit status is 1 when one failed or has not ended.
    """
    found = list(call.on_main.jobs.wait(job, timeout))
    call.done({"jobs": [shapes.job(each) for each in found]}, (_line(call.out, each) for each in found))
    return 1 if any(not each.has_ended for each in found) else status_of(found)


@command(app)
def retry(
    call: Call,
    job: Annotated[list[int] | None, typer.Argument(metavar="JOB", help="Numbers of jobs.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed.")] = False,
    skipped: Annotated[
        bool, typer.Option("--skipped", help="All that were skipped, as memory jobs without a model are.")
    ] = False,
    wait: WaitOption = False,
) -> int | None:
    """Queue jobs again that failed, were skipped or cancelled.

    With --wait the exit status is 1 when one of them failed again.
    """
    queue = call.on_main.jobs
    asked: list[tuple[JobState, bool]] = [("failed", failed), ("skipped", skipped)]
    states = [state for state, wanted in asked if wanted]
    found = [each.id for each in queue.list(*states)] if states else []
    if not job and not states:
        raise typer.BadParameter("Name the jobs, or give --failed or --skipped")
    # The oldest first: the jobs of one session then wait for each other as they did at first.
    again = [queue.retry(each) for each in sorted({*(job or ()), *found})]
    ended = work_off(call, *again) if wait and again else []
    document = {"jobs": again, "ended": [shapes.job(each) for each in ended]}
    told = f"queued {count(len(again), 'job')} again"
    call.done(document, [told, *(_line(call.out, each) for each in ended)])
    return status_of(ended)


@command(app)
def cancel(call: Call, job: JobsArgument) -> None:
    """End jobs that have not ended.

    From then on they have no effect, even if they are running.
    """
    queue = call.on_main.jobs
    cancelled = [each for each in job if queue.cancel(each)]
    call.done({"cancelled": cancelled}, [f"cancelled {count(len(cancelled), 'job')}"])


def _line(out: Output, job: Job) -> str:
    state = out.paint(f"{job.state:<10}", _COLOURS.get(job.state, "dim"))
    about = visible(" ".join(str(value) for value in job.payload.values()))
    when = out.paint(out.time(job.ended or job.started or job.enqueued, time()), "dim")
    return "  ".join([f"{job.id:>5}", state, f"{job.kind:<8}", about, when, *_why(job)])


def _why(job: Job) -> Iterator[str]:
    if job.attempts > 1 or (job.attempts and not job.has_ended):
        yield f"attempt {job.attempts} of {job.max_attempts}"
    if job.error:
        yield visible(job.error)
