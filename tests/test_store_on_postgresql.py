"""A store whose catalog is on a server does what any store does, and tells when its parts do not belong together."""

from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.errors import AlreadyExists, InvalidConfig, ReadOnly, StorageFailed, StoreNotFound, Unsupported
from tests.support import postgres
from tests.support.processes import Child


@pytest.fixture
def made(database: str, tmp_path: Path) -> Path:
    """Return the folder of a new store that is not open."""
    holdfast.create(database, data=tmp_path / "kb").close()
    return tmp_path / "kb"


def test_a_store_works_from_its_first_note_to_its_garbage(made: Path, database: str) -> None:
    with holdfast.open(database, data=made) as store:
        store.write("/notes/a.md", "# Birds\n\nA pelican keeps its lease.\n")
        store.write("/large.bin", bytes(100_000))
        store.session("s").append("user", "hello\0")
        store.session("s").commit()
        with store.lock("/notes"), store.transaction() as tx:
            tx.move("/notes/a.md", "/notes/b.md")
            tx.remove("/large.bin")
        assert [hit.path for hit in store.search("pelican lease", limit=1)] == ["/notes/b.md"]
        store.maintenance.optimize()
        assert [hit.path for hit in store.search("pelican lease", limit=1)] == ["/notes/b.md"]
        store.maintenance.gc()
        assert not store.maintenance.verify(deep=True).problems
    with holdfast.open(made, read_only=True) as store:
        assert store.read_text("/notes/b.md").startswith("# Birds")
        assert store.maintenance.doctor() == []


def test_a_writer_that_is_killed_leaves_the_old_state(made: Path, child: Callable[..., Child]) -> None:
    writes = "with holdfast.open(sys.argv[1]) as store: store.write('/a.md', 'pelican')"
    assert child(writes, made, faults="publish.before_commit=kill").ended_by_kill()
    with holdfast.open(made) as store:
        assert not store.exists("/a.md")
        store.write("/a.md", "pelican")
        assert not store.maintenance.verify().problems
    child(writes, made).finish()


def test_an_init_that_is_killed_is_simply_run_again(database: str, tmp_path: Path, child: Callable[..., Child]) -> None:
    makes = "holdfast.create(sys.argv[1], data=sys.argv[2]).close()"
    for point in ("init.before_catalog", "init.before_config"):
        assert child(makes, database, tmp_path / "kb", faults=f"{point}=kill").ended_by_kill()
    child(makes, database, tmp_path / "kb").finish()
    with holdfast.open(tmp_path / "kb") as store:
        assert not store.maintenance.verify().problems


def test_a_catalog_has_one_store(made: Path, database: str, tmp_path: Path) -> None:
    for folder in (made, tmp_path / "other"):
        with pytest.raises(AlreadyExists):
            holdfast.create(database, data=folder)
    assert not (tmp_path / "other" / "holdfast.toml").exists()


def test_data_of_another_store_are_refused(
    made: Path, postgresql: postgres.Server, database: str, tmp_path: Path
) -> None:
    second = postgresql.database()
    holdfast.create(second, data=tmp_path / "second").close()
    for address, data in ((second, made), (database, tmp_path / "second")):
        with pytest.raises(InvalidConfig, match="not of the store"):
            holdfast.open(address, data=data)
    postgresql.drop(second)


def test_a_password_is_neither_shown_nor_stored(database: str, tmp_path: Path) -> None:
    told = database.replace("holdfast@", "holdfast:hush@") + "&password=hush"
    with holdfast.create(told, data=tmp_path / "kb") as store:
        assert "hush" not in store.address
    assert "hush" not in (tmp_path / "kb" / "holdfast.toml").read_text()
    with pytest.raises(StoreNotFound) as refused:
        holdfast.open(told.replace("/kb_", "/none_"), data=tmp_path / "kb")
    assert "hush" not in str(refused.value)


def test_what_cannot_be_reached_says_so(made: Path) -> None:
    config = made / "holdfast.toml"
    config.write_text(config.read_text().replace("host=/", "host=/nowhere/"))
    with pytest.raises(StorageFailed, match="cannot be reached") as refused:
        holdfast.open(made)
    assert "server runs" in refused.value.remedy


def test_an_address_says_where_the_data_are_and_a_folder_does_not(made: Path, database: str) -> None:
    with pytest.raises(Unsupported, match="elsewhere"):
        holdfast.open(database)
    with pytest.raises(Unsupported, match="data="):
        holdfast.open(made, data=made)


def test_an_address_that_cannot_be_read_is_refused_and_not_repeated(made: Path, tmp_path: Path) -> None:
    for address in ("postgresql://u:hush@[::1/kb", "postgresql://u:hush%zz@host/kb"):
        for opens, data in ((holdfast.open, made), (holdfast.create, tmp_path / "new")):
            with pytest.raises(InvalidConfig) as refused:
                opens(address, data=data)
            assert "hush" not in str(refused.value)


def test_a_user_who_may_make_no_tables_is_told_what_to_do(
    postgresql: postgres.Server, database: str, tmp_path: Path
) -> None:
    postgresql.run("DROP ROLE IF EXISTS guest")
    postgresql.run("CREATE ROLE guest LOGIN")
    with pytest.raises(ReadOnly, match="permission denied") as refused:
        holdfast.create(database.replace("holdfast@", "guest@"), data=tmp_path / "kb")
    assert "grant" in refused.value.remedy
