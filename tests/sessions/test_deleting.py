"""Deleting a session: asked of locks like any change, and kept in history like any removal."""

from pathlib import Path

import pytest

import holdfast
from holdfast.errors import Conflict, Locked, NotFound
from holdfast.front.store import Store
from holdfast.sessions import deleting


def said(store: Store, at: int) -> str:
    """Return all transcripts of the session as they stood at a commit."""
    then = store.snapshot(at=at)
    return "".join(then.read_text(path) for path in then.glob("/sessions/chat/*/transcript.md"))


@pytest.mark.parametrize("archived", [False, True])
def test_what_was_said_is_in_history_whether_or_not_it_was_archived(store: Store, archived: bool) -> None:
    session = store.session("chat")
    session.append("user", "I once had an ocelotbee")
    if archived:
        session.commit()
        session.append("user", "and a wombatfly")
    deleted = session.delete()
    assert deleted.message == "Delete session chat"
    assert not store.exists("/sessions/chat")
    with pytest.raises(NotFound):
        session.show()
    assert "ocelotbee" in said(store, deleted.id - 1)
    assert ("wombatfly" in said(store, deleted.id - 1)) is archived
    # It comes back like anything that was removed.
    store.restore("/sessions/chat", at=deleted.id - 1)
    assert [hit.path for hit in store.search("ocelotbee", mode="text")] == ["/sessions/chat/archive-001/transcript.md"]
    assert not store.maintenance.verify(deep=True).problems


def test_nobody_is_asked_to_remember_what_is_archived_to_be_deleted(store: Store) -> None:
    store.session("chat").append("user", "forget me")
    store.session("chat").delete()
    assert {job.state for job in store.jobs} == {"cancelled"}


def test_an_empty_session_is_deleted_in_one_commit(store: Store) -> None:
    store.session("chat").create()
    before = store.commit_at().id
    assert store.session("chat").delete().id == before + 1
    assert list(store.sessions.list()) == []


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("locked", ["/sessions/chat", "/sessions/chat/archive-001", "/sessions"])
def test_a_lock_of_somebody_else_keeps_a_session_from_being_deleted(
    store: Store, folder: Path, archived: bool, locked: str
) -> None:
    session = store.session("chat")
    session.append("user", "mine")
    if archived:
        session.commit()
        session.append("user", "more")
    before = store.commit_at().id
    with holdfast.open(folder) as other, other.lock(locked, mode="subtree"):
        with pytest.raises(Locked):
            session.delete()
        # Refused before anything was put away for it.
        assert store.commit_at().id == before
        assert len(session.messages()) == 1
    session.delete()
    assert list(store.sessions.list()) == []


def test_who_holds_the_lock_may_delete_the_session(store: Store) -> None:
    store.session("chat").append("user", "mine")
    with store.lock("/sessions/chat", mode="subtree"):
        store.session("chat").delete()
    assert list(store.sessions.list()) == []


def test_a_message_that_comes_while_its_session_is_deleted_is_in_history_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, passed = store.session("chat"), list[str]()
    session.append("user", "first")

    def overtaken(name: str) -> None:
        if name == "session.before_delete" and not passed:
            passed.append(name)
            session.append("user", "ocelotbee")

    monkeypatch.setattr(deleting, "point", overtaken)
    deleted = session.delete()
    assert passed
    assert "ocelotbee" in said(store, deleted.id - 1)
    assert list(store.sessions.list()) == []


def test_a_session_that_never_falls_silent_is_not_deleted_and_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = store.session("chat")
    session.append("user", "0")
    monkeypatch.setattr(deleting, "TRIES", 2)
    monkeypatch.setattr(deleting, "point", lambda name: session.append("user", "again"))
    with pytest.raises(Conflict):
        session.delete()
    assert len(session.messages(archived=True)) == 3
