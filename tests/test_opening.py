"""Making a store, and opening one that is missing, broken, full, or not ours to write."""

import errno
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.errors import (
    AlreadyExists,
    CorruptStore,
    HoldfastError,
    InvalidConfig,
    ReadOnly,
    StorageFailed,
    StoreNotFound,
    StoreTooNew,
)
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.support.looking import contents_of, head
from tests.support.processes import Child

LARGE = bytes(range(256)) * 400


@pytest.fixture
def filled(folder: Path) -> Path:
    """Return a closed store that holds a small and a large file."""
    with holdfast.open(folder) as store:
        store.write("/d/note.md", "# A note\n\nwith words")
        store.write("/d/large.bin", LARGE)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file in a folder; those that a reader makes are left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("catalog.db-shm", "catalog.db-wal", "catalog.turn")
    }


def look_at_all(folder: Path) -> dict[str, bytes | None]:
    """Open a store, read all of it and write to it; returns what it held."""
    with holdfast.open(folder) as store:
        held = contents_of(store)
        list(store.grep("words"))
        store.diff(1)
        list(store.log())
        store.write("/new.md", "new")
        store.remove("/new.md")
    return held


# --- init


def test_a_new_store_has_the_standard_directories_and_one_commit(tmp_path: Path) -> None:
    holdfast.create(tmp_path / "deep" / "kb").close()
    with holdfast.open(tmp_path / "deep" / "kb") as store:
        assert [info.name for info in store.ls("/")] == ["memories", "resources", "sessions", "skills", "wiki"]
        assert store.commit_at().message == "Create the store"
        assert len(store.id) == 32


def test_a_store_is_not_made_over_another(filled: Path, tmp_path: Path) -> None:
    before = files_of(filled)
    with pytest.raises(AlreadyExists, match="is a store already"):
        holdfast.create(filled).close()
    (tmp_path / "file").write_text("")
    with pytest.raises(AlreadyExists, match="is a file"):
        holdfast.create(tmp_path / "file").close()
    assert files_of(filled) == before


def test_a_store_that_lost_its_config_file_is_not_made_anew(filled: Path) -> None:
    (filled / "holdfast.toml").unlink()
    before = files_of(filled)
    with pytest.raises(AlreadyExists, match=r"no holdfast\.toml") as refused:
        holdfast.create(filled).close()
    assert "--adopt" in refused.value.remedy
    assert files_of(filled) == before
    (filled / "holdfast.toml").write_text("format = 1\n")
    assert look_at_all(filled)["/d/large.bin"] == LARGE


def test_a_catalog_that_cannot_be_read_is_not_made_anew(filled: Path) -> None:
    (filled / "holdfast.toml").unlink()
    (filled / "catalog.db").write_bytes(b"somebody's only copy")
    with pytest.raises(AlreadyExists):
        holdfast.create(filled).close()
    assert (filled / "catalog.db").read_bytes() == b"somebody's only copy"


def test_of_many_that_make_a_store_in_one_folder_one_does(tmp_path: Path, child: Callable[..., Child]) -> None:
    code = """
    hear()
    try:
        holdfast.create(sys.argv[1]).close()
        with holdfast.open(sys.argv[1]) as store:
            store.write("/mine.md", "mine")
        say("made")
    except holdfast.AlreadyExists:
        say("late")
    """
    makers = [child(code, tmp_path / "kb") for _ in range(3)]
    for maker in makers:
        maker.say("go")
    assert sorted(maker.finish() for maker in makers) == ["late", "late", "made"]
    assert look_at_all(tmp_path / "kb") == {"/mine.md": b"mine"}


def test_a_store_is_found_from_below(filled: Path, tmp_path: Path) -> None:
    (filled / "below" / "deeper").mkdir(parents=True)
    assert holdfast.find(filled / "below" / "deeper") == filled
    with pytest.raises(StoreNotFound):
        holdfast.find(tmp_path)


