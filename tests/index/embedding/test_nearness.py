"""How the similarities of embedders are read."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.index.embedding.embedder import load_embedder
from holdfast.index.embedding.nearness import nearness_of
from holdfast.index.fusion import BUILT_IN_NEARNESS, VECTOR, VECTOR_OF_SENTENCES, fuse
from tests.support.encoders import make_encoder


class Crowded:
    """An embedder to which all texts are as alike as a number says, and a little more or less."""

    name, dimensions = "crowded", 64

    def __init__(self, alike: float) -> None:
        self.alike, self.asked = alike, 0

    def encode(self, texts: list[str]) -> Any:
        self.asked += 1
        own = np.array([np.random.default_rng(list(text.encode())).normal(size=63) for text in texts])
        own *= (1 - self.alike) ** 0.5 / np.linalg.norm(own, axis=1, keepdims=True)
        return np.hstack([np.full((len(texts), 1), self.alike**0.5), own]).astype(np.float32)


def test_the_order_of_the_built_in_model_is_as_it_was() -> None:
    assert nearness_of(load_embedder()) is BUILT_IN_NEARNESS
    assert (BUILT_IN_NEARNESS.weight, BUILT_IN_NEARNESS.unlike) == (VECTOR, 0.0)


def test_what_is_alike_without_meaning_anything_counts_for_nothing() -> None:
    wide, crowded = Crowded(0.0), Crowded(0.8)
    found = nearness_of(crowded)
    assert found.unlike == pytest.approx(0.8, abs=0.06)
    assert nearness_of(wide).unlike == pytest.approx(0.0, abs=0.06)
    assert nearness_of(crowded) is found
    assert crowded.asked == 2

    def put(nearness: Any, sims: dict[str, float]) -> list[str]:
        return [key for key, _ in fuse({"word": 4.0}, sims, 10.0, nearness=nearness)]

    # The same two rows, as one embedder tells them apart and as the other: the order is the same.
    spread = {"meaning": 0.6, "word": 0.3}
    assert put(nearness_of(wide), spread) == ["meaning", "word"]
    assert put(found, {key: 0.8 + 0.2 * value for key, value in spread.items()}) == ["meaning", "word"]


def test_a_model_that_reads_sentences_weighs_more_than_one_that_adds_up_words(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    assert nearness_of(load_embedder(str(make_encoder(tmp_path / "tiny")))).weight == VECTOR_OF_SENTENCES > VECTOR
