from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from holdfast.index.bm25 import CorpusStats
from holdfast.index.lance.lookup import Lookup
from holdfast.index.lance.segments import index_text
from holdfast.index.lance.table import VersionedTable
from holdfast.index.tailset import TailSet
from holdfast.index.text.analysis import query_tokens, terms_for
from tests.support.search_rows import content, many, vectors, word

TEXTS = ["locks are leases", "a lease expires", "数据库锁定", "LeaseHolder renews", "--", "lock lock lock unlocked"]


@dataclass(frozen=True)
class Row:
    content_id: str
    ordinal: int
    terms: str
    vector: bytes


def rows(texts: list[str] = TEXTS, name: str = "t") -> dict[int, Row]:
    found = vectors(len(texts), seed=len(name))
    return {n: Row(name, n, terms_for("", text), found[n].tobytes()) for n, text in enumerate(texts)}


def test_the_tail_scores_as_the_table_would(table: VersionedTable) -> None:
    version = table.append(table.create(), content("t", TEXTS))
    for text in ("stale lock", "leases", "lease holder", "锁定"):
        query = query_tokens(text)
        tail: TailSet[Row] = TailSet()
        tail.add(rows())
        wanted = {c.key.ordinal: c.score for c in Lookup(table).text_candidates(version, query, 10)}
        assert tail.text_scores(query, tail.stats(query)) == pytest.approx(wanted, rel=1e-3)
        assert wanted


def test_before_and_after_a_fold_the_same_rows_are_found_and_score_the_same(table: VersionedTable) -> None:
    query = query_tokens(f"common {word('new-1')}")
    base = index_text(table, table.append(table.create(), many("old", 60)))
    texts = [f"common {word(f'new-{n}')}" for n in range(5)]
    tail: TailSet[Row] = TailSet()
    tail.add(rows(texts, "new"))
    lookup = Lookup(table)
    stats = lookup.corpus(base, query) + tail.stats(query)
    before = {c.key: c.score for c in lookup.rescore(base, lookup.text_candidates(base, query, 100), query, stats)}
    before_tail = {("new", n): score for n, score in tail.text_scores(query, stats).items()}
    folded = index_text(table, table.append(base, content("new", texts)), merge=True)
    after = {(c.key.content_id, c.key.ordinal): c.score for c in lookup.text_candidates(folded, query, 100)}
    assert {(key.content_id, key.ordinal): score for key, score in before.items()} | before_tail == pytest.approx(
        after, rel=1e-3
    )


def test_vectors_are_compared_by_cosine() -> None:
    tail: TailSet[Row] = TailSet()
    tail.add(rows())
    tail.add({99: Row("z", 0, "", np.zeros(16, np.float32).tobytes())})
    query = np.frombuffer(rows()[3].vector, np.float32)
    scores = tail.vector_scores(query)
    assert set(scores) == set(range(6))
    assert max(scores, key=lambda row_id: scores[row_id]) == 3
    assert scores[3] == pytest.approx(1.0, abs=1e-5)


def test_removed_rows_leave_no_trace() -> None:
    tail: TailSet[Row] = TailSet()
    tail.add(rows())
    tail.remove([0, 1, 2, 3, 4, 5, 77])
    assert len(tail) == 0
    assert tail.stats(["lock"]) == CorpusStats(0, 0, {"lock": 0})
    assert tail.text_scores(["lock"], tail.stats(["lock"])) == {}
    assert tail.vector_scores(vectors(1)[0]) == {}


def test_a_row_added_again_replaces_the_first() -> None:
    tail: TailSet[Row] = TailSet()
    tail.add({1: Row("a", 0, "old term", vectors(1)[0].tobytes())})
    tail.add({1: Row("a", 0, "new", vectors(1)[0].tobytes())})
    assert tail.ids() == {1}
    assert tail[1].terms == "new"
    assert tail.stats(["old", "new"]) == CorpusStats(1, 1, {"old": 0, "new": 1})


def test_only_wanted_rows_are_scored() -> None:
    tail: TailSet[Row] = TailSet()
    tail.add(rows())
    query = ["lock"]
    assert set(tail.text_scores(query, tail.stats(query), lambda row: row.ordinal == 5)) == {5}
    assert set(tail.vector_scores(vectors(1)[0], lambda row: row.ordinal == 5)) == {5}


def test_threads_may_change_and_ask_at_once() -> None:
    tail: TailSet[Row] = TailSet()
    tail.add(rows())

    def work(number: int) -> None:
        tail.add({100 + number: rows()[0]})
        assert tail.text_scores(["lock"], tail.stats(["lock"]))
        assert len(tail.vector_scores(vectors(1)[0])) >= 6
        tail.remove([100 + number])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(100)))
    assert tail.ids() == set(range(6))
