"""SQL and Cypher over the graph: what they see, what they may not, and caches that may go at any moment."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import NotFound, Store, TooLarge, Unsupported
from holdfast.graph.querying.cypher_words import refused_word

pytest.importorskip("duckdb")
pytest.importorskip("ladybug")

SCHEMA = """
types:
  Person:
    properties:
      handle: {type: text, key: true}
      select: optional int
      price: optional decimal
      seen: optional datetime
      tags: {type: list, of: text, default: []}
      more: optional json
  Order:
    properties: {a: {type: int, key: true}, b: {type: text, key: true}}
  Knows: {from: Person, to: Person, on_delete: cascade, properties: {w: optional int}}
  Bought: {from: Person, to: Order, on_delete: cascade}
  Empty:
    properties: {id: {type: int, key: true}}
"""
PEOPLE = 'SELECT handle, "select" FROM Person ORDER BY handle'
PEOPLE_IN_CYPHER = "MATCH (p:Person) RETURN p.handle, p.select ORDER BY p.handle"
KNOWS = "MATCH (a:Person)-[e:Knows]->(b) RETURN a.handle, e.w, b.handle ORDER BY a.handle, b.handle"
Ask = Callable[[], list[tuple[Any, ...]]]


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    (tmp_path / "shop.yaml").write_text(SCHEMA)
    with holdfast.create(tmp_path / "kb") as store:
        store.graph.apply(tmp_path / "shop.yaml")
        store.graph.insert(
            {"type": "Person", "handle": "ada", "select": 3, "price": "9.5", "tags": ["x"], "more": {"a": 1}},
            {"type": "Person", "handle": "b'o\"b`", "seen": "2021-01-01T00:00:00Z"},
            {"type": "Order", "a": 1, "b": "x"},
            {"type": "Knows", "from": "ada", "to": "b'o\"b`", "w": 1},
            {"type": "Bought", "from": "ada", "to": [1, "x"]},
        )
        yield store


def rows(table: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in table.to_pylist()]


def both(store: Store, at: Any = None) -> list[tuple[Any, ...]]:
    """Return the people, of whom SQL and Cypher say the same."""
    found = rows(store.graph.sql(PEOPLE, at=at))
    assert rows(store.graph.cypher(PEOPLE_IN_CYPHER, at=at)) == found
    return found


def test_rows_are_tables_and_relationships(shop: Store) -> None:
    assert both(shop) == [("ada", 3), ("b'o\"b`", None)]
    assert rows(
        shop.graph.sql("SELECT price + 1, tags[1], more->>'a' FROM Person WHERE handle = $h", {"h": "ada"})
    ) == [(10.5, "x", "1")]
    assert shop.graph.sql("SELECT * FROM Knows").column_names == ["from", "to", "w"]
    assert rows(shop.graph.sql('SELECT o.b FROM Bought JOIN "Order" o ON "to" = \'["1","x"]\'')) == [("x",)]
    assert rows(shop.graph.sql("SELECT count(*) FROM Empty")) == [(0,)]
    assert rows(shop.graph.cypher(KNOWS)) == [("ada", 1, "b'o\"b`")]
    assert rows(shop.graph.cypher("MATCH (:Person {handle: $h})-[:Bought]->(o:`Order`) RETURN o.a", {"h": "ada"})) == [
        (1,)
    ]
    assert rows(shop.graph.cypher("MATCH (e:Empty) RETURN count(*)")) == [(0,)]


def test_an_answer_is_of_its_commit_and_its_branch(shop: Store) -> None:
    first = shop.commit_at().id
    both(shop)
    shop.branches.create("draft")
    draft = shop.branch("draft")
    draft.graph.insert({"handle": "dora"}, type="Person")
    shop.graph.update("Person", "ada", {"select": 4, "tags": [], "more": None})
    shop.graph.delete("Person", "b'o\"b`")
    shop.graph.insert({"handle": "eve", "tags": ["q"], "seen": "2022-01-01T00:00:00Z"}, type="Person")
    shop.graph.insert({"from": "eve", "to": "ada"}, {"from": "ada", "to": "ada", "w": 2}, type="Knows")
    for _ in range(2):
        assert both(shop) == [("ada", 4), ("eve", None)]
        assert rows(shop.graph.cypher(KNOWS)) == [("ada", 2, "ada"), ("eve", None, "ada")]
        assert both(shop, first) == [("ada", 3), ("b'o\"b`", None)]
        assert rows(shop.graph.cypher(KNOWS, at=first)) == [("ada", 1, "b'o\"b`")]
    assert both(draft) == [("ada", 3), ("b'o\"b`", None), ("dora", None)]
    assert both(shop, "HEAD~4") == both(shop, first)
    shop.branches.delete("draft")
    with pytest.raises(NotFound):
        draft.graph.sql(PEOPLE)


def test_a_type_that_is_renamed_is_a_table_of_its_new_name(shop: Store, tmp_path: Path) -> None:
    assert len(both(shop)) == 2
    renamed = SCHEMA.replace("  Person:\n", "  Human:\n    renamed_from: Person\n").replace(": Person", ": Human", 4)
    (tmp_path / "new.yaml").write_text(renamed.replace("renamed_from: Human", "renamed_from: Person"))
    before = shop.commit_at()
    shop.graph.apply(tmp_path / "new.yaml")
    assert rows(shop.graph.sql("SELECT count(*) FROM Human")) == [(2,)]
    assert rows(shop.graph.cypher("MATCH (h:Human) RETURN count(*)")) == [(2,)]
    assert len(both(shop, before)) == 2


SQL_REFUSED = """
INSERT INTO Person VALUES (1)
WITH gone AS (DELETE FROM _rows.mark RETURNING *) SELECT * FROM gone
CREATE TEMP TABLE t(i int)
COPY Person TO '{folder}/out.csv'
EXPORT DATABASE '{folder}/out'
INSTALL httpfs
LOAD httpfs
PRAGMA database_list
SET threads = 8
RESET memory_limit
ATTACH '{folder}/other.duckdb'
CHECKPOINT
BEGIN
CALL pragma_version()
PREPARE p AS SELECT 1
SELECT 1; SELECT 2
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM read_blob('{folder}/kb/cache/duckdb-2.0.0-1-0/graph.duckdb')
SELECT * FROM "read_BLOB"('/etc/passwd')
FROM query('SELECT size FROM read_' || 'blob(''{folder}/kb/cache/duckdb-2.0.0-1-0/graph.duckdb'')')
FROM '{folder}/kb/cache/duckdb-2.0.0-1-0/graph.duckdb'
FROM read_csv('{folder}/kb/cache/duckdb-2.0.0-1-0/graph.duckdb', sep = '|', header = false)
FROM sniff_csv('/etc/passwd')
FROM read_json('/etc/passwd')
FROM parquet_scan('{folder}/kb/cache/duckdb-2.0.0-1-0/graph.duckdb')
FROM glob('{folder}/kb/cache/*/*')
SELECT getenv('HOME')
SELECT * FROM '/etc/passwd'
SELECT * FROM glob('/etc/*')
FROM read_parquet('http://localhost/x')
SELECT * FROM Person WHERE
SELECT nope FROM Person

