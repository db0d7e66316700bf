"""What stands in the store is replaced only when its source has changed, and never by another source's file."""

import json
import os
import shutil
from pathlib import Path

import pytest

from holdfast.errors import AlreadyExists, InvalidPath
from holdfast.front.store import Store
from holdfast.ingest.sources import prune
from tests.support.adding import files_of, tree

A = "/resources/papers/a.md"


def test_an_edit_in_the_store_over_an_unchanged_source_stays(store: Store, papers: Path) -> None:
    store.add(papers)
    store.write(A, "mine")
    for again in range(2):
        report = store.add(papers, prune=True)
        assert (report.skipped, report.failed, report.commits) == (3, (), ()), again
    (papers / "a.md").touch()
    assert store.add(papers).commits == ()
    assert store.read(A) == b"mine"
    assert store.stat(A).source is None


def test_an_edit_in_the_store_and_in_the_source_is_a_conflict_of_that_file_alone(store: Store, papers: Path) -> None:
    store.add(papers)
    store.write(A, "mine")
    store.write(A, "mine, once more")
    (papers / "a.md").write_text("theirs")
    tree(papers, {"new.md": "new"})
    report = store.add(papers)
    assert (report.added, report.updated, [failure.code for failure in report.failed]) == (1, 0, ["conflict"])
    assert "--overwrite" in report.failed[0].reason
    assert store.read(A) == b"mine, once more"
    assert store.add(papers, overwrite=True).updated == 1
    assert store.read(A) == b"theirs"
    (papers / "a.md").write_text("theirs again")
    assert store.add(papers).updated == 1


def test_overwrite_puts_the_source_back_over_an_edit(store: Store, papers: Path) -> None:
    store.add(papers)
    store.write(A, "mine")
    assert store.add(papers, overwrite=True).updated == 1
    assert store.read(A) == (papers / "a.md").read_bytes()


def test_an_edit_that_was_taken_back_is_no_edit(store: Store, papers: Path) -> None:
    store.add(papers)
    store.write(A, "mine")
    store.write(A, (papers / "a.md").read_bytes())
    (papers / "a.md").write_text("theirs")
    assert store.add(papers).updated == 1


def test_what_both_sides_were_changed_to_is_no_conflict(store: Store, papers: Path) -> None:
    store.add(papers)
    store.write(A, "the same idea")
    (papers / "a.md").write_text("the same idea")
    assert store.add(papers).failed == ()
    (papers / "a.md").write_text("another idea")
    assert store.add(papers).updated == 1


def test_a_version_that_was_restored_stays(store: Store, papers: Path) -> None:
    first = store.add(papers).commits[-1]
    (papers / "a.md").write_text("second")
    store.add(papers)
    store.restore(A, at=first)
    assert store.add(papers).commits == ()
    assert store.read(A).startswith(b"# Leases")
    (papers / "a.md").write_text("third")
    assert [failure.code for failure in store.add(papers).failed] == ["conflict"]


def test_what_was_written_in_the_store_is_not_replaced(store: Store, papers: Path) -> None:
    store.write(A, "mine")
    report = store.add(papers)
    assert (report.added, [failure.code for failure in report.failed]) == (2, ["already_exists"])
    assert store.read(A) == b"mine"


def test_an_edited_file_is_not_pruned(store: Store, papers: Path) -> None:
    store.add(papers)
    store.write(A, "mine")
    (papers / "a.md").unlink()
    assert store.add(papers, prune=True).removed == 0
    assert store.read(A) == b"mine"


def test_a_copy_made_in_the_store_is_not_pruned(store: Store, papers: Path) -> None:
    store.add(papers)
    store.copy(A, "/resources/kept.md")
    (papers / "a.md").unlink()
    assert store.add(papers, prune=True).removed == 1
    assert store.exists("/resources/kept.md")


