"""How an embedder's similarities are to be read: how alike texts are to it that have nothing in common.

To the built-in model such texts are about as alike as nothing, and what follows from a similarity was learned with it.
To others they may be nearly as alike as what belongs together: of OpenAI's second model no cosine was below .65. So
each is shown the same few questions and texts, and what is above the mean of these similarities counts. It is asked
once in a process; the vectors of an endpoint are kept beside the store, as those of other texts are.
"""

from typing import Any
from weakref import WeakKeyDictionary

from holdfast.host.importing import importing
from holdfast.index.embedding.embedder import BUILT_IN, PREDECESSORS, Embedder, query_vectors
from holdfast.index.embedding.folders import StaticEmbedder
from holdfast.index.fusion import BUILT_IN_NEARNESS, VECTOR, VECTOR_OF_SENTENCES, Nearness

#: questions, and texts that answer none of them
QUESTIONS = (
    "how long do eggs have to boil",
    "who won the chess tournament",
    "reset a forgotten password",
    "why do leaves turn red in autumn",
    "train from the airport to the centre",
    "what does the insurance pay for a broken window",
)
UNLIKE = (
    "The harbour is dredged every second year, so that ferries can land at low water.",
    "Invoices are sent on the first of the month and are due within thirty days.",
    "Her grandmother learned to play the accordion in a village without electricity.",
    "The compiler reports a type error where a branch returns no value.",
    "Sheep are shorn in spring, before the nights grow warm.",
    "A violin's bridge is held by the tension of its strings alone.",
)
#: what the mean similarity of these is taken for at most, so that something is left above it
MOST_ALIKE = 0.95


#: by embedder, what was found out
_FOUND: WeakKeyDictionary[Any, Nearness] = WeakKeyDictionary()


def nearness_of(embedder: Embedder) -> Nearness:
    """Return how the similarities of an embedder are to be read; raises ProviderFailed when it does not answer."""
    if embedder.name in (BUILT_IN, *PREDECESSORS):
        return BUILT_IN_NEARNESS
    if (found := _FOUND.get(embedder)) is None:
        # Two threads that come to this at once find the same.
        found = _FOUND[embedder] = _measured(embedder)
    return found


def _measured(embedder: Embedder) -> Nearness:
    with importing():
        import numpy as np

    alike = query_vectors(embedder, list(QUESTIONS)) @ embedder.encode(list(UNLIKE)).T
    # A model that puts words together knows no order and no context, as the built-in one.
    weight = VECTOR if isinstance(embedder, StaticEmbedder) else VECTOR_OF_SENTENCES
    return Nearness(weight, float(np.clip(alike.mean(), 0.0, MOST_ALIKE)))
