"""Stores of stated sizes, built through the public protocol, and the texts they hold."""

import random
from pathlib import Path

import numpy as np

import holdfast
from holdfast.catalog.contents import MARKDOWN, Rendition
from holdfast.catalog.search_rows import TailRow
from holdfast.documents import Body, Derived, Draft, body_of_bytes
from holdfast.index.text.analysis import terms_for
from holdfast.testing.seams import internal_transaction

_SYLLABLES = ["ka", "lo", "mi", "ne", "po", "ru", "sa", "ti", "vo", "we", "xa", "yo", "zu", "ber", "cal", "dor", "fen"]
_RNG = random.Random(0)
#: an invented vocabulary, so that the texts are the same on every machine
WORDS = sorted({"".join(_RNG.choices(_SYLLABLES, k=_RNG.randint(2, 4))) for _ in range(6000)})


def sentence(rng: random.Random, words: int) -> str:
    """Return words with a skew like that of language: few are frequent, many are rare."""
    return " ".join(WORDS[min(len(WORDS) - 1, int(rng.paretovariate(0.6)))] for _ in range(words))


def note(rng: random.Random, size: int) -> str:
    """Return a Markdown note of about `size` bytes."""
    text = f"# {sentence(rng, 3).title()}\n"
    while len(text) < size:
        text += f"\n{sentence(rng, 40)}.\n"
    return text[:size]


def many_files(folder: Path, *, files: int, commits: int) -> None:
    """Make a store with so many files in directories of 1,000, written by so many commits, of 2,000 contents."""
    holdfast.create(folder).close()
    rng = random.Random(4)
    contents = [note(rng, 500) for _ in range(2000)]
    each = files // commits
    with holdfast.open(folder, durability="relaxed") as store:
        for commit in range(commits):
            with store.transaction(message=f"bulk {commit}") as tx:
                for i in range(commit * each, (commit + 1) * each):
                    tx.write(f"/resources/all/d{i // 1000:02}/f{i % 1000:03}.md", contents[i % len(contents)])


def many_chunks(folder: Path, *, contents: int, chunks_each: int) -> None:
    """Make a store with so many documents of so many chunks, their vectors drawn around 500 topics."""
    holdfast.create(folder).close()
    rng, numbers = random.Random(5), np.random.default_rng(5)
    topics = numbers.standard_normal((500, 256)).astype(np.float32)
    with holdfast.open(folder, durability="relaxed") as store:
        for start in range(0, contents, 1000):
            with internal_transaction(store, "bulk") as tx:
                for i in range(start, start + 1000):
                    body = body_of_bytes(f"document {i}".encode(), "text/markdown")
                    tx.put(
                        f"/resources/{i // 1000}/{i}.md",
                        Draft(f"{i}.md", body, _Made(rng, numbers, topics, chunks_each)),
                    )


class _Made:
    """A deriver that invents chunks: what is measured is searching, not embedding."""

    def __init__(self, rng: random.Random, numbers: np.random.Generator, topics: np.ndarray, chunks: int) -> None:
        self._rng, self._numbers, self._topics, self._chunks = rng, numbers, topics, chunks

    def media_type(self, name: str, head: bytes) -> str:
        return "text/markdown"

    def derive(self, name: str, body: Body) -> Derived:
        rendition = Rendition(
            content_id=body.content_id,
            kind=MARKDOWN,
            deriver="bench",
            deriver_version="1",
            rendered_id=body.content_id,
            title=name,
        )
        return Derived(((rendition, body),), tuple(self._row(body, i) for i in range(self._chunks)))

    def _row(self, body: Body, ordinal: int) -> TailRow:
        text = sentence(self._rng, 60)
        vector = self._topics[self._rng.randrange(len(self._topics))] + self._numbers.standard_normal(256) * 0.6
        vector = (vector / np.linalg.norm(vector)).astype("<f4")
        heading = sentence(self._rng, 3)
        return TailRow(
            row_id=0,
            content_id=body.content_id,
            ordinal=ordinal,
            heading=heading,
            text=text,
            terms=terms_for(heading, text),
            start=0,
            end=len(text),
            page=None,
            vector=vector.tobytes(),
        )
