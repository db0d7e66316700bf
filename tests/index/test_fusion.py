import pytest

from holdfast.index.fusion import Parts, fuse


def order(found: list[tuple[str, float, Parts]]) -> list[str]:
    return [key for key, _, _ in found]


def test_a_row_that_both_rank_high_comes_first() -> None:
    assert order(fuse({"a": 3.0, "b": 2.9, "c": 1.0}, {"b": 0.9, "c": 0.2, "d": 0.1}))[0] == "b"


def test_the_only_exact_match_beats_what_is_merely_alike() -> None:
    alike = {f"v{number:02}": 0.5 - number / 100 for number in range(40)}
    assert order(fuse({"identifier": 8.0}, alike))[0] == "identifier"


def test_full_text_counts_twice_as_much() -> None:
    assert order(fuse({"a": 2.0, "b": 1.0}, {"a": 0.1, "b": 0.2})) == ["a", "b"]
    assert order(fuse({"a": 2.0, "b": 1.0}, {"a": 0.1, "b": 0.2}, weights=(0.5, 1.0))) == ["b", "a"]


def test_one_list_alone_keeps_its_order() -> None:
    assert order(fuse({"a": 1.0, "b": 3.0, "c": 2.0}, {})) == ["b", "c", "a"]
    assert order(fuse({}, {"a": 0.1, "b": 0.3})) == ["b", "a"]
    assert fuse({}, {}) == []


def test_ties_go_by_key() -> None:
    assert order(fuse({"b": 1.0, "a": 1.0}, {"c": 0.5})) == ["a", "b", "c"]


def test_a_row_below_the_cut_of_a_long_list_is_taken_for_its_worst() -> None:
    text, vector = {"a": 5.0, "b": 4.0}, {"a": 0.1, "c": 0.9}
    ((_, _, cut),) = [item for item in fuse(text, vector, text_is_complete=False) if item[0] == "c"]
    ((_, _, worst),) = [item for item in fuse(text, vector, text_is_complete=False) if item[0] == "b"]
    assert cut.from_text == pytest.approx(worst.from_text)
    assert cut.text is None


def test_parts_add_up_to_the_score() -> None:
    for _, score, parts in fuse({"a": 3.0, "b": 1.0}, {"b": 0.9, "c": 0.2}):
        assert score == pytest.approx(parts.from_text + parts.from_vector)
