"""Bringing an older catalog up: in one transaction, or not at all."""

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from alembic.operations import Operations

import holdfast
from holdfast.catalog import migrations, upgrade
from holdfast.catalog.engines.sqlite import SqliteEngine
from holdfast.errors import CorruptStore, ReadOnly, StorageFailed, StoreTooNew
from tests.support.processes import Child

#: makes a later Holdfast of this one: two more revisions, each of which leaves a table
LATER = """
import sys
from types import ModuleType
from holdfast.catalog import upgrade

for number, table in (("0002", "second"), ("0003", "third")):
    step = ModuleType(f"holdfast.catalog.migrations.r{number}")
    step.upgrade = lambda op, table=table: op.execute(f"CREATE TABLE {table} (id INTEGER)")
    sys.modules[step.__name__] = step
upgrade.REVISIONS = (*upgrade.REVISIONS, "0002", "0003")
upgrade.HEAD = "0003"
"""


def shape(catalog: Path) -> dict[str, str]:
    """Return the SQL of every table and index."""
    with sqlite3.connect(catalog) as raw:
        rows = raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    raw.close()
    return {name: " ".join(sql.split()) for name, sql in rows}


def migrated(path: Path) -> SqliteEngine:
    """Return a catalog to which every migration was applied, from nothing on."""
    engine = SqliteEngine(path, create=True)
    with engine.write() as conn:
        upgrade.migrate(conn, None)
    return engine


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process a later Holdfast."""
    revisions, newest = upgrade.REVISIONS, upgrade.HEAD
    monkeypatch.setattr(upgrade, "REVISIONS", revisions)
    monkeypatch.setattr(upgrade, "HEAD", newest)
    for number in ("0002", "0003"):
        monkeypatch.setitem(sys.modules, f"{migrations.__name__}.r{number}", ModuleType("replaced"))
    exec(LATER, {})  # noqa: S102


def revision(folder: Path) -> str:
    """Return the revision that a store's catalog says it has."""
    raw = sqlite3.connect(folder / "catalog.db")
    found: str = raw.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    raw.close()
    return found


def test_a_fresh_catalog_equals_all_migrations_applied(tmp_path: Path) -> None:
    fresh = SqliteEngine(tmp_path / "fresh.db", create=True)
    upgrade.create(fresh)
    fresh.close()
    migrated(tmp_path / "migrated.db").close()
    assert shape(tmp_path / "migrated.db") == shape(tmp_path / "fresh.db")
    assert upgrade.REVISIONS[-1] == upgrade.HEAD


@pytest.mark.usefixtures("later")
def test_opening_an_old_store_migrates_it(folder: Path) -> None:
    with holdfast.open(folder) as store:
        assert {"second", "third"} <= shape(folder / "catalog.db").keys()
        store.write("/a.md", "works")
    assert revision(folder) == "0003"
    holdfast.open(folder).close()


@pytest.mark.usefixtures("later")
def test_an_old_store_cannot_be_opened_read_only(folder: Path) -> None:
    with pytest.raises(ReadOnly, match="needs an upgrade") as refused:
        holdfast.open(folder, read_only=True)
    assert "for writing" in refused.value.remedy
    assert revision(folder) == "0001"


@pytest.mark.crash
def test_a_kill_in_the_middle_of_a_migration_leaves_the_old_store(folder: Path, child: Callable[..., Child]) -> None:
    opens = LATER + "\nholdfast.open(sys.argv[1]).close()"
    before = shape(folder / "catalog.db")
    for passage in (1, 2):
        assert child(opens, folder, faults=f"migrate.before_step=kill@{passage}").ended_by_kill()
        assert (revision(folder), shape(folder / "catalog.db")) == ("0001", before)
    with holdfast.open(folder) as store:
        store.write("/a.md", "the old Holdfast still works")
    child(opens, folder).finish()
    assert revision(folder) == "0003"


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("failure", ["error", "enospc"])
def test_a_migration_that_fails_leaves_the_old_store(folder: Path, armed: Callable[[str], None], failure: str) -> None:
    before = shape(folder / "catalog.db")
    armed(f"migrate.before_step={failure}@2")
    with pytest.raises(StorageFailed):
        holdfast.open(folder)
    assert (revision(folder), shape(folder / "catalog.db")) == ("0001", before)


@pytest.mark.usefixtures("later")
def test_a_broken_migration_leaves_the_old_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(op: Operations) -> None:
        op.execute("CREATE TABLE half (id INTEGER)")
        op.execute("DROP TABLE entries")
        op.execute("INSERT INTO none VALUES (1)")

    monkeypatch.setattr(sys.modules[f"{migrations.__name__}.r0003"], "upgrade", breaks)
    before = shape(folder / "catalog.db")
    with pytest.raises(holdfast.HoldfastError):
        holdfast.open(folder)
    assert (revision(folder), shape(folder / "catalog.db")) == ("0001", before)


@pytest.mark.usefixtures("later")
def test_many_processes_opening_an_old_store_migrate_it_once(folder: Path, child: Callable[..., Child]) -> None:
    opens = LATER + '\nhear()\nholdfast.open(sys.argv[1]).close()\nsay("open")'
    openers = [child(opens, folder) for _ in range(4)]
    for opener in openers:
        opener.say("go")
    assert [opener.finish() for opener in openers] == ["open"] * 4
    assert revision(folder) == "0003"


@pytest.mark.parametrize("found", ["9999", "", "0001-dirty"])
def test_a_store_of_a_newer_holdfast_is_refused_and_left_alone(folder: Path, found: str) -> None:
    raw = sqlite3.connect(folder / "catalog.db")
    raw.execute("UPDATE alembic_version SET version_num = ?", (found,))
    raw.commit()
    raw.close()
    for read_only in (False, True):
        with pytest.raises(StoreTooNew, match=f"revision {found}") as refused:
            holdfast.open(folder, read_only=read_only)
        assert "Upgrade Holdfast" in refused.value.remedy
    assert revision(folder) == found


def test_a_catalog_without_tables_is_corrupt(folder: Path) -> None:
    for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
        (folder / name).unlink(missing_ok=True)
    (folder / "catalog.db").touch()
    with pytest.raises(CorruptStore, match="has no tables"):
        holdfast.open(folder)
