"""A store with an embedder of one's choice."""

import shutil
from pathlib import Path

import pytest

import holdfast
from holdfast.errors import InvalidConfig
from holdfast.index.embedding.embedder import forget_embedders
from tests.support.embedserver import serving
from tests.support.encoders import make_encoder


def test_a_store_is_made_with_a_sentence_encoder_and_searched_with_it(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    folder = make_encoder(tmp_path / "tiny")
    with holdfast.create(tmp_path / "kb", embedder=str(folder)) as store:
        store.write("/notes/a.md", "lock")
        store.write("/notes/b.md", "soup")
        assert [hit.path for hit in store.search("lease", mode="vector")] == ["/notes/a.md", "/notes/b.md"]
        store.maintenance.optimize()
        assert [hit.path for hit in store.search("lease", mode="vector")] == ["/notes/a.md", "/notes/b.md"]
        assert store.maintenance.verify(deep=True).problems == ()
    with holdfast.open(tmp_path / "kb") as store:
        assert store.search("lease", limit=1)[0].path == "/notes/a.md"


def test_worker_processes_embed_with_it_too(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    source = tmp_path / "source"
    source.mkdir()
    for number in range(40):
        (source / f"{number}.md").write_text(f"# {number}\n\nlock disk {number}")
    with holdfast.create(tmp_path / "kb", embedder=str(make_encoder(tmp_path / "tiny"))) as store:
        assert store.add(source, to="/docs", workers=1).failed == ()
        assert len(store.search("disk", limit=100)) == 40


def test_another_model_in_the_same_folder_is_refused_and_the_same_elsewhere_is_not_missed(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    folder = make_encoder(tmp_path / "tiny")
    with holdfast.create(tmp_path / "kb", embedder=str(folder)) as store:
        store.write("/a.md", "lock")
    make_encoder(folder, seed=2)
    forget_embedders()
    with holdfast.open(tmp_path / "kb") as store, pytest.raises(InvalidConfig, match=r"is tiny-.* now") as caught:
        store.search("lock", mode="vector")
    assert "holdfast reindex --embedder" in caught.value.remedy
    shutil.rmtree(folder)
    forget_embedders()
    with holdfast.open(tmp_path / "kb") as store:
        assert [hit.path for hit in store.search("lock", mode="text")] == ["/a.md"]
        with pytest.raises(InvalidConfig, match="rows are of the embedder tiny-"):
            store.search("lock", mode="vector")


def test_a_store_is_made_with_an_endpoint(tmp_path: Path) -> None:
    pytest.importorskip("openai")
    with serving() as server:
        with holdfast.create(tmp_path / "kb", embedder=server.address) as store:
            store.write("/a.md", "lock and key")
            store.write("/b.md", "soup")
            assert store.search("key lock", mode="vector")[0].path == "/a.md"
            store.maintenance.optimize()
        asked = len(server.asked)
        with holdfast.open(tmp_path / "kb") as store:
            store.remove("/a.md")
            store.write("/c.md", "lock and key")
            assert store.search("key lock", mode="vector")[0].path == "/c.md"
        assert len(server.asked) == asked
