import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.bootstrap import EmbedderOptions
from holdfast.errors import InvalidConfig, Unsupported
from holdfast.index.embedding.embedder import Embedder, load_embedder, query_vectors
from holdfast.testing.embedders import EmbedderSuite
from tests.support.encoders import make_encoder

pytest.importorskip("onnxruntime")


class TestEncoder(EmbedderSuite):
    @pytest.fixture
    def embedder(self, tmp_path: Path) -> Embedder:
        return load_embedder(str(make_encoder(tmp_path / "tiny")))


def vectors(folder: Path, *texts: str) -> Any:
    return load_embedder(str(folder)).encode(list(texts))


def test_like_texts_are_nearer_than_unlike_ones(tmp_path: Path) -> None:
    lock, lease, soup = vectors(make_encoder(tmp_path / "e"), "lock", "lease", "soup")
    assert lock @ lease > lock @ soup


def test_texts_of_any_length_get_the_vectors_that_they_get_alone(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "e")
    texts = [" ".join(["lock", "soup", "disk"][: 1 + number % 3] * (1 + number)) for number in range(100)]
    together = vectors(folder, *texts, "", texts[5])
    for text, row in zip(texts[::9], together[::9], strict=False):
        np.testing.assert_allclose(vectors(folder, text)[0], row, atol=1e-5)
    assert not together[100].any()
    assert np.array_equal(together[101], together[5])


def test_the_first_token_stands_for_the_text_where_the_folder_says_so(tmp_path: Path) -> None:
    cls = make_encoder(tmp_path / "cls", {"1_Pooling/config": {"pooling_mode_cls_token": True}})
    lock, soup = vectors(cls, "lock", "soup")
    assert np.allclose(lock, soup)
    named = make_encoder(tmp_path / "named", {"1_Pooling/config": {"pooling_mode": "cls"}})
    assert np.allclose(vectors(named, "lock")[0], lock)


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("1_Pooling/config", {"pooling_mode_max_tokens": True}),
        ("1_Pooling/config", {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}),
        ("modules", [{"type": "sentence_transformers.models.Dense"}]),
    ],
)
def test_what_a_folder_asks_for_and_is_not_done_here_is_refused(tmp_path: Path, name: str, held: Any) -> None:
    with pytest.raises(InvalidConfig, match=r"pooling is|asks for Dense"):
        vectors(make_encoder(tmp_path / "e", {name: held}), "lock")


def test_tokens_beyond_the_limit_do_not_count(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "e", {"sentence_bert_config": {"max_seq_length": 4}})
    short, long = vectors(folder, "lock disk", "lock disk soup soup soup")
    assert np.allclose(short, long)


def test_what_goes_before_queries_and_passages_is_put_there(tmp_path: Path) -> None:
    prompts = {"prompts": {"query": "query ", "document": "passage "}}
    folder = make_encoder(tmp_path / "e", {"config_sentence_transformers": prompts})
    plain = load_embedder(str(make_encoder(tmp_path / "plain")))
    embedder = load_embedder(str(folder))
    assert np.allclose(query_vectors(embedder, ["lock"]), plain.encode(["query lock"]))
    assert np.allclose(embedder.encode(["lock"]), plain.encode(["passage lock"]))


def test_lower_case_is_made_where_the_folder_says_so(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "e", {"sentence_bert_config": {"do_lower_case": True}})
    shout, lock = vectors(folder, "LOCK", "lock")
    assert np.allclose(shout, lock)


def test_the_name_tells_the_model_and_not_the_place(tmp_path: Path) -> None:
    one, other = make_encoder(tmp_path / "a" / "mine"), make_encoder(tmp_path / "b" / "mine")
    assert load_embedder(str(one)).name == load_embedder(str(other)).name
    again = make_encoder(tmp_path / "c" / "mine", seed=2)
    assert load_embedder(str(again)).name != load_embedder(str(one)).name
    (tmp_path / "a" / "mine" / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 9}))
    assert load_embedder(str(one), EmbedderOptions(threads=1)).name != load_embedder(str(other)).name


@pytest.mark.filterwarnings("ignore:lance is not fork-safe")
def test_a_forked_child_embeds_too(tmp_path: Path) -> None:
    embedder = load_embedder(str(make_encoder(tmp_path / "e")), EmbedderOptions(threads=2))
    expected = embedder.encode(["lock"])
    child = os.fork()
    if not child:
        status = 1
        try:
            status = 0 if np.allclose(embedder.encode(["lock"]), expected) else 1
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_a_missing_extra_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(Unsupported, match="onnxruntime") as caught:
        vectors(make_encoder(tmp_path / "e"), "lock")
    assert "pip install 'holdfast[encoder]'" in caught.value.remedy


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    folder = make_encoder(tmp_path / "e")
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(InvalidConfig, match="cannot be loaded"):
        vectors(folder, "lock")
