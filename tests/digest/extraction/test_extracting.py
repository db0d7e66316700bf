"""Rows out of documents: what a model reports is merged by key with its source, once for each content."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import Store, Unsupported
from tests.support.graphs import person, with_graph
from tests.support.modelserver import ModelServer, configure, serving

TEXT = "# Notes\n\nAda (ada@example.org) wrote the notes in 1843.\n"


def report(*rows: Any) -> str:
    return json.dumps({"rows": rows})


ADA = {"type": "Person", "handle": "ada", "name": "Ada", "quote": "Ada (ada@example.org)"}
NOTES = {"type": "Paper", "id": "notes"}
WROTE = {"type": "Wrote", "from": "ada", "to": "notes", "year": 1843, "quote": "wrote the notes in 1843"}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """Return a model server that reports a person, a paper, and who wrote it."""
    with serving(lambda asked, call: report(ADA, NOTES, WROTE)) as running:
        yield running


@pytest.fixture
def library(folder: Path, server: ModelServer) -> Iterator[Store]:
    """Return a store with the small graph's types, a document, and the server as its model."""
    configure(folder, server)
    with holdfast.open(folder) as opened:
        with_graph(opened)
        opened.write("/resources/notes.md", TEXT)
        yield opened


def worked(store: Store, **asked: Any) -> list[dict[str, Any]]:
    """Return the results of the jobs of one extraction."""
    ids = store.graph.extract(**asked)
    store.jobs.worker().run(until_empty=True)
    ended = [store.jobs.get(each) for each in ids]
    assert {job.state for job in ended} <= {"done"}, ended
    return [job.result or {} for job in ended]


def test_what_a_document_says_becomes_rows_that_rest_on_it(library: Store, server: ModelServer) -> None:
    [result] = worked(library)
    assert result["rows"] == {"Person": 1, "Paper": 1, "Wrote": 1}
    assert library.graph.get("Person", "ada")["name"] == "Ada"
    assert library.graph.get("Wrote", ["ada", "notes"])["year"] == 1843
    [each] = library.graph.why("Person", "ada")
    assert (each.state, each.source.path, each.source.lines) == ("current", "/resources/notes.md", (3, 3))
    assert each.source.quote == ADA["quote"]
    assert each.source.commit == library.commit_at().id
    # The model is told what the types are, and answers in their form.
    asked = json.dumps(server.calls[0])
    assert all(said in asked for said in ("Wrote", "year", "1843"))


def test_a_content_is_asked_about_once_wherever_it_stands(library: Store, server: ModelServer) -> None:
    worked(library)
    head = library.commit_at().id
    assert worked(library) == []
    assert library.commit_at().id == head
    library.copy("/resources/notes.md", "/resources/copy.md")
    library.move("/resources/notes.md", "/resources/moved.md")
    [result] = worked(library)
    assert result["documents"] == ["/resources/copy.md", "/resources/moved.md"]
    assert [each.path for each in library.graph.why("Person", "ada")] == ["/resources/moved.md", "/resources/copy.md"]
    assert len(server.calls) == 1
    worked(library, again=True)
    assert len(server.calls) == 2


def test_a_row_that_was_changed_or_deleted_by_hand_is_not_brought_back(library: Store) -> None:
    worked(library)
    library.graph.update("Person", "ada", {"name": "Augusta"})
    library.graph.delete("Wrote", ["ada", "notes"])
    assert worked(library) == []
    [result] = worked(library, types=["Person"])
    assert result["kept"] == ["Person ada: name"]
    assert library.graph.get("Person", "ada")["name"] == "Augusta"
    assert library.graph.count("Wrote") == 0


