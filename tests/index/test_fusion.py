import pytest

from holdfast.index.fusion import BUILT_IN_NEARNESS, EVIDENCE, FAINT, TEXT, VECTOR, Parts, by_text, fuse

#: a BM25 that no row of these tests reaches
MOST = 10.0


def order(found: list[tuple[str, Parts]]) -> list[str]:
    return [key for key, _ in found]


def test_a_row_that_both_rank_high_comes_first() -> None:
    assert order(fuse({"a": 3.0, "b": 2.9, "c": 1.0}, {"b": 0.9, "c": 0.2, "d": 0.1}, MOST))[0] == "b"


def test_the_only_exact_match_beats_what_is_faintly_alike() -> None:
    alike = {f"v{number:02}": 0.1 - number / 1000 for number in range(40)}
    assert order(fuse({"identifier": 8.0}, alike, MOST))[0] == "identifier"


def test_a_few_rows_that_share_a_stray_word_do_not_beat_what_is_meant() -> None:
    vector = {"meant": 0.6} | {f"v{number:02}": 0.3 - number / 100 for number in range(30)}
    assert order(fuse({"stray": 1.5}, vector, MOST))[0] == "meant"


def test_text_counts_by_what_can_be_reached_and_by_itself_and_vectors_by_the_best_of_them() -> None:
    found = dict(fuse({"a": 3.0, "b": 9.0}, {"a": 0.25, "c": 0.5}, MOST))
    assert found["a"] == Parts(3.0, 0.25, by_text(3.0, MOST), VECTOR * 0.5)
    assert found["a"].from_text == pytest.approx(TEXT * 0.3 + EVIDENCE * 3.0)
    assert found["c"].from_vector == VECTOR
    assert by_text(1.0, 0.0) == 0
    assert BUILT_IN_NEARNESS.adds(FAINT / 2, FAINT / 2) == VECTOR / 2


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
