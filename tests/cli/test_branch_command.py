"""branch, `--branch`, and what other commands say of branches."""

import pytest

from tests.support.command_line import Run


@pytest.fixture(autouse=True)
def _draft(run: Run) -> None:
    run("write", "/a.md", "--text", "one\n")  # commit 2
    run("branch", "create", "draft")
    run("--branch", "draft", "write", "/a.md", "--text", "two\n")  # 3
    run("write", "/b.md", "--text", "b")  # 4


def test_the_branch_is_the_option_then_the_variable_then_main(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("cat", "/a.md").out == "one\n"
    assert run("cat", "/a.md", "--branch", "draft").out == "two\n"
    monkeypatch.setenv("HOLDFAST_BRANCH", "draft")
    assert run("cat", "/a.md").out == "two\n"
    assert run("--branch", "main", "cat", "/a.md").out == "one\n"


def test_a_branch_that_is_not_there_is_refused_with_what_makes_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_BRANCH", "lost")
    refused = run("ls")
    assert refused.status == 4
    assert "which HOLDFAST_BRANCH names" in refused.err
    assert "HOLDFAST_BRANCH" not in run("ls", "--branch", "lost").err
    assert run("branch", "list").status == 0
    _, _, remedy = refused.err.strip().partition("make it: holdfast ")
    assert run(*remedy.split()).status == 0
    assert run("ls").status == 0


def test_branches_are_listed_with_a_star_at_the_current_one(run: Run) -> None:
    assert [line.split()[:4] for line in run("branch", "list", "--branch", "draft").lines] == [
        ["*", "draft", "commit", "3"],
        ["main", "commit", "4", "by"],
    ]


def test_a_branch_is_made_at_a_commit_of_the_current_one(run: Run) -> None:
    assert run("branch", "create", "early", "--at", "HEAD~1").lines == ["made early of main at commit 2"]
    assert run("branch", "create", "deep", "--branch", "draft").lines == ["made deep of draft at commit 3"]
    assert run("branch", "create", "deep").status == 1
    assert run("branch", "create", "a b").status == 2
    assert run("branch", "create", "late", "--at", "99").status == 4


def test_a_branch_is_renamed_and_deleted(run: Run) -> None:
    assert run("branch", "rename", "draft", "final").lines == ["draft is called final now"]
    assert run("branch", "delete", "final").lines == ["deleted final, which was at commit 3"]
    assert run("branch", "delete", "final").status == 4
    assert run("branch", "delete", "main").status != 0


def test_two_branches_are_compared(run: Run) -> None:
    assert run("diff", "main..draft").lines == ["M /a.md", "D /b.md"]
    assert run("branch", "diff", "draft", "main").lines == ["M /a.md", "A /b.md"]
    assert run("diff", "..draft").lines == ["M /a.md", "D /b.md"]
    assert run("diff", "main@2..draft").lines == ["M /a.md"]
    assert run("diff", "main@HEAD~1..draft@2").lines == []
    assert "+two" in [line.strip() for line in run("diff", "main..draft", "-p", "--path", "/a.md").lines]
    assert run("diff", "main..lost").status == 4
    assert run("diff", "main..draft", "3").status == 2


def test_the_status_tells_the_branch_and_how_many_there_are(run: Run) -> None:
    shown = run("status", "--branch", "draft", "--json").json
    assert (shown["branch"], shown["branches"], shown["head"], shown["files"]) == ("draft", 2, 3, 1)
    assert run("status").lines[1].split(None, 1)[1] == "main, of 2 branches"


def test_the_log_names_the_branch_of_a_commit_that_is_of_another_one(run: Run) -> None:
    assert [line.split()[3] for line in run("log", "--branch", "draft").lines] == ["Write", "[main]", "[main]"]
    assert "[" not in run("log").out
    assert [each["branch"] for each in run("log", "--branch", "draft", "--json").json["commits"]] == [
        "draft",
        "main",
        "main",
    ]


def test_the_graph_shows_the_commits_of_all_branches(run: Run) -> None:
    run("branch", "rename", "draft", "final")
    run("branch", "delete", "final")
    shown = run("log", "--graph").lines
    assert [line.split("  ")[0] for line in shown] == ["*", "| *", "|/", "*", "*"]
    assert ["[final]" in line for line in shown] == [False, True, False, False, False]
    commits = run("log", "--graph", "--json").json["commits"]
    assert [(each["commit"], each["merged"]) for each in commits] == [(4, None), (3, None), (2, None), (1, None)]
    assert len(run("log", "--graph", "-n", "1").lines) == 1


@pytest.mark.parametrize("args", [("/a.md",), ("--after", "3"), ("--at", "HEAD")])
def test_the_graph_takes_no_part_of_a_history(run: Run, args: tuple[str, ...]) -> None:
    assert run("log", "--graph", *args).status == 2


WHOLE = ("gc", "verify", "doctor", "repair", "journal", "tag list", "jobs list", "branch list", "config")


@pytest.mark.parametrize("command", WHOLE)
def test_what_is_of_the_whole_store_works_where_the_branch_was_deleted(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    run("branch", "delete", "draft")
    assert run(*command.split(), "--branch", "draft").status == 0
    monkeypatch.setenv("HOLDFAST_BRANCH", "draft")
    assert run(*command.split()).status == 0


@pytest.mark.parametrize("command", ["status", "locks list"])
def test_where_the_variable_names_a_deleted_branch_main_is_shown_and_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    run("branch", "delete", "draft")
    monkeypatch.setenv("HOLDFAST_BRANCH", "draft")
    shown = run(*command.split())
    assert shown.status == 0
    assert "There is no branch draft, which HOLDFAST_BRANCH names: this is main." in shown.err
    assert run(*command.split(), "--branch", "draft").status == 4


def test_a_base_that_was_deleted_is_listed_as_such(run: Run) -> None:
    run("branch", "create", "deep", "--branch", "draft")
    assert [each["base_deleted"] for each in run("branch", "list", "--json").json["branches"]] == [False] * 3
    run("branch", "rename", "draft", "final")
    assert "of final at commit 3" in run("branch", "list").lines[0]
    run("branch", "delete", "final")
    assert "of final (deleted) at commit 3" in run("branch", "list").lines[0]
    assert run("branch", "list", "--json").json["branches"][0]["base_deleted"] is True
