"""Tags: names that stand wherever a commit is named."""

import pytest

import holdfast
from holdfast import AlreadyExists, InvalidPath, NotFound, ReadOnly
from holdfast.front.store import Store
from holdfast.testing.seams import rooms


class TestNaming:
    def test_a_tag_stands_wherever_a_commit_is_named(self, store: Store) -> None:
        first = store.write("/wiki/a.md", "a pelican")
        made = store.tags.create("v1", actor="agent:7")
        assert (made.name, made.commit, made.actor) == ("v1", first.id, "agent:7")
        last = store.write("/wiki/a.md", "an ibis")
        assert store.commit_at("v1") == first
        assert store.snapshot("v1").read_text("/wiki/a.md") == "a pelican"
        assert [change.kind for change in store.diff("v1")] == ["modified"]
        assert [commit.id for commit in store.log(at="v1", limit=1)] == [first.id]
        assert [event.commit for event in store.changes("v1")] == [last]
        assert [hit.path for hit in store.search("pelican", at="v1")] == ["/wiki/a.md"]
        store.branches.create("draft", at="v1")
        assert store.branch("draft").commit_at() == first
        store.restore("/wiki/a.md", at="v1")
        assert store.read_text("/wiki/a.md") == "a pelican"

    def test_they_are_listed_by_name_and_stay_over_a_restart(self, store: Store) -> None:
        made = [store.tags.create(name, at=1) for name in ("v2", "reviewed/by-me", "ß")]
        with holdfast.open(store.address) as again:
            assert list(again.tags.list()) == sorted(made, key=lambda tag: tag.name)
            assert again.tags.get("v2") == made[0]

    def test_a_name_is_given_once_until_it_is_deleted(self, store: Store) -> None:
        store.tags.create("v1", at=1)
        with pytest.raises(AlreadyExists):
            store.tags.create("v1")
        store.tags.delete("v1")
        for gone in (store.tags.get, store.tags.delete, store.commit_at):
            with pytest.raises(NotFound):
                gone("v1")
        store.write("/x", "x")
        assert store.tags.create("v1").commit == store.commit_at().id

    @pytest.mark.parametrize(
        "name",
        ["", "12", "HEAD", "head", "head~2", "2026-08-01", "20260801T10", "2026-W03-1", "2026-08-01T10:00:00Z", "c1-2"],
    )
    def test_what_is_read_otherwise_is_no_name(self, store: Store, name: str) -> None:
        with pytest.raises(InvalidPath):
            store.tags.create(name)

    @pytest.mark.parametrize("name", ["-v1", "v1..v2", "a//b", " v1", "v1@2", "v~1", "x" * 101])
    def test_what_is_written_otherwise_is_no_name(self, store: Store, name: str) -> None:
        with pytest.raises(InvalidPath):
            store.tags.create(name)

    def test_a_store_for_reading_takes_none(self, store: Store) -> None:
        store.tags.create("v1", at=1)
        with holdfast.open(store.address, read_only=True) as reader:
            assert reader.commit_at("v1").id == 1
            with pytest.raises(ReadOnly):
                reader.tags.create("v2")


class TestOnBranches:
    def test_a_commit_of_another_branch_is_refused_by_its_tag_too(self, store: Store) -> None:
        store.branches.create("draft")
        draft = store.branch("draft")
        own = draft.write("/wiki/a.md", "an ibis")
        draft.tags.create("first")
        assert draft.commit_at("first") == own
        with pytest.raises(NotFound, match="is on draft"):
            store.commit_at("first")
        with pytest.raises(NotFound, match="is on draft"):
            store.tags.create("second", at=own)


class TestChecking:
    def test_verify_names_a_tag_whose_commit_is_not_there(self, store: Store) -> None:
        store.tags.create("v1")
        assert store.maintenance.verify().ok
        with rooms(store).engine.write() as conn:
            conn.run("UPDATE tags SET commit_seq = 99", {})
        assert ["The tag v1" in str(problem) for problem in store.maintenance.verify().problems] == [True]
