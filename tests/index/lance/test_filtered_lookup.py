"""Candidates among some rows: the same, with the same scores, as those rows have among all."""

import numpy as np
import pytest

from holdfast.index.lance import filtered_lookup as among_module
from holdfast.index.lance import row_set
from holdfast.index.lance import segments as segments_module
from holdfast.index.lance.content_set import ContentSet
from holdfast.index.lance.filtered_lookup import Among
from holdfast.index.lance.lookup import Lookup
from holdfast.index.lance.row_set import RowSet
from holdfast.index.lance.segments import index_ids, index_text, index_vectors, unindexed_rows
from holdfast.index.lance.table import VersionedTable
from holdfast.index.text.analysis import query_tokens
from tests.support.search_rows import many, vectors, word


@pytest.fixture(autouse=True)
def _small_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments_module, "LEAST_VECTORS", 20)


@pytest.fixture(params=["bare", "indexed", "both"])
def version(request: pytest.FixtureRequest, table: VersionedTable) -> int:
    """A version of 40 contents of 2 chunks, after some were removed: without indexes, with them, or half and half."""
    rows = many("doc", 40, 2)
    if request.param == "bare":
        made = table.append(table.create(), rows)
    else:
        made = table.append(table.create(), rows.slice(0, 40) if request.param == "both" else rows)
        made = index_vectors(table, index_ids(table, index_text(table, made)))
        made = table.append(made, rows.slice(40)) if request.param == "both" else made
    return table.delete_ids(made, ["doc-4", "doc-5"])


@pytest.fixture(params=["runs", "listed", "roughly"])
def _told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_set, "MOST_RUNS", 100 if request.param == "runs" else 2)
    monkeypatch.setattr(row_set, "MOST_LISTED", 0 if request.param == "roughly" else 100)


SOME = [f"doc-{number}" for number in range(0, 40, 3)]


def rows_of(lookup: Lookup, version: int) -> Among:
    return Among(lookup, version, lookup.rows_of(version, ContentSet.of([*SOME, "nobody"])))


@pytest.mark.usefixtures("_told")
@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_full_text_scores_rows_by_the_statistics_of_all(table: VersionedTable, version: int, limit: int) -> None:
    lookup, query = Lookup(table), query_tokens(f"common {word('doc-9')} {word('doc-30')} {word('doc-31')}")
    everything = lookup.text_candidates(version, query, 1000)
    if unindexed_rows(table, version, "terms"):
        # Without a filter too, Lance scores these by what it happens to scan.
        everything = lookup.rescore(version, everything, query, lookup.corpus(version, query))
    expected = [(row.key, row.score) for row in everything if row.key.content_id in SOME]
    found = rows_of(lookup, version).text_candidates(query, limit)
    assert len(found) == min(limit, 28)
    assert [row.score for row in found] == pytest.approx([score for _, score in expected[:limit]], rel=1e-3)
    assert {row.key for row in found[:4]} <= {key for key, _ in expected[:4]}


@pytest.mark.usefixtures("_told")
@pytest.mark.parametrize("exactly", [0, 1000])
@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_vectors_of_some_rows_are_ranked_as_among_all(
    table: VersionedTable, version: int, limit: int, exactly: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(among_module, "COMPARED_EXACTLY", exactly)
    lookup, query = Lookup(table), vectors(1, seed=3)[0]
    everything = lookup.vector_candidates(version, query, 1000, exact=True)
    expected = [row for row in everything if row.key.content_id in SOME][:limit]
    found = rows_of(lookup, version).vector_candidates(query, limit)
    assert [row.key for row in found] == [row.key for row in expected]
    assert [row.score for row in found] == pytest.approx([row.score for row in expected], abs=1e-5)


def test_no_rows_are_no_candidates(table: VersionedTable, version: int) -> None:
    lookup = Lookup(table)
    nobody = Among(lookup, version, lookup.rows_of(version, ContentSet.of(["nobody"])))
    assert nobody.text_candidates(["common"], 5) == []
    assert nobody.vector_candidates(vectors(1)[0], 5) == []


def test_rows_told_roughly_are_all_within_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_set, "MOST_RUNS", 3)
    monkeypatch.setattr(row_set, "MOST_LISTED", 2)
    rows = RowSet(np.array([1, 2, 5, 100, 101, 104, 2**32], np.uint64))
    assert not rows.is_told
    first = f"{row_set.ADDRESS} >= 1 AND {row_set.ADDRESS} <= 5"
    assert rows.predicate.startswith(f"({first}) OR ({row_set.ADDRESS} >= 100 AND {row_set.ADDRESS} <= 104) OR ")
    assert rows.predicate.endswith(f"({row_set.ADDRESS} >= {2**32} AND {row_set.ADDRESS} <= {2**32})")
