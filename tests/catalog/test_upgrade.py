"""Bringing an older catalog up: in one transaction, or not at all."""

import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from alembic.operations import Operations

import holdfast
from holdfast import bootstrap
from holdfast.catalog import migrations, upgrade
from holdfast.catalog.engine import Engine
from holdfast.catalog.engines import choosing
from holdfast.catalog.engines.sqlite import SqliteEngine
from holdfast.errors import CorruptStore, ReadOnly, StorageFailed, StoreTooNew
from tests.support import postgres
from tests.support.postgres import ENGINES, POSTGRESQL, SQLITE
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


#: the name and the SQL of all that a catalog consists of
SHAPE = {
    SQLITE: "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL",
    POSTGRESQL: """SELECT table_name::text || '.' || column_name,
            concat_ws(' ', data_type, is_nullable, column_default, collation_name)
        FROM information_schema.columns WHERE table_schema = current_schema()
        UNION ALL SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = current_schema()
        UNION ALL SELECT conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace""",
}


@pytest.fixture(params=ENGINES)
def catalog(request: pytest.FixtureRequest) -> str:
    """Run each test on both databases."""
    return str(request.param)


@contextmanager
def engine_of(folder: Path) -> Iterator[Engine]:
    """Have the engine of a store's catalog."""
    engine = choosing.opened(folder / "catalog.db", bootstrap.read(folder).catalog)
    yield engine
    engine.close()


def shape_of(engine: Engine) -> dict[str, str]:
    """Return the SQL of every table and index."""
    with engine.read() as conn:
        rows = conn.rows(SHAPE[SQLITE if isinstance(engine, SqliteEngine) else POSTGRESQL])
    return {name: " ".join(sql.split()) for name, sql in rows}


def shape(folder: Path) -> dict[str, str]:
    """Return the SQL of every table and index of a store's catalog."""
    with engine_of(folder) as engine:
        return shape_of(engine)


def tables(folder: Path) -> set[str]:
    """Return the tables of a store's catalog."""
    with engine_of(folder) as engine, engine.read() as conn:
        return conn.tables()


@pytest.fixture
def empty(catalog: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[], Engine]]:
    """Return a function that opens a catalog without tables, another one each time."""
    numbers = itertools.count()

    def opened() -> Engine:
        if catalog == SQLITE:
            return SqliteEngine(tmp_path / f"{next(numbers)}.db", create=True)
        server: postgres.Server = request.getfixturevalue("postgresql")
        address = server.database()
        stack.callback(server.drop, address)
        return choosing.opened(tmp_path, address)

    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(opened()))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make this process a later Holdfast than the one that made the store."""
    revisions, newest = upgrade.REVISIONS, upgrade.HEAD
    monkeypatch.setattr(upgrade, "REVISIONS", revisions)
    monkeypatch.setattr(upgrade, "HEAD", newest)
    for number in ("0002", "0003"):
        monkeypatch.setitem(sys.modules, f"{migrations.__name__}.r{number}", ModuleType("replaced"))
    exec(LATER, {})  # noqa: S102


def revision(folder: Path) -> str | None:
    """Return the revision that a store's catalog says it has."""
    with engine_of(folder) as engine, engine.read() as conn:
        return upgrade.revision(conn)


def test_a_fresh_catalog_equals_all_migrations_applied(empty: Callable[[], Engine]) -> None:
    fresh, migrated = empty(), empty()
    upgrade.create(fresh)
    with migrated.write() as conn:
        upgrade.migrate(conn, None)
    assert shape_of(migrated) == shape_of(fresh)
    assert len(shape_of(fresh)) > 40
    assert upgrade.REVISIONS[-1] == upgrade.HEAD


@pytest.mark.usefixtures("later")
def test_opening_an_old_store_migrates_it(folder: Path) -> None:
    with holdfast.open(folder) as store:
        assert {"second", "third"} <= tables(folder)
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
    before = shape(folder)
    for passage in (1, 2):
        assert child(opens, folder, faults=f"migrate.before_step=kill@{passage}").ended_by_kill()
        assert (revision(folder), shape(folder)) == ("0001", before)
    with holdfast.open(folder) as store:
        store.write("/a.md", "the old Holdfast still works")
    child(opens, folder).finish()
    assert revision(folder) == "0003"


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("failure", ["error", "enospc"])
def test_a_migration_that_fails_leaves_the_old_store(folder: Path, armed: Callable[[str], None], failure: str) -> None:
    before = shape(folder)
    armed(f"migrate.before_step={failure}@2")
    with pytest.raises(StorageFailed):
        holdfast.open(folder)
    assert (revision(folder), shape(folder)) == ("0001", before)


@pytest.mark.usefixtures("later")
def test_a_broken_migration_leaves_the_old_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(op: Operations) -> None:
        op.execute("CREATE TABLE half (id INTEGER)")
        op.execute("DROP TABLE entries")
        op.execute("INSERT INTO none VALUES (1)")

    monkeypatch.setattr(sys.modules[f"{migrations.__name__}.r0003"], "upgrade", breaks)
    before = shape(folder)
    with pytest.raises(holdfast.HoldfastError):
        holdfast.open(folder)
    assert (revision(folder), shape(folder)) == ("0001", before)


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
    with engine_of(folder) as engine, engine.write() as conn:
        conn.run("UPDATE alembic_version SET version_num = :found", {"found": found})
    for read_only in (False, True):
        with pytest.raises(StoreTooNew, match=f"revision {found}") as refused:
            holdfast.open(folder, read_only=read_only)
        assert "Upgrade Holdfast" in refused.value.remedy
    assert revision(folder) == found


def test_a_catalog_without_tables_is_corrupt(folder: Path, catalog: str) -> None:
    if catalog == SQLITE:
        for name in ("catalog.db", "catalog.db-wal", "catalog.db-shm"):
            (folder / name).unlink(missing_ok=True)
        (folder / "catalog.db").touch()
    else:
        with engine_of(folder) as engine, engine.write() as conn:
            conn.run("DROP SCHEMA public CASCADE")
            conn.run("CREATE SCHEMA public")
    with pytest.raises(CorruptStore, match="has no tables"):
        holdfast.open(folder)
