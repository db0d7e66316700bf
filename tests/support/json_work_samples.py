"""Documents of the commands of sessions, memories and jobs, as `samples.py` has them of the others."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from holdfast.front.store import Store
from holdfast.sessions.memory import Memory, MemorySource
from holdfast.testing.seams import rooms
from tests.support.command_line import Run

Sample = Callable[[Run, Store, Path], list[Any]]

MEMORY = "/memories/preferences/units.md"
THEN = datetime(2026, 8, 1, tzinfo=UTC)


def talk(store: Store) -> None:
    """Fill a store: an archive, live messages, a memory, and a job that was skipped."""
    session = store.session("chat")
    session.append("user", "I prefer metric units.", parts=[{"x": 1}], tool_calls=[{"y": 2}])
    session.commit()
    worker = store.jobs.worker()
    while worker.turn():
        pass
    session.append("user", "And tea.", parts=[{"x": 1}], tool_calls=[{"y": 2}])
    sources = (MemorySource("/sessions/chat/archive-001", (1,)),)
    units = Memory(
        kind="preferences",
        title="Units",
        content="Metric.",
        created=THEN,
        updated=THEN,
        sources=sources,
        supersedes=("/memories/preferences/old.md",),
    )
    store.write(MEMORY, units.to_markdown())


def after_talk(*commands: str) -> Sample:
    """Return a sample of command lines in such a store."""

    def documents(run: Run, store: Store, scratch: Path) -> list[Any]:
        talk(store)
        return [run("--json", *command.split()).json for command in commands]

    return documents


def _jobs(run: Run, store: Store, scratch: Path) -> list[Any]:
    talk(store)
    with rooms(store).engine.write() as conn:
        conn.run("UPDATE jobs SET state = 'failed'")
    store.jobs.enqueue("nobody")
    return [run("--json", *line.split()).json for line in ("jobs list", "status", "jobs run --until-empty")]


def _cancel(run: Run, store: Store, scratch: Path) -> list[Any]:
    return [run("jobs", "cancel", store.jobs.enqueue("nobody"), "--json").json]


WORK_SAMPLES: dict[str, Sample] = {
    "abstract": after_talk("abstract /sessions"),
    "overview": after_talk("overview /sessions"),
    "session list": after_talk("session list"),
    "session new": after_talk("session new other"),
    "session append": after_talk("session append chat user hello"),
    "session show": after_talk("session show chat --archived"),
    "session context": after_talk("session context chat"),
    "session commit": after_talk("session commit chat --wait"),
    "session delete": after_talk("session delete chat"),
    "memory list": after_talk("memory list"),
    "memory show": after_talk(f"memory show {MEMORY}"),
    "memory forget": after_talk(f"memory forget {MEMORY}"),
    "jobs list": lambda *given: _jobs(*given)[:1],
    "jobs show": after_talk("jobs show 1"),
    "jobs run": lambda *given: _jobs(*given)[2:],
    "jobs wait": after_talk("jobs wait 1"),
    "jobs retry": after_talk("jobs retry 1 --wait", "jobs retry 1"),
    "jobs cancel": _cancel,
    "status": lambda *given: _jobs(*given)[1:2],
}
