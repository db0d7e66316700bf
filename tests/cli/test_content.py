"""cat and grep."""

import pytest

from tests.support.command_line import Run

BYTES = bytes(range(256)) * 3


@pytest.fixture(autouse=True)
def _files(run: Run) -> None:
    run("write", "/a.md", "--text", "# Straße\n\nA token is checked.")
    run("write", "/b.md", "--text", "Token\n")
    run("write", "/c.bin", stdin=BYTES)


def test_cat_prints_text_as_it_is(run: Run) -> None:
    assert run("cat", "a.md").out == "# Straße\n\nA token is checked."


def test_cat_prints_several_files_one_after_the_other(run: Run) -> None:
    assert run("cat", "b.md", "a.md").out == "Token\n# Straße\n\nA token is checked."


def test_cat_raw_gives_the_bytes_unchanged(run: Run) -> None:
    assert run("cat", "--raw", "c.bin").stdout == BYTES
    shape = run("cat", "--raw", "c.bin", "--json").json["files"][0]
    assert shape["size"] == len(BYTES)
    assert shape["base64"].startswith("AAECAw")


def test_cat_of_a_file_without_text_says_what_to_do(run: Run) -> None:
    refused = run("cat", "c.bin")
    assert refused.status == 1
    assert "--raw" in refused.err
    assert refused.out == ""


def test_cat_at_a_commit_shows_the_old_text(run: Run) -> None:
    run("write", "/b.md", "--text", "new")
    assert run("cat", "b.md", "--at", "HEAD~1").out == "Token\n"


def test_grep_names_path_and_line(run: Run) -> None:
    assert run("grep", "token").lines == ["/a.md:3:A token is checked."]
    assert run("grep", "-i", "TOKEN", "--json").json["matches"] == [
        {"path": "/a.md", "line": 3, "text": "A token is checked."},
        {"path": "/b.md", "line": 1, "text": "Token"},
    ]


@pytest.mark.parametrize("more", [[], ["--json"], ["-l"]])
def test_grep_refuses_what_is_no_regular_expression(run: Run, more: list[str]) -> None:
    refused = run("grep", "(", *more)
    assert refused.status == 2
    assert "is not a regular expression" in (refused.out + refused.err)


def test_grep_keeps_to_a_path_and_a_commit(run: Run) -> None:
    assert run("grep", "-i", "token", "b.md").lines == ["/b.md:1:Token"]
    assert run("grep", "Token", "--at", "2").status == 1


def test_grep_that_finds_nothing_ends_with_1_as_unix_has_it(run: Run) -> None:
    assert run("grep", "nowhere").status == 1
    nothing = run("grep", "nowhere", "--json")
    assert (nothing.status, nothing.json) == (1, {"matches": []})


def test_grep_takes_plain_text_and_can_list_files_only(run: Run) -> None:
    assert run("grep", "-F", "checked.").status == 0
    assert run("grep", "-F", "checke.").status == 1
    assert run("grep", "-il", "token").lines == ["/a.md", "/b.md"]


def test_a_pattern_that_is_no_expression_is_wrong_usage(run: Run) -> None:
    wrong = run("grep", "(", "--json")
    assert wrong.status == 2
    assert wrong.json["error"]["code"] == "invalid_path"


def test_what_a_command_lists_can_be_asked_for_in_pieces(run: Run) -> None:
    run("write", "/a.md", "--text", "one lease\ntwo leases")
    run("write", "/b.md", "--text", "three leases")
    found = run("grep", "lease", "--json").json["matches"]
    first = run("grep", "lease", "--limit", "2", "--json").json["matches"]
    last = f"{first[-1]['path']}:{first[-1]['line']}"
    assert first + run("grep", "lease", "--after", last, "--json").json["matches"] == found
    assert run("grep", "lease", "--after", "/a.md").status == 2
    for text in ("hello", "there"):
        run("session", "append", "chat", "user", text)
    said = run("session", "show", "chat", "--limit", "1", "--json").json["said"]
    assert [message["content"] for message in said] == ["hello"]
    assert run("session", "show", "chat", "--after", said[0]["id"]).lines == ["user: there"]
    assert run("locks", "list", "--limit", "1", "--after", "a.md", "--json").json["locks"] == []
