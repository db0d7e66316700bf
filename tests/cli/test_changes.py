"""`holdfast changes`: lines for people and for programs, and how following ends."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import holdfast
from tests.support.command_line import Run
from tests.support.processes import PATIENCE

COMMAND = [sys.executable, "-c", "import sys; from holdfast.cli import main; sys.exit(main())", "changes", "--json"]


@pytest.fixture
def follower(store: holdfast.Store) -> "subprocess.Popen[bytes]":
    """Return a process that follows from now on and has begun to."""
    store.write("/notes/a.md", "a pelican")
    command = [*COMMAND, "--follow", "--since", "HEAD~1"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(store.address))
    assert started.stdout is not None
    assert json.loads(started.stdout.readline())["path"] == "/notes"
    assert json.loads(started.stdout.readline())["path"] == "/notes/a.md"
    return started


def test_one_goes_on_from_the_cursor_of_a_line(run: Run, store: holdfast.Store) -> None:
    store.write("/notes/a.md", "a pelican")
    store.move("/notes", "/book", actor="agent:7")
    lines = [json.loads(line) for line in run("changes", "--json", "--since", "HEAD~2").lines]
    assert [line["path"] for line in lines] == ["/notes", "/notes/a.md", "/book"]
    assert (lines[2]["old_path"], lines[2]["actor"], lines[2]["commit"]) == ("/notes", "agent:7", store.commit_at().id)
    rest = [run("changes", "--json", "--since", line["cursor"]).lines for line in lines]
    assert [len(each) for each in rest] == [2, 1, 0]
    assert run("changes", "--since", lines[1]["cursor"], "--under", "/notes").lines[0].endswith("R /notes/ -> /book/")
    assert run("changes", "--since", "c9-1").status == 4


def test_ctrl_c_ends_following_quietly(follower: "subprocess.Popen[bytes]", store: holdfast.Store) -> None:
    store.write("/notes/b.md", "a heron")
    assert follower.stdout is not None
    assert json.loads(follower.stdout.readline())["path"] == "/notes/b.md"
    follower.send_signal(signal.SIGINT)
    out, err = follower.communicate(timeout=PATIENCE)
    assert (follower.returncode, out, err) == (130, b"", b"")


def test_a_closed_pipe_ends_following_quietly(follower: "subprocess.Popen[bytes]", store: holdfast.Store) -> None:
    assert follower.stdout is not None
    assert follower.stderr is not None
    follower.stdout.close()
    store.write("/notes/b.md", "a heron")
    assert follower.wait(PATIENCE) == 141
    assert follower.stderr.read() == b""
    follower.stderr.close()


def test_the_end_of_what_is_followed_is_the_last_line(run: Run, store: holdfast.Store) -> None:
    store.branches.create("draft")
    store.branch("draft").write("/x", "x")
    cursor = list(store.branch("draft").changes())[-1].cursor
    store.branches.delete("draft")
    ran = run("changes", "--json", "--since", cursor)
    assert [json.loads(line)["error"]["code"] for line in ran.lines] == ["branch_gone"]