def test_a_store_is_found_from_where_one_is(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (filled / "below").mkdir()
    monkeypatch.chdir(filled / "below")
    assert holdfast.find() == filled
    assert holdfast.find("deeper/still") == filled


def test_a_store_that_may_not_be_written_is_opened_for_reading_if_one_asks_for_it(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holdfast.open(filled, read_only=None) as store:
        assert not store.read_only
    monkeypatch.setattr("holdfast.opening.writable", lambda _: False)
    with holdfast.open(filled, read_only=None) as store:
        assert store.read_only
        with pytest.raises(ReadOnly):
            store.mkdir("/x")


def test_an_address_of_something_else_makes_no_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for call in (holdfast.create, holdfast.open, holdfast.doctor):
        with pytest.raises(InvalidConfig, match=r"mysql://me@host/kb is no address"):
            call("mysql://me:hush@host/kb")
    assert not list(tmp_path.iterdir())


def test_a_missing_store_is_missing_whatever_may_be_written(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFound):
        holdfast.open(tmp_path / "nowhere", read_only=None)


# --- what is not there, or not readable


@pytest.mark.parametrize("durability", [None, "full", "relaxed"])
def test_where_no_store_is_none_is_opened(tmp_path: Path, durability: str | None) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for place in ("empty", "none", "file", "file/below"):
        with pytest.raises(StoreNotFound, match=place) as missing:
            holdfast.open(tmp_path / place, durability=durability)
        assert "holdfast init" in missing.value.remedy
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("format = ", InvalidConfig, "not valid TOML"),
        ("\udcff", InvalidConfig, "not valid TOML"),
        ("format = 2", StoreTooNew, "format 2"),
        ("format = 'x'", InvalidConfig, "format"),
        ("format = 0", InvalidConfig, "format"),
        ("store = 3", InvalidConfig, "store"),
        ("[store]\ndurability = 'sometimes'", InvalidConfig, "'sometimes' is none of full, relaxed"),
        ("[store]\ndurability = ['full']", InvalidConfig, "durability"),
    ],
)
def test_a_config_file_that_makes_no_sense_is_named(
    filled: Path, text: str, error: type[HoldfastError], says: str
) -> None:
    (filled / "holdfast.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(error, match=says) as refused:
        holdfast.open(filled)
    assert str(filled) in refused.value.message
    (filled / "holdfast.toml").write_text("format = 1\n[store]\ndurability = 'relaxed'\n")
    assert look_at_all(filled)["/d/large.bin"] == LARGE


def test_a_durability_that_is_none_is_refused(filled: Path) -> None:
    with pytest.raises(InvalidConfig, match="'never'"):
        holdfast.open(filled, durability="never")


def test_a_store_without_its_catalog_is_corrupt_and_none_is_made(filled: Path) -> None:
    (filled / "catalog.db").unlink()
    for read_only in (False, True):
        with pytest.raises(CorruptStore, match=r"catalog\.db is missing") as missing:
            holdfast.open(filled, read_only=read_only)
        assert missing.value.remedy
    assert not (filled / "catalog.db").exists()


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 40_000])
def test_a_truncated_catalog_is_corrupt(filled: Path, size: int) -> None:
    catalog = filled / "catalog.db"
    catalog.write_bytes(catalog.read_bytes()[:size])
    with pytest.raises(CorruptStore, match=r"catalog\.db"):
        look_at_all(filled)


def test_a_catalog_of_something_else_is_corrupt(filled: Path) -> None:
    (filled / "catalog.db").write_bytes(b"not a database, but long enough to be one" * 1000)
    with pytest.raises(CorruptStore, match="damaged"):
        holdfast.open(filled)


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_catalog_gives_an_error_of_ours_or_the_right_bytes(filled: Path, tmp_path: Path, seed: int) -> None:
    chance, whole = random.Random(seed), (filled / "catalog.db").read_bytes()
    damaged = bytearray(whole)
    for _ in range(3):
        at = chance.randrange(len(damaged))
        damaged[at : at + 8] = chance.randbytes(len(damaged[at : at + 8]))
    (filled / "catalog.db").write_bytes(damaged)
    try:
        held = look_at_all(filled)
    except HoldfastError as error:
        assert error.remedy, error
    else:
        for path, data in {"/d/note.md": b"# A note\n\nwith words", "/d/large.bin": LARGE}.items():
            assert held.get(path, data) == data


