"""log, show, diff, restore."""

import pytest

from holdfast.errors import Conflict
from tests.support.command_line import Run


@pytest.fixture(autouse=True)
def _history(run: Run) -> None:
    run("write", "/a.md", "--text", "one\ntwo\n", "-m", "first")  # commit 2
    run("write", "/b.md", "--text", "b")  # 3
    run("write", "/a.md", "--text", "one\n2\n")  # 4
    run("mv", "/a.md", "/c.md")  # 5


def test_log_is_newest_first_and_limited_on_request(run: Run) -> None:
    assert [c["commit"] for c in run("log", "--json").json["commits"]] == [5, 4, 3, 2, 1]
    assert [line.split()[0] for line in run("log", "-n", "2").lines] == ["5", "4"]


def test_log_of_a_path_follows_its_moves(run: Run) -> None:
    for args in (["/c.md"], ["--path", "c.md"]):
        assert [c["commit"] for c in run("log", *args, "--json").json["commits"]] == [5, 4, 2]
    assert run("log", "/nowhere").status == 4


def test_log_of_what_is_gone_asks_for_a_commit_that_had_it(run: Run) -> None:
    refused = run("log", "/a.md")
    assert refused.status == 4
    assert "--at" in refused.err
    assert [c["commit"] for c in run("log", "/a.md", "--at", "4", "--json").json["commits"]] == [4, 2]


def test_what_was_removed_is_restored_with_its_log(run: Run) -> None:
    run("rm", "/c.md")  # 6
    run("restore", "/c.md", "--at", "5")  # 7
    assert [line.split()[0] for line in run("log", "/c.md").lines] == ["7", "6", "5", "4", "2"]
    refused = run("restore", "/nowhere", "--at", "5")
    assert refused.status == 4
    assert "commit 5" in refused.err


def test_what_others_wrote_is_shown_on_its_line_and_moves_no_cursor(run: Run) -> None:
    run("--actor", "agent\x1b[2J", "write", "/d.md", "--text", "d", "-m", "\x1b[31mred\nand more")
    assert run("log", "-n", "1").out.endswith("agent\\x1b[2J  \\x1b[31mred ...\n")
    assert run("show").lines[1:3] == ["  \\x1b[31mred", "  and more"]
    assert run("show", "--json").json["message"] == "\x1b[31mred\nand more"


@pytest.mark.parametrize("args", [("--text", "d", "-m", "half \udcff"), ("--text", "half \udcff")])
def test_text_that_is_no_unicode_is_refused(run: Run, args: tuple[str, ...]) -> None:
    refused = run("write", "/d.md", *args)
    assert refused.status == 2
    assert "not valid UTF-8" in refused.err
    assert run("stat", "/d.md").status == 4


def test_log_in_a_pipe_has_absolute_times(run: Run) -> None:
    assert run("log", "-n", "1").out.split()[1].endswith("Z")


def test_show_tells_what_one_commit_changed(run: Run) -> None:
    assert run("show").lines[-1] == "R /a.md -> /c.md"
    shown = run("show", "2", "--json").json
    assert (shown["message"], [c["change"] for c in shown["changes"]]) == ("first", ["added"])


def test_diff_compares_two_commits(run: Run) -> None:
    assert run("diff", "2").lines == ["A /b.md", "R /a.md -> /c.md, changed"]
    assert run("diff", "2", "4").lines == ["M /a.md", "A /b.md"]
    assert run("diff").lines == ["R /a.md -> /c.md"]


def test_diff_keeps_to_a_path_and_knows_where_it_was(run: Run) -> None:
    assert run("diff", "2", "--path", "/b.md").lines == ["A /b.md"]
    assert run("diff", "2", "--path", "/a.md").lines == ["R /a.md -> /c.md, changed"]


def test_diff_is_listed_in_parts(run: Run) -> None:
    run("write", "/d/x.md", "--text", "x")
    whole = run("diff", "1").lines
    assert len(whole) > 2
    parts, after = [], "/"
    while changes := run("diff", "1", "-n", "1", "--after", after, "--json").json["changes"]:
        parts += changes
        after = changes[-1]["path"]
    assert parts == run("diff", "1", "--json").json["changes"]
    assert run("diff", "1", "--limit", "0").lines == []
    assert run("diff", "1", "--path", "/d", "-n", "1").lines == ["A /d/"]
    assert run("branch", "diff", "main@1", "main", "-n", "1").lines == whole[:1]


def test_diff_with_patch_shows_the_lines(run: Run) -> None:
    lines = [line.strip() for line in run("diff", "2", "5", "-p", "--path", "/c.md").lines]
    assert lines[0] == "R /a.md -> /c.md, changed"
    assert "-two" in lines
    assert "+2" in lines


def test_diff_with_patch_passes_over_files_without_text(run: Run) -> None:
    run("write", "/x.bin", stdin=bytes(range(256)))
    shown = run("diff", "-p")
    assert shown.status == 0
    assert "has no text" in shown.out


def test_restore_brings_back_what_was(run: Run) -> None:
    told = run("restore", "/a.md", "--at", "2")
    assert told.lines == ["restored /a.md as it was at commit 2 (commit 6)"]
    assert run("cat", "/a.md").out == "one\ntwo\n"
    assert run("restore", "/a.md", "--at", "99").status == 4
    assert run("restore", "/a.md").status == 4


def test_undo_takes_back_one_commit_and_names_what_is_in_its_way(run: Run) -> None:
    assert run("undo").lines == ["undid commit 5, 'Move /a.md to /c.md' (commit 6)"]
    assert run("cat", "/a.md").out == "one\n2\n"
    assert run("undo", "5").lines == ["nothing is left of commit 5 that could be undone"]
    refused = run("undo", "2")
    assert (refused.status, "/a.md" in refused.err) == (Conflict.exit_status, True)
    assert run("undo", "3", "--json").json == {"undone": 3, "commit": 7}
    assert run("stat", "/b.md").status == 4


@pytest.mark.parametrize("command", ["ls", "tree", "glob", "grep", "cat", "stat"])
def test_a_commit_that_is_not_there_is_not_found(run: Run, command: str) -> None:
    args = ["x"] if command in ("glob", "grep", "cat", "stat") else []
    assert run(command, *args, "--at", "99", "--json").json["error"]["code"] == "not_found"


def test_a_path_may_stand_behind_the_sides_of_a_diff(run: Run) -> None:
    run("write", "/d/x.md", "--text", "x")  # 6
    assert run("diff", "1", "/d").lines == ["A /d/", "A /d/x.md"]
    assert run("diff", "1", "4", "/b.md").lines == run("diff", "1", "4", "--path", "/b.md").lines == ["A /b.md"]
    assert run("diff", "/d").lines == ["A /d/", "A /d/x.md"]
    assert run("diff", "/b.md").lines == []
    assert run("diff", "main@4..main", "/a.md").lines == ["R /a.md -> /c.md"]
