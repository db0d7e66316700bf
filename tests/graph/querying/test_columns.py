"""Rows of a base as columns of a cache: the same as row by row, whatever the columns are."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from holdfast import Store
from holdfast.catalog.branches import MAIN
from holdfast.graph.loading.loading import FEW_ROWS
from holdfast.graph.querying import contents
from holdfast.rows.differences import GraphSide
from holdfast.rows.standing import side_at
from holdfast.testing.seams import rooms

SCHEMA = """
types:
  Thing:
    properties:
      id: {type: int, key: true}
      name: optional text
      n: optional int
      f: optional float
      yes: optional bool
      day: optional date
      at: optional datetime
      price: optional decimal
      prices: {type: list, of: decimal, default: []}
      more: optional json
      v: {type: optional vector, dimensions: 2}
      kind: {type: enum, values: [a, b], default: a}
  Day: {properties: {day: {type: date, key: true}}}
  Pair: {properties: {a: {type: int, key: true}, b: {type: text, key: true}}}
  To: {from: Thing, to: Thing, on_delete: cascade, properties: {w: optional float}}
  On: {from: Thing, to: Day, on_delete: cascade}
  Of: {from: Thing, to: Pair, on_delete: cascade}
"""
LATER = SCHEMA.replace("n: optional int", "n: optional float\n      late: {type: text, default: x}").replace(
    "of: decimal, default: []}", "of: decimal, default: []}\n      lists: {type: list, of: int, default: [1]}"
)


def side_of(store: Store) -> GraphSide:
    return side_at(rooms(store), MAIN, store.commit_at().id)


def told(tables: list[pa.Table]) -> list[dict[str, Any]]:
    assert len({tuple(each.schema) for each in tables}) == 1
    return sorted(pa.concat_tables(tables).to_pylist(), key=lambda row: row["_key"])


def check(store: Store) -> None:
    side = side_of(store)
    for kind in side.schema.live:
        row_by_row = contents.keyed(side, kind, list(side.rows.every(kind.id)))
        assert told(list(contents.tables(side, kind))) == told([row_by_row])


@pytest.fixture
def things(store: Store, tmp_path: Path) -> Store:
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    store.graph.apply(tmp_path / "schema.yaml")
    ids = list(range(FEW_ROWS))
    columns = {
        "id": ids,
        "name": [None if i % 3 else f"n{i}" for i in ids],
        "n": ids,
        "f": [i / 3 for i in ids],
        "yes": [i % 2 == 0 for i in ids],
        "day": ["2021-02-03"] * FEW_ROWS,
        "at": ["2021-02-03T04:05:06.000007Z"] * FEW_ROWS,
        "price": [f"{i}.10" for i in ids],
        "prices": [["1.5"]] * FEW_ROWS,
        "v": [[0.5, 0.1]] * FEW_ROWS,
    }
    store.graph.load(
        {
            "Thing": pa.table(columns),
            "Day": pa.table({"day": ["2021-02-03"]}),
            "Pair": pa.table({"a": [1], "b": ["x"]}),
            "To": pa.table({"from": ids, "to": ids[::-1], "w": [0.5] * FEW_ROWS}),
            "On": pa.table({"from": ids[:9], "to": ["2021-02-03"] * 9}),
        }
    )
    return store


def test_columns_are_what_rows_are(things: Store, tmp_path: Path) -> None:
    check(things)
    things.graph.update("Thing", 3, {"more": {"a": [1, None]}, "name": None})
    things.graph.delete("Thing", 4)
    things.graph.insert({"type": "Of", "from": 5, "to": [1, "x"]})
    (tmp_path / "later.yaml").write_text(LATER)
    things.graph.apply(tmp_path / "later.yaml")
    things.graph.update("Thing", 6, {"late": "y"})
    check(things)
