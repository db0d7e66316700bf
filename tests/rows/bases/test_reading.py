"""Look-ups in a base: by key, by end and by value."""

from pathlib import Path

import pytest

from holdfast.catalog.graph.bases import Base
from holdfast.index.tables import Tables
from holdfast.rows.bases.reading import LanceBase, load_mark
from holdfast.rows.bases.staging import BaseStaging
from holdfast.rows.stored import StoredRow
from tests.rows.bases.test_shape import EDGE, FULL, NODE


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path / "tables", "e", 4, durable=False)


def reader(tables: Tables, kind: object, rows: list[StoredRow], parts: int = 1) -> LanceBase:
    staging = BaseStaging(tables, kind)  # type: ignore[arg-type]
    staged = staging.rewritten(None, None, ())
    for number in range(parts):
        staged = staging.indexed(staging.with_rows(staged, rows[number::parts]))
    base: Base = staged.as_base(staging.kind, seq=9, covers=8, loaded=True)
    return LanceBase(base, tables.graph(base.table), lambda covers: covers + 1)


def node(key: str, data: dict[str, object] | None = None, seq: int = 5) -> StoredRow:
    return StoredRow(7, key, None, None, data or {}, seq)


@pytest.mark.parametrize("key", ["a", "it's", '"', "\\", "é\n", "a' OR '1'='1"])
def test_a_row_is_found_by_its_key(tables: Tables, key: str) -> None:
    found = reader(tables, NODE, [StoredRow(7, key, None, None, FULL, 3), node("other")])
    assert [(row.key, row.data) for row in found.rows([key, "none"])] == [(key, FULL)]


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (1, "it's"),
        (2, -(2**63)),
        (2, 2**63 - 1),
        (3, 1e300),
        (3, -0.5),
        (4, True),
        (6, "1.50"),
        (5, "2024-12-31"),
        (11, "2024-12-31T23:59:59.000001Z"),
    ],
)
def test_rows_are_found_by_a_value(tables: Tables, number: int, value: object) -> None:
    found = reader(tables, NODE, [node("a", {str(number): value}), node("b")])
    assert [row.key for row in found.with_value(number, [value])] == ["a"]
    assert list(found.with_value(99, [value])) == []


def test_edges_are_found_at_either_end_in_many_parts(tables: Tables) -> None:
    edges = [StoredRow(8, f"{a}{b}", a, b, {}, 1) for a in "abcdefghijkl" for b in "xyz"]
    found = reader(tables, EDGE, edges, parts=12)
    assert sorted(row.key for row in found.touching("src", ["a", "l"])) == ["ax", "ay", "az", "lx", "ly", "lz"]
    assert len(list(found.touching("dst", ["x"]))) == 12
    assert sorted(row.key for row in found.every()) == sorted(row.key for row in edges)
    assert found.count() == 36


def test_a_loaded_row_has_the_commit_of_its_load(tables: Tables) -> None:
    assert [row.seq for row in reader(tables, NODE, [node("a", seq=load_mark(8))]).rows(["a"])] == [9]