def test_a_changed_document_is_asked_again_and_what_it_no_longer_says_is_told_of(
    library: Store, server: ModelServer
) -> None:
    worked(library)
    library.write("/resources/notes.md", "# Notes\n\nAda Lovelace wrote.\n")
    server.brain = lambda asked, call: report({**ADA, "name": "Ada Lovelace", "quote": "Ada Lovelace"})
    [result] = worked(library)
    assert result["rows"] == {"Person": 1}
    assert library.graph.get("Person", "ada")["name"] == "Ada Lovelace"
    assert [each.state for each in library.graph.why("Person", "ada")] == ["current"]
    assert [each.state for each in library.graph.why("Wrote", ["ada", "notes"])] == ["changed"]
    resting = library.graph.rests_on("/resources/notes.md")
    assert {each.type for each in resting if each.state == "changed"} == {"Paper", "Wrote"}


def test_what_is_reported_wrongly_is_told_and_does_not_cost_the_rest(library: Store, server: ModelServer) -> None:
    library.graph.insert(person("bob", mail="b@example.org"))
    server.brain = lambda asked, call: report(
        ADA,
        {"type": "Alien", "name": "x"},
        "Ada",
        {"type": "Person", "name": "nobody"},
        {"type": "Person", "handle": "eva", "age": "old"},
        {"type": "Person", "handle": "cy", "mail": "b@example.org"},
        {"type": "Person", "handle": "dan", "shoe": 44, "quote": "is not there"},
        {"type": "Wrote", "from": "nobody", "to": "nothing"},
        {"type": "Leads", "from": "ada", "to": "notes"},
        {"type": "Leads", "from": "ada", "to": "sums"},
        NOTES,
        {"type": "Paper", "id": "sums"},
    )
    [result] = worked(library)
    assert result["rows"] == {"Person": 2, "Paper": 2, "Leads": 1}
    assert {row.key for row in library.graph.find("Person")} == {"ada", "bob", "dan"}
    reasons = " | ".join(each["reason"] for each in result["wrong"])
    for part in (
        "no type 'Alien'",
        "no object",
        "handle: it is missing",
        "age",
        "same mail",
        "shoe",
        "there is no",
        "at most 1",
    ):
        assert part in reasons, part
    assert result["refused"] == len(result["wrong"]) == 8
    assert result["quotes_not_found"] == ["Person dan"]


def test_without_a_model_nothing_is_enqueued(store: Store) -> None:
    with_graph(store)
    store.write("/resources/notes.md", TEXT)
    with pytest.raises(Unsupported, match="No model is configured") as caught:
        store.graph.extract()
    assert "[llm]" in caught.value.remedy
    assert list(store.jobs.list()) == []


def test_a_document_that_changed_before_its_job_began_is_skipped(library: Store, server: ModelServer) -> None:
    [old] = library.graph.extract()
    library.write("/resources/notes.md", "# Other\n")
    library.jobs.worker().run(until_empty=True)
    assert library.jobs.get(old).state == "skipped"
    assert server.calls == []
    assert len(worked(library)) == 1


def test_a_merge_takes_over_what_was_extracted_and_a_row_deleted_there_does_not_come_back(
    library: Store, server: ModelServer
) -> None:
    library.branches.create("draft")
    draft = library.branch("draft")
    worked(draft)
    draft.graph.delete("Wrote", ["ada", "notes"])
    library.branches.merge("draft")
    assert worked(library) == []
    library.branches.create("another")
    assert worked(library.branch("another")) == []
    assert (library.graph.count("Person"), library.graph.count("Wrote"), len(server.calls)) == (1, 0, 1)


def test_two_workers_ask_about_one_content_once_wherever_it_was_asked_for(library: Store, server: ModelServer) -> None:
    library.write("/other/notes.md", TEXT)
    library.branches.create("draft")
    first = library.graph.extract(under="/resources")
    later = library.graph.extract(under="/other") + library.branch("draft").graph.extract(under="/")
    assert [library.jobs.get(each).after for each in later] == [first[0], later[0]]
    workers = [threading.Thread(target=_work, args=(library,)) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    _work(library)
    assert {library.jobs.get(each).state for each in first + later} == {"done"}
    assert len(server.calls) == 1
    assert len(library.graph.log("Person", "ada")) == 2
    assert [each.path for each in library.graph.why("Person", "ada")] == ["/resources/notes.md", "/other/notes.md"]


def _work(store: Store) -> None:
    store.jobs.worker().run(until_empty=True)
