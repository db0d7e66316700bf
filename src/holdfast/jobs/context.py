"""What a handler is given: its job, and the one way to have an effect."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.commits import Commit
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import jobs
from holdfast.catalog.work.jobs import Job
from holdfast.errors import Conflict, LockLost
from holdfast.faults import point
from holdfast.models.concurrent_calls import Answer, Dropped, Errand, Stop, side_by_side
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import InternalTransaction, Transaction, begin

T = TypeVar("T")

#: times that a publish is made again because somebody else committed a change to what it read
PUBLISHES = 10


class Skipped(Exception):
    """Raised by a handler: there is nothing it can do now, and that is no failure. The job can be run again later."""


class Failed(Exception):
    """Raised by a handler: trying again would not help."""


class Stopped(Exception):
    """The job was cancelled, took too long, or its worker is stopping: nothing it does counts any more."""


@dataclass(frozen=True)
class Ending:
    """How a job ends with what it publishes."""

    state: Literal["done", "skipped", "failed"] = "done"
    error: str | None = None
    result: dict[str, Any] | None = None


@checks_arguments
class JobContext:
    """One attempt at a job, as its handler sees it."""

    def __init__(self, backend: Backend, branch: Branch, job: Job, stop: Stop) -> None:
        self._backend = backend
        # What its publishes change.
        self._branch = branch
        self.job = job
        self._stop = stop
        #: whether the job has ended by its own publish
        self.ended: bool = False

    @property
    def payload(self) -> dict[str, Any]:
        """What the job was enqueued with."""
        return self.job.payload

    def check(self) -> None:
        """Raise when the job should stop; call it between the steps of long work."""
        if self._stop.reason is not None:
            raise Stopped(self._stop.reason)

    def call(self, action: Callable[[], T]) -> T:
        """Return what `action` returns, but stop waiting for it when the job should stop.

        For slow calls that cannot be interrupted: `action` runs in a thread that is left to itself then.
        """
        [answer] = self.ask([action], lambda: 1)
        return answer.get()

    def ask(
        self, questions: Iterable[Callable[[], T]], at_once: Callable[[], int], *, urgent: bool = True
    ) -> Generator[Answer[T], None, None]:
        """Yield what comes of `questions` as it comes, at most `at_once()` under way in threads of their own.

        Like `call`, it ends when the job should stop. Where a model's calls have to wait, urgent ones go first.
        """
        self.check()
        errand = Errand(urgent)
        with self._stop.telling(lambda: errand.stop.set("its job stops")):
            try:
                with closing(side_by_side(questions, at_once, errand)) as answers:
                    for answer in answers:
                        self.check()
                        yield answer
            except Dropped:
                self.check()
                raise

    def publish(
        self,
        action: Callable[[Transaction], None] | None = None,
        *,
        message: str = "",
        state: Literal["done", "skipped", "failed"] = "done",
        error: str | None = None,
        result: dict[str, Any] | None = None,
        last: bool = True,
    ) -> Commit | None:
        """Make the job's effect visible and end the job, in one commit (G8); returns the commit of a changed tree.

        `action` changes the tree. It is called again on a newer snapshot when somebody else changed what it read, so
        it must do nothing else. With `last=False` the job goes on afterwards: for steps that may be repeated, as the
        job will be run again from its start if its worker dies.

        Raises LockLost when the job was taken from this worker: then nothing was published.
        """
        ending = Ending(state, error, result) if last else None
        return publish_with_effects(self, (), action, message=message, ending=ending)

    def _publish(
        self,
        effects: Sequence[Callable[[Connection], None]],
        action: Callable[[InternalTransaction], None] | None,
        message: str,
        ending: Ending | None,
    ) -> Commit | None:
        self.check()
        ends = [] if ending is None else [lambda conn: self._end(conn, ending)]
        point("jobs.before_publish")
        commit: Commit | None = None
        if action is None:
            self._write([*effects, *ends])
        else:
            commit = self._commit(action, [*effects, *ends], message)
        self.ended = ending is not None
        point("jobs.after_publish")
        return commit

    def _write(self, effects: Sequence[Callable[[Connection], None]]) -> None:
        with self._backend.engine.write() as conn:
            self._fence(conn)
            for effect in effects:
                effect(conn)

    def _commit(
        self,
        action: Callable[[InternalTransaction], None],
        effects: Sequence[Callable[[Connection], None]],
        message: str,
    ) -> Commit:
        for _ in range(PUBLISHES):
            tx = self._begin(message)
            tx.require(self._fence)
            for effect in effects:
                tx.also(_without_commit(effect))
            action(tx)
            try:
                return tx.commit()
            except Conflict:
                self.check()
        raise Conflict(
            f"Other writers came first {PUBLISHES} times while job {self.job.id} published", path=str(self.job.id)
        )

    def _begin(self, message: str) -> InternalTransaction:
        terms = CommitOptions(self._branch, message or f"Job {self.job.id} ({self.job.kind})", f"job:{self.job.id}")
        return begin(self._backend, terms)

    def _fence(self, conn: Connection) -> None:
        # Inside the publishing SQL transaction (G6): a worker taken for dead that wakes up late is refused here.
        if self.job.token is None or not jobs.holds(conn, self.job.id, self.job.token):
            raise LockLost(
                f"Job {self.job.id} is no longer this worker's; nothing was published",
                path=str(self.job.id),
                remedy=f"See `holdfast jobs show {self.job.id}`",
            )

    def _end(self, conn: Connection, ending: Ending) -> None:
        now = self._backend.clock.now()
        jobs.finish(conn, self.job, ending.state, now, error=ending.error, result=ending.result)


def branch_of(context: JobContext) -> Branch:
    """Return the branch that a job's publishes change."""
    return context._branch


def publish_with_effects(
    context: JobContext,
    effects: Sequence[Callable[[Connection], None]],
    action: Callable[[InternalTransaction], None] | None = None,
    *,
    message: str = "",
    ending: Ending | None,
) -> Commit | None:
    """Publish as `context.publish` does, with `effects` that write further catalog rows: for Holdfast's own jobs.

    Without an `ending` the job goes on.
    """
    return context._publish(effects, action, message, ending)


def _without_commit(effect: Callable[[Connection], None]) -> Callable[[Connection, Commit], None]:
    return lambda conn, _: effect(conn)
