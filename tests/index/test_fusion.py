import math

import pytest

from holdfast.index import bm25
from holdfast.index.bm25 import CorpusStats
from holdfast.index.fusion import STRONG, TEXT, VECTOR, Parts, by_text, fuse, most_of

#: a BM25 that no row of these tests reaches
MOST = 10.0


def order(found: list[tuple[str, Parts]]) -> list[str]:
    return [key for key, _ in found]


def test_a_row_that_both_rank_high_comes_first() -> None:
    assert order(fuse({"a": 3.0, "b": 2.9, "c": 1.0}, {"b": 0.9, "c": 0.2, "d": 0.1}, MOST))[0] == "b"


def test_the_only_exact_match_beats_what_is_merely_alike() -> None:
    alike = {f"v{number:02}": 0.5 - number / 100 for number in range(40)}
    assert order(fuse({"identifier": 8.0}, alike, MOST))[0] == "identifier"


def test_a_few_rows_that_share_a_stray_word_do_not_beat_what_is_meant() -> None:
    vector = {"meant": 0.6} | {f"v{number:02}": 0.3 - number / 100 for number in range(30)}
    assert order(fuse({"stray": 1.5}, vector, MOST))[0] == "meant"


def test_what_else_was_found_changes_no_score() -> None:
    few = dict(fuse({"a": 3.0}, {"a": 0.5}, MOST))
    many = dict(fuse({"a": 3.0, "b": 9.0}, {"a": 0.5, "c": 0.9}, MOST))
    assert few["a"] == many["a"] == Parts(3.0, 0.5, TEXT * 0.3 + STRONG * 0.09, VECTOR * 0.5)


def test_the_text_that_no_row_reaches_weighs_every_word_by_how_rare_it_is() -> None:
    stats = CorpusStats(100, 1000, {"often": 50, "rare": 1})
    weights = [bm25.idf(100, frequency) for frequency in (50, 1, 0)]
    assert most_of(["often", "rare", "nowhere"], stats) == pytest.approx(sum(weights) * (bm25.K1 + 1))
    best = bm25.score(["often", "rare"], {"often": 10**6, "rare": 10**6}, 10, stats)
    assert best < most_of(["often", "rare"], stats)
    assert by_text(1.0, 0.0) == 0
    assert by_text(math.inf, 1.0) == TEXT + STRONG


def test_one_list_alone_keeps_its_order() -> None:
    assert order(fuse({"a": 1.0, "b": 3.0, "c": 2.0}, {}, MOST)) == ["b", "c", "a"]
    assert order(fuse({}, {"a": 0.1, "b": 0.3}, MOST)) == ["b", "a"]
    assert fuse({}, {}, MOST) == []


def test_ties_go_by_key() -> None:
    assert order(fuse({"b": 1.0, "a": 1.0}, {"c": 0.5}, MOST))[1:] in (["a", "b"], ["b", "c"])
    assert order(fuse({"b": 1.0, "a": 1.0}, {}, MOST)) == ["a", "b"]


def test_a_row_below_the_cut_of_a_long_list_is_taken_for_its_worst() -> None:
    found = dict(fuse({"a": 5.0, "b": 4.0}, {"a": 0.1, "c": 0.9}, MOST, text_is_complete=False))
    assert found["c"].from_text == pytest.approx(found["b"].from_text)
    assert found["c"].text is None


def test_a_row_that_matched_nothing_scores_nothing_when_the_list_is_complete() -> None:
    found = dict(fuse({"a": 5.0}, {"c": 0.9}, MOST))
    assert found["c"].from_text == 0
