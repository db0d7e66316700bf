"""Branches, searches on them and merges take no SQL that only one database has."""

from pathlib import Path

import pytest

import holdfast
from holdfast import MergeConflicted


def test_branches_are_searched_and_merged_where_the_catalog_is_on_postgresql(database: str, tmp_path: Path) -> None:
    holdfast.create(database, data=tmp_path / "kb").close()
    with holdfast.open(tmp_path / "kb") as store:
        for number in range(3):
            store.write(f"/d/{number}.md", f"A pelican, the bird number {number}.")
        store.branches.create("draft")
        draft = store.branch("draft")
        draft.branches.create("deeper")
        deeper = draft.branch("deeper")
        deeper.move("/d", "/e")
        draft.write("/d/1.md", "A heron, the bird number 1.")
        assert [hit.path for hit in draft.search("heron", mode="text")] == ["/d/1.md"]
        assert not deeper.search("heron", mode="text")
        assert {hit.path for hit in deeper.search("pelican", mode="text")} == {"/e/0.md", "/e/1.md", "/e/2.md"}
        store.branches.create("main-then")
        store.write("/d/0.md", "A crane, the bird number 0.")
        for on, source in (
            (store, "draft"),
            (draft, "main-then"),
            (store, "deeper"),
            (deeper, "main"),
            (draft, "main"),
        ):
            on.branches.merge(source)
        draft.move("/e", "/d")
        deeper.branches.merge("draft")
        assert [hit.path for hit in deeper.search("heron crane", mode="text")] == ["/d/0.md", "/d/1.md"]
        deeper.write("/d/2.md", "theirs")
        draft.write("/d/2.md", "ours")
        with pytest.raises(MergeConflicted):
            draft.branches.merge("deeper")
        report = draft.branches.merge("deeper", resolve={"/d": "theirs"}, idempotency_key="k")
        again = draft.branches.merge("deeper", idempotency_key="k")
        assert (again.commit, again.changes) == (report.commit, report.changes)
        assert draft.read_text("/d/2.md") == "theirs"
        assert all(each.maintenance.verify(deep=True).ok for each in (store, draft, deeper))
