"""Learns the weights of the ranking from the collections of bench/corpora.py.

    python -m bench.learning CLONES

Each query's first LOOKED_AT hits are asked for with their reasons, which are the signs times today's weights. The
weights are then moved so that the passages of wanted documents become likelier than the others among them (the softmax
over the list, summed over what is wanted), with every set of queries counting by the root of its size. Printed are the
weights, the mean reciprocal rank of every set under today's and under the learned ones, and for each set what weights
give that were learned from the other sets alone: what differs little from that is no fit.

What is learned is a direction. It was rounded by hand where a change moved no set by a thousandth, and SUBJECT,
COVERAGE and OPENING were taken where the mean over the sets, and no list of single queries, was best.
"""

import argparse
import math
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.corpora import Question, collections
from bench.ranking import DEPTH, answers, store_of
from holdfast.front.store import Store
from holdfast.index import fusion
from holdfast.search import order, rerank
from holdfast.search.hits import Hit, ScoreBreakdown

#: hits of a query that are put in order: all that the signs are looked for in
LOOKED_AT = order.LIFTED
#: steps of the descent, and how far one goes at first
STEPS, RATE = 400, 0.05
#: what keeps a weight that hardly matters small
SHRINK = 0.002
#: today's weights
WEIGHTS = {
    "text": fusion.TEXT,
    "evidence": fusion.EVIDENCE,
    "vector": fusion.VECTOR,
    "subject": rerank.SUBJECT,
    "phrase": rerank.PHRASE,
    "coverage": rerank.COVERAGE,
    "opening": rerank.OPENING,
    "pointers": rerank.POINTERS,
    "links": rerank.LINKS,
}


@dataclass(frozen=True)
class Example:
    """A query's hits: their signs, a row each, and which of them answer."""

    name: str
    signs: Any
    wanted: Any


def signs_of(why: ScoreBreakdown, most: float) -> list[float]:
    """Return what a hit showed of each sign, before weights; `most` is the BM25 that none can reach."""
    # from_text = TEXT * score / most + EVIDENCE * score, which is told of rows that full text did not list, too.
    score = why.from_text / (fusion.TEXT / most + fusion.EVIDENCE)
    told = [why.from_vector, why.from_subject, why.from_phrase, why.from_coverage, why.from_opening]
    told += [why.from_pointers, why.from_links]
    weights = list(WEIGHTS.values())[2:]
    return [score / most, score, *(value / weight for value, weight in zip(told, weights, strict=True))]


def most_in(hits: Sequence[Hit]) -> float:
    """Return the BM25 that none can reach, by what the best of some hits made of its own."""
    best = max((hit.why for hit in hits if hit.why.text_score), key=lambda why: why.from_text, default=None)
    if best is None or best.text_score is None:
        return 1.0
    return fusion.TEXT * best.text_score / max(best.from_text - fusion.EVIDENCE * best.text_score, 1e-6)


def example(store: Store, name: str, question: Question) -> Example | None:
    """Return the hits of a question; None where nothing can be learned: all answer, or none."""
    hits = store.search(question.query, limit=LOOKED_AT, by="passage")
    wanted = np.array([any(answers(path, question) for path in (hit.path, *hit.also)) for hit in hits], dtype=bool)
    if not hits or wanted.all() or not wanted.any():
        return None
    most = most_in(hits)
    return Example(name, np.array([signs_of(hit.why, most) for hit in hits]), wanted)


def learn(examples: list[Example], start: Any) -> Any:
    """Return the weights under which what is wanted is likeliest, never below 0."""
    sizes = Counter(each.name for each in examples)
    counts = np.array([1 / math.sqrt(sizes[each.name]) for each in examples])
    counts /= counts.sum()
    weights, mean, square = start.copy(), np.zeros(len(start)), np.zeros(len(start))
    for step in range(1, STEPS + 1):
        slope = SHRINK * weights
        for each, count in zip(examples, counts, strict=True):
            likely = _likely(each.signs @ weights)
            among = np.where(each.wanted, likely, 0)
            slope = slope + count * ((likely - among / among.sum()) @ each.signs)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        move = (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        weights = np.maximum(weights - RATE * move, 0)
    return weights


def _likely(scores: Any) -> Any:
    grown = np.exp(scores - scores.max())
    return grown / grown.sum()


def reciprocal(examples: list[Example], weights: Any) -> float:
    """Return the mean reciprocal rank of what is wanted under some weights."""
    found = []
    for each in examples:
        best = np.argsort(-(each.signs @ weights), kind="stable")[:DEPTH]
        ranks = np.flatnonzero(each.wanted[best])
        found.append(1 / (1 + ranks[0]) if len(ranks) else 0.0)
    return float(np.mean(found)) if found else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path, help="the folder with the clones of the manuals")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "holdfast-ranking")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    examples: list[Example] = []
    for collection in collections(options.clones, kept=False):
        with store_of(collection, options.cache) as store:
            for name, questions in collection.questions.items():
                examples += [each for question in questions if (each := example(store, name, question))]
    today = np.array(list(WEIGHTS.values()))
    learned = learn(examples, today)
    for name, now, then in zip(WEIGHTS, today, learned, strict=True):
        print(f"{name:10} {now:6.2f} -> {then:6.2f}")
    for name in sorted({each.name for each in examples}):
        here, others = ([each for each in examples if (each.name == name) is same] for same in (True, False))
        told = [reciprocal(here, weights) for weights in (today, learned, learn(others, today))]
        print(f"{name:12} {len(here):4}  today {told[0]:.3f}  learned {told[1]:.3f}  from the others {told[2]:.3f}")


if __name__ == "__main__":
    main()