@pytest.fixture
def manuals(tmp_path: Path) -> tuple[Path, Path]:
    """Return two folders of one name from different places, each with an index.md."""
    python = tree(tmp_path / "python/html", {"index.md": "Python", "a.md": "a"})
    return python, tree(tmp_path / "postgres/html", {"index.md": "Postgres", "b.md": "b", "c.md": "c"})


def test_a_folder_of_the_same_name_from_elsewhere_is_refused_before_anything_is_added(
    store: Store, manuals: tuple[Path, Path]
) -> None:
    store.add(manuals[0])
    before = files_of(store)
    with pytest.raises(AlreadyExists, match="nothing was added") as raised:
        store.add(manuals[1])
    assert str(manuals[0] / "index.md") in str(raised.value)
    assert all(option in raised.value.remedy for option in ("--to", "--as", "--overwrite"))
    assert files_of(store) == before


def test_each_remedy_for_two_folders_of_one_name_works(store: Store, manuals: tuple[Path, Path]) -> None:
    store.add(manuals[0])
    assert store.add(manuals[1], name="postgres").added == 3
    assert store.read("/resources/postgres/index.md") == b"Postgres"
    assert store.add(manuals[1], to="/other").added == 3
    report = store.add(manuals[1], overwrite=True)
    assert (report.added, report.updated) == (2, 1)
    assert store.read("/resources/html/index.md") == b"Postgres"
    assert store.add(manuals[1]).skipped == 3


@pytest.mark.parametrize("names", [("html", "html"), ("html/index.md", "html/index.md"), ("html/.", "html/.")])
def test_two_sources_for_one_place_are_refused_before_anything_is_added(
    store: Store, manuals: tuple[Path, Path], names: tuple[str, str]
) -> None:
    with pytest.raises(AlreadyExists):
        store.add(f"{manuals[0].parent}/{names[0]}", f"{manuals[1].parent}/{names[1]}")
    assert files_of(store) == {}


def test_folders_of_one_name_without_a_file_in_common_go_together(store: Store, manuals: tuple[Path, Path]) -> None:
    (manuals[1] / "index.md").unlink()
    assert store.add(*manuals).added == 4
    assert store.add(manuals[1]).skipped == 2


def test_a_folder_that_was_moved_on_disk_is_the_same(store: Store, papers: Path) -> None:
    store.add(papers)
    moved = papers.rename(papers.with_name("moved"))
    report = store.add(moved, name="papers")
    assert (report.skipped, report.failed, len(report.commits)) == (3, (), 1)
    assert store.stat(A).source == str(moved / "a.md")
    assert store.add(moved, name="papers").commits == ()
    (moved / "a.md").write_text("edited there")
    assert store.add(moved, name="papers").updated == 1


def test_a_folder_that_goes_by_two_addresses_is_the_same(store: Store, papers: Path) -> None:
    store.add(papers)
    (papers.parent / "link").symlink_to(papers)
    (papers / "a.md").write_text("edited")
    assert store.add(papers.parent / "link", name="papers").updated == 1


def test_the_same_words_from_two_places_are_no_conflict(store: Store, papers: Path, tmp_path: Path) -> None:
    store.add(papers)
    copy = Path(shutil.copytree(papers, tmp_path / "backup/papers"))
    assert store.add(copy).skipped == 3
    assert store.stat(A).source == str(papers / "a.md")


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_source_is_refused(store: Store, papers: Path, empty: str) -> None:
    with pytest.raises(InvalidPath, match="empty"):
        store.add(papers, empty)
    assert files_of(store) == {}


@pytest.mark.parametrize("name", ["a/b", "..", "x" * 300])
def test_a_name_that_cannot_stand_is_refused(store: Store, papers: Path, name: str) -> None:
    with pytest.raises(InvalidPath):
        store.add(papers, name=name)


def test_several_sources_have_no_one_name(store: Store, papers: Path) -> None:
    with pytest.raises(InvalidPath):
        store.add(papers, papers / "a.md", name="x")


