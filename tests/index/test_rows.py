"""What is embedded and looked through of a passage."""

import numpy as np
import pytest

from holdfast.index.rows import DOCUMENT_SHARE, chunk_terms, embedding_text, in_document
from holdfast.index.text.chunking import chunk


def test_where_a_link_leads_is_neither_embedded_nor_looked_through() -> None:
    [found] = chunk("See [stale locks](../guide/harbour.html#lease) and ![a map](violin.png).")
    assert embedding_text(found) == "See stale locks and a map."
    assert chunk_terms(found).split() == ["see", "stale", "lock", "and", "a", "map"]


def test_a_passage_is_drawn_towards_what_its_document_is_about() -> None:
    vectors = np.eye(3, dtype=np.float32)
    drawn = in_document(vectors)
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1.0)
    share = DOCUMENT_SHARE / np.sqrt(3)
    assert drawn[0] == pytest.approx(np.array([1 + share, share, share]) / np.linalg.norm([1 + share, share, share]))


def test_a_passage_alone_stays_what_it_is_and_one_without_words_gets_no_direction() -> None:
    one = np.array([[0.6, 0.8]], dtype=np.float32)
    assert np.array_equal(in_document(one), one)
    drawn = in_document(np.array([[1.0, 0.0], [0.0, 0.0]], dtype=np.float32))
    assert not drawn[1].any()
    assert not in_document(np.zeros((2, 2), dtype=np.float32)).any()
