"""init and config."""

from pathlib import Path

import pytest

from holdfast.opening import CONFIG_FILE
from tests.support.command_line import Run


def test_init_makes_a_store_that_the_next_command_finds(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = run("init", "new")
    assert made.status == 0
    assert "cd new" in made.out
    monkeypatch.chdir(tmp_path / "new")
    assert run("ls").lines[0] == "memories/"


def test_init_refuses_a_folder_that_is_a_store(run: Run) -> None:
    assert run("init", "--json").json["error"]["code"] == "already_exists"


def test_init_goes_where_the_store_option_says(run: Run, tmp_path: Path) -> None:
    assert run("--store", tmp_path / "kb2", "init", "--json").json == {
        "store": str(tmp_path / "kb2"),
        "adopted": False,
    }


def test_init_says_when_it_made_no_store_but_adopted_one(run: Run, folder: Path) -> None:
    run("write", "/kept.md", "--text", "kept")
    (folder / CONFIG_FILE).unlink()
    told = run("init", "--adopt", folder)
    assert "Made a store" not in told.out
    assert "default settings" in told.out
    assert run("cat", "/kept.md").out.strip() == "kept"
    (folder / CONFIG_FILE).unlink()
    assert run("init", "--adopt", folder, "--json").json["adopted"] is True


def test_init_that_adopts_nothing_makes_a_store(run: Run, tmp_path: Path) -> None:
    assert "Made a store" in run("init", "--adopt", tmp_path / "new").out


def test_config_shows_every_setting_and_which_are_changed(run: Run, folder: Path) -> None:
    with (folder / CONFIG_FILE).open("a") as file:
        file.write("[search]\nfold_rows = 100\n")
    shown = run("config", "--json").json
    assert shown["settings"]["search.fold_rows"] == 100
    assert shown["settings"]["store.durability"] == "full"
    assert shown["changed"] == ["search.fold_rows"]
    assert "(changed)" in run("config").out


def test_config_of_one_setting_prints_its_value(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_INGEST__JOBS", "3")
    assert run("config", "ingest.jobs").lines == ["3"]
    assert run("config", "ingest.job").status == 4


def test_config_prints_values_as_the_file_has_them(run: Run, folder: Path) -> None:
    assert run("config", "ingest.private_urls").lines == ["false"]
    assert run("config", "llm.model").lines == ["none"]
    assert run("config", "jobs.time_limit").lines == ["900"]
    with (folder / CONFIG_FILE).open("a") as file:
        file.write('[memory.kinds]\nrecipes = "dishes, and how"\n')
    assert run("config", "memory.kinds").lines == ['{recipes = "dishes, and how"}']


def test_a_bad_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_INGEST__JOBS", "many")
    wrong = run("config", "--json")
    assert (wrong.status, wrong.json["error"]["code"]) == (2, "invalid_config")
    assert "ingest.jobs" in wrong.json["error"]["message"]


def test_the_variable_that_names_the_store_is_no_setting(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_STORE", str(folder))
    assert run("config", "store.actor").lines == ["user"]
