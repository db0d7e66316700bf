"""A catalog on a server, at the command line."""

import sys
from pathlib import Path

import pytest

from tests.support.command_line import Run


def test_a_store_with_its_catalog_on_a_server_is_used_by_its_folder(run: Run, database: str, tmp_path: Path) -> None:
    kb = tmp_path / "on server"
    made = run("init", kb, "--catalog", database)
    assert (made.status, made.lines[0]) == (0, f"Made a store in {kb}")
    assert not (kb / "catalog.db").exists()
    assert run("--store", kb, "write", "/notes/a.md", "--text", "A pelican keeps its lease.").status == 0
    assert "/notes/a.md" in run("--store", kb, "search", "pelican lease").out
    assert run("--store", kb, "verify").status == 0
    assert run("--store", kb, "doctor").lines == ["Nothing is wrong."]
    assert run("--store", kb, "config", "store.catalog").out.startswith("postgresql://")


def test_a_store_that_lost_its_settings_is_adopted_with_its_catalog(run: Run, database: str, tmp_path: Path) -> None:
    kb = tmp_path / "kb2"
    run("init", kb, "--catalog", database)
    run("--store", kb, "mkdir", "/kept")
    (kb / "holdfast.toml").unlink()
    assert run("init", kb, "--catalog", database).status != 0
    assert run("init", kb, "--catalog", database, "--adopt", "--json").json == {"store": str(kb), "adopted": True}
    assert run("--store", kb, "ls", "/kept").status == 0


def test_a_server_that_is_not_there_is_named_and_init_can_be_repeated(run: Run, database: str, tmp_path: Path) -> None:
    kb = tmp_path / "kb2"
    failed = run("init", kb, "--catalog", database.replace("host=/", "host=/nowhere/"), "--json").json["error"]
    assert (failed["code"], "cannot be reached" in failed["message"]) == ("storage_failed", True)
    assert "server runs" in failed["remedy"]
    assert run("init", kb, "--catalog", database).status == 0


def test_an_address_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    failed = run("init", tmp_path / "kb2", "--catalog", "mysql://somewhere/kb", "--json").json["error"]
    assert "postgresql://" in failed["remedy"]
    assert not (tmp_path / "kb2").exists()


def test_a_missing_driver_is_named_with_how_to_install_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "holdfast.catalog.engines.postgresql", None)
    failed = run("init", tmp_path / "kb2", "--catalog", "postgresql://somewhere/kb", "--json").json["error"]
    assert (failed["code"], failed["remedy"]) == ("unsupported", "Install it with: pip install 'holdfast[fleet]'")
