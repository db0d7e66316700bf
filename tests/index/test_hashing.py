"""Hashes of columns: the same for the same values, wherever these stand, and others for others."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.index.hashing import hashes_of, hashes_of_rows


@given(texts=st.lists(st.text(max_size=30), min_size=1, max_size=20), begin=st.integers(0, 5))
def test_equal_texts_alone_have_equal_hashes(texts: list[str], begin: int) -> None:
    whole = hashes_of(pa.array(texts, pa.string()), 7).tolist()
    assert len(set(whole)) == len(set(texts))
    assert [hashes_of(pa.array([each], pa.string()), 7)[0] for each in texts] == whole
    assert hashes_of(pa.array(texts, pa.string())[begin:], 7).tolist() == whole[begin:]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2, -1, None, None]),
        pa.array([0.5, -0.5, 1e300, None, None]),
        pa.array(["", "\0", "\0\0", None, None]),
        pa.array(["a" * 8, "a" * 9, "a" * 16, None, None]),
    ],
)
def test_only_what_is_missing_is_alike(values: Any) -> None:
    found = hashes_of(values, 7).tolist()
    assert len(set(found)) == 4
    assert found[3:] == [0, 0]
    assert hashes_of(pa.array([-0.0]), 7) == hashes_of(pa.array([0.0]), 7)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([date(2020, 1, 1), date(2020, 1, 2), date(1, 1, 1), None, None]),
        pa.array([[1, 2], [2, 1], [], None, None]),
        pa.array([["a"], ["a", None], ["a", "a"], None, None]),
        pa.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], None, None], pa.list_(pa.float32(), 2)),
        pa.array([[[1], [2]], [[1, 2]], [[], [1, 2]], None, None]),
    ],
)
def test_days_and_lists_are_told_apart_wherever_they_stand(values: Any) -> None:
    found = hashes_of(values, 7).tolist()
    assert len(set(found)) == 4
    assert found[3:] == [0, 0]
    assert hashes_of(values[1:], 7).tolist() == found[1:]


def test_rows_are_alike_that_have_the_same_in_every_column() -> None:
    columns = [pa.array(["a", "b", "a", "a", None]), pa.array(["b", "a", "b", None, "a"])]
    found = hashes_of_rows(columns, 7).tolist()
    assert found[0] == found[2]
    assert len(set(found)) == 4
