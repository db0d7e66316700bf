"""The command line as a process: what it imports, pipes, signals, terminals, completion."""

import contextlib
import gc
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.cli import GARBAGE_AFTER, call, main
from tests.support.command_line import Run

Spawn = Callable[..., "subprocess.CompletedProcess[bytes]"]

HEAVY = ("lance", "pyarrow", "numpy", "sqlalchemy", "pydantic", "model2vec", "xberg", "rich")

COMMAND = [sys.executable, "-c", "import sys; from holdfast.cli import main; sys.exit(main())"]


def test_a_module_that_is_run_ends_with_the_status_of_its_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "holdfast", "ls", "/nowhere"], check=False, capture_output=True, timeout=60
    )
    assert ran.returncode == 4


@pytest.mark.parametrize(
    "command", [["ls"], ["ls", "-l", "/"], ["tree"], ["stat", "/wiki"], ["glob", "*"], ["grep", "x"], ["log"], ["-h"]]
)
def test_reading_imports_nothing_heavy(spawn: Spawn, command: list[str]) -> None:
    code = f"""
import sys
from holdfast.cli import main
main({command!r})
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
    assert ran.stderr.decode().strip() == "[]"


#: sends Ctrl-C to itself when the import of a given number begins, counted from the call of `main`
INTERRUPTED = """
import os, sys
class Interrupt:
    left = int(sys.argv.pop(1))
    def find_spec(self, *_):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), {signal})
from holdfast.cli import main
sys.meta_path.insert(0, Interrupt())
sys.exit(main())
"""


def test_what_the_command_is_started_with_imports_nothing() -> None:
    before = "import re, sys, pathlib; before = {*sys.modules}"
    code = f"{before}; from holdfast.cli import main; print(*sorted(sys.modules.keys() - before))"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
    assert ran.stdout.decode().split() == ["holdfast", "holdfast.cli"]


def test_a_ctrl_c_at_whatever_import_ends_a_command_without_a_traceback(store: holdfast.Store) -> None:
    store.write("/notes/a.md", "a lease")
    store.close()
    code, at, ended = INTERRUPTED.format(signal=int(signal.SIGINT)), 1, []
    while True:
        ran = subprocess.run([sys.executable, "-c", code, str(at), "ls"], check=False, capture_output=True, timeout=60)
        assert ran.stderr.strip() == b"", at
        if ran.returncode == 0:
            break
        ended.append(ran.returncode)
        at += 1 + at // 3
    assert set(ended) <= {130, -signal.SIGINT}
    assert len(ended) > 10


def test_a_ctrl_c_that_is_ignored_from_the_start_stays_so(store: holdfast.Store) -> None:
    store.close()
    code = (
        f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{INTERRUPTED.format(signal=int(signal.SIGINT))}"
    )
    ran = subprocess.run([sys.executable, "-c", code, "40", "ls"], check=False, capture_output=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_moving_and_removing_import_nothing_heavy(store: holdfast.Store) -> None:
    store.mkdir("/a")
    store.close()
    code = f"""
import sys
from holdfast.cli import main
main(["mv", "/a", "/b"]), main(["rm", "/b"]), main(["mkdir", "/c"])
print([name for name in {HEAVY!r} if name in sys.modules and name != "pydantic"], file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
    assert ran.stderr.decode().strip() == "[]"


def test_a_process_of_ours_neither_looks_for_garbage_nor_starts_threads_it_has_no_use_for(folder: Path) -> None:
    code = f"""
import atexit, gc, os, sys
# What is registered first is called last.
atexit.register(lambda: print(gc.get_freeze_count() > 1000, file=sys.stderr))
from holdfast.cli import main
sys.argv = ["holdfast", "--store", {str(folder)!r}, "ls"]
assert main() == 0
print(gc.get_threshold()[0], os.environ["OPENBLAS_NUM_THREADS"], file=sys.stderr)
"""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60, env=environment)
    assert ran.stderr.decode().split() == [str(GARBAGE_AFTER), "1", "True"]


def test_a_program_that_calls_a_command_keeps_its_own_settings(folder: Path) -> None:
    before = gc.get_threshold(), os.environ.get("OPENBLAS_NUM_THREADS"), gc.get_freeze_count()
    assert main(["--store", str(folder), "ls"]) == 0
    assert (gc.get_threshold(), os.environ.get("OPENBLAS_NUM_THREADS"), gc.get_freeze_count()) == before


