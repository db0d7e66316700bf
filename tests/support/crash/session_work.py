"""What sessions and jobs do in the crash matrix, written so that doing it twice writes the same bytes."""

from collections.abc import Callable

from holdfast.digest.by_model import ModelDigester
from holdfast.front.store import Store
from holdfast.jobs.context import JobContext
from holdfast.jobs.kinds import Backoff, JobKind
from holdfast.models.port import Shape
from holdfast.sessions.archiving import MEMORY
from holdfast.sessions.memory import KINDS
from holdfast.sessions.remembering import Remembering
from holdfast.testing.seams import rooms

#: what the model remembers of any archive; the word stands in no other file
FACT = "an ocelotbee prefers metric units"


class Oracle:
    """A `Model` in this process that always says the same."""

    name = "oracle"
    max_input_characters = 10_000
    concurrency = 2

    def answer(self, task: str, material: str, shape: type[Shape]) -> Shape:
        """Return the one answer it has."""
        remembered = {"action": "add", "kind": "preferences", "key": "units", "title": "Units", "content": FACT}
        found = {"abstract": "Units.", "overview": "Units, at length.", "memories": [remembered]}
        return shape.model_validate(found)


def append_once(store: Store) -> None:
    """Append a message, unless that is done."""
    session = store.session("chat")
    if not session.messages():
        session.append("user", "I prefer metric units", at=1_700_000_000.0)


def start_session(store: Store) -> None:
    """Write what a commit archives: messages of more text than is made searchable in the commit."""
    store.session("chat").extend(
        [{"role": "user", "content": f"{n} " + "words of no weight " * 60, "at": 1_700_000_000.0} for n in range(100)]
    )


def commit_session(store: Store) -> None:
    """Put the session's messages away."""
    store.session("chat").commit()


def archive_session(store: Store) -> None:
    """Write what a memory job works upon."""
    start_session(store)
    store.session("chat").commit()


def remember(store: Store) -> None:
    """Run the memory job with a model that answers at once."""
    oracle = Oracle()
    handler = Remembering(rooms(store), lambda: oracle, ModelDigester, lambda: KINDS)
    run(store, JobKind(MEMORY, handler.run, backoff=Backoff(0, 0)))


def enqueue_noop(store: Store) -> None:
    """Enqueue a job that has no effect."""
    store.jobs.enqueue("noop")


def run_noop(store: Store) -> None:
    """Run a job that has no effect."""
    run(store, JobKind("noop", _nothing, backoff=Backoff(0, 0)))


def run(store: Store, kind: JobKind) -> None:
    """Run the jobs of one kind in this thread until none is left."""
    from holdfast.jobs import outcome
    from holdfast.jobs.worker import Worker

    worker = Worker(rooms(store), [kind])
    outcome.take_over(rooms(store))
    while worker.turn():
        pass


def _nothing(context: JobContext) -> None:
    """Do nothing, well."""


#: name, what is done, what is there before
ROWS: tuple[tuple[str, Callable[[Store], None], Callable[[Store], None]], ...] = (
    ("append to a session", append_once, lambda store: None),
    ("commit a session", commit_session, start_session),
    ("remember an archive", remember, archive_session),
    ("run a job", run_noop, enqueue_noop),
)