""".strip("\n").split("\n")
CYPHER_REFUSED = """
CREATE (p:Person {handle: 'x'})
MATCH (p:Person) SET p.select = 1
MATCH (p:Person) DETACH DELETE p
COPY (MATCH (p:Person) RETURN p.handle) TO '{folder}/out.csv'
LOAD FROM '/etc/passwd' RETURN *
lOaD/* */FROM '/etc/passwd' RETURN *
RETURN 1 LOAD FROM '/etc/passwd' RETURN *
EXPORT DATABASE '{folder}/out'
INSTALL httpfs
CALL threads = 3
CALL show_tables() RETURN *
ATTACH '{folder}/x' AS x (dbtype duckdb)
COMMIT
RETURN 1; RETURN 2
RETURN nextval('x')
MATCH (p:Person RETURN p
MATCH (p:Nobody) RETURN p

""".strip("\n").split("\n")


def test_a_statement_only_asks_the_graph(shop: Store, tmp_path: Path) -> None:
    before = both(shop)
    for ask, refused in ((shop.graph.sql, SQL_REFUSED), (shop.graph.cypher, CYPHER_REFUSED)):
        for text in refused:
            with pytest.raises(Unsupported) as raised:
                ask(text.format(folder=tmp_path) if "folder" in text else text)
            assert raised.value.remedy, text
    assert both(shop) == before
    assert not list(tmp_path.glob("out*"))
    # Words in a text reach nothing.
    assert rows(shop.graph.sql("SELECT 'read_text read_blob COPY' FROM Empty")) == []
    with pytest.raises(Unsupported, match=r"LINE 1"):
        shop.graph.sql("SELECT * FROM Person WHERE")
    with pytest.raises(Unsupported, match=r"line: 1, offset: 16"):
        shop.graph.cypher("MATCH (p:Person RETURN p")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("RETURN 'LOAD FROM x'", None),
        ("RETURN 'it\\'s' AS `LOAD`", None),
        ("/* LOAD */ RETURN 1 // CALL", None),
        ("MATCH (p) WHERE p.set = 1 RETURN p . load", None),
        ("RETURN 'a\\\\' LOAD FROM 'x'", "LOAD"),
        ("RETURN 1.LOAD FROM 'x'", "LOAD"),
        ('RETURN "\'" LOAD FROM "\'"', "LOAD"),
        ("// '\nLOAD FROM 'x'", "LOAD"),
        ("RETURN `'` LOAD FROM `'`", "LOAD"),
    ],
)
def test_a_word_is_one_outside_of_texts_and_comments(text: str, word: str | None) -> None:
    assert refused_word(text) == word


def test_what_has_no_end_is_stopped(shop: Store) -> None:
    with pytest.raises(TooLarge, match="stopped"):
        shop.graph.sql(
            "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = 3", seconds=0.1
        )
    with pytest.raises(TooLarge, match="more than 100 rows"):
        shop.graph.sql("SELECT * FROM range(10000000000)", limit=100)
    many = "UNWIND range(1, 20000) AS x UNWIND range(1, 20000) AS y"
    with pytest.raises(TooLarge, match="stopped"):
        shop.graph.cypher(f"{many} UNWIND range(1, 20000) AS z RETURN sum(x + y + z)", seconds=0.1)
    with pytest.raises(TooLarge, match="more than 2 rows"):
        shop.graph.cypher("UNWIND range(1, 3) AS x RETURN x", limit=2)
    assert len(both(shop)) == 2


def test_a_cache_may_go_at_any_moment(shop: Store, tmp_path: Path) -> None:
    caches = tmp_path / "kb" / "cache"
    wanted = both(shop)
    for each in caches.iterdir():
        for file in each.iterdir():
            file.unlink()
        each.rmdir()
    assert both(shop) == wanted
    shop.close()
    for file in caches.glob("*/graph.*"):
        file.write_bytes(b"nonsense" * 1000)
    with holdfast.open(tmp_path / "kb") as again:
        assert both(again) == wanted
    for file in caches.glob("*/graph.*"):
        with file.open("r+b") as open_file:
            open_file.truncate(5000)
    with holdfast.open(tmp_path / "kb") as again:
        assert both(again) == wanted
        assert again.maintenance.verify().ok


def test_processes_have_caches_of_their_own(shop: Store, tmp_path: Path) -> None:
    wanted = both(shop)
    with holdfast.open(tmp_path / "kb") as other:
        assert both(other) == wanted
        other.graph.insert({"handle": "zoe"}, type="Person")
        assert both(shop) == both(other) == [*wanted, ("zoe", None)]
    locks = [(tmp_path / "kb" / "cache" / f"{name}-1-{number}") for name in ("duckdb-2.0.0",) for number in range(4)]
    held = []
    for folder in locks:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("w")
        held.append(file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
    with holdfast.open(tmp_path / "kb") as third:
        assert len(rows(third.graph.sql(PEOPLE))) == 3
    for file in held:
        file.close()


def test_what_cannot_be_written_says_so_and_is_no_harm(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from holdfast.graph.querying import contents

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(contents, "tables", full)
        with pytest.raises(holdfast.StorageFailed, match="No space left"):
            shop.graph.sql(PEOPLE)
    assert len(both(shop)) == 2
