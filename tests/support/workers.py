"""Workers of a store, and handlers that do next to nothing."""

from holdfast.front.store import Store
from holdfast.jobs.context import JobContext
from holdfast.jobs.kinds import JobKind
from holdfast.jobs.worker import Worker
from holdfast.testing.seams import rooms

#: seconds after which what did not come is a failed test
PATIENCE = 60


class Torn(BaseException):
    """What no handler of errors expects; asyncio's CancelledError is such a one."""


def nothing(context: JobContext) -> None:
    """Do nothing, well."""


def worker_of(store: Store, *kinds: JobKind, **more: object) -> Worker:
    """Return a worker of some kinds, which is not started."""
    return Worker(rooms(store), kinds, **more)  # type: ignore[arg-type]


def note_done(context: JobContext) -> None:
    """Write a file that says which token the job had."""
    context.publish(lambda tx: tx.write(f"/notes/{context.job.id}.md", f"token {context.job.token}"))
