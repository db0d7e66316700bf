"""add: what people and programs see of an add."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.cli.interrupts import StopOnce
from holdfast.cli.output import Output
from holdfast.front.store import Store
from holdfast.ingest.report import AddReport, Failure
from tests.support.command_line import Run
from tests.support.processes import Child


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.md").write_text("# Fencing\n\nA token is checked.")
    (folder / "b.txt").write_text("Tea.")
    return folder


def test_an_added_folder_is_found_by_the_next_search(run: Run, papers: Path) -> None:
    assert run("add", papers, "-j", 1).out.startswith("2 added (1 commit, ")
    assert run("search", "fencing", "--json").json["hits"][0]["path"] == "/resources/papers/a.md"
    assert run("add", papers, "-j", 1).out.startswith("0 added, 2 skipped (0 commits, ")


def test_the_numbers_that_are_told_add_up_to_the_files_there_are(run: Run, papers: Path) -> None:
    run("add", papers, "-j", 1)
    (papers / "c.gif").write_bytes(b"GIF89a")
    assert run("add", papers, "-j", 1).out.startswith("0 added, 2 skipped, 1 left out (0 commits, ")


def test_a_dry_run_only_tells(run: Run, papers: Path) -> None:
    assert run("add", papers, "--dry-run", "--to", "x").lines == ["2 would be added"]
    assert run("glob", "/x/**").out == ""


def test_a_file_that_fails_is_named_and_the_status_is_5(run: Run, papers: Path) -> None:
    (papers / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    ran = run("add", papers, "-j", 1)
    assert ran.status == 5
    assert "1 failed" in ran.out
    assert f"not added: {papers / 'broken.pdf'}: " in ran.err
    (failed,) = run("add", papers, "-j", 1, "--json").json["failed"]
    assert (failed["source"], failed["code"]) == (str(papers / "broken.pdf"), "conversion_failed")


def test_where_things_go_can_be_said(run: Run, papers: Path) -> None:
    run("add", papers, "-j", 1, "--to", "notes", "-m", "my papers")
    assert run("glob", "/notes/**").lines == ["/notes/papers", "/notes/papers/a.md", "/notes/papers/b.txt"]
    assert run("log", "-n", 1, "--json").json["commits"][0]["message"] == "my papers"


def test_wait_derives_the_abstracts_before_it_returns(run: Run, papers: Path) -> None:
    (job,) = run("add", papers, "-j", 1, "--wait", "--json").json["jobs"]
    assert {each["job"]: each["state"] for each in run("jobs", "list", "--json").json["jobs"]}[job] == "done"


def test_an_interrupted_add_reports_and_ends_with_130(run: Run, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Store, *sources: str, stop: Callable[[], bool], **how: object) -> AddReport:
        os.kill(os.getpid(), signal.SIGINT)
        return AddReport(added=1, commits=(2,), interrupted=stop())

    monkeypatch.setattr(Store, "add", interrupted)
    ran = run("add", papers)
    assert ran.status == 130
    assert "goes on from here" in ran.out
    assert run("add", papers, "--json").json["interrupted"] is True


def test_ctrl_c_the_second_time_stops_now() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopOnce(Output(json=False)) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wanted()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_watch_tells_of_every_burst_until_ctrl_c(papers: Path, folder: Path, child: Callable[..., Child]) -> None:
    running = child(
        "from holdfast.cli import main; sys.exit(main(['add', '--watch', '-j', '1', *sys.argv[1:]]))",
        *(papers, "--store", folder),
    )
    assert running.hear().startswith("2 added (1 commit, ")
    (papers / "c.md").write_text("# Third")
    assert running.hear().startswith("1 added, 2 skipped (1 commit, ")
    (papers / "a.md").unlink()
    assert running.hear().startswith("0 added, 1 removed, 2 skipped (1 commit, ")
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(60) == 0
    assert running.hear() == ""


def test_a_watch_names_what_it_cannot_add_once(run: Run, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Failure("a.pdf", "prepare", "crashed", "bad"), Failure("b.pdf", "prepare", "crashed", "bad too")
    reports = [AddReport(failed=failed) for failed in ((first,), (first, second), (first, second), (), (first,))]
    monkeypatch.setattr(Store, "watch", lambda self, *sources, **how: iter(reports))
    said = [line.split()[2] for line in run("add", papers, "--watch").err.splitlines()]
    assert said == ["a.pdf:", "b.pdf:", "a.pdf:"]


@pytest.mark.parametrize("option", ["--json", "--dry-run"])
def test_a_watch_has_no_single_answer(run: Run, papers: Path, option: str) -> None:
    ran = run("add", papers, "--watch", option)
    assert ran.status == 2
    assert f"--watch does not go with {option}" in ran.err + ran.out


def test_a_source_that_looks_unmounted_is_named_and_force_prunes_it(run: Run, papers: Path) -> None:
    run("add", str(papers))
    for file in papers.rglob("*"):
        if file.is_file():
            file.unlink()
    refused = run("add", "--prune", str(papers))
    assert refused.status == 5
    assert "not pruned: " in refused.err
    assert "--prune=force" in refused.err
    assert run("add", "--prune=force", str(papers)).status == 0
    assert run("add", "").status == 2


def test_a_source_of_a_name_that_is_taken_can_be_called_otherwise(run: Run, papers: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / papers.name
    other.mkdir(parents=True)
    run("add", str(papers))
    taken = next(file for file in papers.iterdir() if file.is_file())
    (other / taken.name).write_text("another one")
    refused = run("add", str(other))
    assert refused.status == 1
    assert "--as" in refused.err
    assert run("add", "--as", "others", str(other)).status == 0
    assert run("add", "--overwrite", str(other)).status == 0


@pytest.mark.parametrize("standing", ["/q", "/q/papers", "/q/papers/a.md/x"])
def test_a_dry_run_refuses_what_the_add_refuses(standing: str, run: Run, papers: Path) -> None:
    run("write", standing, "--text", "in the way")

    def refused(*how: object) -> tuple[int, object]:
        ran = run("add", papers, "-j", 1, "--to", "/q", "--json", *how)
        return ran.status, ran.json["failed"]

    dry = refused("--dry-run")
    assert dry[0] == 5
    assert dry == refused()


def test_a_dry_run_that_prunes_counts_on_what_has_vanished_to_make_room(run: Run, papers: Path) -> None:
    run("add", papers, "-j", 1, "--to", "/q")
    (papers / "b.txt").unlink()
    (papers / "b.txt").mkdir()
    (papers / "b.txt" / "c.md").write_text("It was a file.")
    assert run("add", papers, "-j", 1, "--to", "/q", "--dry-run").status == 5
    assert run("add", papers, "-j", 1, "--to", "/q", "--dry-run", "--prune").status == 0
    assert run("add", papers, "-j", 1, "--to", "/q", "--prune").status == 0


@pytest.mark.parametrize("how", [(), ("--dry-run",)])
def test_a_source_that_can_never_be_added_fails_when_it_is_named_itself(
    how: tuple[str, ...], run: Run, papers: Path
) -> None:
    os.mkfifo(papers / "pipe")
    for source in (papers / "pipe", ".", Path.cwd()):
        ran = run("add", source, *how)
        assert ran.status == 5
        assert "not added: " in ran.err
    ran = run("add", papers, "-j", 1, *how)
    assert (ran.status, "left out: " in ran.err) == (0, True)


def test_an_add_that_finds_nothing_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".hidden").write_text("x")
    assert "Nothing to add was found" in run("add", tmp_path / "empty").err
    assert run("add", tmp_path / "empty", "--json").err == ""


def test_a_refused_add_names_the_path_that_is_in_the_way(run: Run, papers: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "papers"
    other.mkdir(parents=True)
    (other / "b.txt").write_text("Coffee.")
    run("add", papers, "-j", 1)
    assert run("add", other, "--json").json["error"]["path"] == "/resources/papers/b.txt"
    error = run("add", papers, other, "--to", "/x", "--json").json["error"]
    assert error["path"] == str(other / "b.txt")


def test_a_prune_that_is_neither_yes_nor_force_is_refused_with_what_can_be_said(run: Run, papers: Path) -> None:
    ran = run("add", "--prune=no", papers)
    assert ran.status == 2
    assert "--prune or --prune=force" in ran.err
    assert "holdfast add --help" in ran.err
