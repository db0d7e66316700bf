"""Bases of the graph are made anew for another embedder, and searches stay right throughout."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import holdfast
from holdfast import Components, Store, faults
from holdfast.catalog.graph import bases
from holdfast.errors import ProviderFailed
from holdfast.index.embedding.embedder import BUILT_IN, PREDECESSORS
from holdfast.recovery.verify import verify
from holdfast.testing.seams import rooms
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.claims import TYPES, Claim, keys, with_claims
from tests.support.embedserver import serving
from tests.support.encoders import make_encoder

pytest.importorskip("onnxruntime")
pytest.importorskip("openai")


@pytest.fixture
def encoder(tmp_path: Path) -> str:
    return str(make_encoder(tmp_path / "tiny"))


@pytest.fixture
def claims(tmp_path: Path) -> Iterator[Store]:
    """Return a store with claims in a base, of which the log says something newer."""
    with holdfast.create(tmp_path / "kb", components=Components(upkeep=False)) as store:
        with_claims(store)
        assert fold_graph(rooms(store), thorough=True, least=1)
        yield store


def hits(store: Store, **asked: str) -> list[tuple[object, str | None]]:
    found = store.graph.search("lock soup", [Claim], **asked)  # type: ignore[arg-type]
    return [(hit.row.key, hit.why.place) for hit in found]


def every_base(store: Store) -> list[bases.Base]:
    with rooms(store).engine.read() as conn:
        return bases.every(conn)


def test_a_move_takes_the_bases_along_and_changes_no_row(claims: Store, encoder: str, tmp_path: Path) -> None:
    claims.graph.insert(Claim(id="recipe", text="recipe of soup"))
    rows, of_before = claims.graph.find(Claim), every_base(claims)
    other = holdfast.open(tmp_path / "kb", components=Components(upkeep=False))
    assert len(other.graph.search("lock", mode="vector", limit=20)) > 5
    at_turn: list[object] = []

    def look(point: str) -> None:
        if point == "moving.before_turn":
            at_turn.append(hits(other, mode="vector"))

    before = hits(claims, mode="vector")
    with faults.observing(look):
        claims.maintenance.reindex(embedder=encoder)
    assert at_turn == [before]
    found = hits(claims, mode="vector")
    assert hits(other, mode="vector") == found
    # The encoder knows these two words, and few others.
    assert set(found[:2]) == {("recipe", "log"), ("lease", "base")}
    assert claims.graph.find(Claim) == rows
    added = every_base(claims)[len(of_before) :]
    assert {(each.type_id, each.seq, each.rows) for each in added} <= {
        (each.type_id, each.seq, each.rows) for each in of_before
    }
    assert added
    assert verify(rooms(claims), deep=True).ok
    assert fold_graph(rooms(claims), thorough=True, least=1)
    assert [key for key, _ in hits(other, mode="vector")] == [key for key, _ in found]
    assert {place for _, place in hits(other, mode="vector")} == {"base"}
    claims.maintenance.gc()
    claims.maintenance.gc()
    assert claims.graph.find(Claim) == rows
    other.close()


def test_a_base_that_came_in_for_the_former_embedder_is_made_anew_without_another_commit(claims: Store) -> None:
    backend = rooms(claims)

    def fold_again(point: str) -> None:
        if point == "moving.before_turn" and not done:
            done.append(point)
            claims.graph.update(Claim, "tape", {"text": "Tape is slow"})
            assert fold_graph(backend, thorough=True, least=1)

    done: list[str] = []
    with faults.observing(fold_again):
        claims.maintenance.reindex(embedder=PREDECESSORS[0])
    assert {place for _, place in hits(claims, mode="vector")} == {"base"}
    many = pa.table({"id": [f"c{n}" for n in range(5100)], "text": [f"lock {n}" for n in range(5100)]})
    moved: list[str] = []

    def move(point: str) -> None:
        if point == "graph_load.before_publish" and not moved:
            moved.append(point)
            claims.maintenance.reindex(embedder=BUILT_IN)

    with faults.observing(move):
        claims.graph.load(many, type="Claim")
    assert moved
    assert {place for _, place in hits(claims, mode="text")} == {"log"}
    assert fold_graph(backend)
    assert {place for _, place in hits(claims, mode="text")} == {"base"}


def test_an_endpoint_that_is_down_leaves_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_EMBEDDER__TRIES", "1")
    with (
        serving() as server,
        holdfast.create(tmp_path / "kb", embedder=server.address, components=Components(upkeep=False)) as store,
    ):
        server.otherwise = lambda answer: answer.with_text("{}", 500)
        store.graph.apply(TYPES)
        store.graph.insert(Claim(id="lease", text="A lease that is not renewed"), Claim(id="bread", text="Sourdough"))
        assert keys(store, "renewed lease", mode="text") == keys(store, "renewed lease") == ["lease"]
        with pytest.raises(ProviderFailed):
            store.graph.search("lease", mode="vector")
        server.otherwise = lambda answer: answer.rightly()
        assert set(keys(store, "renewed lease", mode="vector")) == {"lease", "bread"}
