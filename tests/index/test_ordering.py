"""Ordered copies: what is looked up in them is what the table has, and half of one is none."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from holdfast import StorageFailed, faults
from holdfast.index import hashing, ordered, ordering
from holdfast.index.ordered import NotOrdered, OrderedCopy
from holdfast.index.ordering import make_copy


def batches(rows: int, at_once: int = 300) -> Iterator[pa.RecordBatch]:
    keys = [f"key {number % (rows // 2)}" for number in range(rows)]
    table = pa.table({"key": keys, "value": range(rows)})
    yield from table.to_batches(max_chunksize=at_once)


def looked_up(copy: OrderedCopy, *texts: str) -> list[int]:
    found = copy.rows(texts)
    assert found is not None
    return sorted(value for part in found for value in part.column("value").to_pylist())


@pytest.fixture(params=[1000, 90], ids=["one part", "many parts"])
def copy(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OrderedCopy:
    monkeypatch.setattr(ordering, "ROWS_AT_ONCE", request.param)
    make_copy(batches(1000), "key", tmp_path / "copy", 1000)
    assert [file.name for file in tmp_path.iterdir()] == ["copy"]
    return OrderedCopy(tmp_path / "copy", "key", 1000)


def test_rows_are_found_by_what_they_have_in_the_column(copy: OrderedCopy) -> None:
    assert looked_up(copy, "key 0", "key 7", "none", "key 7") == [0, 7, 500, 507]
    assert looked_up(copy) == []
    every = [f"key {number}" for number in range(500)]
    assert looked_up(copy, *every) == list(range(1000))
    assert copy.rows(every, most=999) is None
    assert copy.rows(every[:3], most=6) is not None


def test_a_text_of_the_same_hash_is_another_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ordered, ordering):
        monkeypatch.setattr(module, "hashes_of", lambda texts, seed: hashing.hashes_of(texts, seed) & np.uint64(3))
    make_copy(batches(100), "key", tmp_path / "copy", 100)
    assert looked_up(OrderedCopy(tmp_path / "copy", "key", 100), "key 3") == [3, 53]


def test_half_a_copy_and_one_of_something_else_are_none(tmp_path: Path) -> None:
    make_copy(batches(100), "key", tmp_path / "copy", 100)
    with pytest.raises(NotOrdered):
        OrderedCopy(tmp_path / "copy", "key", 101)
    with pytest.raises(NotOrdered):
        OrderedCopy(tmp_path / "copy", "other", 100)
    whole = (tmp_path / "copy").read_bytes()
    for size in (0, 7, len(whole) // 2, len(whole) - 1):
        (tmp_path / "half").write_bytes(whole[:size])
        with pytest.raises(NotOrdered):
            OrderedCopy(tmp_path / "half", "key", 100)


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    faults.arm("ordered.before_rename=enospc")
    try:
        with pytest.raises(StorageFailed):
            make_copy(batches(100), "key", tmp_path / "copy", 100)
    finally:
        faults.arm("")
    make_copy(iter(()), "key", tmp_path / "copy", 0)
    assert list(tmp_path.iterdir()) == []
