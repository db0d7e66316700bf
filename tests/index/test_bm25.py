import random
from pathlib import Path

import pyarrow as pa
import pytest
from lance.query import MatchQuery

from holdfast.index import bm25
from holdfast.index.bm25 import CorpusStats
from holdfast.index.lance.segments import index_text
from holdfast.index.lance.table import TableShape, VersionedTable

SHAPE = TableShape(pa.schema([("id", pa.int32()), ("terms", pa.string())]), text="terms")
QUERY = ["w1", "w7", "w40"]


def documents(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    # Some have no term at all: Lance does not count them.
    return [" ".join(f"w{int(rng.paretovariate(0.7)) % 60}" for _ in range(rng.randrange(0, 80))) for _ in range(count)]


def rows(texts: list[str]) -> pa.Table:
    return pa.table({"id": pa.array(range(len(texts)), pa.int32()), "terms": texts}, schema=SHAPE.schema)


def stats_of(texts: list[str]) -> CorpusStats:
    split = [text.split() for text in texts if text]
    return CorpusStats(
        len(split), sum(map(len, split)), {term: sum(term in words for words in split) for term in QUERY}
    )


def expected(texts: list[str], stats: CorpusStats) -> dict[str, float]:
    scores = {}
    for text in texts:
        words = text.split()
        score = bm25.score(QUERY, {term: words.count(term) for term in QUERY}, len(words), stats)
        if score:
            scores[text] = score
    return scores


def lance_scores(table: VersionedTable, version: int) -> dict[str, float]:
    query = MatchQuery(" ".join(QUERY), "terms")
    found = table.open(version).scanner(columns=["terms", "_score"], full_text_query=query, limit=10_000).to_table()
    return dict(zip(found["terms"].to_pylist(), found["_score"].to_pylist(), strict=True))


@pytest.fixture
def table(tmp_path: Path) -> VersionedTable:
    return VersionedTable(tmp_path / "t", SHAPE, durable=False)


def test_scores_are_lances_without_an_index(table: VersionedTable) -> None:
    texts = documents(1, 300)
    version = table.append(table.create(), rows(texts))
    assert lance_scores(table, version) == pytest.approx(expected(texts, stats_of(texts)), rel=1e-3)


def test_scores_are_lances_over_several_segments(table: VersionedTable) -> None:
    texts = documents(2, 400)
    version = table.create()
    for first in (0, 100, 250):
        version = index_text(table, table.append(version, rows(texts[first : {0: 100, 100: 250, 250: 400}[first]])))
    assert lance_scores(table, version) == pytest.approx(expected(texts, stats_of(texts)), rel=1e-3)


def test_beside_an_index_lance_scores_indexed_rows_by_the_index_and_others_by_all(table: VersionedTable) -> None:
    old, new = documents(3, 200), documents(4, 50)
    version = table.append(index_text(table, table.append(table.create(), rows(old))), rows(new))
    wanted = expected(old, stats_of(old)) | expected(new, stats_of(old + new))
    assert lance_scores(table, version) == pytest.approx(wanted, rel=1e-3)


def test_removed_rows_still_count_in_lances_statistics(table: VersionedTable) -> None:
    texts = documents(5, 200)
    version = table.delete(index_text(table, table.append(table.create(), rows(texts))), "id < 50")
    assert lance_scores(table, version) == pytest.approx(expected(texts[50:], stats_of(texts)), rel=1e-3)


@pytest.mark.parametrize("frequency", [1, 2, 57, 500, 999, 1000])
def test_a_frequency_is_found_again_from_its_weight(frequency: int) -> None:
    assert bm25.frequency_of(bm25.idf(1000, frequency), 1000) == frequency


def test_statistics_of_table_and_tail_add_up() -> None:
    old, new = documents(6, 30), documents(7, 20)
    assert stats_of(old) + stats_of(new) == stats_of(old + new)


def test_an_empty_corpus_scores_nothing() -> None:
    assert bm25.score(["a"], {}, 0, CorpusStats(0, 0)) == 0
    assert CorpusStats(0, 0).mean_length == 1
