"""Reading where SQLite cannot have its shared memory: on a full disk, and in a folder of somebody else's."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog.engines.sqlite import SqliteEngine
from holdfast.errors import HoldfastError
from tests.support.processes import Child

SETTING = "SELECT value FROM settings WHERE name = 'color'"


@pytest.fixture
def catalog_file(folder: Path) -> Path:
    """Return the catalog of a closed store."""
    return folder / "catalog.db"


@pytest.fixture
def no_place(catalog_file: Path) -> Path:
    """Return what stands where the shared memory of the catalog would be."""
    place = catalog_file.with_name("catalog.db-shm")
    place.symlink_to(place.name)
    return place


#: no file of this process may grow beyond its limit, as none may on a full disk; the turnstile's note is shorter
FULL_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
with holdfast.open(sys.argv[1]) as store:
    say(store.read("/note.md").decode(), *(hit.path for hit in store.search("lease", mode="text")))
    try:
        store.write("/other.md", "x")
    except holdfast.HoldfastError as error:
        say(error.code, error.remedy)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.write("/other.md", "there is space again")
    say(store.read("/other.md").decode())
"""


def test_a_store_on_a_full_disk_is_read_and_takes_changes_as_soon_as_there_is_space(
    folder: Path, child: Callable[..., Child]
) -> None:
    with holdfast.open(folder) as store:
        store.write("/note.md", "lease")
    assert child(FULL_DISK, folder).finish().splitlines() == [
        "lease /note.md",
        "storage_failed Free some space, then repeat the command",
        "there is space again",
    ]


def test_nobody_writes_while_a_reading_looks_at_no_lock(catalog_file: Path, no_place: Path) -> None:
    catalog_file.with_name("catalog.turn").touch()
    engine = SqliteEngine(catalog_file, read_only=True)
    with catalog_file.with_name("catalog.turn").open() as turn:
        with engine.read(), engine.read(), pytest.raises(BlockingIOError):
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    engine.close()


def test_each_reading_sees_what_was_written_before_it(catalog_file: Path, no_place: Path) -> None:
    engine = SqliteEngine(catalog_file, read_only=True)
    with engine.read() as conn:
        assert conn.row(SETTING) is None
    no_place.unlink()
    writer = SqliteEngine(catalog_file)
    with writer.write() as other:
        other.run("INSERT INTO settings (name, value) VALUES ('color', 'green')")
    writer.close()
    no_place.symlink_to(no_place.name)
    with engine.read() as conn:
        assert conn.row(SETTING) == ("green",)
    engine.close()


def test_a_catalog_whose_log_waits_is_not_read_without_it(catalog_file: Path, no_place: Path) -> None:
    catalog_file.with_name("catalog.db-wal").write_bytes(b"what was committed last")
    engine = SqliteEngine(catalog_file, read_only=True)
    with pytest.raises(HoldfastError), engine.read():
        raise AssertionError("unreachable")
    engine.close()


SOMEBODY_ELSES = """
from tests.support.processes import obey_permissions
obey_permissions()
with holdfast.open(sys.argv[1], read_only=True) as store:
    say(store.exists("/note.md"))
    hear()
    say(store.exists("/note.md"))
"""


def test_a_reader_without_the_right_to_write_sees_what_the_owner_writes(
    folder: Path, child: Callable[..., Child]
) -> None:
    folder.chmod(0o555)
    try:
        reader = child(SOMEBODY_ELSES, folder)
        assert reader.hear() == "False"
        folder.chmod(0o755)
        with holdfast.open(folder) as store:
            store.write("/note.md", "x")
        folder.chmod(0o555)
        reader.say()
        assert reader.finish() == "True"
    finally:
        folder.chmod(0o755)
