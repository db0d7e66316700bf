"""Passages that were read are kept, within bounds, and near-duplicates are found among few of their runs."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import holdfast
from holdfast.index.fusion import Parts
from holdfast.index.lance.lookup import Lookup, RowKey
from holdfast.search.answers.grouping import ALIKE, Documents, runs
from holdfast.search.answers.recent import ReadPassage, RecentPassages
from holdfast.search.order import Scored
from holdfast.search.rerank import Passage, Quote
from holdfast.search.retrieve import Candidates


def read(text: str, *, vector: bool = True) -> ReadPassage:
    return ReadPassage(Passage("", text, text, 0, len(text), None), np.zeros(256, np.float32) if vector else None)


def test_what_is_kept_stays_below_a_bound_and_the_oldest_go_first() -> None:
    recent = RecentPassages(most_bytes=50_000)
    for row in range(200):
        recent.keep("table", 7, {row: read("x" * 1000)})
        assert recent.among("table", 7, [0], with_vectors=True), "it was asked for all the time"
        assert recent.size <= 50_000
    left = recent.among("table", 7, range(200), with_vectors=True)
    assert 5 < len(left) < 30
    assert {0, 199} <= left.keys()
    assert 1 not in left
    recent.keep("table", 7, {1: read("y" * 100_000)})
    assert recent.size == 0, "what is larger than all that may be kept is not kept"


def test_a_row_of_another_table_or_version_is_another() -> None:
    recent = RecentPassages()
    recent.keep("table", 7, {1: read("a"), 2: read("b", vector=False)})
    assert recent.among("table", 8, [1], with_vectors=False) == recent.among("other", 7, [1], with_vectors=False) == {}
    assert recent.among("table", 7, [1, 2], with_vectors=True).keys() == {1}
    assert recent.among("table", 7, [1, 2, 3], with_vectors=False).keys() == {1, 2}


def test_a_search_reads_passages_once_with_their_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[list[str]] = []
    fetch = Lookup.fetch

    def counted(self: Lookup, version: int, candidates: Any, columns: Any = None) -> Any:
        steps.append(columns)
        return fetch(self, version, candidates, columns)

    with holdfast.create(tmp_path / "kb") as store:
        with store.transaction() as tx:
            for i in range(90):
                words = "lease lock" if i % 3 else "wombat"
                tx.write(f"/{i}.md", f"# Note {i}\n\nThe {words} of harbour {i * 7} and of {i * 13}.\n")
        store.maintenance.optimize()
        monkeypatch.setattr(Lookup, "fetch", counted)
        first = store.search("stale lease lock", limit=20)
        assert [("text" in columns, "vector" in columns) for columns in steps] == [(True, True)]
        steps.clear()
        assert store.search("stale lease lock", limit=20) == first
        assert steps == []
        store.write("/new.md", "A lease that is new.")
        store.maintenance.optimize()
        assert "/new.md" in [hit.path for hit in store.search("lease new", limit=20)]


def test_near_duplicates_are_those_that_comparing_all_with_all_finds() -> None:
    rng = random.Random(3)
    texts: list[list[str]] = []
    for number in range(300):
        # Two words of sixty that differ are just below the bound, and three are above it.
        base = rng.choices("abcdefghijklmnop", k=60) if number % 2 else list(texts[-1]) if texts else ["a"] * 60
        for place in rng.sample(range(60), rng.choice((2, 2, 2, 3))):
            base[place] = f"w{'x' * rng.randrange(1, 9)}"
        texts.append(base)
    keys = [RowKey(f"{i:064}") for i in range(len(texts))]
    quotes = {
        key: Quote(Passage("", "", " ".join(words), 0, 1, None), key.content_id, f"/{key.content_id}.txt", "t")
        for key, words in zip(keys, texts, strict=True)
    }
    rows = [Scored(key, 1.0, Parts(None, None, 0.0, 0.0)) for key in keys]
    groups = Documents(()).of(rows, Candidates(), quotes)
    found = {group.best.key.content_id: group.alike for group in groups}
    expected: dict[str, list[str]] = {}
    for key in keys:
        mine = runs(quotes[key])
        for other in expected:
            theirs = runs(quotes[RowKey(other)])
            if len(mine & theirs) >= ALIKE * len(mine | theirs):
                expected[other].append(key.content_id)
                break
        else:
            expected[key.content_id] = []
    assert found == expected
    assert any(expected.values())
