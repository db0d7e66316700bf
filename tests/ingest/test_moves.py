"""A file that was moved in its source is moved in the store, when an add prunes: its history follows."""

from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast import Limits
from holdfast.front.store import Store
from tests.support.adding import files_of, tree
from tests.support.processes import Child

LEASES, FENCES = "# Leases\n\nA lease is a lock with an end.", "# Fences\n\nA fence lets nobody through."


@pytest.fixture
def papers(tmp_path: Path, store: Store) -> Path:
    """Return a folder that was added, one of its files in two versions."""
    folder = tree(tmp_path / "papers", {"a.md": "# Leases, a draft", "old/b.md": FENCES})
    store.add(folder)
    tree(folder, {"a.md": LEASES + "\n"})
    (folder / "a.md").write_text(LEASES)
    store.add(folder)
    return folder


def node(store: Store, name: str) -> int:
    return store.stat(f"/resources/papers/{name}").id


def move(folder: Path, source: str, target: str) -> None:
    (folder / target).parent.mkdir(parents=True, exist_ok=True)
    (folder / source).rename(folder / target)


def test_history_follows_a_file_that_was_moved(store: Store, papers: Path) -> None:
    before = [commit.id for commit in store.log("/resources/papers/a.md")]
    move(papers, "a.md", "new/c.md")
    report = store.add(papers, prune=True)
    assert (report.added, report.moved, report.removed, report.skipped) == (0, 1, 0, 1)
    assert len(report.commits) == 1
    found = store.stat("/resources/papers/new/c.md")
    assert found.source == str(papers / "new/c.md")
    assert [commit.id for commit in store.log(found.path)] == [report.commits[0], *before]
    assert not store.exists("/resources/papers/a.md")
    again = store.add(papers, prune=True)
    assert (again.skipped, again.commits) == (2, ())


def test_without_pruning_nothing_is_moved(store: Store, papers: Path) -> None:
    move(papers, "a.md", "c.md")
    report = store.add(papers)
    assert (report.added, report.moved) == (1, 0)
    assert store.read("/resources/papers/a.md") == store.read("/resources/papers/c.md")
    assert node(store, "a.md") != node(store, "c.md")


def test_the_directory_that_a_move_leaves_empty_is_removed(store: Store, papers: Path) -> None:
    was = node(store, "old/b.md")
    (papers / "old").rename(papers / "new")
    report = store.add(papers, prune=True)
    assert (report.moved, report.removed) == (1, 0)
    assert node(store, "new/b.md") == was
    assert not store.exists("/resources/papers/old")


def test_of_several_with_one_content_the_one_of_the_same_name_is_taken(store: Store, tmp_path: Path) -> None:
    folder = tree(tmp_path / "papers", {"in/a.md": LEASES, "in/b.md": LEASES})
    store.add(folder)
    nodes = {name: node(store, f"in/{name}") for name in ("a.md", "b.md")}
    (folder / "in").rename(folder / "out")
    assert store.add(folder, prune=True).moved == 2
    assert {name: node(store, f"out/{name}") for name in nodes} == nodes


def test_what_cannot_be_told_apart_is_added_and_removed(store: Store, tmp_path: Path) -> None:
    folder = tree(tmp_path / "papers", {"a.md": LEASES, "b.md": LEASES})
    store.add(folder)
    move(folder, "a.md", "c.md")
    move(folder, "b.md", "d.md")
    report = store.add(folder, prune=True)
    assert (report.added, report.moved, report.removed) == (2, 0, 2)


def test_a_vanished_file_is_moved_once_and_its_copies_are_added(store: Store, papers: Path) -> None:
    was = node(store, "a.md")
    move(papers, "a.md", "c.md")
    tree(papers, {"d.md": LEASES})
    report = store.add(papers, prune=True)
    assert (report.added, report.moved) == (1, 1)
    assert node(store, "c.md") == was


def test_what_was_rewritten_in_the_store_is_not_moved(store: Store, papers: Path) -> None:
    store.write("/resources/papers/a.md", "mine now")
    move(papers, "a.md", "c.md")
    report = store.add(papers, prune=True)
    assert (report.added, report.moved, report.removed) == (1, 0, 0)
    assert store.read("/resources/papers/a.md") == b"mine now"


