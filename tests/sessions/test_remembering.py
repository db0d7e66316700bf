"""Phase 2: what becomes of an archive when the model answers, misbehaves, or is not there."""

import threading
from pathlib import Path

import pytest

import holdfast
from holdfast import Components, faults
from holdfast.front.store import Store
from holdfast.host.clock import ManualClock
from holdfast.jobs.outcome import LONGEST_ASKED
from holdfast.sessions.archiving import SessionCommit
from holdfast.testing.seams import rooms
from tests.support import modelserver
from tests.support.modelserver import Misbehaviour, ModelServer, configure, extract, memory
from tests.support.working import work

UNITS = "/memories/preferences/preferred-units.md"


def talk(store: Store, session_id: str = "chat", *said: str) -> SessionCommit:
    session = store.session(session_id)
    session.extend([{"role": "user", "content": text} for text in said or ("I prefer metric units",)])
    return session.commit()


def state(store: Store, made: SessionCommit) -> tuple[str, str | None]:
    job = store.jobs.get(made.job_id or 0)
    return job.state, job.error


def test_memories_and_digests_are_published_with_the_jobs_end(knowing: Store, server: ModelServer) -> None:
    server.brain = lambda asked, call: extract(
        memory("preferred units", "The user prefers metric units.", messages=[1, 99]), abstract="Units were settled."
    )
    made = talk(knowing)
    work(knowing)
    job = knowing.jobs.get(made.job_id or 0)
    assert job.state == "done"
    assert job.result == {"archive": made.path, "memories": {"added": 1}, "of_no_kind": 0}
    text = knowing.read(UNITS).decode()
    # Only messages of that archive are named as sources, whatever the model says.
    assert f'sources: [{{"archive": "{made.path}", "messages": [1]}}]' in text
    assert text.endswith("\n\nThe user prefers metric units.\n")
    assert knowing.commit_at().actor == f"job:{made.job_id}"
    abstract = knowing.summaries.abstract(f"{made.path}/transcript.md", derive=False)
    assert (abstract.text, abstract.deriver, abstract.fresh) == ("Units were settled.", "llm:tiny", True)
    assert knowing.session("chat").context(500).abstract == "Units were settled."
    assert [hit.path for hit in knowing.search("metric units", under="/memories")] == [UNITS]


def test_the_model_is_shown_what_is_remembered_already(knowing: Store, server: ModelServer) -> None:
    knowing.write("/memories/preferences/tea.md", "The user drinks green tea.")
    talk(knowing)
    work(knowing)
    shown = server.calls[0]["messages"][1]["content"]
    assert '"path": "/memories/preferences/tea.md"' in shown
    assert "[1] user: I prefer metric units" in shown


