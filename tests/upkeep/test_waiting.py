"""Rows that wait for their vectors, because the embedder's endpoint does not answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast.errors import ProviderFailed
from holdfast.front.store import Store
from holdfast.testing import rooms
from holdfast.upkeep.waiting import embed_waiting
from tests.support.embedserver import Answering, EmbedServer, serving

pytest.importorskip("openai")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbedServer]:
    # One try each: nothing rests in these tests.
    monkeypatch.setenv("HOLDFAST_EMBEDDER__TRIES", "1")
    monkeypatch.setenv("HOLDFAST_JOBS__BACKOFF", "0")
    with serving() as state:
        yield state


@pytest.fixture
def store(tmp_path: Path, server: EmbedServer) -> Iterator[Store]:
    with holdfast.create(
        tmp_path / "kb", embedder=server.address, components=holdfast.Components(upkeep=False)
    ) as made:
        made.write("/first.md", "garden soup")
        yield made


def down(server: EmbedServer) -> None:
    server.otherwise = lambda answer: answer.with_text("{}", 500)


def vectors(store: Store, query: str) -> list[str]:
    return [hit.path for hit in store.search(query, mode="vector")]


def test_what_cannot_be_embedded_is_found_by_words_at_once_and_by_meaning_later(
    store: Store, server: EmbedServer, tmp_path: Path
) -> None:
    down(server)
    store.write("/note.md", "a lock that expires")
    source = tmp_path / "many"
    source.mkdir()
    for number in range(60):
        words = "\n\n".join(f"# Part {part}\n\nlease {number} disk {part}" for part in range(6))
        (source / f"{number}.md").write_text(words)
    assert store.add(source, to="/many", workers=1).failed == ()
    assert [hit.path for hit in store.search("expires", mode="text")] == ["/note.md"]
    assert store.search("expires")[0].path == "/note.md"
    with pytest.raises(ProviderFailed):
        store.search("expires", mode="vector")
    assert store.status().waiting[0] == 61
    store.maintenance.optimize()
    store.write("/tail.md", "a recipe")
    assert store.status().waiting[0] == 62
    assert store.maintenance.verify(deep=True).problems == ()
    with pytest.raises(ProviderFailed):
        embed_waiting(rooms(store))
    server.otherwise = Answering.rightly
    assert vectors(store, "lock") == ["/first.md"]
    [job] = [job for job in store.jobs.list() if job.kind == "embed"]
    store.jobs.worker().run(until_empty=True)
    assert store.jobs.get(job.id).state == "done"
    assert store.status().waiting == (0, 0)
    assert vectors(store, "a lock that expires")[0] == "/note.md"
    assert vectors(store, "a recipe")[0] == "/tail.md"
    assert store.maintenance.verify(deep=True).problems == ()
    store.maintenance.optimize()
    assert store.search("a recipe")[0].path == "/tail.md"


def test_what_is_killed_before_it_is_published_is_made_again(store: Store, server: EmbedServer) -> None:
    down(server)
    store.write("/note.md", "a lock that expires")
    server.otherwise = Answering.rightly

    def stop(name: str) -> None:
        if name == "waiting.before_publish":
            raise KeyboardInterrupt

    with holdfast.faults.observing(stop), pytest.raises(KeyboardInterrupt):
        embed_waiting(rooms(store))
    assert store.status().waiting == (1, 1)
    asked = len(server.asked)
    assert embed_waiting(rooms(store)) == 1
    # What was paid for is not sent again.
    assert len(server.asked) == asked
    assert store.status().waiting == (0, 0)


def test_a_store_is_moved_away_from_an_endpoint_that_is_gone(store: Store, server: EmbedServer) -> None:
    down(server)
    store.write("/note.md", "a lock that expires")
    store.maintenance.reindex(embedder="static-minilm-256-v2-int8")
    assert vectors(store, "a lock that expires")[0] == "/note.md"
    assert store.status().waiting == (0, 0)
