"""A graph as one file: the same bytes for the same graph, and into another store and out again."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import holdfast
from holdfast import Conflict, HoldfastError, InvalidRow, Store, Unsupported
from holdfast.graph.loading.loading import FEW_ROWS

SCHEMA = """
types:
  Zone: {properties: {id: {type: int, key: true}, v: {type: vector, dimensions: 3, optional: true}}}
  Person:
    properties:
      handle: {type: text, key: true, max_length: 40}
      nick: {type: optional text, default: x, index: true}
      price: {type: optional decimal, minimum: 0}
      seen: optional datetime
      born: optional date
      f: optional float
      tags: {type: list, of: text, default: []}
      more: optional json
      n: {type: int, default: 3, minimum: 0}
      mail: {type: optional text, unique: true}
  Order: {properties: {b: {type: text, key: true}, a: {type: int, key: true}}}
  Knows:
    from: Person
    to: Person
    on_delete: cascade
    cardinality: {most_per_source: 5}
    properties: {w: {type: int, key: true}}
  Bought: {from: Person, to: Order, on_delete: cascade}
  Empty: {properties: {id: {type: bool, key: true}}}
"""
ADA = {"handle": "ada", "more": {"b": [1, None, {"c": 1.0}]}, "price": "1.50", "seen": "2021-01-01T00:00:00Z", "f": 1}


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    (tmp_path / "shop.yaml").write_text(SCHEMA)
    with holdfast.create(tmp_path / "kb") as store:
        store.write("/a.md", "hello")
        store.graph.apply(tmp_path / "shop.yaml")
        store.graph.insert(
            {"type": "Person", **ADA, "sources": [("/a.md", (1, 1))]},
            {"type": "Person", "handle": 'é"\u2028', "sources": [f"content:{store.stat('/a.md').content_id}"]},
            {"type": "Order", "a": 1, "b": "x"},
            *({"type": "Zone", "id": number, "v": [0.1, 0.2, 0.3]} for number in (10, 9)),
            {"type": "Knows", "from": "ada", "to": "ada", "w": 2},
            {"type": "Bought", "from": "ada", "to": ["x", 1]},
        )
        # What has a default has no value here.
        store.graph.update("Person", "ada", {"nick": None})
        yield store


def exported(store: Store, file: Path, at: Any = None) -> bytes:
    store.graph.export_to(file, at=at)
    return file.read_bytes()


def imported(folder: Path, file: Path) -> bytes:
    with holdfast.create(folder) as store:
        store.graph.import_from(file)
        return exported(store, folder / "again.jsonl")


def test_a_graph_goes_into_another_store_and_out_of_it_again(shop: Store, tmp_path: Path) -> None:
    file = tmp_path / "few.jsonl"
    few = exported(shop, file)
    assert imported(tmp_path / "few", file) == few
    assert list(tmp_path.glob(".few*")) == []
    people = pa.table({"handle": [f"p{n}" for n in range(FEW_ROWS)], "nick": [None, "y"] * (FEW_ROWS // 2)})
    edges = pa.table({"from": people["handle"], "to": people["handle"], "w": [1] * FEW_ROWS})
    shop.graph.load({"Person": people, "Knows": edges})
    shop.graph.delete("Person", "p7")
    shop.graph.update("Person", "p9", {"f": 2.5})
    many = exported(shop, file)
    assert imported(tmp_path / "many", file) == many
    assert exported(shop, tmp_path / "past.jsonl", at="HEAD~3") == few
    lines = [json.loads(line) for line in many.splitlines()]
    assert len(lines) == 1 + sum(lines[0]["rows"].values())
    places = [(line["type"], line["handle"]) for line in lines if "handle" in line]
    assert places == sorted(places)
    assert ("Person", "p7") not in places


def test_rows_and_types_are_taken_whole_or_not_at_all(shop: Store, tmp_path: Path) -> None:
    file, wrong = tmp_path / "all.jsonl", tmp_path / "wrong.jsonl"
    whole = exported(shop, file)
    said = whole.replace(b'"w":2', b'"w":"two"')
    cut = whole[: whole.rindex(b"\n", 0, -1) + 1]
    twice = cut + cut.splitlines(keepends=True)[-1]
    with holdfast.create(tmp_path / "other") as store:
        head = store.commit_at().id
        report = store.graph.import_from(file, dry_run=True)
        assert (len(report.plan.steps), sum(report.load.rows.values()), report.load.commit) == (6, 7, None)
        wrongs: list[tuple[bytes, type[HoldfastError]]] = [
            (b"", Unsupported),
            (b"[1]\n", Unsupported),
            (whole.replace(b'"holdfast_graph": 1', b'"holdfast_graph": 2'), Unsupported),
            (whole[:-9], Unsupported),
            (said, InvalidRow),
            (cut, Unsupported),
            (twice, HoldfastError),
        ]
        for given, error in wrongs:
            wrong.write_bytes(given)
            with pytest.raises(error):
                store.graph.import_from(wrong)
        assert (store.commit_at().id, store.graph.schema().live) == (head, ())
        store.graph.import_from(file)
        with pytest.raises(Conflict):
            store.graph.import_from(file)


def test_other_types_refuse_an_import_with_the_plan(shop: Store, tmp_path: Path) -> None:
    file, schema = tmp_path / "all.jsonl", tmp_path / "other.yaml"
    exported(shop, file)
    with holdfast.create(tmp_path / "other") as store:
        schema.write_text(SCHEMA.replace("minimum: 0}", "minimum: 1}"))
        store.graph.apply(schema)
        with pytest.raises(Unsupported, match="other types than there are here"):
            store.graph.import_from(file)
        # What the error tells to do works, and so does an import that died between its two commits.
        store.graph.apply(tmp_path / "shop.yaml")
        before = store.commit_at().id
        assert store.graph.import_from(file).plan.steps == ()
        assert store.commit_at().id == before + 1
