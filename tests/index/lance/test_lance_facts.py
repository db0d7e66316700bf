"""What the code relies on of Lance and Lance does not promise: look here first when its version moves."""

from pathlib import Path

import lance
import numpy as np
import pyarrow as pa
import pytest
from lance import LanceDataset, LanceOperation
from lance.optimize import Compaction
from lance.query import MatchQuery

from holdfast.index.lance import segments as segments_module
from holdfast.index.lance.compaction import compact
from holdfast.index.lance.segments import TEXT_OPTIONS, index_ids, index_text, index_vectors
from holdfast.index.lance.table import FIRST_VERSION, TableShape, VersionedTable
from holdfast.index.rows import rows_of
from holdfast.index.text.analysis import query_tokens, terms_for, tokens
from holdfast.index.text.chunking import Chunk
from tests.support.search_rows import DIMENSIONS, content, many, vectors

SHAPE = TableShape(pa.schema([("id", pa.int32()), ("terms", pa.string())]), text="terms")

MIXED = [
    "class FencingToken(Protocol): def is_stale(self) -> bool",
    "HTTPServer2Go listens; lease_holder=None; sha256 0xDEADBEEF",
    "Überprüfung der Straße, naïve café, ŁÓDŹ, Ærø",
    "数据库锁定机制说明 and English",
    "データベースのロックを解除する",
    "잠금을 해제한다",
    "ระบบจัดการฐานข้อมูล",
    "Блокировки базы данных",
    "हिन्दी में ताला",
    "قفل قاعدة البيانات مُحَدَّث",
    "a\u00a0b\u2003c\u0085d\x1ce zero\u200bwidth",
    "x" * 300 + " " + "camelCase" * 30,
    "🎉 emoji 👩‍🚀 e\u0301tude",
]


def texts(documents: list[str]) -> pa.Table:
    return pa.table({"id": pa.array(range(len(documents)), pa.int32()), "terms": documents}, schema=SHAPE.schema)


@pytest.fixture
def plain(tmp_path: Path) -> VersionedTable:
    return VersionedTable(tmp_path / "plain", SHAPE, durable=False)


def matching(table: VersionedTable, version: int, query: str) -> set[int]:
    scanner = table.open(version).scanner(columns=["id", "_score"], full_text_query=MatchQuery(query, "terms"))
    return set(scanner.to_table()["id"].to_pylist())


@pytest.mark.parametrize("indexed", [False, True])
def test_lance_splits_terms_where_we_do_and_changes_nothing(plain: VersionedTable, indexed: bool) -> None:
    version = plain.append(plain.create(), texts([terms_for("", text) for text in MIXED]))
    version = index_text(plain, version) if indexed else version
    for term in {term for text in MIXED for term in tokens(text)}:
        assert matching(plain, version, term) == {n for n, text in enumerate(MIXED) if term in tokens(text)}, term
    for text in MIXED:
        query = query_tokens(text)
        assert matching(plain, version, " ".join(query)) == {n for n, t in enumerate(MIXED) if {*query} & {*tokens(t)}}


def test_an_empty_index_says_how_unindexed_rows_are_split(plain: VersionedTable) -> None:
    told = plain.append(plain.create(), texts(["Locks-and-keys"]))
    bare = plain.append(FIRST_VERSION, texts(["Locks-and-keys"]))
    assert matching(plain, bare, "keys") == {0}
    assert matching(plain, told, "keys") == set()
    assert matching(plain, told, "Locks-and-keys") == {0}


def test_a_detached_version_never_becomes_the_latest(plain: VersionedTable) -> None:
    version = plain.append(plain.create(), texts(["a"]))
    assert version > 1 << 32
    assert lance.dataset(str(plain.path)).version == FIRST_VERSION


def test_a_version_has_its_manifest_and_transaction_where_we_fsync_them(plain: VersionedTable) -> None:
    base = plain.create()
    before = {path for path in plain.path.rglob("*") if path.is_file()}
    version = plain.attach(base, plain.stage(texts(["a"])))
    new = {path for path in plain.path.rglob("*") if path.is_file()} - before
    transaction = plain.open(version).read_transaction(version)
    assert {str(path.relative_to(plain.path)) for path in new if path.parent.name != "data"} == {
        f"_versions/d{version}.manifest",
        f"_transactions/{base}-{transaction.uuid}.txn",
    }


def test_a_broken_latest_version_harms_nothing(table: VersionedTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments_module, "LEAST_VECTORS", 10)
    version = table.create()
    (table.path / "_versions" / f"{2**64 - 3}.manifest").write_bytes(bytes(500))
    (table.path / "_versions" / "latest_version_hint.json").write_bytes(bytes(20))
    again = VersionedTable(table.path, table.shape, durable=False)
    for name in ("a", "b"):
        version = again.append(version, many(name, 20))
        for index in (index_text, index_ids, index_vectors):
            version = index(again, version)
    version = compact(again, again.delete_ids(version, ["a-1"]))
    fresh = VersionedTable(table.path, table.shape, durable=False)
    assert fresh.count(version) == 39
    assert fresh.count(fresh.create()) == 0


def test_a_text_segment_is_of_no_use_before_its_metadata_is_merged(plain: VersionedTable) -> None:
    dataset = plain.open(plain.append(plain.create(), texts(["a"])))
    segment = dataset.create_index_uncommitted(
        "terms", "INVERTED", name="terms", fragment_ids=[0], replace=True, **TEXT_OPTIONS
    )
    version = plain.commit(dataset.version, LanceOperation.CreateIndex([segment], []))
    with pytest.raises((OSError, ValueError)):
        matching(plain, version, "a")


def test_compaction_merges_only_what_the_same_segments_cover(plain: VersionedTable) -> None:
    version = plain.create()
    for _ in range(3):
        version = index_text(plain, plain.append(version, texts(["a"])))
    assert not Compaction.plan(plain.open(version), {"target_rows_per_fragment": 100}).tasks
    assert len(plain.open(compact(plain, version)).get_fragments()) == 1


@pytest.mark.parametrize("indexed", [False, True])
def test_vectors_of_zeros_are_never_near(table: VersionedTable, indexed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments_module, "LEAST_VECTORS", 10)
    chunks = [Chunk(ordinal=n, text="x", heading="", start=0, end=1, page=None) for n in range(4)]
    version = table.append(table.create(), many("a", 30))
    version = table.append(version, rows_of([("zero", chunks)], np.zeros((4, DIMENSIONS), np.float32)))
    version = index_vectors(table, version) if indexed else version
    nearest = {"column": "vector", "q": vectors(1)[0], "k": 100, "metric": "cosine"}
    found = table.open(version).to_table(columns=["content_id", "_distance"], nearest=nearest)
    assert found.num_rows == 30


def test_appending_the_same_fragments_twice_doubles_the_rows(table: VersionedTable) -> None:
    staged = table.stage(content("a", ["x"])) if table.create() else None
    assert staged
    once = table.attach(FIRST_VERSION, staged)
    assert table.count(table.attach(once, staged)) == 2


def test_calls_that_go_to_the_linear_head_refuse_a_detached_version(table: VersionedTable) -> None:
    dataset: LanceDataset = table.open(table.append(table.create(), content("a", ["x"])))
    with pytest.raises((OSError, ValueError, RuntimeError)):
        dataset.delete("ordinal = 0")
    with pytest.raises((OSError, ValueError, RuntimeError)):
        dataset.create_scalar_index("content_id", "BTREE")
