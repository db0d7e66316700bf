"""One order: a search for three gives the first three of a search for ten, wherever the rows are."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast import SearchMode
from holdfast.front.store import Store
from holdfast.search import order

MODES: tuple[SearchMode, ...] = ("hybrid", "text", "vector")
LIMITS = (1, 3, 10, 51, 230, 1000)
WORDS = ["lease", "lock", "token", "stale", "store", "commit", "pasta", "harbour", "wombat", "violin", "copper", "fold"]
QUERIES = ("stale lock", "how do I fold a store", "lease", "wombat harbour violin copper")


def text(rng: random.Random) -> str:
    """Return a note; many are short and alike, so that scores tie."""
    head = " ".join(rng.choices(WORDS, k=rng.choice((1, 1, 2))))
    body = [" ".join(rng.choices(WORDS, k=rng.choice((2, 2, 5, 40)))) for _ in range(rng.choice((1, 1, 3)))]
    links = f"[{rng.choice(WORDS)}](../b/{rng.randrange(200)}.md)" if rng.random() < 0.2 else ""
    return f"# {head}\n\n" + "\n\n## Part\n\n".join(body) + f"\n\n{links}\n"


def fill(store: Store, rng: random.Random, count: int) -> None:
    with store.transaction() as tx:
        for number in range(count):
            tx.write(f"/{'ab'[number % 2]}/{number}-{rng.randrange(10**6)}.md", text(rng))


@pytest.fixture(scope="module", params=["tail", "table", "both", "history"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, holdfast.Commit]]:
    """Return a store with more rows than a pool holds, and the commit to search it at."""
    with holdfast.create(tmp_path_factory.mktemp("order") / "kb") as store:
        rng = random.Random(5)
        for part in range(3):
            fill(store, rng, 200)
            if request.param != "tail" and not (request.param == "both" and part == 2):
                store.maintenance.optimize()
        past = store.snapshot().commit
        if request.param == "history":
            with store.transaction() as tx:
                for path in list(store.glob("/a/*"))[:250]:
                    tx.remove(path)
            store.maintenance.optimize()
            fill(store, rng, 100)
        yield store, past


def told(hits: list[holdfast.Hit]) -> list[tuple[str, int, float, float]]:
    return [(hit.path, hit.start, hit.score, hit.why.from_depth) for hit in hits]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("under", ["/", "/a"])
def test_a_smaller_limit_gives_the_first_hits_of_a_larger_one(
    filled: tuple[Store, holdfast.Commit], mode: SearchMode, under: str
) -> None:
    store, at = filled
    for query in QUERIES:
        all_of_them = told(store.search(query, mode=mode, under=under, at=at, limit=LIMITS[-1]))
        assert len(all_of_them) == len({hit[:2] for hit in all_of_them})
        assert [hit[2] for hit in all_of_them] == sorted((hit[2] for hit in all_of_them), reverse=True)
        for limit in LIMITS:
            some = told(store.search(query, mode=mode, under=under, at=at, limit=limit))
            assert [hit[:2] for hit in some] == [hit[:2] for hit in all_of_them[:limit]]
            assert [hit[2] for hit in some] == pytest.approx([hit[2] for hit in all_of_them[:limit]], abs=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_a_fold_changes_no_order(tmp_path: Path, mode: SearchMode) -> None:
    with holdfast.create(tmp_path / "kb") as store:
        fill(store, random.Random(6), 220)
        before = {query: store.search(query, mode=mode, limit=150) for query in QUERIES}
        store.maintenance.optimize()
        for query, hits in before.items():
            after = store.search(query, mode=mode, limit=150)
            assert [(hit.path, hit.start) for hit in after] == [(hit.path, hit.start) for hit in hits]


def test_the_order_of_ten_is_that_of_the_pool_and_not_of_the_limit(filled: tuple[Store, holdfast.Commit]) -> None:
    store, at = filled
    found = store.explain("stale lock", at=at, limit=order.LIFTED + 5)
    lifted = [hit.why.from_coverage or hit.why.from_phrase or hit.why.from_opening for hit in found.hits]
    assert any(lifted[: order.LIFTED])
    assert not any(lifted[order.LIFTED :])
