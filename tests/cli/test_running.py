"""Every way a command line can end, and where its store comes from."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.cli.registry import FLAT, NESTED, every_command
from holdfast.errors import Conflict, HoldfastError, Locked, NotFound
from holdfast.front.store import Store
from tests.support.command_line import Run
from tests.support.processes import Child

NAMES = [name for names in FLAT.values() for name in names] + list(NESTED)


def test_without_arguments_the_commands_are_listed(run: Run) -> None:
    shown = run()
    assert shown.status == 0
    assert [name for name in NAMES if f"  {name} " not in shown.out] == []
    assert _cut_off(shown.lines) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_and_the_options_of_all(run: Run, name: str) -> None:
    shown = run(name, "-h")
    assert shown.status == 0
    assert shown.err == ""
    if name not in NESTED:
        assert [option for option in ("--json", "--store", "--branch", "--actor") if option not in shown.out] == []


@pytest.mark.parametrize("name", every_command())
def test_help_names_no_python_types(run: Run, name: str) -> None:
    shown = run(*name.split(), "-h")
    assert [line for line in shown.lines if re.search(r"<(str|int|float|list|bool)", line)] == []


@pytest.mark.parametrize("name", NESTED)
def test_no_command_of_a_group_is_described_in_half_a_sentence(run: Run, name: str) -> None:
    assert _cut_off(run(name, "-h").lines) == []


def _cut_off(lines: list[str]) -> list[str]:
    return [line for line in lines if line.endswith("...") and not line.startswith("Usage:")]


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").lines == [f"holdfast {holdfast.__version__}"]


def test_people_get_what_happened_and_what_to_do_on_standard_error(run: Run) -> None:
    missing = run("cat", "/nix")
    assert (missing.status, missing.out) == (4, "")
    assert missing.err.splitlines() == ["holdfast: /nix does not exist", f"  {NotFound.default_remedy}"]


def test_a_name_with_a_line_break_cannot_say_what_holdfast_did_not(run: Run) -> None:
    told = run("ls", "--store", "/nix\nholdfast: all is well\x1b[1m")
    assert "\\x0aholdfast: all is well\\x1b[1m" in told.err
    assert len(told.err.splitlines()) == 2
    assert "not added: " in (left := run("add", "/nix\nadded: all").err)
    assert len(left.splitlines()) == 1


def test_programs_get_the_error_as_the_one_document(run: Run) -> None:
    missing = run("cat", "/nix", "--json")
    assert (missing.status, missing.err) == (4, "")
    assert missing.json == {
        "error": {
            "code": "not_found",
            "message": "/nix does not exist",
            "path": "/nix",
            "remedy": NotFound.default_remedy,
        }
    }


@pytest.mark.parametrize(
    "args",
    [["lss"], ["ls", "--nix"], ["cat"], ["tree", "-L", "0"], ["tree", "-L", "x"], ["ls", "a", "b"], ["--nix", "ls"]],
)
def test_wrong_usage_ends_with_2_and_points_to_the_help(run: Run, args: list[str]) -> None:
    told = run(*args)
    assert (told.status, told.out) == (2, "")
    assert told.err.startswith("holdfast: ")
    assert "--help" in told.err
    shape = run(*args, "--json").json["error"]
    assert shape["code"] == "usage"
    assert shape["remedy"].startswith("See holdfast")


def test_a_mistyped_command_is_answered_with_the_nearest_one(run: Run) -> None:
    assert "'ls'" in run("lss").err


def test_a_word_that_only_looks_like_the_option_does_not_ask_for_json(run: Run) -> None:
    assert run("cat", "--", "--json").err.startswith("holdfast: /--json does not exist")


@pytest.mark.parametrize(("error", "status"), [(Conflict("lost"), 3), (Locked("held"), 3), (HoldfastError("no"), 1)])
def test_the_exit_status_is_that_of_the_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: HoldfastError, status: int
) -> None:
    monkeypatch.setattr(Store, "snapshot", _raising(error))
    assert run("ls").status == status
    assert run("ls", "--json").json["error"]["message"] == error.message


def test_a_fault_in_holdfast_is_told_without_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "snapshot", _raising(ZeroDivisionError("oops")))
    told = run("ls")
    assert told.status == 1
    assert "ZeroDivisionError: oops" in told.err
    assert "Traceback" not in told.err
    assert run("ls", "--json").json["error"]["code"] == "internal"
    monkeypatch.setenv("HOLDFAST_TRACEBACK", "1")
    assert "Traceback" in run("ls").err


def test_ctrl_c_ends_with_130_and_one_document(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "snapshot", _raising(KeyboardInterrupt()))
    assert (run("ls").status, run("ls").out) == (130, "")
    assert run("ls", "--json").json["error"]["code"] == "interrupted"


def test_the_store_is_the_option_then_the_variable_then_the_nearest_folder(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        holdfast.create(tmp_path / name).close()
        with holdfast.open(tmp_path / name) as store:
            store.mkdir(f"/{name}")
    (folder / "deep").mkdir()
    monkeypatch.chdir(folder / "deep")
    assert "one/" not in run("ls").lines
    monkeypatch.setenv("HOLDFAST_STORE", str(tmp_path / "one"))
    assert "one/" in run("ls").lines
    assert "two/" in run("ls", "--store", tmp_path / "two").lines
    assert "two/" in run("--store", tmp_path / "two", "ls").lines


def test_where_there_is_no_store_the_remedy_is_to_make_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run("ls")
    assert told.status == 4
    assert "holdfast init" in told.err
    assert run("ls", "--store", tmp_path / "nix", "--json").json["error"]["code"] == "store_not_found"


def test_the_actor_is_the_option_then_the_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_ACTOR", "agent:env")
    run("mkdir", "/a")
    run("mkdir", "/b", "--actor", "agent:option")
    run("--actor", "agent:before", "mkdir", "/c")
    actors = [commit["actor"] for commit in run("log", "-n", 3, "--json").json["commits"]]
    assert actors == ["agent:before", "agent:option", "agent:env"]


def test_json_may_be_asked_for_before_the_command(run: Run) -> None:
    assert run("--json", "glob", "x").json == {"paths": []}


def _raising(error: BaseException) -> object:
    def fail(*args: object, **how: object) -> None:
        raise error

    return fail


def test_the_log_is_shown_when_it_is_asked_for(tmp_path: Path, folder: Path, child: Callable[..., Child]) -> None:
    (tmp_path / "a.md").write_text("# A")
    code = """
    import os
    os.environ.update(HOLDFAST_LOG=sys.argv.pop(1))
    from holdfast.cli import main
    sys.exit(main(sys.argv[1:]))
    """
    command = ("add", tmp_path / "a.md", "--store", folder, "--json")
    asked = child(code, "Debug", *command)
    said = asked.process.communicate()
    assert '"added": 1' in said[0]
    assert "holdfast.ingest publish " in said[1]
    silent = child(code, "", *command)
    assert silent.process.communicate()[1] == ""


def test_a_log_level_that_there_is_not_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_LOG", "loud")
    ran = run("ls")
    assert ran.status == 2
    assert ran.err.startswith("holdfast: HOLDFAST_LOG is no log level: loud\n  One of critical, ")


@pytest.mark.parametrize(
    "line",
    [
        ("search", "\udcff"),
        ("search", "tea", "\udcff"),
        ("grep", "\udcff"),
        ("glob", "/\udcff"),
        ("ls", "/\udcff"),
        ("write", "/a", "--text", "\udcff"),
        ("mkdir", "/a", "-m", "\udcff"),
        ("--actor", "\udcff", "mkdir", "/a"),
        ("session", "append", "talk", "user", "\udcff"),
        ("session", "new", "\udcff"),
        ("jobs", "list", "--kind", "\udcff"),
        ("search", ""),
        ("search", " ", ""),
    ],
)
def test_an_argument_that_says_nothing_or_is_no_text_is_a_wrong_command_line(line: tuple[str, ...], run: Run) -> None:
    assert run(*line).status == 2


GONE = [
    (["ls"], 4),
    (["add", "papers"], 4),
    (["add", "papers", "--store", "{store}"], 4),
    (["ls", "--store", "{store}"], 0),
]


@pytest.mark.parametrize(("command", "status"), GONE)
def test_in_a_folder_that_was_removed_a_command_says_so_or_needs_none(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], status: int
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    ran = run(*(part.format(store=folder) for part in command))
    assert ran.status == status, ran.err
    assert "fault in Holdfast" not in ran.err
    assert ("not there any more" in ran.err) == (status > 0)
