"""What a query means to an embedder."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from holdfast.errors import ProviderFailed
from holdfast.index.embedding.embedder import Embedder, query_vectors
from holdfast.index.embedding.nearness import nearness_of
from holdfast.index.fusion import BUILT_IN_NEARNESS, Nearness

log: logging.Logger = logging.getLogger("holdfast.search")


@dataclass(frozen=True, slots=True)
class Meaning:
    """The vector of a query, and how similarities to it are read."""

    #: None where vectors are not searched
    vector: Any | None = None
    nearness: Nearness = BUILT_IN_NEARNESS


def meaning_of(load: Callable[[], Embedder], query: str, *, alone: bool) -> Meaning:
    """Return what a query means, to be searched for by its vector `alone` or by its words too.

    There is no vector where words will do and the embedder's endpoint does not answer.
    """
    if not query.strip():
        return Meaning()
    embedder = load()
    try:
        vector = query_vectors(embedder, [query])[0]
        # Where the vectors alone give the order, they are not weighed.
        return Meaning(vector, BUILT_IN_NEARNESS if alone else nearness_of(embedder))
    except ProviderFailed as error:
        if alone:
            raise
        log.warning("searching by words alone: %s", error.message)
        return Meaning()
