"""Walking sources: the order, the names, and what is left out with a reason."""

import os
import socket
import unicodedata
from pathlib import Path

import pytest

from holdfast.ingest.sources.scan import RefusedFile, SourceFile, scan


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*files: str) -> None:
    for name in files:
        file = Path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"text of {name}")


def targets(*sources: str, flatten: bool = False) -> list[str]:
    return [found.target for found in scan(sources, flatten=flatten) if isinstance(found, SourceFile)]


def refused(*sources: str) -> dict[str, str]:
    return {str(item.source): item.code for item in scan(sources) if isinstance(item, RefusedFile)}


def test_a_folder_keeps_its_name_and_its_contents_do_not(here: Path) -> None:
    make("papers/a.md", "papers/x/y.md")
    assert targets("papers") == targets("papers/") == targets("./papers") == ["papers/a.md", "papers/x/y.md"]
    assert targets("papers/.") == ["a.md", "x/y.md"]
    assert targets(str(here / "papers")) == ["papers/a.md", "papers/x/y.md"]


def test_the_current_folder_stands_for_its_contents(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("papers/x/y.md")
    monkeypatch.chdir("papers/x")
    assert targets(".") == ["y.md"]
    assert targets("..") == ["papers/x/y.md"]


def test_a_file_keeps_its_name_only(here: Path) -> None:
    make("papers/x/y.md")
    assert targets("papers/x/y.md") == ["y.md"]


def test_the_order_is_that_of_names_and_sources_files_before_folders(here: Path) -> None:
    make("b/z.md", "b/a/1.md", "b/B.md", "b/é.md", "a/1.md", "b/a.md")
    assert targets("b", "a") == ["b/B.md", "b/a.md", "b/z.md", "b/é.md", "b/a/1.md", "a/1.md"]


def test_size_and_time_are_reported(here: Path) -> None:
    make("a.md")
    os.utime("a.md", ns=(1, 123_456_789))
    (found,) = scan(["a.md"])
    assert isinstance(found, SourceFile)
    assert (found.size, found.mtime_ns) == (12, 123_456_789)


def test_hidden_files_are_left_out_unless_named(here: Path) -> None:
    make("p/.hidden.md", "p/.git/config", "p/a.md")
    assert targets("p") == ["p/a.md"]
    assert not refused("p")
    assert targets("p/.hidden.md", "p/.git") == [".hidden.md", ".git/config"]


def test_ignore_files_count_at_every_level_and_the_deeper_one_wins(here: Path) -> None:
    make(
        "p/a.log",
        "p/a.md",
        "p/build/out.md",
        "p/deep/a.log",
        "p/deep/keep.log",
        "p/deep/root-only.md",
        "p/root-only.md",
    )
    Path("p/.gitignore").write_text("*.log\nbuild/\n/root-only.md\n")
    Path("p/deep/.gitignore").write_text("!keep.log\n")
    assert targets("p") == ["p/a.md", "p/deep/keep.log", "p/deep/root-only.md"]


def test_holdfastignore_has_the_last_word_over_gitignore(here: Path) -> None:
    make("p/a.log", "p/a.md", "p/b.md")
    Path("p/.gitignore").write_text("*.log\n")
    Path("p/.holdfastignore").write_text("!a.log\nb.md\n")
    assert targets("p") == ["p/a.log", "p/a.md"]


def test_links_that_leave_the_source_or_lead_nowhere_are_reported(here: Path) -> None:
    make("p/a.md", "secret.md", "p-other/b.md")
    Path("p/out.md").symlink_to("../secret.md")
    Path("p/near.md").symlink_to("../p-other/b.md")
    Path("p/nowhere.md").symlink_to("gone.md")
    Path("p/inside.md").symlink_to("a.md")
    assert targets("p") == ["p/a.md", "p/inside.md"]
    assert refused("p") == {"p/near.md": "outside", "p/nowhere.md": "outside", "p/out.md": "outside"}


def test_a_source_that_is_a_link_is_followed(here: Path) -> None:
    make("real/a.md")
    Path("link").symlink_to("real")
    assert targets("link") == ["link/a.md"]


def test_loops_of_folders_are_cut(here: Path) -> None:
    make("p/x/a.md")
    Path("p/x/up").symlink_to("..")
    Path("p/again").symlink_to("x")
    assert targets("p") == ["p/x/a.md"]
    assert refused("p") == {"p/again": "loop", "p/x/up": "loop"}


def test_a_folder_mounted_into_itself_is_entered_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("p/x/a.md", "p/y/b.md")
    own = Path.stat
    # A bind mount shows the same device and inode under another name; making one needs a privilege tests lack.
    monkeypatch.setattr(Path, "stat", lambda self, **kw: own(self.parent if self.name == "y" else self, **kw))
    assert targets("p") == ["p/x/a.md"]
    assert refused("p") == {"p/y": "loop"}


def test_special_files_are_reported(here: Path) -> None:
    make("p/a.md")
    os.mkfifo("p/pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("p/socket")
        assert targets("p") == ["p/a.md"]
        assert refused("p", "/dev/null") == {
            "p/pipe": "unsupported",
            "p/socket": "unsupported",
            "/dev/null": "unsupported",
        }


def test_an_unreadable_folder_is_reported_and_the_rest_goes_on(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("p/a/1.md", "p/b/2.md")
    own = os.scandir

    def forbidding(path: Path) -> object:
        # Tests may run as root, whom no permission stops.
        if path.name == "a":
            raise PermissionError(13, "Permission denied")
        return own(path)

    monkeypatch.setattr(os, "scandir", forbidding)
    assert targets("p") == ["p/b/2.md"]
    (refusal,) = (item for item in scan(["p"]) if isinstance(item, RefusedFile))
    assert (str(refusal.source), refusal.code, refusal.failure) == ("p/a", "unreadable", True)
    assert "Permission denied" in refusal.reason


def test_a_store_inside_a_source_is_not_added_to_itself(here: Path) -> None:
    make("p/a.md", "p/kb/holdfast.toml", "p/kb/catalog.db", "p/settings/holdfast.toml")
    assert targets("p") == ["p/a.md", "p/settings/holdfast.toml"]
    assert refused("p") == {"p/kb": "store"}


def test_a_missing_source_is_reported_and_the_others_go_on(here: Path) -> None:
    make("a.md")
    assert targets("gone", "a.md") == ["a.md"]
    assert refused("gone", "a\0b") == {"gone": "not_found", "a\0b": "unreadable"}


def test_names_become_nfc_and_the_second_of_two_equal_ones_is_refused(here: Path) -> None:
    composed, decomposed = "é.md", unicodedata.normalize("NFD", "é.md")
    make(f"p/{decomposed}")
    assert targets("p") == [f"p/{composed}"]
    make(f"p/{composed}", f"p/{unicodedata.normalize('NFD', 'ü')}/a.md", "p/ü/b.md")
    assert targets("p") == [f"p/{composed}", f"p/{unicodedata.normalize('NFC', 'ü')}/a.md"]
    assert refused("p") == {f"p/{composed}": "already_exists", "p/ü": "already_exists"}


def test_names_that_cannot_stand_in_a_store_are_refused(here: Path) -> None:
    make("p/a.md")
    Path(os.fsdecode(b"p/\xff.md")).touch()
    # A character whose NFC form takes more bytes than it does itself.
    Path("p/" + "\u0958" * 85).touch()
    assert targets("p") == ["p/a.md"]
    assert sorted(refused("p").values()) == ["invalid_path", "invalid_path"]


def test_two_sources_for_one_name_the_first_gets_it(here: Path) -> None:
    make("a/x.md", "b/x.md")
    assert targets("a/x.md", "b/x.md") == ["x.md"]
    assert refused("a/x.md", "b/x.md") == {"b/x.md": "already_exists"}


def test_folders_of_one_name_are_merged_file_by_file(here: Path) -> None:
    make("a/p/1.md", "b/p/2.md", "b/p/1.md")
    assert targets("a/p", "b/p") == ["p/1.md", "p/2.md"]
    assert refused("a/p", "b/p") == {"b/p/1.md": "already_exists"}


def test_a_file_is_never_put_where_a_folder_goes_nor_below_a_file(here: Path) -> None:
    make("a/p/1.md", "b/p")
    assert refused("a/p", "b/p") == {"b/p": "already_exists"}
    assert refused("b/p", "a/p") == {"a/p/1.md": "already_exists"}


def test_a_source_named_twice_is_added_once_and_is_no_failure(here: Path) -> None:
    make("p/a.md")
    assert targets("p", "p") == ["p/a.md"]
    (again,) = (item for item in scan(["p", "p"]) if isinstance(item, RefusedFile))
    assert (again.code, again.failure) == ("repeated", False)


def test_flattening_gives_suffixes_that_do_not_depend_on_the_rest(here: Path) -> None:
    make("p/a/x.md", "p/b/x.md", "p/c/x.md", "p/c/y")
    everything = targets("p", flatten=True)
    assert everything[0] == "x.md"
    assert len(set(everything)) == 4
    Path("p/b/x.md").unlink()
    assert targets("p", flatten=True) == [everything[0], everything[2], "y"]


def test_a_tree_deeper_than_the_stack_is_walked(here: Path) -> None:
    folders = [Path(*["d"] * depth) for depth in range(1, 1201)]
    for folder in folders:
        folder.mkdir()
    (folders[-1] / "a.md").touch()
    try:
        assert len(targets("d")) == 1
    finally:
        (folders[-1] / "a.md").unlink()
        for folder in reversed(folders):
            folder.rmdir()
