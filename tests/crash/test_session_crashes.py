"""Sessions and jobs, killed on the way: no message is lost or archived twice, each job takes effect once (G1, G8)."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.catalog.work.sessions import Message
from holdfast.front.store import Store
from holdfast.jobs.kinds import JobKind
from tests.support.modelserver import configure, extract, memory, serving
from tests.support.processes import Child

pytestmark = pytest.mark.crash

COUNT = "/count.md"
UNITS = "/memories/preferences/units.md"

APPEND = """
    store = holdfast.open(sys.argv[1])
    store.session("chat").extend([{"role": "user", "content": str(n)} for n in range(100)])
    """
COMMIT = "holdfast.open(sys.argv[1]).session('chat').commit()"
DELETE = "holdfast.open(sys.argv[1]).session('chat').delete()"
WORK = """
    worker = holdfast.open(sys.argv[1]).jobs.worker()
    while worker.turn():
        pass
    """
#: each job adds one to a number, so that an effect that came twice or never shows
COUNTING = """
    from holdfast.jobs.kinds import JobKind

    def run(context):
        context.publish(lambda tx: tx.write("/count.md", str(int(tx.read("/count.md")) + 1)))

    worker = holdfast.open(sys.argv[1]).jobs.worker([JobKind("count", run), JobKind("noop", lambda context: None)])
    while worker.turn(limit=int(sys.argv[2])):
        pass
    """


def killed_at(
    start: Callable[..., Child], point: str, code: str, folder: Path, passage: int = 1, *more: object
) -> None:
    assert start(code, folder, *more, faults=f"{point}=kill@{passage}").ended_by_kill(), f"{point} was not passed"


def talk(folder: Path, messages: int = 20, size: int = 100) -> None:
    with holdfast.open(folder) as store:
        store.session("chat").extend([{"role": "user", "content": f"{n} " + "x" * size} for n in range(messages)])


def numbers(messages: list[Message]) -> list[int]:
    return [int(message.content.split()[0]) for message in messages]


def finish(folder: Path) -> list[str]:
    """Run what is left to its end, check that the store is whole, and return the states of all jobs."""
    with holdfast.open(folder) as store:
        worker = store.jobs.worker([JobKind("count", add_one), JobKind("noop", lambda context: None)])
        worker.beat()
        while worker.turn():
            pass
        assert not store.maintenance.verify(deep=True).problems
        return [job.state for job in store.jobs]


def add_one(context: Any) -> None:
    """Do what the jobs of COUNTING do."""
    context.publish(lambda tx: tx.write(COUNT, str(int(tx.read(COUNT)) + 1)))


@pytest.mark.parametrize(("point", "there"), [("session.before_append", 0), ("session.after_append", 100)])
def test_many_messages_are_there_all_or_none(folder: Path, child: Callable[..., Child], point: str, there: int) -> None:
    killed_at(child, point, APPEND, folder)
    with holdfast.open(folder) as store:
        assert len(store.session("chat").messages()) == there


@pytest.mark.parametrize(
    ("point", "archived"),
    [
        ("session.before_archive", False),
        ("blob.before_rename", False),
        ("intent.after_begin", False),
        ("publish.before_lock", False),
        ("publish.before_commit", False),
        ("publish.after_commit", True),
    ],
)
def test_a_commit_that_is_killed_archived_every_message_once_or_not_at_all(
    folder: Path, child: Callable[..., Child], point: str, archived: bool
) -> None:
    # Archives this large become blobs, under an intent.
    talk(folder, 100, size=11_000 if point.startswith(("blob", "intent")) else 1000)
    killed_at(child, point, COMMIT, folder)
    with holdfast.open(folder) as store:
        session = store.session("chat")
        assert len(session.show().archives) == len(list(store.jobs)) == archived
        assert store.exists("/sessions/chat") is archived
        assert len(session.messages()) == (0 if archived else 100)
        session.append("user", "100 more")
        session.commit()
        assert numbers(session.messages(archived=True)) == list(range(101))
    assert set(finish(folder)) == {"skipped"}


@pytest.mark.parametrize(
    ("point", "passage", "there"),
    [
        ("session.before_archive", 1, True),
        ("publish.before_commit", 1, True),
        ("session.before_delete", 1, True),
        ("publish.before_commit", 2, True),
        ("publish.after_commit", 2, False),
    ],
)
def test_a_deletion_that_is_killed_loses_no_message_and_goes_on_when_repeated(
    folder: Path, child: Callable[..., Child], point: str, passage: int, there: bool
) -> None:
    talk(folder)
    killed_at(child, point, DELETE, folder, passage)
    with holdfast.open(folder) as store:
        assert [session.id for session in store.sessions.list()] == ["chat"] * there
        if there:
            assert numbers(store.session("chat").messages(archived=True)) == list(range(20))
            store.session("chat").delete()
        [path] = list(store.snapshot(at="HEAD~1").glob("/sessions/chat/*/messages.jsonl"))
        assert len(store.snapshot(at="HEAD~1").read(path).splitlines()) == 20
    assert set(finish(folder)) == {"cancelled"}


@pytest.mark.parametrize(
    ("point", "calls"),
    [
        ("jobs.after_claim", 1),
        ("memory.before_model", 1),
        ("memory.after_model", 2),
        ("jobs.before_publish", 2),
        ("publish.before_write", 2),
        ("publish.before_commit", 2),
        ("publish.after_commit", 1),
        ("jobs.after_publish", 1),
    ],
)
def test_a_memory_job_that_is_killed_runs_again_and_takes_effect_once(
    folder: Path, child: Callable[..., Child], point: str, calls: int
) -> None:
    talk(folder)
    with serving(lambda asked, call: extract(memory("units", f"Metric, says call {call}."))) as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            made = store.session("chat").commit()
        killed_at(child, point, WORK, folder)
        assert finish(folder) == ["done"]
        with holdfast.open(folder) as store:
            assert len(server.calls) == calls
            assert f"says call {calls}" in store.read(UNITS).decode()
            assert [commit.actor for commit in store.log(UNITS)] == [f"job:{made.job_id}"]
            assert store.summaries.abstract(f"{made.path}/transcript.md", derive=False).deriver == "llm:tiny"


@pytest.mark.parametrize(
    ("point", "passage"), [("digest.before_save", 1), ("digest.before_save", 2), ("jobs.after_publish", 1)]
)
def test_a_worker_that_is_killed_between_many_questions_asks_only_what_was_not_kept(
    folder: Path, child: Callable[..., Child], point: str, passage: int
) -> None:
    with serving(lambda asked, call: '{"abstract": "Short.", "overview": "Long."}') as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            with store.transaction() as tx:
                for n in range(20):
                    tx.write(f"/lib/{n}.md", f"This tells of number {n}.")
            store.jobs.enqueue("abstract", {"path": "/lib"})
        killed_at(child, point, WORK, folder, passage)
        assert finish(folder) == ["done"]
        # At most what one commit holds, and what was under way beside it, is asked about twice.
        assert 21 <= len(server.calls) <= 21 + 2 * 8
        with holdfast.open(folder) as store:
            assert store.summaries.abstract("/lib", derive=False).fresh
            assert all(store.summaries.abstract(f"/lib/{n}.md", derive=False).fresh for n in range(20))


def test_a_worker_that_is_killed_while_the_model_thinks_loses_nothing(
    folder: Path, child: Callable[..., Child]
) -> None:
    talk(folder)
    asked_now, answered = threading.Event(), threading.Event()

    def brain(asked: dict[str, Any], call: int) -> str:
        asked_now.set()
        if call == 1:
            answered.wait(60)
        return extract(memory("units", f"Metric, says call {call}."))

    with serving(brain) as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            store.session("chat").commit()
        other = child(WORK, folder)
        assert asked_now.wait(60)
        other.kill()
        answered.set()
        assert finish(folder) == ["done"]
        with holdfast.open(folder) as store:
            assert "says call 2" in store.read(UNITS).decode()


@pytest.mark.parametrize(("passage", "at_once"), [(2, 1), (1, 8)], ids=["second", "batch"])
@pytest.mark.parametrize(
    "point",
    [
        "jobs.after_claim",
        "jobs.before_publish",
        "publish.before_commit",
        "publish.after_commit",
        "jobs.after_publish",
        "jobs.before_finish",
        "jobs.after_finish",
    ],
)
def test_every_job_of_a_killed_worker_takes_effect_once(
    folder: Path, child: Callable[..., Child], point: str, passage: int, at_once: int
) -> None:
    with holdfast.open(folder) as store:
        store.write(COUNT, "0")
        ids = [store.jobs.enqueue(kind) for kind in ("count", "noop", "count", "noop", "count")]
    killed_at(child, point, COUNTING, folder, passage, at_once)
    assert finish(folder) == ["done"] * len(ids)
    with holdfast.open(folder) as store:
        assert store.read(COUNT) == b"3"
        assert_no_lease(store)


def assert_no_lease(store: Store) -> None:
    assert {(job.owner, job.token, job.lease_until) for job in store.jobs} == {(None, None, None)}
