"""A query that is misspelt finds what was meant, and one that is not is left alone."""

import pytest

from holdfast.front.store import Store
from holdfast.search.spelling import distance, doubtful, nearest

FREQUENCIES = {"certif": 9, "certain": 9, "cert": 1, "lock": 50, "loch": 2, "replic": 4, "replay": 4}


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("lock", "lock", 0),
        ("lcok", "lock", 1),
        ("lok", "lock", 1),
        ("lockk", "lock", 1),
        ("luck", "lock", 1),
        ("lcokk", "lock", 2),
        ("pattern", "lock", 2),
        ("abc", "bca", 2),
    ],
)
def test_slips_are_counted_as_a_hand_makes_them(one: str, other: str, slips: int) -> None:
    assert min(distance(one, other, 1), 2) == slips
    assert distance(one, other, 4) >= slips


def test_only_words_that_the_model_does_not_know_are_doubtful() -> None:
    assert doubtful("Stale lcok of HTTP2 in lock_path, den", {"stale"}.__contains__) == ["lcok"]


def test_the_nearest_word_that_is_held_often_enough_is_meant() -> None:
    def near(word: str) -> list[str]:
        return nearest(word, FREQUENCIES, FREQUENCIES.__getitem__)

    assert near("lcok") == ["lock"]
    assert near("locj") == ["lock"]
    assert near("kock") == []
    assert near("certifcate") == ["certif"]
    assert near("certx") == []


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_misspelt_query_finds_the_page_that_was_meant(store: Store, is_folded: bool) -> None:
    with store.transaction() as tx:
        for number in range(4):
            tx.write(f"/wombats/{number}.md", f"# Paper {number}\n\nA wombat lives in burrow {number}.")
            tx.write(f"/pasta/{number}.md", f"# Pasta {number}\n\nBoil it in salted water for {number + 8} minutes.")
    if is_folded:
        store.maintenance.optimize()
    found = store.explain("wobmat")
    assert "wombat" in found.terms
    assert {hit.path.split("/")[1] for hit in found.hits[:4]} == {"wombats"}
    assert found.hits[0].marks


def test_a_word_that_stands_in_the_store_or_in_too_few_passages_is_left_alone(store: Store) -> None:
    with store.transaction() as tx:
        tx.write("/slip.md", "The wobmat, as somebody wrote it.")
        tx.write("/rare.md", "The zyzzyva is a weevil.")
        for number in range(4):
            tx.write(f"/{number}.md", f"A wombat lives in burrow {number}.")
    assert store.explain("wobmat").terms == ["wobmat"]
    assert store.explain("zyzyva").terms == ["zyzyva"]
    assert store.explain("wombta", mode="text").hits == []