def test_a_file_from_another_source_is_not_moved(store: Store, tmp_path: Path, papers: Path) -> None:
    elsewhere = tree(tmp_path / "elsewhere", {"c.md": LEASES})
    (papers / "a.md").unlink()
    report = store.add(elsewhere, prune=True)
    assert (report.added, report.moved) == (1, 0)
    assert store.exists("/resources/papers/a.md")


def test_a_folder_takes_the_place_of_a_file_and_a_file_that_of_a_folder(store: Store, tmp_path: Path) -> None:
    folder = tree(tmp_path / "papers", {"x": "a file", "y/in/a.md": LEASES, "z.md": FENCES})
    store.add(folder)
    (folder / "x").unlink()
    (folder / "y/in/a.md").unlink()
    (folder / "y/in").rmdir()
    (folder / "y").rmdir()
    tree(folder, {"x/in/b.md": "in a folder now", "y": "a file now"})
    report = store.add(folder, prune=True)
    assert (report.added, report.removed, report.failed) == (2, 2, ())
    assert [*files_of(store)] == ["/resources/papers/x/in/b.md", "/resources/papers/y", "/resources/papers/z.md"]
    assert store.add(folder, prune=True).skipped == 3


def test_a_file_may_be_moved_into_a_folder_of_its_own_name(store: Store, papers: Path) -> None:
    move(papers, "a.md", "kept")
    move(papers, "kept", "a.md/a.md")
    report = store.add(papers, prune=True)
    assert (report.added, report.removed, report.failed) == (1, 1, ())
    assert store.read("/resources/papers/a.md/a.md") == LEASES.encode()


def test_a_file_that_stands_in_the_way_and_did_not_vanish_is_kept(store: Store, papers: Path) -> None:
    store.write("/resources/papers/new", "mine")
    move(papers, "a.md", "new/a.md")
    report = store.add(papers, prune=True)
    assert [failure.code for failure in report.failed] == ["not_a_directory"]
    assert store.read("/resources/papers/new") == b"mine"


@pytest.mark.crash
@pytest.mark.parametrize("point", ["publish.before_commit", "publish.after_commit"])
@pytest.mark.parametrize("passage", [1, 2, 3])
def test_killed_in_the_middle_and_run_again_the_tree_is_the_same(
    point: str, passage: int, store: Store, papers: Path, folder: Path, child: Callable[..., Child]
) -> None:
    moved = {"new/a.md": node(store, "a.md"), "new/b.md": node(store, "old/b.md")}
    tree(papers, {"z.md": "to be removed"})
    store.add(papers)
    store.close()
    (papers / "z.md").unlink()
    move(papers, "a.md", "new/a.md")
    move(papers, "old/b.md", "new/b.md")
    code = """
    components = holdfast.Components(limits=holdfast.Limits(group_files=1))
    holdfast.open(sys.argv[1], components=components).add(sys.argv[2], prune=True)
    """
    assert child(code, folder, papers, faults=f"{point}=kill@{passage}").ended_by_kill()
    with holdfast.open(folder) as opened:
        opened.add(papers, prune=True)
        assert {name: node(opened, name) for name in moved} == moved
        assert [*files_of(opened)] == ["/resources/papers/new/a.md", "/resources/papers/new/b.md"]
        assert opened.add(papers, prune=True).commits == ()


@pytest.mark.parametrize("limits", [Limits(group_files=1)])
def test_groups_of_any_size_move_the_same_files(store: Store, papers: Path) -> None:
    moved = {"new/a.md": node(store, "a.md"), "new/b.md": node(store, "old/b.md")}
    move(papers, "a.md", "new/a.md")
    move(papers, "old/b.md", "new/b.md")
    tree(papers, {"new/c.md": LEASES})
    report = store.add(papers, prune=True)
    assert (report.added, report.moved, report.removed) == (1, 2, 0)
    assert {name: node(store, name) for name in moved} == moved
