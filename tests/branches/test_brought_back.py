"""What a branch brings back that its base had removed is found on it, whatever upkeep puts away."""

from holdfast.front.store import Store


def test_what_hung_below_a_directory_is_found_where_only_the_branch_shows_it(store: Store) -> None:
    store.write("/d/e/a.md", "a pelican")
    store.remove("/d", recursive=True)
    store.branches.create("draft")
    draft = store.branch("draft")
    draft.restore("/d", at=2)
    store.maintenance.optimize()
    assert [hit.path for hit in draft.search("pelican", mode="text")] == ["/d/e/a.md"]
    assert store.search("pelican", mode="text") == []
    draft.remove("/d", recursive=True)
    draft.restore("/d", at=2)
    assert draft.read_text("/d/e/a.md") == "a pelican"
    report = store.maintenance.verify(deep=True)
    assert report.ok, report.problems
