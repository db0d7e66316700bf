"""What every embedder must do: subclass `EmbedderSuite`, give it a fixture `embedder`, and run pytest."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from holdfast.index.embedding.embedder import Embedder

_TEXTS = [
    "a lease is a lock that expires",
    "Ein Schloss mit Ablaufdatum",
    "def fence(token): ...",
    "锁会过期",
    "x" * 20_000,
]


class EmbedderSuite:
    """The behaviour of an embedder. Subclasses provide a pytest fixture `embedder`."""

    def test_it_is_an_embedder_with_a_name(self, embedder: Embedder) -> None:
        assert isinstance(embedder, Embedder)
        assert embedder.name

    def test_a_text_gives_a_row_of_length_one(self, embedder: Embedder) -> None:
        vectors = embedder.encode(_TEXTS)
        assert vectors.shape == (len(_TEXTS), embedder.dimensions)
        assert vectors.dtype == np.float32
        lengths = np.linalg.norm(vectors, axis=1)
        assert np.all(np.isclose(lengths, 1, atol=1e-4) | (lengths == 0))
        assert lengths[0] > 0

    def test_no_texts_give_no_rows(self, embedder: Embedder) -> None:
        assert embedder.encode([]).shape == (0, embedder.dimensions)

    def test_an_empty_text_gives_a_row_without_surprises(self, embedder: Embedder) -> None:
        vectors = embedder.encode(["", " \n", "a lease"])
        assert np.all(np.isfinite(vectors))
        assert np.all(np.linalg.norm(vectors[:2], axis=1) < 1.01)

    def test_the_same_text_gives_the_same_vector_alone_and_among_others(self, embedder: Embedder) -> None:
        together = embedder.encode(_TEXTS)
        alone = np.vstack([embedder.encode([text]) for text in _TEXTS])
        np.testing.assert_allclose(together, alone, atol=1e-3)

    def test_rows_come_in_the_order_of_the_texts(self, embedder: Embedder) -> None:
        forwards = embedder.encode(_TEXTS)
        backwards = embedder.encode(_TEXTS[::-1])
        np.testing.assert_allclose(forwards, backwards[::-1], atol=1e-3)

    def test_threads_may_share_it(self, embedder: Embedder) -> None:
        expected = embedder.encode(_TEXTS[:1])
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(embedder.encode, [_TEXTS[:1]] * 16):
                np.testing.assert_allclose(found, expected, atol=1e-3)
