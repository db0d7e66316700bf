"""One order: a search for three gives the first three of a search for ten, wherever the rows are."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import SearchMode
from holdfast.front.store import Store
from holdfast.search import order

MODES: tuple[SearchMode, ...] = ("hybrid", "text", "vector")
LIMITS = (1, 10, 51, 230)
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
            path = f"/{'ab'[number % 2]}/{number}-{rng.randrange(10**6)}.md"
            tx.write(path, text(rng))
            if number % 3 == 0:
                tx.properties.set(path, {"third": number})


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


def same(some: list[holdfast.Hit], others: list[holdfast.Hit]) -> bool:
    """Whether hits are the same in all that does not depend on the order of sums."""
    places = [[(hit.path, hit.also, [each.start for each in hit.passages]) for hit in hits] for hits in (some, others)]
    scores = [[hit.score for hit in hits] for hits in (some, others)]
    return places[0] == places[1] and scores[0] == pytest.approx(scores[1], abs=1e-4)


WHERE = {"third": {"$gte": 30}}
ASKED: list[dict[str, Any]] = [
    {"under": "/", "where": None, "by": "document"},
    {"under": "/a", "where": None, "by": "passage"},
    {"under": "/", "where": WHERE, "by": "document"},
    {"under": "/a", "where": WHERE, "by": "passage"},
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_a_smaller_limit_gives_the_first_hits_of_a_larger_one(
    filled: tuple[Store, holdfast.Commit], mode: SearchMode, asked: dict[str, Any]
) -> None:
    store, at = filled
    for query in QUERIES[: 1 if asked["where"] else 3]:
        everything = store.search(query, mode=mode, at=at, limit=LIMITS[-1], **asked)
        assert len(everything) == len({(hit.path, hit.start) for hit in everything})
        assert len(everything) == len({hit.path for hit in everything}) or asked["by"] == "passage"
        assert [hit.score for hit in everything] == sorted((hit.score for hit in everything), reverse=True)
        for limit in LIMITS:
            assert same(store.search(query, mode=mode, at=at, limit=limit, **asked), everything[:limit])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("asked", [ASKED[0], ASKED[-1]], ids=str)
def test_the_pages_are_the_one_order(
    filled: tuple[Store, holdfast.Commit], mode: SearchMode, asked: dict[str, Any]
) -> None:
    store, at = filled
    everything = store.search("stale lock", mode=mode, at=at, limit=160, **asked)
    pages, after = list[holdfast.Hit](), None
    for size in (1, 9, 50, 100):
        page = store.explain("stale lock", mode=mode, at=at, limit=size, after=after, **asked)
        assert page.before == len(pages)
        pages += page.hits
        after = page.cursor
        if after is None:
            assert len(pages) == len(everything)
            break
    assert same(pages, everything)
    assert [bool(hit.why.behind) for hit in pages] == [bool(hit.why.behind) for hit in everything]


def test_a_fold_changes_no_order(tmp_path: Path) -> None:
    with holdfast.create(tmp_path / "kb") as store:
        fill(store, random.Random(6), 220)
        every = [(query, mode, asked) for query in QUERIES[:2] for mode in MODES for asked in (ASKED[0], ASKED[3])]
        before = [store.search(query, mode=mode, limit=150, **asked) for query, mode, asked in every]
        half = store.search("stale lock", limit=20)
        store.maintenance.optimize()
        for (query, mode, asked), hits in zip(every, before, strict=True):
            assert same(store.search(query, mode=mode, limit=150, **asked), hits)
        whole = store.search("stale lock", limit=40)
        assert same(store.search("stale lock", limit=20, after=half[-1].cursor), whole[20:])


def test_the_order_of_ten_is_that_of_the_pool_and_not_of_the_limit(filled: tuple[Store, holdfast.Commit]) -> None:
    store, at = filled
    found = store.explain("stale lock", at=at, limit=order.LIFTED + 5, by="passage")
    lifted = [hit.why.from_coverage or hit.why.from_phrase or hit.why.from_opening for hit in found.hits]
    assert any(lifted[: order.LIFTED])
    assert not any(lifted[order.LIFTED :])
