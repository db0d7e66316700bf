"""What goes wrong in who is told of publishes is nothing to whoever commits."""

import threading
from pathlib import Path

import pytest

import holdfast
from holdfast.front.store import Store
from holdfast.testing.seams import rooms


@pytest.mark.parametrize("when", ["before_publish", "after_publish"])
def test_an_error_in_a_listener_reaches_nobody_who_commits(
    store: Store, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    heard: list[int] = []

    def broken() -> None:
        raise RuntimeError("can't start new thread")

    listeners = getattr(rooms(store).hooks, when)
    listeners.insert(0, broken)
    listeners.append(lambda: heard.append(1))
    store.write("/a.md", "a")
    store.jobs.enqueue("noop")
    store.session("chat").append("user", "hello")
    store.session("chat").commit()
    assert store.read("/a.md") == b"a"
    assert len(heard) >= 2
    assert "can't start new thread" in caplog.text


def test_a_process_that_can_start_no_thread_commits_and_tries_again_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        store.write("/a.md", "a")
        session = store.session("chat")
        session.extend([{"role": "user", "content": "ocelotbee " * 3000}])
        assert session.commit().archive is not None
    store.write("/b.md", "b")
    assert {thread.name for thread in threading.enumerate()} >= {"holdfast-upkeep"}
    store.close()
    with holdfast.open(Path(store.address)) as again:
        assert again.search("ocelotbee", mode="text")
