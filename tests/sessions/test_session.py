"""Sessions: messages in one order, whoever appends them, until a commit puts them away."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import holdfast
from holdfast import faults
from holdfast.errors import CorruptStore, InvalidPath, NotFound, TooLarge, Unsupported
from holdfast.front.store import Store
from holdfast.sessions import archiving, transcript_index
from holdfast.testing.seams import rooms
from tests.support.processes import Child
from tests.support.working import work


def said(store: Store, session_id: str = "chat") -> list[str]:
    return [message.content for message in store.session(session_id).messages()]


def test_messages_come_back_in_order_with_all_they_had(store: Store) -> None:
    session = store.session("chat")
    first = session.append(
        "user", "Look at this", parts=[{"type": "image", "url": "x"}], at="2026-01-31T12:00:00+00:00"
    )
    second = session.append("assistant", "", tool_calls=[{"name": "look", "arguments": {"at": 1}}])
    messages = session.messages()
    assert [m.id for m in messages] == [first, second]
    assert messages[0].parts == [{"type": "image", "url": "x"}]
    assert messages[0].at == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert messages[1].tool_calls == [{"name": "look", "arguments": {"at": 1}}]
    assert (messages[1].role, messages[1].content, messages[1].parts) == ("assistant", "", None)


def test_many_messages_are_appended_together_or_not_at_all(store: Store) -> None:
    session = store.session("chat")
    ids = session.extend([{"role": "user", "content": str(n)} for n in range(100)])
    assert ids == sorted(ids)
    with pytest.raises(Unsupported):
        session.extend([{"role": "user", "content": "good"}, {"role": "user", "content": "bad", "colour": "red"}])
    assert said(store) == [str(n) for n in range(100)]


def test_a_message_is_there_for_every_process_when_append_returns(
    store: Store, folder: Path, child: Callable[..., Child]
) -> None:
    other = child("say(*[m.content for m in holdfast.open(sys.argv[1]).session('chat').messages()])", folder)
    store.session("chat").append("user", "hello")
    assert other.finish() in ("", "hello")
    again = child("say(*[m.content for m in holdfast.open(sys.argv[1]).session('chat').messages()])", folder)
    assert again.finish() == "hello"


def test_two_processes_append_to_one_session_in_one_order(
    store: Store, folder: Path, child: Callable[..., Child]
) -> None:
    code = """
        session = holdfast.open(sys.argv[1]).session("chat")
        for n in range(50):
            session.append("user", f"{sys.argv[2]} {n}")
        """
    children = [child(code, folder, name) for name in ("a", "b")]
    for each in children:
        each.finish()
    messages = store.session("chat").messages()
    assert len({m.id for m in messages}) == 100
    for name in ("a", "b"):
        own = [m.content for m in messages if m.content.startswith(name)]
        assert own == [f"{name} {n}" for n in range(50)]


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\0b"])
def test_a_session_is_called_by_one_name(store: Store, name: str) -> None:
    with pytest.raises(InvalidPath):
        store.session(name)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"role": ""}, Unsupported),
        ({"role": "user\n"}, Unsupported),
        ({"role": "user", "content": "\ud800"}, Unsupported),
        ({"role": "user", "content": 7}, Unsupported),
        ({"role": "user", "content": "x", "parts": [object()]}, Unsupported),
        ({"role": "user", "content": "x", "tool_calls": [float("nan")]}, Unsupported),
        ({"role": "user", "content": "x", "at": "yesterday"}, Unsupported),
        ({"role": "user", "content": "x", "at": float("nan")}, Unsupported),
        ({"role": "user", "content": "x", "at": 1e20}, Unsupported),
        ({"role": "user", "content": "x", "at": []}, Unsupported),
        ({"role": "user", "content": "x", "parts": [{"text": "\ud800"}]}, Unsupported),
        ({"role": "user", "content": "x", "parts": {"text": "y"}}, Unsupported),
        ({"role": "user", "content": "x", "tool_calls": "look"}, Unsupported),
        ({"role": "user", "content": "x" * (4 * 1024 * 1024 + 1)}, TooLarge),
    ],
)
def test_a_message_that_cannot_be_kept_is_refused(store: Store, message: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        store.session("chat").extend([message])  # type: ignore[list-item]
    assert list(store.sessions.list()) == []


def test_a_message_that_only_calls_tools_needs_no_content(store: Store) -> None:
    session = store.session("chat")
    session.append("assistant", None, tool_calls=[{"name": "look"}])
    session.extend([{"role": "assistant", "content": None, "tool_calls": [{"name": "look"}]}])
    assert said(store) == ["", ""]
    assert session.commit().archive is not None


def test_a_commit_moves_the_messages_into_an_archive_and_enqueues_its_job(store: Store) -> None:
    session = store.session("chat")
    ids = session.extend([{"role": "user", "content": "I prefer metric units"}, {"role": "assistant", "content": "ok"}])
    before = store.snapshot().commit
    made = session.commit()
    assert store.snapshot().commit.parent == before.id
    assert made.path == "/sessions/chat/archive-001"
    assert session.messages() == []
    lines = [json.loads(line) for line in store.read(f"{made.path}/messages.jsonl").splitlines()]
    assert [line["id"] for line in lines] == ids
    assert "**user** (1): I prefer metric units" in store.read_text(f"{made.path}/transcript.md")
    assert made.job_id is not None
    job = store.jobs.get(made.job_id)
    assert (job.kind, job.payload, job.state) == ("memory", {"session": "chat", "archive": 1}, "queued")


def test_an_archive_is_searchable_when_the_commit_returns(store: Store) -> None:
    session = store.session("chat")
    session.append("user", "my cat is called Zebracorn")
    made = session.commit()
    assert [hit.path for hit in store.search("zebracorn")] == [f"{made.path}/transcript.md"]


def long_talk(store: Store) -> archiving.SessionCommit:
    session = store.session("chat")
    session.extend(
        [{"role": "user", "content": f"line {n}, of no weight at all, about this and that"} for n in range(600)]
    )
    session.append("user", "my cat is called Zebracorn")
    made = session.commit()
    assert len(store.read(f"{made.path}/transcript.md")) > archiving.SEARCHABLE_AT_COMMIT
    assert "Zebracorn" in store.read_text(f"{made.path}/transcript.md")
    return made


def with_zebracorn(store: Store) -> list[str]:
    return [hit.path for hit in store.search("zebracorn", mode="text")]


def test_a_long_archive_is_searchable_without_a_worker_when_the_store_is_closed(folder: Path, store: Store) -> None:
    with holdfast.open(folder) as short_lived:
        made = long_talk(short_lived)
    assert with_zebracorn(store) == [f"{made.path}/transcript.md"]
    assert store.jobs.get(made.job_id or 0).state == "queued"


def test_a_long_archive_is_called_what_a_short_one_is(folder: Path, store: Store) -> None:
    with holdfast.open(folder) as short_lived:
        long_talk(short_lived)
    short = store.session("other")
    short.append("user", "my dog is called Zebracorn")
    short.commit()
    titles = {hit.title for hit in store.search("zebracorn")}
    assert titles == {"Session chat, archive 1", "Session other, archive 1"}


def test_a_long_archive_becomes_searchable_without_a_worker_while_the_store_stays_open(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, write = threading.Event(), transcript_index.write_rows

    def noted(*args: object) -> None:
        write(*args)  # type: ignore[arg-type]
        written.set()

    monkeypatch.setattr(transcript_index, "write_rows", noted)
    made = long_talk(store)
    assert written.wait(120)
    # The thread commits what it has written before the next writer gets its turn.
    store.mkdir("/later")
    assert with_zebracorn(store) == [f"{made.path}/transcript.md"]


@pytest.mark.parametrize("error", [ImportError("half a module"), MemoryError(), SystemExit()], ids=repr)
def test_a_transcript_that_could_not_be_made_searchable_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr("holdfast.host.threads.FIRST_PAUSE", 0.01)
    written, write = threading.Event(), transcript_index.write_rows

    def again(*args: object) -> None:
        write(*args)  # type: ignore[arg-type]
        written.set()

    def torn(*args: object) -> None:
        monkeypatch.setattr(transcript_index, "write_rows", again)
        raise error

    monkeypatch.setattr(transcript_index, "write_rows", torn)
    made = long_talk(store)
    assert written.wait(120)
    store.mkdir("/later")
    assert with_zebracorn(store) == [f"{made.path}/transcript.md"]


def test_archives_of_processes_that_died_are_made_searchable_with_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(transcript_index.Transcripts, "note", lambda self, transcript_id: None)
        made = long_talk(store)
    transcripts = transcript_index.Transcripts(rooms(store))
    assert with_zebracorn(store) == []
    transcripts.look_for_older()
    transcripts.work_off()
    assert with_zebracorn(store) == [f"{made.path}/transcript.md"]


def test_the_job_of_a_long_archive_makes_it_searchable_if_nobody_has(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript_index.Transcripts, "note", lambda self, transcript_id: None)
    made = long_talk(store)
    assert with_zebracorn(store) == []
    work(store)
    hit = store.search("zebracorn")[0]
    assert hit.path == f"{made.path}/transcript.md"
    work_again = store.jobs.retry(made.job_id or 0)
    work(store)
    assert store.jobs.get(work_again).state == "skipped"
    assert [h.path for h in store.search("zebracorn", mode="text", limit=5)].count(hit.path) == 1


def test_a_tail_of_recent_messages_can_be_kept(store: Store) -> None:
    session = store.session("chat")
    session.extend([{"role": "user", "content": str(n)} for n in range(5)])
    made = session.commit(keep_recent=2)
    assert made.archive is not None
    assert made.archive.messages == 3
    assert said(store) == ["3", "4"]
    assert session.commit(keep_recent=2).archive is None
    assert session.commit(keep_recent=7).archive is None
    assert [m.content for m in session.messages(archived=True)] == ["0", "1", "2", "3", "4"]
    with pytest.raises(Unsupported):
        session.commit(keep_recent=-1)


def test_committing_nothing_makes_nothing(store: Store) -> None:
    with pytest.raises(NotFound):
        store.session("chat").commit()
    assert store.session("chat").create()
    assert not store.session("chat").create()
    before = store.snapshot().commit
    assert store.session("chat").commit().archive is None
    assert store.snapshot().commit == before


def test_archives_are_numbered_and_their_jobs_wait_for_each_other(store: Store) -> None:
    session = store.session("chat")
    made = []
    for n in range(3):
        session.append("user", str(n))
        made.append(session.commit())
    assert [m.path for m in made] == [f"/sessions/chat/archive-00{n}" for n in (1, 2, 3)]
    states = [store.jobs.get(m.job_id or 0).state for m in made]
    assert states == ["queued", "waiting", "waiting"]
    work(store)
    assert [store.jobs.get(m.job_id or 0).state for m in made] == ["skipped"] * 3


def test_two_concurrent_commits_archive_each_message_once(store: Store) -> None:
    session = store.session("chat")
    session.extend([{"role": "user", "content": str(n)} for n in range(3)])
    others: list[archiving.SessionCommit] = []

    def overtaken(name: str) -> None:
        if name == "session.before_archive" and not others:
            others.append(archiving.SessionCommit("chat"))
            # Between this commit's reading and its publish another one comes first, and one more message.
            others[0] = store.session("chat").commit()
            store.session("chat").append("user", "late")

    with faults.observing(overtaken):
        mine = session.commit()
    assert [m.content for m in session.messages(archived=True)] == ["0", "1", "2", "late"]
    assert others[0].archive is not None
    assert mine.archive is not None
    assert (others[0].archive.number, others[0].archive.messages) == (1, 3)
    assert (mine.archive.number, mine.archive.messages) == (2, 1)


def test_a_message_appended_during_a_commit_stays_live(store: Store) -> None:
    session = store.session("chat")
    session.append("user", "early")

    def slow(name: str) -> None:
        if name == "session.before_archive":
            session.append("user", "late")

    with faults.observing(slow):
        made = session.commit()
    assert made.archive is not None
    assert made.archive.messages == 1
    assert said(store) == ["late"]


def test_commits_from_many_processes_archive_each_message_once(
    store: Store, folder: Path, child: Callable[..., Child]
) -> None:
    code = """
        session = holdfast.open(sys.argv[1]).session("chat")
        for n in range(12):
            session.append("user", f"{sys.argv[2]} {n}")
            if n % 3 == 2:
                session.commit()
        """
    for each in [child(code, folder, name) for name in ("a", "b", "c")]:
        each.finish()
    found = [m.content for m in store.session("chat").messages(archived=True)]
    assert sorted(found) == sorted(f"{name} {n}" for name in "abc" for n in range(12))


def test_sessions_are_listed_and_shown(store: Store) -> None:
    session = store.session("chat")
    session.extend([{"role": "user", "content": str(n)} for n in range(3)])
    session.commit(keep_recent=1)
    assert [(s.id, s.messages) for s in store.sessions.list()] == [("chat", 1)]
    shown = session.show()
    assert [a.messages for a in shown.archives] == [2]
    with pytest.raises(NotFound):
        store.session("other").show()


def test_deleting_a_session_removes_it_whole_and_cancels_its_jobs(store: Store) -> None:
    session = store.session("chat")
    session.append("user", "archived")
    made = session.commit()
    session.append("user", "live")
    store.session("chat-2").append("user", "another")
    kept = store.session("chat-2").commit()
    deleted = session.delete()
    assert not store.exists("/sessions/chat")
    assert [s.id for s in store.sessions.list()] == ["chat-2"]
    assert store.jobs.get(made.job_id or 0).state == "cancelled"
    assert store.jobs.get(kept.job_id or 0).state == "queued"
    assert store.snapshot(deleted.id - 1).exists(f"{made.path}/messages.jsonl")
    with pytest.raises(NotFound):
        session.delete()
    session.append("user", "anew")
    assert session.commit().path == "/sessions/chat/archive-001"


def test_an_archive_that_was_moved_is_read_all_the_same(store: Store) -> None:
    session = store.session("chat")
    session.append("user", "hello")
    made = session.commit()
    store.move(made.path, "/memories/old")
    assert [m.content for m in session.messages(archived=True)] == ["hello"]


def test_a_damaged_archive_is_told_from_an_empty_one(store: Store) -> None:
    session = store.session("chat")
    session.append("user", "hello")
    made = session.commit()
    assert made.archive is not None
    with rooms(store).engine.write() as conn:
        conn.run(
            "UPDATE inline_bytes SET data = :data WHERE content_id = :id",
            {"data": b"{}\n", "id": made.archive.messages_id},
        )
    with pytest.raises(CorruptStore):
        session.messages(archived=True)


def test_a_context_holds_the_abstract_and_what_fits_of_the_newest_messages(store: Store) -> None:
    session = store.session("chat")
    session.append("user", "I prefer metric units in everything I read.")
    session.commit()
    work(store)
    session.extend([{"role": "user", "content": f"{n} " + "x" * 396} for n in range(10)])
    whole = session.context(10_000)
    assert whole.abstract == "I prefer metric units in everything I read."
    assert whole.archive == "/sessions/chat/archive-001"
    assert (len(whole.messages), whole.truncated) == (10, False)
    part = session.context(350)
    assert [m.content[0] for m in part.messages] == ["7", "8", "9"]
    assert part.truncated
    assert part.tokens <= 350
    assert session.context(40).messages == []
    with pytest.raises(Unsupported):
        session.context(0)


def test_a_context_has_an_abstract_before_any_job_has_run(store: Store) -> None:
    session = store.session("chat")
    session.append("user", "I prefer metric units in everything I read.")
    made = session.commit()
    context = session.context(100)
    assert (context.abstract, context.archive) == ("I prefer metric units in everything I read.", made.path)


def test_a_context_of_an_unreadable_archive_has_the_messages(store: Store) -> None:
    session = store.session("chat")
    session.append("user", "archived")
    made = session.commit()
    assert made.archive is not None
    session.append("user", "live")
    with rooms(store).engine.write() as conn:
        conn.run(
            "UPDATE inline_bytes SET data = :data WHERE content_id = :id",
            {"data": b"damaged", "id": made.archive.transcript_id},
        )
    context = session.context(100)
    assert (context.abstract, [m.content for m in context.messages]) == (None, ["live"])


@pytest.mark.parametrize("budget", [1, 2, 5, 7, 20, 33, 100, 333])
@pytest.mark.parametrize("word", ["word ", "слово ", "単語、", "\U0001f600", "naïve café "])
def test_a_context_never_costs_more_than_its_budget(store: Store, word: str, budget: int) -> None:
    session = store.session("chat")
    session.append("user", word * 30 + ".")
    session.commit()
    for n in range(4):
        session.append("user", word * n * n, tool_calls=[{"name": word}] if n == 2 else None)
    context = session.context(budget)
    # By the estimate of each: a Chinese character is a token, two Cyrillic letters are one, four ASCII letters are one.
    spoken = [m.text for m in context.messages] + ([context.abstract] if context.abstract else [])
    least = sum(sum(1.0 if ord(c) > 0x2000 else 0.5 if ord(c) > 0x7F else 0.25 for c in text) for text in spoken)
    assert least <= context.tokens <= budget


def test_a_large_context_holds_all_of_many_small_messages(store: Store) -> None:
    session = store.session("chat")
    session.extend([{"role": "user", "content": "ok"} for _ in range(3000)])
    whole = session.context(15_000)
    assert (len(whole.messages), whole.truncated, whole.tokens) == (3000, False, 15_000)
    part = session.context(14_999)
    assert (len(part.messages), part.truncated) == (2999, True)
    assert len(session.context(10**30).messages) == 3000


def test_a_context_without_archives_is_the_messages_alone(store: Store) -> None:
    assert store.session("new").context(100).messages == []
    store.session("new").append("user", "hi")
    context = store.session("new").context(100)
    assert (context.abstract, [m.content for m in context.messages]) == (None, ["hi"])


def test_a_store_opened_for_reading_refuses_messages(folder: Path) -> None:
    with holdfast.open(folder, read_only=True) as store, pytest.raises(holdfast.ReadOnly):
        store.session("chat").append("user", "hi")


def test_what_is_wrong_with_one_of_several_messages_says_which(store: Store) -> None:
    session = store.session("chat")
    with pytest.raises(Unsupported, match=r"^Message 2: A message has no 'said'"):
        session.extend([{"role": "user", "content": "hello"}, {"role": "user", "said": "hello"}])
    assert session.messages() == []
