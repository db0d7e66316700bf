"""Working off jobs that a command has just enqueued, for its `--wait`."""

from typing import Annotated

import typer

from holdfast import Job
from holdfast.cli.call import Call

WaitOption = Annotated[bool, typer.Option("--wait", help="Run what it enqueues now, and return when that has ended.")]

#: exit status when a job that was waited for failed
JOB_FAILED = 1


def work_off(call: Call, *ids: int) -> list[Job]:
    """Return the jobs `ids` once they have ended, by another process's worker or by one of this command's own."""
    with call.on_main.jobs.worker():
        return list(call.on_main.jobs.wait(ids))


def status_of(ended: list[Job]) -> int | None:
    """Return the exit status that says whether all jobs ended well."""
    return JOB_FAILED if any(job.state in ("failed", "cancelled") for job in ended) else None
