"""Rows of bases are searched by their indexes, and nobody sees where a row is."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast import Store
from holdfast.catalog.branches import MAIN
from holdfast.catalog.graph import bases
from holdfast.graph.searching.hits import RowHit
from holdfast.index.lance.segments import LEAST_VECTORS, drop_segments, segments, unindexed_rows
from holdfast.recovery.checks.graph import check_graph_indexes
from holdfast.recovery.verify import verify
from holdfast.testing.seams import rooms
from holdfast.upkeep.graph_fold import fold_graph
from tests.support.claims import TYPES, Claim, keys, with_claims

WORDS = (
    *("disk", "tape", "lease", "lock", "fence", "token", "archive", "read", "write", "slow"),
    *("quick", "paper", "bread", "water", "stone", "river", "light"),
)
QUERIES = ("slow disk", "lease", "archive of paper", "bread water")


def claim(number: int, seed: int = 0) -> Claim:
    said = random.Random(number * 1000 + seed)
    return Claim(id=f"c{number:04}", text=" ".join(said.choices(WORDS, k=said.randint(3, 12))), stars=number % 7)


def fold(store: Store) -> None:
    assert fold_graph(rooms(store), thorough=True, least=1)


def seen(store: Store, at: int | None = None) -> list[list[tuple[object, float]]]:
    return [
        [(hit.row.key, hit.score) for hit in store.graph.search(query, [Claim], limit=limit, mode=mode, at=at)]
        for query in QUERIES
        for limit in (3, 10, 100)
        for mode in ("hybrid", "text", "vector")
    ]


def places(hits: list[RowHit]) -> set[str]:
    return {hit.why.place for hit in hits}


@pytest.fixture
def many(store: Store) -> Store:
    """Return a store with 400 claims in the log."""
    store.graph.apply(TYPES)
    store.graph.insert(*map(claim, range(400)))
    return store


def test_a_fold_changes_no_hit_and_no_score(many: Store) -> None:
    before, then = seen(many), many.commit_at().id
    fold(many)
    assert seen(many) == before
    many.graph.upsert(*(claim(number, seed=1) for number in range(0, 60, 2)))
    many.graph.delete(Claim, *(f"c{number:04}" for number in range(1, 60, 2)))
    many.graph.insert(*map(claim, range(400, 430)))
    over = seen(many)
    assert places(list(many.graph.search("slow disk", [Claim], limit=100))) == {"base", "log"}
    assert seen(many, then) == before
    fold(many)
    assert seen(many) == over
    assert seen(many, then) == before


def test_the_first_three_of_ten_are_the_three(many: Store) -> None:
    fold(many)
    many.graph.upsert(*(claim(number, seed=2) for number in range(0, 400, 5)))
    for query in QUERIES:
        found = keys(many, query, types=[Claim], limit=400)
        assert len(found) == len({*map(str, found)})
        for limit in (1, 3, 10, 70):
            assert keys(many, query, types=[Claim], limit=limit) == found[:limit]


def test_every_row_of_a_base_is_indexed(many: Store) -> None:
    fold(many)
    many.graph.insert(*map(claim, range(400, 500)))
    fold(many)
    backend = rooms(many)
    with backend.engine.read() as conn:
        base = next(each for each in bases.every(conn) if each.rows == 500)
    table = backend.tables.graph(base.table).table
    assert {each.column for each in segments(table, base.version)} >= {"terms", "vector"}
    assert unindexed_rows(table, base.version, "terms") == 0
    # Few vectors say too little of where the others lie, and are compared one by one.
    assert unindexed_rows(table, base.version, "vector") < LEAST_VECTORS


def test_a_filter_is_met_by_rows_of_bases_too(many: Store) -> None:
    fold(many)
    many.graph.update(Claim, "c0007", {"text": "slow disk", "stars": 3})
    found = many.graph.search("slow disk", [Claim], {"stars": 3}, limit=400)
    assert {hit.row["stars"] for hit in found} == {3}
    assert len(found) == 58


def test_what_is_declared_later_is_searched_at_once_and_after_a_fold(store: Store) -> None:
    with_claims(store)
    fold(store)
    schema = store.graph.schema().to_yaml().replace("topic: {", "topic: {full_text: true, ")
    file = rooms(store).tables.root / "schema.yaml"
    file.write_text(schema)
    assert keys(store, "storage", types=["Claim"], mode="text") == []
    store.graph.apply(file)
    assert set(keys(store, "storage", types=["Claim"], mode="text")) == {"disk", "tape"}
    fold_graph(rooms(store), thorough=True)
    hits = store.graph.search("storage", ["Claim"], mode="text")
    assert {hit.row.key for hit in hits} == {"disk", "tape"}
    assert places(list(hits)) == {"base"}


def test_a_branch_searches_its_own_rows_over_the_base_it_began_with(many: Store) -> None:
    fold(many)
    many.branches.create("draft")
    draft = many.branch("draft")
    draft.graph.insert(Claim(id="new", text="zebra crossing"))
    many.graph.delete(Claim, "c0001")
    assert keys(draft, "zebra", mode="text") == ["new"]
    assert keys(many, "zebra", mode="text") == []
    everything = keys(draft, "disk tape lease lock fence token archive read write", mode="vector", limit=1000)
    assert "c0001" in everything
    fold(many)
    assert keys(draft, "zebra", mode="text") == ["new"]


def test_verify_and_doctor_look_at_what_is_searched(many: Store) -> None:
    fold(many)
    assert verify(rooms(many), deep=True).ok
    backend = rooms(many)
    with backend.engine.read() as conn:
        base = bases.every(conn)[-1]
    table = backend.tables.graph(base.table).table
    version = drop_segments(table, base.version, segments(table, base.version, "terms"))
    with backend.engine.write() as conn:
        bases.add(conn, MAIN, replace(base, seq=base.seq + 1, version=version))
    assert ["full text does not find" in problem.what for problem in verify(backend).problems] == [True]
    folder = table.path / "_indices" / segments(table, base.version, "vector")[0].uuid
    for file in filter(Path.is_file, folder.rglob("*")):
        file.write_bytes(b"")
    report = verify(backend, also=[("graph", check_graph_indexes)])
    assert any("of rows of the graph cannot be read" in problem.what for problem in report.problems)


@pytest.mark.parametrize("where", [{"topic": "locks"}, {"stars": 3, "topic": "locks"}, {"topic": None}])
def test_a_filter_chooses_the_same_rows_of_the_log_and_of_a_base(many: Store, where: dict[str, object]) -> None:
    many.graph.upsert(*(claim(n).model_copy(update={"topic": "locks"}) for n in range(0, 400, 9)))
    before = keys(many, "slow disk", where=where, types=[Claim], limit=400)
    fold(many)
    assert keys(many, "slow disk", where=where, types=[Claim], limit=400) == before
    assert before
