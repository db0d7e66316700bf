"""Many sessions, many workers, a model that fails one call in four and is restarted: everything counted at the end."""

import itertools
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.sessions.memory import from_markdown
from tests.support import modelserver
from tests.support.modelserver import ModelServer, configure, extract, memory
from tests.support.processes import Child

pytestmark = pytest.mark.soak

SESSIONS, COMMITS, MESSAGES, WORKERS = 20, 5, 6, 5
#: calls after which the model is restarted
RESTART_AT = (30, 90)

TALK = f"""
    store = holdfast.open(sys.argv[1])
    for commit in range({COMMITS}):
        session = store.session(sys.argv[2])
        for n in range({MESSAGES}):
            session.append("user", f"fact {{sys.argv[2]}} {{commit}} {{n}}")
        session.commit()
    """
WORK = "holdfast.open(sys.argv[1]).jobs.worker(threads=2).run()"


class Model:
    """A server that fails one call in four, and dies and comes back twice."""

    def __init__(self) -> None:
        self.calls = itertools.count(1)
        self.failed = 0
        self.misbehaviours = itertools.cycle(
            [modelserver.status(500), modelserver.rude(), modelserver.page(), modelserver.refusal()]
        )
        self.restart = threading.Event()

    def __call__(self, asked: dict[str, Any], call: int) -> str | modelserver.Misbehaviour:
        number = next(self.calls)
        if number in RESTART_AT:
            self.restart.set()
        if number % 4 == 0:
            self.failed += 1
            return next(self.misbehaviours)
        material = str(asked["messages"][1]["content"]).partition("Conversation:")[2]
        found = re.findall(r"\[(\d+)\] user: fact (\S+) (\d+) (\d+)", material)
        ids = [int(message_id) for message_id, *_ in found]
        _, session_id, commit, _ = found[0]
        words = " ".join(f"{session_id}x{commit}x{n}" for n in range(20))
        return extract(memory(f"{session_id} {commit}", words, messages=ids))


def test_every_message_is_archived_once_and_every_archive_remembered_once(
    folder: Path, child: Callable[..., Child]
) -> None:
    model = Model()
    with ExitStack() as stack:
        server = ModelServer(model)
        stack.callback(lambda: server.close())
        configure(folder, server, "timeout = 10\n[jobs]\nattempts = 50\nbackoff = 0.05\nbackoff_most = 1\n")
        workers = [child(WORK, folder) for _ in range(WORKERS)]
        talkers = [child(TALK, folder, f"s{n:02d}") for n in range(SESSIONS)]
        for _ in RESTART_AT:
            assert model.restart.wait(300)
            model.restart.clear()
            server.close()
            # A worker dies in the same moment, and another comes.
            workers.pop(0).kill()
            workers.append(child(WORK, folder))
            server = ModelServer(model, server.port)
        for each in talkers:
            each.finish()
        with holdfast.open(folder) as store:
            jobs = store.jobs.wait([job.id for job in store.jobs], timeout=600)
            assert {job.state for job in jobs} == {"done"}
        check(folder)
    assert model.failed > SESSIONS


def check(folder: Path) -> None:
    """Count everything."""
    with holdfast.open(folder) as store:
        assert store.jobs.stats().counts == {"done": SESSIONS * COMMITS}
        for n in range(SESSIONS):
            found = [m.content for m in store.session(f"s{n:02d}").messages(archived=True)]
            wanted = [f"fact s{n:02d} {commit} {i}" for commit in range(COMMITS) for i in range(MESSAGES)]
            assert found == wanted
        effects = Counter(commit.actor for commit in store.log() if commit.actor.startswith("job:"))
        assert set(effects.values()) == {1}
        assert len(effects) == SESSIONS * COMMITS
        memories = [from_markdown(store.read(p).decode(), "preferences") for p in store.glob("/memories/*/*.md")]
        assert len(memories) == SESSIONS * COMMITS
        assert all(len(memory.sources) == 1 and len(memory.sources[0].messages) == MESSAGES for memory in memories)
        assert not store.maintenance.verify(deep=True).problems
