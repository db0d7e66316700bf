"""Abstracts and overviews of a store: made once per content and per state, never stale without saying so."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.catalog.branches import MAIN
from holdfast.digest.digest import DirectoryItem, SummaryPair
from holdfast.digest.digests import PATIENCE
from holdfast.digest.extractive import Extractive
from holdfast.errors import NotFound, ProviderFailed, ReadOnly, Unsupported
from holdfast.front.store import Store
from holdfast.models.call_limiter import Gate
from holdfast.models.concurrent_calls import current
from holdfast.recovery.gc import gc
from holdfast.testing.seams import rooms
from tests.support.modelserver import Misbehaviour, configure, extract, refusal, serving, status
from tests.support.working import work


class Counting(Extractive):
    """Counts what it is asked."""

    name = "counting"

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.folders = 0

    def of_text(self, title: str | None, text: str) -> SummaryPair:
        self.texts.append(text)
        return super().of_text(title, text)

    def of_folder(self, children: Sequence[DirectoryItem]) -> SummaryPair:
        self.folders += 1
        return super().of_folder(children)


@pytest.fixture
def counting(store: Store) -> Counting:
    """Return the digester that the store uses from now on."""
    digester = Counting()
    store._shared.builtin(MAIN).__dict__["digester"] = digester
    return digester


def furnish(store: Store) -> None:
    with store.transaction() as tx:
        tx.write("/lib/a/one.md", "# One\n\nThis tells of one thing.")
        tx.write("/lib/a/two.md", "# Two\n\nThis tells of two things.")
        tx.write("/lib/b/three.md", "# Three\n\nThis tells of three things.")
        tx.write("/lib/b/blob.bin", bytes(range(256)))


def test_a_document_is_digested_once_whatever_its_paths(store: Store, counting: Counting) -> None:
    furnish(store)
    abstract = store.summaries.abstract("/lib/a/one.md")
    assert (abstract.text, abstract.deriver, abstract.fresh) == ("This tells of one thing.", "counting", True)
    assert abstract.commit == store.snapshot().commit.id
    assert store.summaries.overview("/lib/a/one.md").text == "- This tells of one thing."
    store.move("/lib/a/one.md", "/lib/moved.md")
    store.copy("/lib/moved.md", "/lib/copied.md")
    assert store.summaries.abstract("/lib/copied.md").text == "This tells of one thing."
    assert len(counting.texts) == 1


def test_a_directory_is_digested_from_below(store: Store, counting: Counting) -> None:
    furnish(store)
    assert store.summaries.abstract("/lib/a").text == "2 documents: One; Two"
    assert store.summaries.abstract("/lib/b").text == "This tells of three things."
    assert "- folder: 2 documents: One; Two" in store.summaries.overview("/lib").text
    assert (len(counting.texts), counting.folders) == (3, 3)


def test_a_rename_derives_nothing_anew(store: Store, counting: Counting) -> None:
    furnish(store)
    before = store.summaries.overview("/lib").text
    store.move("/lib/a/one.md", "/lib/a/uno.md")
    store.move("/lib/b", "/lib/c")
    store.move("/lib", "/library")
    assert store.summaries.overview("/library").text == before
    assert (len(counting.texts), counting.folders) == (3, 3)


def test_a_change_derives_only_upward_from_what_changed(store: Store, counting: Counting) -> None:
    furnish(store)
    store.summaries.abstract("/lib")
    counting.texts.clear()
    counting.folders = 0
    store.write("/lib/a/one.md", "# One\n\nThis tells of something else.")
    assert "This tells of something else." in store.summaries.overview("/lib/a").text
    store.summaries.abstract("/lib")
    assert (len(counting.texts), counting.folders) == (1, 2)


def test_a_stale_digest_says_which_commit_it_describes(store: Store, counting: Counting) -> None:
    furnish(store)
    with pytest.raises(NotFound):
        store.summaries.abstract("/lib", derive=False)
    described = store.summaries.abstract("/lib").commit
    assert store.summaries.abstract("/lib", derive=False).fresh
    store.write("/lib/new.md", "This came later.")
    stale = store.summaries.abstract("/lib", derive=False)
    assert (stale.fresh, stale.commit) == (False, described)
    assert stale.commit < store.snapshot().commit.id
    with pytest.raises(NotFound):
        store.summaries.abstract("/lib/new.md", derive=False)


def test_what_has_no_text_has_no_digest(store: Store) -> None:
    furnish(store)
    with pytest.raises(Unsupported):
        store.summaries.abstract("/lib/b/blob.bin")
    with pytest.raises(NotFound):
        store.summaries.abstract("/nothing")


def test_a_job_digests_what_is_below_and_the_directories_above(store: Store, counting: Counting) -> None:
    furnish(store)
    with store.transaction() as tx:
        tx.write("/lib/a/four.md", "This tells of four.")
        ticket = tx.jobs.enqueue("abstract", {"path": "/lib/a"}, key="abstract:/lib/a", supersede=True)
    work(store)
    job = store.jobs.get(ticket.id or 0)
    assert (job.state, (job.result or {})["made"]) == ("done", 7)
    assert store.summaries.abstract("/lib", derive=False).fresh
    again = store.jobs.enqueue("overview", {"path": "/lib/a/four.md"})
    work(store)
    assert (store.jobs.get(again).result or {})["made"] == 0


def test_an_add_enqueues_the_digests_of_what_it_added(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "papers"
    source.mkdir()
    (source / "a.md").write_text("# A\n\nThis tells of the letter a.")
    store.add(source, workers=1)
    store.add(source, workers=1)
    assert [(job.kind, job.payload) for job in store.jobs] == [("abstract", {"path": "/resources/papers"})]
    work(store)
    assert store.summaries.abstract("/resources/papers", derive=False).text == "This tells of the letter a."
    store.add(source, workers=1)
    assert store.jobs.stats().depth == 0


def test_a_job_for_what_is_gone_does_nothing(store: Store) -> None:
    job_id = store.jobs.enqueue("abstract", {"path": "/gone/away.md"})
    work(store)
    assert store.jobs.get(job_id).state == "done"


def test_a_cancelled_job_stops_between_two_documents(store: Store, counting: Counting) -> None:
    furnish(store)
    worker = store.jobs.worker()
    job_id = store.jobs.enqueue("abstract", {"path": "/lib"})
    of_text = counting.of_text

    def cancelling(title: str | None, text: str) -> SummaryPair:
        store.jobs.cancel(job_id)
        worker.beat()
        return of_text(title, text)

    counting.of_text = cancelling  # type: ignore[method-assign]
    worker.turn()
    assert len(counting.texts) == 1
    assert store.jobs.get(job_id).state == "cancelled"


def test_many_documents_are_asked_about_at_once_and_a_memory_does_not_wait_for_them(folder: Path) -> None:
    together, asked, remembered = threading.Barrier(4), threading.Event(), threading.Event()

    def brain(call: dict[str, Any], number: int) -> str:
        if "memory of an assistant" in call["messages"][0]["content"]:
            remembered.set()
            return extract()
        if 5 < number <= 9:
            # Four are asked at once, and none of them is answered before the memory's question has come.
            together.wait(60)
            asked.set()
            assert remembered.wait(60)
        return '{"abstract": "Short.", "overview": "Long."}'

    with serving(brain) as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            with store.transaction() as tx:
                for n in range(30):
                    tx.write(f"/lib/{n % 3}/{n}.md", f"This tells of number {n}.")
            with store.jobs.worker():
                abstracts = store.jobs.enqueue("abstract", {"path": "/lib"})
                assert asked.wait(60)
                store.session("chat").append("user", "Remember me")
                made = store.session("chat").commit()
                assert [job.state for job in store.jobs.wait([made.job_id or 0], 60)] == ["done"]
                [job] = store.jobs.wait([abstracts], 60)
            assert (job.state, (job.result or {})["made"]) == ("done", 34)


def test_what_abstracts_ask_gives_way_and_what_memories_ask_does_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urgent: list[bool] = []
    call = Gate.call

    def noted(gate: Gate, action: Callable[[], Any]) -> Any:
        urgent.append(current().urgent)
        return call(gate, action)

    def brain(asked: dict[str, Any], number: int) -> str:
        is_memory = "memory of an assistant" in asked["messages"][0]["content"]
        return extract() if is_memory else '{"abstract": "Short.", "overview": "Long."}'

    monkeypatch.setattr(Gate, "call", noted)
    with serving(brain) as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            furnish(store)
            store.jobs.enqueue("abstract", {"path": "/lib"})
            work(store)
            assert set(urgent) == {False}
            urgent.clear()
            store.session("chat").append("user", "Remember me")
            store.session("chat").commit()
            work(store)
            assert urgent == [True]


def test_a_failure_says_what_the_model_was_asked_about(folder: Path) -> None:
    def brain(asked: dict[str, Any], call: int) -> str | Misbehaviour:
        return refusal() if "two things" in asked["messages"][1]["content"] else '{"abstract": "A.", "overview": "O."}'

    with serving(brain) as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            furnish(store)
            with pytest.raises(ProviderFailed, match=r"refused: I will not.*asked about the document 'Two'"):
                store.summaries.abstract("/lib/a")


def test_an_endpoint_that_is_busy_for_a_moment_fails_no_document(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.models.call_limiter.FIRST_REST", 0.001)

    def brain(asked: object, call: int) -> str | Misbehaviour:
        return status(429) if call % 3 == 0 else '{"abstract": "A.", "overview": "O."}'

    with serving(brain) as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            furnish(store)
            job_id = store.jobs.enqueue("abstract", {"path": "/lib"}, attempts=1)
            work(store)
            assert store.jobs.get(job_id).state == "done"


def test_a_text_that_the_model_refuses_keeps_no_other_from_its_digest(folder: Path) -> None:
    def brain(asked: dict[str, Any], call: int) -> str | Misbehaviour:
        bad = "of one thing" in asked["messages"][1]["content"]
        return refusal() if bad else '{"abstract": "Short.", "overview": "Long."}'

    with serving(brain) as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            furnish(store)
            job_id = store.jobs.enqueue("abstract", {"path": "/lib"}, attempts=1)
            work(store)
            job = store.jobs.get(job_id)
            assert job.state == "failed"
            assert "refused" in (job.error or "")
            for path in ("/lib/a/two.md", "/lib/b/three.md", "/lib/b"):
                assert store.summaries.abstract(path, derive=False).deriver == "llm:tiny"
            # What holds the refused text would not describe all that it holds.
            for path in ("/lib/a/one.md", "/lib/a", "/lib"):
                with pytest.raises(NotFound):
                    store.summaries.abstract(path, derive=False)


def test_a_model_that_is_down_is_not_asked_about_every_text(folder: Path) -> None:
    with serving(lambda asked, call: status(500)) as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            with store.transaction() as tx:
                for n in range(PATIENCE + 3):
                    tx.write(f"/lib/{n}.md", f"This tells of number {n}.")
            store.jobs.enqueue("abstract", {"path": "/lib"})
            work(store)
            assert len(server.calls) == PATIENCE
            with pytest.raises(ProviderFailed):
                store.summaries.abstract("/lib")
            assert len(server.calls) == PATIENCE + 1


def test_what_was_made_before_a_failure_is_kept(folder: Path) -> None:
    with serving(lambda asked, call: status(500) if call == 2 else '{"abstract": "A.", "overview": "O."}') as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            furnish(store)
            with pytest.raises(ProviderFailed):
                store.summaries.abstract("/lib/a")
            assert store.summaries.abstract("/lib/a").text == "A."
            assert len(server.calls) == 4


def test_a_cancel_does_not_wait_for_the_model(folder: Path) -> None:
    asked_now, go_on = threading.Event(), threading.Event()

    def brain(asked: object, call: int) -> str:
        asked_now.set()
        go_on.wait(60)
        return '{"abstract": "Short.", "overview": "Long."}'

    with serving(brain) as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            furnish(store)
            job_id = store.jobs.enqueue("abstract", {"path": "/lib"})
            worker = store.jobs.worker()
            thread = threading.Thread(target=worker.turn)
            thread.start()
            assert asked_now.wait(60)
            store.jobs.cancel(job_id)
            worker.beat()
            thread.join(30)
            stopped = not thread.is_alive()
            go_on.set()
            thread.join()
            assert stopped
            assert store.jobs.get(job_id).state == "cancelled"


def test_digests_of_what_is_there_survive_garbage_collection(store: Store, counting: Counting) -> None:
    furnish(store)
    store.summaries.abstract("/lib")
    gc(rooms(store))
    assert store.summaries.abstract("/lib/a/one.md", derive=False).fresh
    assert not store.maintenance.verify().problems


def test_a_store_opened_for_reading_digests_and_keeps_nothing(folder: Path) -> None:
    with holdfast.open(folder) as store:
        furnish(store)
    with holdfast.open(folder, read_only=True) as store:
        assert store.summaries.abstract("/lib/a").text == "2 documents: One; Two"
        with pytest.raises(NotFound):
            store.summaries.abstract("/lib/a", derive=False)
        with pytest.raises(ReadOnly):
            store.jobs.enqueue("abstract", {"path": "/lib"})


def test_a_model_digests_when_one_is_configured(folder: Path) -> None:
    with holdfast.open(folder) as store:
        furnish(store)
        assert store.summaries.abstract("/lib/a/one.md").deriver == "extractive"
    with serving(lambda asked, call: f'{{"abstract": "Answer {call}.", "overview": "Long {call}."}}') as server:
        configure(folder, server)
        with holdfast.open(folder) as store:
            # What there is stands in until the model has been asked, under the name of who made it.
            assert store.summaries.abstract("/lib/a/one.md", derive=False).deriver == "extractive"
            found = store.summaries.abstract("/lib/a")
            assert (found.text, found.deriver) == ("Answer 3.", "llm:tiny")
            assert store.summaries.abstract("/lib/b").text == "Answer 4."
        assert "- One: Answer" in server.calls[2]["messages"][1]["content"]
        assert "This tells of three things." in server.calls[3]["messages"][1]["content"]
        assert len(server.calls) == 4