def test_a_missing_blob_is_named_and_the_rest_is_read(filled: Path) -> None:
    shutil.rmtree(filled / "blobs")
    with holdfast.open(filled) as store:
        with pytest.raises(CorruptStore, match="is missing") as missing:
            store.read("/d/large.bin")
        assert missing.value.path == store.stat("/d/large.bin").content_id
        assert store.read("/d/note.md") == b"# A note\n\nwith words"
        store.write("/d/more.bin", LARGE[::-1])
        assert store.read("/d/more.bin") == LARGE[::-1]


@pytest.mark.parametrize("damage", ["flipped", "truncated", "emptied"])
def test_a_damaged_blob_is_never_read_as_if_it_were_whole(filled: Path, damage: str) -> None:
    (blob,) = (path for path in (filled / "blobs").rglob("*") if path.is_file())
    data = bytearray(blob.read_bytes())
    data[50_000] ^= 1
    blob.write_bytes({"flipped": bytes(data), "truncated": bytes(data[:-1]), "emptied": b""}[damage])
    with holdfast.open(filled) as store, pytest.raises(CorruptStore, match="damaged"):
        store.read("/d/large.bin")


# --- not ours to write


def test_a_store_opened_read_only_refuses_every_change_and_leaves_no_trace(filled: Path) -> None:
    before = files_of(filled)
    with holdfast.open(filled, read_only=True) as store:
        assert contents_of(store)["/d/large.bin"] == LARGE
        for change in (
            lambda: store.write("/x.md", "x"),
            lambda: store.write("/x.bin", LARGE * 2),
            lambda: store.mkdir("/x"),
            lambda: store.remove("/d", recursive=True),
            lambda: store.transaction()(lambda tx: tx.move("/d", "/e")),
            lambda: store.maintenance.gc(),
            lambda: store.jobs.worker(),
        ):
            with pytest.raises(ReadOnly) as refused:
                change()
            assert "The store was opened read-only" in refused.value.message
            assert refused.value.remedy
    assert files_of(filled) == before


UNWRITABLE = """
from tests.support.processes import obey_permissions
obey_permissions()
for read_only in (True, False):
    try:
        with holdfast.open(sys.argv[1], read_only=read_only) as store:
            say("read", store.read("/d/note.md").decode().split()[0])
            store.write("/x.md", "x")
    except holdfast.HoldfastError as error:
        say(error.code)
"""


def test_a_folder_that_may_not_be_written_is_read_and_refuses_changes(
    filled: Path, child: Callable[..., Child]
) -> None:
    before = files_of(filled)
    everything = [filled, *filled.rglob("*")]
    for path in everything:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        said = child(UNWRITABLE, filled).finish()
    finally:
        for path in everything:
            path.chmod(path.stat().st_mode | 0o200)
    assert said.splitlines() == ["read #", "read_only", "read_only"]
    assert files_of(filled) == before


def test_a_folder_that_may_not_be_read_is_named(filled: Path, child: Callable[..., Child]) -> None:
    filled.chmod(0)
    try:
        said = child(UNWRITABLE, filled).finish()
    finally:
        filled.chmod(0o755)
    assert set(said.splitlines()) <= {"read_only", "storage_failed"}


def test_no_store_is_made_where_nothing_may_be_written(tmp_path: Path, child: Callable[..., Child]) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed").chmod(0o555)
    said = child(
        """
        from tests.support.processes import obey_permissions
        obey_permissions()
        try:
            holdfast.create(sys.argv[1]).close()
        except holdfast.HoldfastError as error:
            say(error.code)
        """,
        tmp_path / "closed" / "kb",
    ).finish()
    assert said == "read_only"
    assert list((tmp_path / "closed").iterdir()) == []


# --- full


@pytest.mark.parametrize("place", ["blob.before_write", "blob.before_fsync", "blob.before_rename"])
def test_a_full_disk_fails_the_write_and_loses_nothing(store: Store, armed: Callable[[str], None], place: str) -> None:
    store.write("/keep.bin", LARGE)
    before = head(store)
    armed(f"{place}=enospc")
    with pytest.raises(StorageFailed, match="No space") as full:
        store.write("/new.bin", LARGE[::-1])
    assert "Free some space" in full.value.remedy
    armed("")
    assert head(store) == before
    assert contents_of(store) == {"/keep.bin": LARGE}
    assert len(list(rooms(store).blobs.list())) == 1
    store.write("/new.bin", LARGE[::-1])
    assert store.read("/new.bin") == LARGE[::-1]


