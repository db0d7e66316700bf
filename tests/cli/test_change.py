"""write, mkdir, cp, mv, rm."""

import shlex
from pathlib import Path

import pytest

from tests.support.command_line import Run


def files(run: Run) -> list[str]:
    return [e["path"] for e in run("tree", "--json").json["entries"] if e["kind"] == "file"]


def commits(run: Run) -> int:
    return len(run("log", "--json").json["commits"])


def test_write_takes_text_a_file_or_standard_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.md").write_bytes(b"from a file")
    assert run("write", "/a", "--text", "told").status == 0
    assert run("write", "/b", "--file", tmp_path / "x.md").status == 0
    assert run("write", "/c", stdin=b"piped\x00in").status == 0
    assert [run("cat", "--raw", p).stdout for p in ("/a", "/b", "/c")] == [b"told", b"from a file", b"piped\x00in"]


def test_write_tells_the_commit_and_makes_missing_directories(run: Run) -> None:
    assert run("write", "x/y/z.md", "--text", "1", "--json").json["path"] == "/x/y/z.md"
    assert run("write", "x/y/z.md", "--text", "2").lines == ["wrote /x/y/z.md (commit 3)"]


def test_write_refuses_two_origins_and_a_directory_name(run: Run) -> None:
    assert run("write", "/a", "--text", "t", "--file", "f").status == 2
    assert run("write", "/a/", "--text", "t").status == 2
    assert files(run) == []


def test_write_of_a_file_that_is_not_there_is_not_found(run: Run) -> None:
    missing = run("write", "/a", "--file", "nowhere.md", "--json")
    assert missing.status == 4
    assert missing.json["error"]["path"] == "nowhere.md"


def test_a_message_and_an_actor_are_kept_in_the_commit(run: Run) -> None:
    run("write", "/a", "--text", "t", "-m", "why", "--actor", "agent:7")
    newest = run("log", "--json", "-n", 1).json["commits"][0]
    assert (newest["message"], newest["actor"]) == ("why", "agent:7")


def test_mkdir_wants_a_parent_unless_told_to_make_it(run: Run) -> None:
    assert run("mkdir", "/x/y").status == 4
    assert run("mkdir", "-p", "/x/y", "/z").status == 0
    assert run("mkdir", "/z").status == 1
    assert run("mkdir", "-p", "/z").status == 0


@pytest.mark.parametrize("target", ["/one two/it's/$(id)/c.md", "/one two/$(id)/"])
def test_the_remedy_for_a_missing_parent_can_be_typed_and_works(run: Run, target: str) -> None:
    run("write", "/a.md", "--text", "a")
    refused = run("mv", "/a.md", target, "--json")
    assert (refused.status, refused.json["error"]["code"]) == (4, "not_found")
    holdfast, *words = shlex.split(refused.json["error"]["remedy"].removeprefix("Make it: "))
    assert (holdfast, run(*words).status) == ("holdfast", 0)
    assert run("mv", "/a.md", target).status == 0


def test_mv_and_cp_go_into_a_directory_that_stands(run: Run) -> None:
    run("write", "/a.md", "--text", "a")
    run("mkdir", "/d")
    assert run("cp", "a.md", "d").status == 0
    assert run("mv", "a.md", "d/new.md", "--json").json["moved"] == [{"from": "/a.md", "to": "/d/new.md"}]
    assert files(run) == ["/d/a.md", "/d/new.md"]


def test_a_target_with_a_trailing_slash_must_be_a_directory(run: Run) -> None:
    run("write", "/a.md", "--text", "a")
    run("write", "/b.md", "--text", "b")
    assert run("mv", "/a.md", "/nowhere/").status == 4
    assert run("mv", "/a.md", "/b.md/").status == 1
    assert files(run) == ["/a.md", "/b.md"]


def test_a_directory_may_be_renamed_with_a_trailing_slash(run: Run) -> None:
    run("write", "/d/a.md", "--text", "a")
    assert run("mv", "d/", "e/").status == 0
    assert files(run) == ["/e/a.md"]


def test_several_sources_move_into_a_directory_in_one_commit(run: Run) -> None:
    for name in "ab":
        run("write", f"/{name}", "--text", name)
    run("mkdir", "/d")
    before = commits(run)
    assert run("mv", "a", "b", "d").lines == ["moved /a to /d/a (commit 5)", "moved /b to /d/b (commit 5)"]
    assert commits(run) == before + 1
    assert run("mv", "d/a", "d/b", "nowhere").status == 4


def test_what_stands_at_the_target_is_replaced_only_when_forced(run: Run) -> None:
    for name in "ab":
        run("write", f"/{name}", "--text", name)
    assert run("mv", "/a", "/b").status == 1
    assert run("cp", "-f", "/a", "/b").status == 0
    assert run("mv", "-f", "/a", "/b").status == 0
    assert files(run) == ["/b"]
    assert run("cat", "/b").out == "a"


def test_cp_copies_a_directory_with_all_it_holds(run: Run) -> None:
    run("write", "/d/a.md", "--text", "a")
    assert run("cp", "-r", "/d", "/e").status == 0
    assert run("cp", "/d", "/e").status == 0
    assert files(run) == ["/d/a.md", "/e/a.md", "/e/d/a.md"]


def test_one_path_is_not_enough_to_move(run: Run) -> None:
    assert run("mv", "/a").status == 2


def test_rm_of_several_paths_is_one_commit_or_none(run: Run) -> None:
    for name in "abc":
        run("write", f"/{name}", "--text", name)
    before = commits(run)
    assert run("rm", "/a", "/nowhere", "/b").status == 4
    assert files(run) == ["/a", "/b", "/c"]
    assert run("rm", "/a", "/b", "/a", "--json").json == {"removed": ["/a", "/b"], "commit": before + 1}
    assert files(run) == ["/c"]


def test_rm_wants_to_be_told_to_remove_what_a_directory_holds(run: Run) -> None:
    run("write", "/d/a.md", "--text", "a")
    refused = run("rm", "/d")
    assert refused.status == 1
    assert "rm -r" in refused.err
    assert run("rm", "-r", "/d").status == 0
    assert files(run) == []


def test_rm_forced_passes_over_what_is_not_there(run: Run) -> None:
    run("write", "/a", "--text", "a")
    assert run("rm", "-f", "/nowhere", "/a", "--json").json["removed"] == ["/a"]
    assert run("rm", "-f", "/nowhere").status == 0


def test_what_changes_nothing_names_no_commit_as_its_own(run: Run) -> None:
    run("write", "/a", "--text", "x")
    for line in (("mv", "/a", "/a"), ("mkdir", "-p", "/resources"), ("write", "/a", "--text", "x")):
        ran = run(*line)
        assert (ran.status, "(nothing changed)" in ran.out) == (0, True)
    assert "(commit " in run("mv", "/a", "/b").out


def test_the_remedy_for_a_directory_that_stands_already_works(run: Run) -> None:
    for path in ("/", "/resources"):
        ran = run("mkdir", path)
        assert (ran.status, "`holdfast mkdir -p`" in ran.err) == (1, True)
        assert run("mkdir", "-p", path).status == 0