def test_an_emptied_source_is_not_pruned_unless_by_force(store: Store, papers: Path) -> None:
    store.add(papers)
    before = files_of(store)
    shutil.rmtree(papers)
    papers.mkdir()
    report = store.add(papers, prune=True)
    (refused,) = report.not_pruned
    assert (report.removed, refused.source, refused.code) == (0, f"{papers}/", "not_pruned")
    assert "3 of 3" in refused.reason
    assert "--prune=force" in refused.reason
    assert files_of(store) == before
    forced = store.add(papers, prune="force")
    assert (forced.removed, forced.not_pruned) == (3, ())


@pytest.mark.parametrize(("kept", "pruned"), [(9, 0), (10, 10)])
def test_a_source_most_of_which_is_gone_is_not_pruned(store: Store, tmp_path: Path, kept: int, pruned: int) -> None:
    folder = tree(tmp_path / "many", {f"{i:02}.md": f"# {i}" for i in range(20)})
    store.add(folder)
    for file in sorted(folder.iterdir())[kept:]:
        file.unlink()
    report = store.add(folder, prune=True)
    assert (report.removed, len(report.not_pruned)) == (pruned, not pruned)


def test_a_source_whose_files_were_all_moved_within_it_is_there(store: Store, tmp_path: Path) -> None:
    folder = tree(tmp_path / "many", {f"old/{i:02}.md": f"# {i}" for i in range(20)})
    store.add(folder)
    (folder / "old").rename(folder / "new")
    report = store.add(folder, prune=True)
    assert (report.moved, report.not_pruned) == (20, ())


def test_a_source_on_another_device_is_not_pruned(store: Store, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(papers)
    (papers / "a.md").unlink()
    monkeypatch.setattr(prune, "device_of", lambda _: json.dumps([-1, -1]))
    report = store.add(papers, prune=True)
    assert (report.removed, ["device" in each.reason for each in report.not_pruned]) == (0, [True])
    assert store.add(papers).removed == 0
    assert len(store.add(papers, prune=True).not_pruned) == 1
    assert store.add(papers, prune="force").removed == 1
    (papers / "b.txt").unlink()
    assert store.add(papers, prune=True).removed == 1


def test_a_dry_run_says_what_is_not_pruned(store: Store, papers: Path) -> None:
    store.add(papers)
    shutil.rmtree(papers)
    papers.mkdir()
    report = store.add(papers, prune=True, dry_run=True)
    assert (report.removed, len(report.not_pruned)) == (0, 1)


def test_a_watch_leaves_an_edit_in_the_store_alone(store: Store, papers: Path) -> None:
    store.add(papers)
    store.write(A, "mine")
    looks = iter(range(100))
    reports = store.watch(papers, stop=lambda: next(looks) > 3)
    assert [report.commits for report in reports] == [()]
    assert store.read(A) == b"mine"


def test_the_remedy_for_two_sources_for_one_place_works(store: Store, manuals: tuple[Path, Path]) -> None:
    with pytest.raises(AlreadyExists) as raised:
        store.add(*manuals)
    assert "--overwrite" not in raised.value.remedy
    assert "one by one" in raised.value.remedy
    assert store.add(manuals[0]).added == 2
    assert store.add(manuals[1], name="postgres").added == 3


def test_a_source_below_a_folder_whose_name_is_no_utf8_fails_alone(store: Store, papers: Path, tmp_path: Path) -> None:
    bad = tree(tmp_path / os.fsdecode(b"\xff") / "in", {"a.md": "a"})
    for source, called in ((bad, "in"), (bad / "a.md", ""), (bad.parent, "called")):
        report = store.add(papers, source, prune=True)
        assert [failure.code for failure in report.failed] == ["invalid_path"]
        assert [failure.code for failure in store.add(source, name=called, prune=True).failed] == ["invalid_path"]
    assert len(files_of(store)) == 3