LIMITED = """
import errno, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = holdfast.open(sys.argv[1])
store.write("/warm.md", "imports everything that is imported late")
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
written = 0
try:
    for number in range(1000):
        store.write(f"/n/{number}.md", f"# Note {number}\\n\\n" + f"word{number} " * int(sys.argv[3]))
        written += 1
except holdfast.HoldfastError as error:
    say(error.code)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
say(written, len([*store.ls("/n")]) if store.exists("/n") else 0)
store.write("/after.md", "there is room again")
say(store.read("/after.md").decode())
"""


@pytest.mark.parametrize(("limit", "words"), [(1_500_000, 50), (120_000, 20_000)])
def test_a_file_system_that_refuses_more_fails_the_write_and_loses_nothing(
    filled: Path, child: Callable[..., Child], limit: int, words: int
) -> None:
    code, counts, after = child(LIMITED, filled, limit, words).finish().splitlines()
    written, seen = counts.split()
    assert (code, after) == ("storage_failed", "there is room again")
    assert written == seen
    held = look_at_all(filled)
    assert held["/d/large.bin"] == LARGE
    assert len([path for path in held if path.startswith("/n/")]) == int(written)


def test_what_the_system_says_is_explained() -> None:
    from holdfast.host import disk

    for number, kind in (
        (errno.ENOSPC, StorageFailed),
        (errno.EDQUOT, StorageFailed),
        (errno.EIO, StorageFailed),
        (errno.EROFS, ReadOnly),
        (errno.EACCES, ReadOnly),
    ):
        found = disk.explain(OSError(number, "no"), "/a/file")
        assert type(found) is kind
        assert "/a/file" in found.message
        assert found.remedy


def test_commits_are_attributed_to_whom_the_settings_name_unless_told(folder: Path) -> None:
    with (folder / "holdfast.toml").open("a") as file:
        file.write('[store]\nactor = "alex"\n')
    with holdfast.open(folder) as store:
        assert store.mkdir("/a").actor == "alex"
        assert store.mkdir("/b", actor="agent:7").actor == "agent:7"
    with holdfast.open(folder, actor="kim") as store:
        assert store.mkdir("/c").actor == "kim"


def test_init_over_a_store_that_lost_its_settings_takes_nothing_from_it(folder: Path) -> None:
    """Its only commit is the first one: what it holds is messages and a job."""
    with holdfast.open(folder) as store:
        store.session("talk").append("user", "remember this")
        store.jobs.enqueue("anything")
    (folder / "holdfast.toml").unlink()
    with pytest.raises(AlreadyExists, match="--adopt"):
        holdfast.create(folder).close()
    with pytest.raises(StoreNotFound, match="--adopt"):
        holdfast.open(folder)
    holdfast.create(folder, adopt=True).close()
    with holdfast.open(folder) as store:
        assert [message.content for message in store.session("talk").messages()] == ["remember this"]
        assert [job.kind for job in store.jobs] == ["anything"]


def test_init_over_the_files_of_a_lost_catalog_is_refused(folder: Path) -> None:
    with holdfast.open(folder) as store:
        store.write("/data.bin", b"\0" * 100_000)
    for name in ("holdfast.toml", "catalog.db"):
        (folder / name).unlink()
    with pytest.raises(AlreadyExists, match="backup"):
        holdfast.create(folder).close()


def test_init_never_removes_what_it_did_not_make(tmp_path: Path, armed: Callable[[str], None]) -> None:
    for point in ("init.before_catalog", "init.before_config"):
        folder = tmp_path / point
        armed(f"{point}=error")
        with pytest.raises(HoldfastError):
            holdfast.create(folder).close()
        armed("")
        there = {file for file in folder.rglob("*") if file.is_file()}
        holdfast.create(folder).close()
        assert there <= {file for file in folder.rglob("*") if file.is_file()}
        with holdfast.open(folder) as store:
            store.write("/a.md", "text")
            assert store.maintenance.verify(deep=True).ok