def test_the_key_and_the_model_of_the_settings_are_used(
    folder: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(folder, server, '[memory.kinds]\nrecipes = "dishes and how to cook them"\n')
    server.brain = lambda asked, call: extract(memory("soup", "Boil it.", kind="recipes"))
    with holdfast.open(folder) as store:
        talk(store)
        work(store)
        assert store.read_text("/memories/recipes/soup.md").strip().endswith("Boil it.")
    assert server.calls[0]["model"] == "tiny"
    assert "- recipes: dishes and how to cook them" in server.calls[0]["messages"][0]["content"]


def test_what_is_of_no_known_kind_is_counted_and_not_written(knowing: Store, server: ModelServer) -> None:
    server.brain = lambda asked, call: extract(memory("x", "y", kind="../../etc"))
    made = talk(knowing)
    work(knowing)
    assert (knowing.jobs.get(made.job_id or 0).result or {})["of_no_kind"] == 1
    assert list(knowing.ls("/memories")) == []


def test_without_a_model_the_job_is_skipped_and_can_be_run_later(
    folder: Path, server: ModelServer, clock: ManualClock
) -> None:
    with holdfast.open(folder, components=Components(clock=clock)) as store:
        made = talk(store, "chat", "I prefer metric units in all I read. And tea.")
        work(store)
        assert state(store, made) == ("skipped", "no model configured")
        abstract = store.summaries.abstract(f"{made.path}/transcript.md", derive=False)
        assert (abstract.text, abstract.deriver) == ("I prefer metric units in all I read.", "extractive")
    configure(folder, server)
    server.brain = lambda asked, call: extract(memory("preferred units", "Metric."))
    with holdfast.open(folder, components=Components(clock=clock)) as store:
        store.jobs.retry(made.job_id or 0)
        work(store)
        assert state(store, made) == ("done", None)
        assert store.exists(UNITS)


@pytest.mark.parametrize(
    ("misbehaviour", "cause"),
    [
        (modelserver.status(500), "did not answer"),
        (modelserver.status(401), "did not answer"),
        (modelserver.rude(), "did not answer"),
        (modelserver.page(), "sent no completion"),
        (modelserver.refusal(), "refused: I will not"),
        (modelserver.stopped("content_filter"), "refused: its content filter"),
        (modelserver.stopped("length"), "limit of output tokens"),
        (modelserver.status(429), "did not answer"),
        ("", "answered nothing"),
        ("I would rather talk about the weather.", "answered something else"),
        ('{"abstract": "a", "overview": "b", "memories": [{"action": "explode"}]}', "memories.0.action"),
    ],
)
def test_a_model_that_misbehaves_fails_the_job_after_its_attempts_and_harms_nothing(
    knowing: Store,
    server: ModelServer,
    clock: ManualClock,
    misbehaviour: str | Misbehaviour,
    cause: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("holdfast.models.call_limiter.FIRST_REST", 0.001)
    server.brain = lambda asked, call: misbehaviour
    made = talk(knowing)
    for _ in range(5):
        assert state(knowing, made)[0] == "queued"
        work(knowing)
        clock.advance(10_000)
    ended, error = state(knowing, made)
    assert ended == "failed"
    assert error is not None
    assert error.startswith("given up after 5 attempts")
    assert cause in error
    assert list(knowing.ls("/memories")) == []
    assert [m.content for m in knowing.session("chat").messages(archived=True)] == ["I prefer metric units"]

    server.brain = lambda asked, call: extract(memory("preferred units", "Metric."))
    later, other = talk(knowing, "chat", "Later"), talk(knowing, "other", "Elsewhere")
    work(knowing)
    assert [state(knowing, each)[0] for each in (later, other)] == ["done", "done"]
    knowing.jobs.retry(made.job_id or 0)
    work(knowing)
    assert state(knowing, made) == ("done", None)


def test_a_dead_endpoint_fails_the_attempt(knowing: Store, server: ModelServer) -> None:
    server.close()
    made = talk(knowing)
    work(knowing)
    ended, error = state(knowing, made)
    assert ended == "queued"
    assert "did not answer (Connection error" in (error or "")


def test_an_endpoint_that_asks_for_a_rest_is_given_it(knowing: Store, server: ModelServer, clock: ManualClock) -> None:
    server.brain = lambda asked, call: modelserver.status(429, Retry_After="1000")
    made = talk(knowing)
    work(knowing)
    assert knowing.jobs.get(made.job_id or 0).run_at.timestamp() == clock.now() + 1000
    # An endpoint cannot put a job off for ever.
    server.brain = lambda asked, call: modelserver.status(429, Retry_After="1e9")
    clock.advance(1001)
    work(knowing)
    assert knowing.jobs.get(made.job_id or 0).run_at.timestamp() == clock.now() + LONGEST_ASKED


def test_the_key_of_the_model_gets_into_no_file_of_the_store(
    folder: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    configure(folder, server)
    server.brain = lambda asked, call: modelserver.indiscreet()
    with holdfast.open(folder) as store:
        made = talk(store)
        work(store)
        assert "is not allowed" in (state(store, made)[1] or "")
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in written if b"very-secret" in path.read_bytes()]


def test_a_model_that_says_nothing_is_given_up(folder: Path, server: ModelServer) -> None:
    configure(folder, server, "timeout = 0.05\n")
    until = threading.Event()
    server.brain = lambda asked, call: modelserver.silent(until)
    with holdfast.open(folder) as store:
        made = talk(store)
        work(store)
        until.set()
        assert "timed out" in (state(store, made)[1] or "")


def test_a_wrong_answer_is_sent_back_once_with_what_is_wrong(knowing: Store, server: ModelServer) -> None:
    server.brain = lambda asked, call: "{}" if call == 1 else f"Here you are:\n```json\n{extract()}\n```"
    made = talk(knowing)
    work(knowing)
    assert state(knowing, made)[0] == "done"
    assert "abstract: Field required" in server.calls[1]["messages"][-1]["content"]


def test_an_unreadable_archive_fails_the_job_for_good(knowing: Store, server: ModelServer) -> None:
    made = talk(knowing)
    assert made.archive is not None
    with rooms(knowing).engine.write() as conn:
        conn.run(
            "UPDATE inline_bytes SET data = :data WHERE content_id = :id",
            {"data": b"not what was written", "id": made.archive.messages_id},
        )
    later = talk(knowing, "chat", "Later")
    work(knowing)
    ended, error = state(knowing, made)
    assert ended == "failed"
    assert "cannot be read" in (error or "")
    assert state(knowing, later)[0] == "done"
    knowing.jobs.retry(made.job_id or 0)
    work(knowing)
    assert state(knowing, made)[0] == "failed"


def test_a_cancel_during_the_model_call_lets_nothing_through(knowing: Store, server: ModelServer) -> None:
    asked_now, go_on = threading.Event(), threading.Event()

    def brain(asked: object, call: int) -> str:
        asked_now.set()
        go_on.wait(30)
        return extract(memory("preferred units", "Metric."))

    server.brain = brain
    made = talk(knowing)
    worker = knowing.jobs.worker()
    thread = threading.Thread(target=worker.turn)
    thread.start()
    assert asked_now.wait(30)
    knowing.jobs.cancel(made.job_id or 0)
    worker.beat()
    thread.join(30)
    assert not thread.is_alive()
    go_on.set()
    assert state(knowing, made)[0] == "cancelled"
    assert not knowing.exists(UNITS)


def test_deleting_the_session_while_it_is_remembered_remembers_nothing(knowing: Store, server: ModelServer) -> None:
    def brain(asked: object, call: int) -> str:
        knowing.session("chat").delete()
        return extract(memory("preferred units", "Metric."))

    server.brain = brain
    made = talk(knowing)
    work(knowing)
    assert state(knowing, made)[0] == "cancelled"
    assert not knowing.exists(UNITS)


def test_two_sessions_that_say_the_same_make_one_memory_with_both_sources(knowing: Store, server: ModelServer) -> None:
    server.brain = lambda asked, call: extract(
        memory("preferred units", "The user prefers metric units.", messages=[1, 2])
    )
    first, second = talk(knowing, "a"), talk(knowing, "b")
    raced: list[int] = []

    def overtaken(name: str) -> None:
        # The other job publishes between this one's merge and its publish.
        if name == "publish.before_lock" and not raced:
            raced.append(1)
            work(knowing)

    with faults.observing(overtaken):
        work(knowing)
    assert raced
    assert [state(knowing, each)[0] for each in (first, second)] == ["done", "done"]
    assert [info.path for info in knowing.ls("/memories/preferences")] == [UNITS]
    text = knowing.read(UNITS).decode()
    assert '"/sessions/a/archive-001"' in text
    assert '"/sessions/b/archive-001"' in text
    assert text.count("metric units") == 1


@pytest.mark.parametrize("how", ["the memory", "its kind", "all"])
def test_a_job_does_not_bring_back_what_was_forgotten_after_its_conversation(
    knowing: Store, server: ModelServer, how: str
) -> None:
    forgotten = {"the memory": UNITS, "its kind": "/memories/preferences", "all": "/memories"}[how]
    server.brain = lambda asked, call: extract(memory("preferred units", "Metric.", messages=[1]))
    first, second = talk(knowing, "a"), talk(knowing, "b")
    assert knowing.jobs.worker().turn() == 1
    assert knowing.exists(UNITS)
    knowing.remove(forgotten, recursive=True)
    work(knowing)
    assert [state(knowing, each)[0] for each in (first, second)] == ["done", "done"]
    assert not knowing.exists(UNITS)
    assert knowing.search("metric", under="/memories") == [] if knowing.exists("/memories") else True
    assert (knowing.jobs.get(second.job_id or 0).result or {})["memories"] == {"forgotten": 1}
    # Said anew, it is remembered anew.
    talk(knowing, "c")
    work(knowing)
    assert knowing.exists(UNITS)


def test_a_memory_forgotten_while_the_model_is_asked_stays_forgotten(knowing: Store, server: ModelServer) -> None:
    knowing.write(UNITS, "Metric units.")

    def brain(asked: object, call: int) -> str:
        knowing.remove(UNITS)
        return extract(memory("preferred units", "Metric, but feet.", action="update", target=UNITS))

    server.brain = brain
    made = talk(knowing)
    work(knowing)
    assert state(knowing, made)[0] == "done"
    assert not knowing.exists(UNITS)


def test_a_memory_that_was_moved_meanwhile_is_updated_where_it_is(knowing: Store, server: ModelServer) -> None:
    place = "/memories/preferences/units.md"
    knowing.write(UNITS, "Metric units.")

    def brain(asked: object, call: int) -> str:
        knowing.move(UNITS, place)
        return extract(memory("preferred units", "Metric, but feet.", action="update", target=UNITS))

    server.brain = brain
    talk(knowing)
    work(knowing)
    assert [info.path for info in knowing.ls("/memories/preferences")] == [place]
    assert "Metric, but feet." in knowing.read_text(place)


def test_a_memory_that_was_not_shown_to_the_model_is_not_overwritten(folder: Path, server: ModelServer) -> None:
    configure(folder, server, "max_input_characters = 1000\n")
    server.brain = lambda asked, call: extract(memory("preferred units", "Metric.", action="update"))
    with holdfast.open(folder) as store:
        store.write(UNITS, "Nothing of what is said here is alike. " * 20)
        talk(store)
        work(store)
        assert "alike" not in server.calls[0]["messages"][1]["content"]
        assert "is alike." in store.read_text(UNITS)
        assert store.read_text(UNITS).endswith("\n\nMetric.\n")


def test_running_the_job_again_adds_nothing(knowing: Store, server: ModelServer) -> None:
    server.brain = lambda asked, call: extract(memory("preferred units", "Metric.", messages=[1]))
    made = talk(knowing)
    work(knowing)
    text = knowing.read(UNITS)
    with rooms(knowing).engine.write() as conn:
        conn.run("UPDATE jobs SET state = 'failed' WHERE job_id = :id", {"id": made.job_id})
    knowing.jobs.retry(made.job_id or 0)
    work(knowing)
    assert knowing.read(UNITS) == text
    assert (knowing.jobs.get(made.job_id or 0).result or {})["memories"] == {"unchanged": 1}


def test_a_long_archive_is_given_to_the_model_in_parts(folder: Path, server: ModelServer) -> None:
    configure(folder, server, "max_input_characters = 1000\n")

    def brain(asked: dict[str, object], call: int) -> str:
        return extract(memory(f"fact {call}", f"This is what call {call} found out."))

    server.brain = brain
    with holdfast.open(folder) as store:
        made = talk(store, "chat", *(f"{n}: " + "word " * 80 for n in range(6)), "x" * 2500)
        work(store)
        assert state(store, made)[0] == "done"
        memories = list(store.glob("/memories/preferences/*.md"))
    shown = [str(call["messages"][1]["content"]) for call in server.calls]
    assert max(map(len, shown)) < 1100
    told = "".join(shown)
    assert all(f"{n}: word" in told for n in range(6))
    assert told.count("x") >= 2500
    # The last call combines the digests of the parts and remembers nothing.
    assert len(memories) == len(shown) - 1
    assert "abstracts and overviews of consecutive parts" in server.calls[-1]["messages"][0]["content"]


def test_the_parts_of_a_long_archive_are_asked_about_at_once(folder: Path, server: ModelServer) -> None:
    configure(folder, server, "max_input_characters = 1000\n")
    together = threading.Barrier(2)

    def brain(asked: dict[str, object], call: int) -> str:
        if call <= 2:
            # Neither of them is answered before the other was asked.
            together.wait(60)
        return extract()

    server.brain = brain
    with holdfast.open(folder) as store:
        made = talk(store, "chat", *(f"{n}: " + "word " * 80 for n in range(6)))
        work(store)
        assert state(store, made)[0] == "done"


@pytest.mark.parametrize("structured", ["json_schema", "json_object", "text"])
def test_the_form_of_the_answer_is_asked_for_as_configured(folder: Path, server: ModelServer, structured: str) -> None:
    configure(folder, server, f'structured = "{structured}"\n')
    with holdfast.open(folder) as store:
        made = talk(store)
        work(store)
        assert state(store, made)[0] == "done"
    form = server.calls[0].get("response_format")
    assert (form["type"] if form else "text") == structured


def test_a_missing_client_says_what_to_install(knowing: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openai", None)
    made = talk(knowing)
    work(knowing)
    assert "pip install openai" in (state(knowing, made)[1] or "")


def test_jobs_of_one_session_run_in_order(knowing: Store, server: ModelServer, clock: ManualClock) -> None:
    order: list[str] = []

    def brain(asked: dict[str, object], call: int) -> str:
        messages = asked["messages"]
        assert isinstance(messages, list)
        order.append(str(messages[1]["content"])[-1])
        return extract() if call > 1 else "nonsense"

    server.brain = brain
    made = [talk(knowing, "chat", str(n)) for n in range(3)]
    for _ in range(4):
        work(knowing)
        clock.advance(1000)
    assert [state(knowing, each)[0] for each in made] == ["done"] * 3
    assert order == ["0", *(["0"] if order[1] == "0" else []), *order[order.index("1") :]]
    assert order.index("1") < order.index("2")