@pytest.mark.parametrize("command", [["search", "x"], ["optimize"], ["jobs", "list"]])
def test_every_command_with_a_store_has_its_threads_share_memory(
    command: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(call, "share_arenas", lambda: asked.append(True))
    assert main(["--store", str(folder), *command]) == 0
    assert asked == [True]


def test_the_exit_status_reaches_the_shell(spawn: Spawn) -> None:
    assert spawn("ls").returncode == 0
    assert spawn("ls", "/nix").returncode == 4
    assert spawn("nix").returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("command", ["log", "log --json", "status", "ls /"])
def test_output_that_has_no_room_is_said_without_a_traceback(folder: Path, command: str) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - it is no file
        ran = subprocess.run(
            [*COMMAND, *command.split()], cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert ran.returncode == 1
    assert ran.stderr.decode().splitlines() == [
        "holdfast: The output could not be written: No space left on device",
        "  Free some space where it is sent, or send it elsewhere",
    ]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_caller_closed_is_no_error_and_no_file_takes_its_place(folder: Path, closed: str) -> None:
    script = f'"$@" mkdir /made {closed} && "$@" log {closed}'
    ran = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *COMMAND], cwd=folder, capture_output=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    with holdfast.open(folder) as store:
        assert store.exists("/made")
        assert store.maintenance.verify(deep=True).ok


def test_a_reader_that_goes_away_is_no_error(store: holdfast.Store) -> None:
    store.write("/big", "line of text\n" * 100_000)
    store.close()
    # Unbuffered, Python does not notice that only a part was taken.
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    for how in ([], ["--raw"], ["--json"]):
        command = [*COMMAND, "cat", "/big", *how]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.read(10)
            process.stdout.close()
            assert process.wait(60) == 141
            assert process.stderr.read() == b""


def test_ctrl_c_while_it_waits_leaves_no_traceback_and_nothing_written(run: Run) -> None:
    with subprocess.Popen(
        [*COMMAND, "write", "/a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        _wait_until_it_reads(process)
        assert _interrupted(process) == 130
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    assert run("stat", "/a").status == 4


def test_output_is_utf8_or_escaped_whatever_the_locale(spawn: Spawn, run: Run) -> None:
    run("write", "/ü.md", "--text", "naïve — 日本")
    latin = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    assert spawn("cat", "/ü.md", env=latin).stdout == b"na\xefve \\u2014 \\u65e5\\u672c"
    assert "日本" in spawn("cat", "/ü.md", "--json", env=latin).stdout.decode("utf-8")


def test_a_terminal_gets_colour_and_relative_times(run: Run) -> None:
    run("write", "/a.md", "--text", "A")
    shown = _on_a_terminal("ls", "-l")
    assert "\x1b[" in shown
    assert "just now" in shown or "ago" in shown
    assert "\x1b[" not in _on_a_terminal("ls", "-l", NO_COLOR="1")
    assert "ago" in _on_a_terminal("log", NO_COLOR="1") or "just now" in _on_a_terminal("log", NO_COLOR="1")


def test_a_match_is_marked_on_a_terminal(run: Run) -> None:
    run("write", "/a.md", "--text", "a token")
    assert "\x1b[1;31mtoken\x1b[0m" in _on_a_terminal("grep", "token")


def test_json_is_never_coloured(run: Run) -> None:
    assert "\x1b[" not in _on_a_terminal("ls", "--json")


def test_the_shell_completes_commands_and_paths_in_the_store(spawn: Spawn, run: Run) -> None:
    run("write", "/notes/today.md", "--text", "x")
    assert _completed(spawn, "holdfast re") == ["restore", "repair", "reindex"]
    assert _completed(spawn, "holdfast cat /no") == ["/notes/"]
    assert _completed(spawn, "holdfast cat notes/t") == ["notes/today.md"]


def test_completion_is_silent_where_there_is_no_store(spawn: Spawn, tmp_path: Path) -> None:
    assert _completed(spawn, "holdfast cat /no", cwd=tmp_path) == []


def _completed(spawn: Spawn, line: str, cwd: Path | None = None) -> list[str]:
    asked = {"_HOLDFAST_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    ran = spawn(env={**os.environ, **asked}, cwd=cwd)
    assert ran.stderr == b""
    return ran.stdout.decode().split()


def _wait_until_it_reads(process: "subprocess.Popen[bytes]") -> None:
    """Return when the process has imported all it needs: it has taken what it was given from the pipe."""
    assert process.stdin is not None
    # A pipe holds 64 KiB: once twice that has gone in, the other side reads.
    process.stdin.write(b"x" * 128 * 1024)
    process.stdin.flush()


def _interrupted(process: "subprocess.Popen[bytes]") -> int:
    """Press Ctrl-C until it is heard: Python misses one that comes just as bytes arrive. Returns the exit status."""
    for _ in range(30):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(1)
    raise AssertionError("it does not listen")


def _on_a_terminal(*args: str, **environment: str) -> str:
    """Run a command with a terminal as its output and return what it shows."""
    ours, theirs = pty.openpty()
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen(
        [*COMMAND, *args], stdout=theirs, stderr=theirs, env={**plain, "TERM": "xterm", **environment}
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says EIO when the last one on the other side has gone
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(60) == 0, shown
    return re.sub(r"\r\n", "\n", shown.decode())
