"""merge: what another branch changed is taken over, or all that is in conflict is listed."""

import json

import pytest

from tests.support.command_line import Run


@pytest.fixture(autouse=True)
def _draft(run: Run) -> None:
    run("write", "/a.md", "--text", "one\n")
    run("write", "/b.md", "--text", "one\n")
    run("branch", "create", "draft")
    run("--branch", "draft", "write", "/a.md", "--text", "two\n")
    run("--branch", "draft", "write", "/new.md", "--text", "new\n")


def test_a_merge_takes_over_what_the_other_branch_changed(run: Run) -> None:
    would = run("merge", "draft", "--dry-run")
    assert would.lines == ["M /a.md", "A /new.md", "draft would be merged into main"]
    assert run("cat", "/a.md").out == "one\n"
    merged = run("branch", "merge", "draft", "-m", "Take it")
    assert merged.lines[-1].startswith("merged draft into main (commit ")
    assert run("cat", "/a.md").out == "two\n"
    assert run("log", "-n", "1", "--json").status == 0
    assert run("merge", "draft").lines == ["main has all of draft already"]


def test_conflicts_are_listed_and_settled_by_what_the_answer_says(run: Run) -> None:
    run("write", "/a.md", "--text", "three\n")
    run("write", "/b.md", "--text", "ours\n")
    run("--branch", "draft", "rm", "/b.md")
    refused = run("merge", "draft", "--json")
    assert refused.status == 3
    found = json.loads(refused.out)["conflicts"]
    assert [(each["conflict"], each["path"]) for each in found] == [("edited", "/a.md"), ("removed", "/b.md")]
    assert found[1]["theirs"] is None
    assert found[0]["ours"]["content"] == json.loads(run("stat", "/a.md", "--json").out)["content"]
    would = run("merge", "draft", "--dry-run")
    assert would.status == 3
    assert would.lines[-1].startswith("Nothing would be merged: say what holds with --prefer ours|theirs")
    listed = run("merge", "draft")
    assert listed.status == 3
    assert "edited   /a.md" in listed.out
    assert listed.lines[-1].startswith("Nothing was merged: say what holds with --prefer ours|theirs")
    assert run("cat", "/new.md").status == 4
    assert run("merge", "draft", "--prefer", "mine").status != 0
    assert run("merge", "draft", "--ours", "/b.md", "--theirs", "a.md").status == 0
    assert run("cat", "/a.md").out == "two\n"
    assert run("cat", "/b.md").out == "ours\n"


def test_texts_are_merged_by_line(run: Run) -> None:
    run("write", "/t.md", "--text", "a\nb\nc\nd\ne\n")
    run("branch", "create", "lines")
    run("write", "/t.md", "--text", "A\nb\nc\nd\ne\n")
    run("--branch", "lines", "write", "/t.md", "--text", "a\nb\nc\nd\nE\n")
    assert run("merge", "lines").status == 3
    assert run("merge", "lines", "--text").status == 0
    assert run("cat", "/t.md").out == "A\nb\nc\nd\nE\n"


def test_a_path_cannot_be_said_to_hold_both_sides(run: Run) -> None:
    run("write", "/a.md", "--text", "three\n")
    refused = run("merge", "draft", "--ours", "/a.md", "--theirs", "a.md")
    assert refused.status != 0
    assert "Say one of them" in refused.err
    assert run("cat", "/a.md").out == "three\n"
