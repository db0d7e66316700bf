import numpy as np
import pytest

from holdfast.index.lance import lookup as lookup_module
from holdfast.index.lance import segments as segments_module
from holdfast.index.lance.lookup import Lookup, RowKey
from holdfast.index.lance.segments import index_ids, index_text, index_vectors
from holdfast.index.lance.table import VersionedTable
from holdfast.index.text.analysis import query_tokens
from tests.support.search_rows import content, many, vectors, word


@pytest.fixture(autouse=True)
def _small_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments_module, "LEAST_VECTORS", 20)
    monkeypatch.setattr(lookup_module, "ENOUGH_TO_CHOOSE", 2)


@pytest.fixture(params=["bare", "indexed", "both"])
def version(request: pytest.FixtureRequest, table: VersionedTable) -> int:
    """A version of 40 contents of 2 chunks: without indexes, with them, or half and half."""
    rows = many("doc", 40, 2)
    if request.param == "bare":
        return table.append(table.create(), rows)
    made = table.append(table.create(), rows.slice(0, 40) if request.param == "both" else rows)
    made = index_vectors(table, index_ids(table, index_text(table, made)))
    return table.append(made, rows.slice(40)) if request.param == "both" else made


def test_full_text_finds_the_rows_that_say_it(table: VersionedTable, version: int) -> None:
    lookup = Lookup(table)
    found = lookup.text_candidates(version, query_tokens(f"{word('doc-7')} {word('doc-31')}"), 10)
    assert {c.key for c in found} == {RowKey(f"doc-{n}", o) for n in (7, 31) for o in (0, 1)}
    assert len(lookup.text_candidates(version, ["common"], 1000)) == 80
    assert len(lookup.text_candidates(version, ["common"], 7)) == 7
    assert lookup.text_candidates(version, [], 7) == []
    assert lookup.text_candidates(version, ["nowhere"], 7) == []


def test_some_contents_only_or_some_not(table: VersionedTable, version: int) -> None:
    lookup = Lookup(table)
    ids = ["doc-3", "doc-30", "it's nobody"]
    for some in (
        lookup.text_candidates(version, ["common"], 1000, ids=ids),
        lookup.vector_candidates(version, vectors(1)[0], 1000, ids=ids),
    ):
        assert {c.key.content_id for c in some} == {"doc-3", "doc-30"}
        assert len(some) == 4
    for others in (
        lookup.text_candidates(version, ["common"], 1000, not_ids=ids),
        lookup.vector_candidates(version, vectors(1)[0], 1000, not_ids=ids, exact=True),
    ):
        assert len(others) == 76
    assert lookup.text_candidates(version, ["common"], 5, ids=[]) == []
    assert len(lookup.text_candidates(version, ["common"], 5, ids=ids, not_ids=["doc-3"])) == 2


@pytest.mark.parametrize("exact", [False, True])
def test_the_nearest_vectors_come_first_with_their_cosine(table: VersionedTable, version: int, exact: bool) -> None:
    stored = table.rows(version, ["content_id", "ordinal", "vector"])
    matrix = np.array(stored["vector"].to_pylist(), np.float32)
    query = vectors(1, seed=9)[0]
    similarities = matrix @ query
    found = Lookup(table).vector_candidates(version, query, 5, exact=exact)
    assert [c.score for c in found] == pytest.approx(sorted(similarities, reverse=True)[:5], abs=1e-3)
    best = int(np.argmax(similarities))
    assert found[0].key == RowKey(stored["content_id"][best].as_py(), stored["ordinal"][best].as_py())


def test_rows_far_from_the_query_are_found_through_the_index_too(
    table: VersionedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments_module, "ROWS_PER_PARTITION", 50)
    monkeypatch.setattr(lookup_module, "LEAST_PROBES", 1)
    monkeypatch.setattr(lookup_module, "FEW_CONTENTS", 0)
    version = index_vectors(table, table.append(table.create(), many("doc", 1000)))
    lookup, query = Lookup(table), vectors(1, seed=9)[0]
    ids = [f"doc-{number}" for number in range(0, 1000, 50)]
    assert len(lookup.vector_candidates(version, query, 20, ids=ids)) == 20
    assert len(lookup.vector_candidates(version, query, 400)) == 400
    assert len(lookup.vector_candidates(version, query, 400, not_ids=ids)) == 400


def test_a_query_without_direction_finds_nothing(table: VersionedTable, version: int) -> None:
    assert Lookup(table).vector_candidates(version, vectors(1)[0] * 0, 5) == []


def test_candidates_are_fetched_in_their_order(table: VersionedTable, version: int) -> None:
    lookup = Lookup(table)
    found = lookup.text_candidates(version, ["common"], 30)[::-1]
    rows = lookup.fetch(version, found)
    assert [RowKey(c, o) for c, o in zip(rows["content_id"].to_pylist(), rows["ordinal"].to_pylist(), strict=True)] == [
        c.key for c in found
    ]
    assert lookup.fetch(version, found[:2], ["text"]).schema.names == ["text"]
    assert lookup.fetch(version, []).num_rows == 0


@pytest.mark.parametrize("counted_up_to", [5000, 10])
def test_statistics_count_rows_and_terms(
    table: VersionedTable, version: int, counted_up_to: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_module, "COUNTED_UP_TO", counted_up_to)
    rows = content("wordless", ["--", "!"])
    version = table.append(version, rows)
    stats = Lookup(table).corpus(version, ["common", word("doc-7"), "nowhere"])
    assert (stats.rows, stats.terms) == (80, 160)
    assert stats.frequencies["common"] == 80
    # Worked out from the indexed half, if only that is indexed.
    assert stats.frequencies[word("doc-7")] in (2, 4)
    assert stats.frequencies["nowhere"] == 0


def test_statistics_of_a_version_are_asked_for_once(table: VersionedTable, version: int) -> None:
    lookup = Lookup(table)
    first = lookup.corpus(version, ["common"])
    table.open = lambda version: pytest.fail("asked again")  # type: ignore[method-assign]
    assert lookup.corpus(version, ["common"]) == first


def test_scores_can_be_taken_again_under_the_tables_own_statistics(table: VersionedTable) -> None:
    version = index_text(table, table.append(table.create(), many("doc", 40, 2)))
    lookup = Lookup(table)
    query = ["common", word("doc-7")]
    found = lookup.text_candidates(version, query, 100)
    again = lookup.rescore(version, found, query, lookup.corpus(version, query))
    assert [c.key for c in again] == [c.key for c in found]
    assert [c.score for c in again] == pytest.approx([c.score for c in found], rel=1e-3)


def test_no_query_prints_a_warning(table: VersionedTable, version: int, capfd: pytest.CaptureFixture[str]) -> None:
    lookup = Lookup(table)
    lookup.text_candidates(version, ["common"], 5)
    lookup.vector_candidates(version, vectors(1)[0], 5)
    lookup.corpus(version, ["common"])
    assert capfd.readouterr().err == ""
