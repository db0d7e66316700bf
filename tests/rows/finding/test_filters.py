"""Filters of rows: the same answer from the log, from a base, from both, and in a transaction."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import holdfast
from holdfast import InvalidRow, NotFound, Store, TooLarge, Unsupported
from holdfast.testing.seams import rooms
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.graphs import edge, paper, person, with_graph

BOOKS = """
types:
  Book:
    properties:
      id: {type: text, key: true}
      pages: optional int
      price: optional decimal
      weight: optional float
      born: optional date
      seen: optional datetime
      state: {type: enum, values: [draft, printed], default: draft}
      tags: {type: list, of: text, default: []}
      stars: {type: list, of: int, default: []}
      more: optional json
      good: optional bool
      shelf: {type: optional text, index: true}
  Author:
    properties:
      id: {type: text, key: true}
  By:
    from: Book
    to: Author
    on_delete: cascade
    properties: {share: optional float}
"""
ROWS: list[dict[str, Any]] = [
    {"id": "a", "pages": 10, "price": Decimal("9.50"), "weight": 1.5, "born": dt.date(2020, 1, 2), "shelf": "x"},
    {"id": "b", "pages": 20, "price": Decimal("10"), "seen": dt.datetime(2021, 5, 6, tzinfo=dt.UTC), "good": True},
    {"id": "c", "state": "printed", "tags": ["red", "blue"], "stars": [1, 5], "more": {"x": 1}, "shelf": "x"},
    {"id": "d'e", "pages": -3, "tags": ["red"], "stars": [3], "good": False, "more": [1], "weight": 2, "shelf": "y"},
]
ASKED: list[tuple[dict[str, Any], str]] = [
    ({"pages": 10}, "a"),
    ({"pages": 10.0}, "a"),
    ({"pages": {"$gt": 9.5}}, "a b"),
    ({"pages": {"$gt": 10.0}}, "b"),
    ({"pages": {"$lt": -2.5}}, "d'e"),
    ({"pages": {"$lte": 2**70}}, "a b d'e"),
    ({"weight": {"$lt": 2**70}}, "a d'e"),
    ({"pages": {"$gte": 10, "$lt": 20}}, "a"),
    ({"pages": {"$ne": 10}}, "b c d'e"),
    ({"pages": {"$in": [20, None]}}, "b c"),
    ({"pages": {"$in": []}}, ""),
    ({"pages": {"$nin": [20, -3]}}, "a c"),
    ({"pages": None}, "c"),
    ({"pages": {"$exists": False}}, "c"),
    ({"pages": {"$exists": True}, "shelf": {"$exists": True}}, "a d'e"),
    ({"pages": {"$not": {"$gte": 10}}}, "c d'e"),
    ({"price": {"$gt": 9.5}}, "b"),
    ({"price": {"$gte": Decimal("9.5")}}, "a b"),
    ({"price": "10.00"}, "b"),
    ({"weight": {"$lte": 2}}, "a d'e"),
    ({"weight": 2}, "d'e"),
    ({"born": dt.date(2020, 1, 2)}, "a"),
    ({"born": {"$lt": "2020-01-03"}}, "a"),
    ({"born": {"$gt": dt.date(2020, 1, 2)}}, ""),
    ({"seen": {"$gte": "2021-05-06T00:00:00Z"}}, "b"),
    ({"seen": {"$lt": dt.datetime(2021, 5, 6)}}, ""),
    ({"state": "printed"}, "c"),
    ({"state": {"$in": ["draft"]}}, "a b d'e"),
    ({"tags": "red"}, "c d'e"),
    ({"tags": ["red"]}, "d'e"),
    ({"tags": []}, "a b"),
    ({"$and": [{"tags": "red"}, {"tags": "blue"}]}, "c"),
    ({"stars": {"$gt": 1}}, "c d'e"),
    ({"stars": {"$gt": 1, "$lt": 5}}, "d'e"),
    ({"stars": {"$gt": 1, "$exists": True, "$lt": 5}}, "d'e"),
    ({"$and": [{"stars": {"$gt": 1}}, {"stars": {"$lt": 5}}]}, "c d'e"),
    ({"more": {"x": 1}}, "c"),
    ({"more": [1]}, "d'e"),
    ({"good": True}, "b"),
    ({"good": {"$ne": True}}, "a c d'e"),
    ({"id": "d'e"}, "d'e"),
    ({"id": {"$gt": "b"}}, "c d'e"),
    ({"id": {"$in": ["a", "d'e", "zz"]}}, "a d'e"),
    ({"shelf": "x"}, "a c"),
    ({"shelf": "x", "pages": {"$exists": False}}, "c"),
    ({"$or": [{"shelf": "y"}, {"pages": {"$gt": 15}}]}, "b d'e"),
    ({"$or": [{"shelf": "y"}, {"price": {"$gt": 9.5}}]}, "b d'e"),
    ({"$nor": [{"shelf": "x"}, {"good": True}]}, "d'e"),
    ({"$not": {"shelf": {"$exists": True}}}, "b"),
    ({}, "a b c d'e"),
]


def found(graph: Any, where: dict[str, Any]) -> list[Any]:
    return [row.key for row in graph.find("Book", where)]


def fold(store: Store) -> None:
    fold_graph(rooms(store), thorough=True, least=1)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("books")
    (folder / "books.yaml").write_text(BOOKS)
    with holdfast.create(folder / "kb") as store:
        store.graph.apply(folder / "books.yaml")
        yield store


def test_each_operator_asks_the_same_of_log_and_base(books: Store) -> None:
    books.graph.upsert(*ROWS, type="Book")
    logged = books.commit_at()
    fold(books)
    books.graph.update("Book", "a", {"pages": 11})
    books.graph.update("Book", "a", {"pages": 10})
    books.graph.insert({"id": "gone"}, type="Book")
    books.graph.delete("Book", "gone")
    with books.transaction() as tx:
        tx.graph.delete("Book", "b")
        tx.graph.insert({**ROWS[1]}, type="Book")
        for where, keys in ASKED:
            wanted = keys.split()
            assert found(books.graph, where) == wanted, where
            assert found(books.snapshot(logged).graph, where) == wanted, where
            assert sorted(found(tx.graph, where)) == wanted, where
            assert sorted(row.key for row in books.graph.rows("Book", where)) == wanted, where
            for page in (1, 2):
                assert paged(books, where, page) == wanted, (where, page)


def paged(store: Store, where: dict[str, Any], size: int, order: str = "") -> list[Any]:
    """Return what all pages of an answer give."""
    keys, cursor = [], None
    while True:
        part = store.graph.find("Book", where, limit=size, cursor=cursor, order=order)
        assert len(part) <= size
        keys += [row.key for row in part]
        cursor = part.cursor
        if cursor is None:
            return keys


@pytest.mark.parametrize(
    ("where", "error", "named"),
    [
        ({"pages": {"$gte": "many"}}, InvalidRow, "where.pages.$gte"),
        ({"$or": [{"good": True}, {"born": "soon"}]}, InvalidRow, "where.$or[1].born"),
        ({"state": {"$gt": "draft"}}, Unsupported, "state: it is enum"),
        ({"good": {"$lt": True}}, Unsupported, "where.good.$lt"),
        ({"more": {"$lt": 1}}, Unsupported, "which has no order"),
        ({"tags": {"$in": [1]}}, InvalidRow, "Book.tags cannot be 1"),
        ({"nothing": 1}, NotFound, "where.nothing"),
        ({"pages": {"$regex": "x"}}, Unsupported, "no operator '$regex'"),
        ({"pages": float("nan")}, InvalidRow, "no whole number"),
        ({"weight": {"$gt": float("nan")}}, InvalidRow, "not a finite number"),
        ({"id": "a\0"}, InvalidRow, "NUL"),
        ({"id": {"$in": ["x"] * 501}}, TooLarge, "500 conditions"),
    ],
)
def test_what_is_no_filter_is_told_with_its_property_and_its_place(
    books: Store, where: dict[str, Any], error: type[holdfast.HoldfastError], named: str
) -> None:
    with pytest.raises(error) as raised:
        books.graph.find("Book", where)
    assert named in f"{raised.value.message} {raised.value.path}"
    assert raised.value.remedy


def test_a_property_that_came_later_is_found_by_its_default(books: Store, tmp_path: Any) -> None:
    books.graph.upsert(*ROWS, type="Book")
    fold(books)
    (tmp_path / "more.yaml").write_text(BOOKS.replace("good:", "rank: {type: int, default: 7}\n      good:"))
    books.graph.apply(tmp_path / "more.yaml")
    books.graph.update("Book", "a", {"rank": 8, "price": None})
    for _ in range(2):
        assert found(books.graph, {"rank": {"$lt": 8}}) == ["b", "c", "d'e"]
        assert found(books.graph, {"rank": 8}) == ["a"]
        assert found(books.graph, {"price": {"$exists": True}}) == ["b"]
        fold(books)
    books.graph.upsert(*ROWS, type="Book")


def test_edges_are_found_by_their_ends(graphed: Store) -> None:
    graphed.graph.insert(
        person("ada"),
        person("bob"),
        paper("p"),
        paper("q"),
        edge("Wrote", "ada", "p", year=1),
        edge("Wrote", "bob", "q"),
    )
    for _ in range(2):
        keys = [row.key for row in graphed.graph.find("Wrote", {"from": {"$in": ["ada", "eve"]}, "to": {"$ne": "q"}})]
        assert keys == [["ada", "p"]]
        assert [row.key for row in graphed.graph.find("Wrote", {"from": {"$not": {"$eq": "ada"}}})] == [["bob", "q"]]
        fold(graphed)
    with pytest.raises(Unsupported, match="the key of a node"):
        graphed.graph.find("Wrote", {"from": {"$gt": "a"}})


def test_an_answer_goes_on_at_the_commit_that_it_began_at(books: Store) -> None:
    books.graph.upsert(*ROWS, type="Book")
    first = books.graph.find("Book", {"pages": {"$exists": True}}, order="-pages", limit=1)
    assert [row.key for row in first] == ["b"]
    books.graph.update("Book", "b", {"pages": -100})
    rest = books.graph.find("Book", {"pages": {"$exists": True}}, order="-pages", cursor=first.cursor)
    assert [row.key for row in rest] == ["a", "d'e"]
    assert rest.cursor is None
    books.graph.upsert(*ROWS, type="Book")
    assert paged(books, {}, 1, "-pages") == paged(books, {}, 3, "-pages") == ["b", "a", "d'e", "c"]
    assert paged(books, {}, 2, "shelf") == ["a", "c", "d'e", "b"]


def test_a_cursor_of_another_question_is_refused(books: Store) -> None:
    books.graph.upsert(*ROWS, type="Book")
    cursor = books.graph.find("Book", limit=1).cursor
    assert cursor is not None
    asked: list[tuple[dict[str, Any], str]] = [
        ({"where": {"pages": 1}, "cursor": cursor}, "another find: its where differs"),
        ({"order": "pages", "cursor": cursor}, "its order differs"),
        ({"cursor": "nonsense"}, "is no cursor"),
        ({"cursor": cursor[:-4]}, "is no cursor"),
        ({"cursor": "é"}, "is no cursor"),
    ]
    for how, said in asked:
        with pytest.raises(Unsupported, match=said):
            books.graph.find("Book", **how)
    books.branches.create("draft")
    with pytest.raises(Unsupported, match="its branch differs"):
        books.branch("draft").graph.find("Book", cursor=cursor)
    books.graph.update("Book", "a", {"pages": 99})
    with pytest.raises(Unsupported, match="at that commit"):
        books.snapshot().graph.find("Book", cursor=cursor)


def test_rows_are_a_table_too(books: Store) -> None:
    books.graph.upsert(*ROWS, type="Book")
    books.graph.insert({"id": "ada"}, type="Author")
    books.graph.insert({"from": "a", "to": "ada", "share": 0.5}, type="By")
    table = books.graph.find("Book", order="-pages").arrow()
    assert table["id"].to_pylist() == ["b", "a", "d'e", "c"]
    assert table["price"].to_pylist() == ["10", "9.50", None, None]
    assert table["born"].to_pylist()[1] == dt.date(2020, 1, 2)
    assert books.graph.find("By").arrow().to_pylist() == [{"from": "a", "to": "ada", "share": 0.5}]
    assert books.graph.find("Book", {"id": "none"}).arrow().num_rows == 0
    pandas = pytest.importorskip("pandas")
    frame = books.graph.find("Book").pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["id"]) == ["a", "b", "c", "d'e"]
    polars = pytest.importorskip("polars")
    assert polars.from_arrow(table).height == 4


def test_pages_are_read_in_order_over_many_rows(store: Store) -> None:
    with_graph(store)
    table = pa.table({"handle": [f"n{number:04}" for number in range(5600)], "age": range(5600)})
    store.graph.load(table, type="Person")
    store.graph.delete("Person", "n0001")
    store.graph.insert(person("n0000x", age=1))
    found = store.graph.find("Person", limit=3)
    assert [row.key for row in found] == ["n0000", "n0000x", "n0002"]
    far = store.graph.find("Person", {"age": {"$gte": 1000}}, limit=1200)
    assert [far[0].key, far[-1].key] == ["n1000", "n2199"]
    assert store.graph.find("Person", {"age": {"$gte": 1000}}, limit=1, cursor=far.cursor)[0].key == "n2200"
    assert sum(1 for _ in store.graph.rows("Person")) == 5600
