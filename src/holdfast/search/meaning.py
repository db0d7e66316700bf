"""What a query means to the store's embedder."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from holdfast.errors import ProviderFailed
from holdfast.index.embedding.embedder import Embedder, query_vectors
from holdfast.index.embedding.nearness import nearness_of
from holdfast.index.fusion import BUILT_IN_NEARNESS, Nearness
from holdfast.search.request import HYBRID, TEXT

log: logging.Logger = logging.getLogger("holdfast.search")


@dataclass(frozen=True, slots=True)
class Meaning:
    """The vector of a query, and how similarities to it are read."""

    #: None where vectors are not searched
    vector: Any | None = None
    nearness: Nearness = BUILT_IN_NEARNESS


def meaning_of(load: Callable[[], Embedder], query: str, mode: str) -> Meaning:
    """Return what a query means; no vector for a hybrid search when the embedder's endpoint does not answer.

    The embedder is loaded when it is needed: where it is missing, words are searched all the same.
    """
    if mode == TEXT or not query.strip():
        return Meaning()
    embedder = load()
    try:
        vector = query_vectors(embedder, [query])[0]
        # Where the vectors alone give the order, they are not weighed.
        return Meaning(vector, nearness_of(embedder) if mode == HYBRID else BUILT_IN_NEARNESS)
    except ProviderFailed as error:
        if mode != HYBRID:
            raise
        log.warning("searching by words alone: %s", error.message)
        return Meaning()
