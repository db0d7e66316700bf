"""Searching rows by what they say: at the head, in the past, on branches, along edges."""

import pytest

from holdfast import NotFound, Store, Unsupported
from tests.support.claims import Claim, keys, with_claims


@pytest.fixture
def claims(store: Store) -> Store:
    return with_claims(store)


def test_rows_are_found_by_words_by_meaning_and_by_both(claims: Store) -> None:
    assert keys(claims, "fencing tokens", types=[Claim])[0] == "fence"
    assert keys(claims, "lease", mode="text") == ["lease"]
    assert keys(claims, "baking a loaf", types=["Claim"], mode="vector")[0] == "bread"
    assert keys(claims, "flash memory", types="SupportedBy")[0] == ["disk", "manual"]


def test_a_hit_is_the_row_with_its_text_and_why_it_was_found(claims: Store) -> None:
    hit = claims.graph.search("lease lock", types=[Claim])[0]
    assert (hit.row.type, hit.row.key, hit.row["stars"], hit.commit) == ("Claim", "lease", 5, claims.commit_at().id)
    assert hit.instance(Claim).topic == "locks"
    assert [hit.text[start:end] for start, end in hit.marks] == ["lease", "lock"]
    assert hit.why.text_rank == 1
    assert hit.why.place == "log"


def test_a_filter_leaves_out_rows_and_types(claims: Store) -> None:
    assert set(keys(claims, "disks and locks", where={"topic": "storage"})) == {"disk", "tape"}
    assert keys(claims, "patience", where={"topic": None}, types=[Claim]) == ["bread"]
    with pytest.raises(NotFound, match="colour"):
        claims.graph.search("patience", where={"colour": "red"})


def test_edges_are_gone_along_from_what_was_found(claims: Store) -> None:
    found = claims.graph.search("leases and locks", types=[Claim], where={"topic": "locks"}).expand("SupportedBy>")
    assert [(each.row.key, each.hops) for each in found] == [("paper", 1)]


def test_a_search_sees_the_rows_of_its_commit_and_branch(claims: Store) -> None:
    before = claims.commit_at().id
    claims.graph.update(Claim, "tape", {"text": "Holography stores archives in crystals"})
    claims.graph.delete(Claim, "lease")
    assert keys(claims, "holography", mode="text") == ["tape"]
    assert keys(claims, "tape", mode="text") == []
    assert keys(claims, "lease", mode="text") == []
    assert keys(claims, "tape", mode="text", at=before) == ["tape"]
    claims.branches.create("then", at=before)
    then = claims.branch("then")
    then.graph.update(Claim, "bread", {"text": "Lease a bakery"})
    assert set(keys(then, "lease", mode="text")) == {"lease", "bread"}
    assert keys(claims, "lease", mode="text") == []


def test_what_cannot_be_searched_is_said(claims: Store) -> None:
    with pytest.raises(Unsupported, match="Nothing of Tag is searched"):
        claims.graph.search("a", types=["Tag"])
    with pytest.raises(NotFound, match="no type Nobody"):
        claims.graph.search("a", types=["Nobody"])
    with pytest.raises(Unsupported, match="1 to 1000"):
        claims.graph.search("a", limit=0)
    assert len(claims.graph.search(" ", types=[Claim])) == 0
