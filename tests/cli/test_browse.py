"""ls, tree, stat, glob."""

import pytest

from tests.support.command_line import Run


@pytest.fixture(autouse=True)
def _notes(run: Run) -> None:
    run("write", "/notes/a.md", "--text", "# A")
    run("write", "/notes/deep/b.md", "--text", "# B")


def test_ls_names_what_is_in_a_directory_and_marks_directories(run: Run) -> None:
    assert run("ls", "/notes").lines == ["a.md", "deep/"]


def test_a_path_without_a_leading_slash_is_taken_from_the_root(run: Run) -> None:
    assert run("ls", "notes").out == run("ls", "/notes").out == run("ls", "./notes/").out
    assert run("ls", ".").out == run("ls", "/").out == run("ls").out


def test_ls_of_a_file_shows_the_file(run: Run) -> None:
    assert run("ls", "/notes/a.md").lines == ["a.md"]
    assert [e["path"] for e in run("ls", "--json", "/notes/a.md").json["entries"]] == ["/notes/a.md"]


def test_ls_long_gives_exact_sizes_and_absolute_times_in_a_pipe(run: Run) -> None:
    size, time, commit, name = run("ls", "-l", "/notes").lines[0].split()
    assert (size, commit, name) == ("3", "#2", "a.md")
    assert time.endswith("Z")


def test_ls_at_a_commit_shows_what_was_there_then(run: Run) -> None:
    assert run("ls", "/notes", "--at", "2").lines == ["a.md"]
    assert run("ls", "/notes", "--at", "HEAD~1").lines == ["a.md"]


def test_tree_draws_lines_and_counts(run: Run) -> None:
    assert run("tree", "/notes").lines == [
        "/notes",
        "├── a.md",
        "└── deep/",
        "    └── b.md",
        "",
        "1 directory, 2 files",
    ]


def test_tree_draws_a_bar_beside_what_lies_below_a_directory_that_is_not_the_last(run: Run) -> None:
    run("write", "/notes/z.md", "--text", "z")
    assert run("tree", "/notes").lines[1:5] == ["├── a.md", "├── deep/", "│   └── b.md", "└── z.md"]


def test_tree_stops_at_the_depth_asked_for(run: Run) -> None:
    assert "b.md" not in run("tree", "notes", "-L", "1").out
    assert [e["path"] for e in run("tree", "notes", "--depth", 1, "--json").json["entries"]] == [
        "/notes/a.md",
        "/notes/deep",
    ]


def test_stat_tells_what_is_known_of_a_file(run: Run) -> None:
    told = run("stat", "notes/a.md").out
    assert "/notes/a.md" in told
    assert "3 bytes" in told
    shape = run("stat", "notes/a.md", "--json").json
    assert (shape["kind"], shape["size"], shape["commit"]) == ("file", 3, 2)


def test_glob_lists_paths_and_finds_nothing_quietly(run: Run) -> None:
    assert run("glob", "/notes/**/*.md").lines == ["/notes/a.md", "/notes/deep/b.md"]
    assert run("glob", "**/b.md", "--json").json == {"paths": ["/notes/deep/b.md"]}
    nothing = run("glob", "*.none")
    assert (nothing.status, nothing.out) == (0, "")
    assert run("glob", "**/b.md", "--at", "2").out == ""
