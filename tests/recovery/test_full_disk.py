"""A disk that is full: what failed for it leaves nothing that is nobody's, and gc frees the space."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast.backend import Backend
from holdfast.catalog import intents
from holdfast.errors import StorageFailed
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.index.lance.files import all_files
from holdfast.publish import intention
from holdfast.recovery.gc import gc
from holdfast.recovery.sweep import sweep
from holdfast.testing.seams import rooms
from tests.support.litter import LONG_TEXT, intend, unpublished_rows


def files(backend: Backend) -> int:
    """Return how many files a table has, without the hint that Lance leaves and nobody reads."""
    return sum("hint" not in name for name, _ in all_files(backend.tables.live.table))


FULL = "table.before_manifest=enospc,intent.before_abandon=enospc"


def test_a_fold_that_failed_and_could_not_say_so_is_known_to_be_over(
    store: Store, backend: Backend, armed: Callable[[str], None]
) -> None:
    store.write("/a.md", "a lease ends")
    before = files(backend)
    armed(FULL)
    with pytest.raises(StorageFailed) as failed:
        store.maintenance.optimize()
    armed("")
    assert [(entry.state, entry.owner_alive) for entry in store.maintenance.intents()] == [(intents.ACTIVE, False)]
    assert files(backend) > before
    assert gc(backend).held == 0
    assert files(backend) == before
    assert store.maintenance.intents() == []
    assert store.maintenance.verify(deep=True).notes == ()
    assert failed.value.__traceback__ is not None


def test_a_write_that_failed_and_could_not_say_so_can_be_repeated(
    store: Store, backend: Backend, armed: Callable[[str], None]
) -> None:
    armed(FULL)
    with pytest.raises(StorageFailed, match="No space"):
        store.write("/long.md", LONG_TEXT)
    armed("")
    assert sweep(backend).swept == 1
    assert list(backend.blobs.list()) == []
    store.write("/long.md", LONG_TEXT)
    assert store.maintenance.verify(deep=True).ok


def test_an_exception_that_comes_before_an_intent_is_in_good_hands_leaves_it_nobodys(
    store: Store, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(intention, "Pulse", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write("/long.md", LONG_TEXT)
    monkeypatch.undo()
    assert [entry.owner_alive for entry in store.maintenance.intents()] == [False]
    assert sweep(backend).swept == 1


def test_litter_of_the_dead_goes_though_not_a_word_can_be_written(
    store: Store, backend: Backend, dead: process.Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(backend)
    intend(backend, dead, tables=list(backend.tables.names))
    unpublished_rows(backend)
    refused = []

    def take_over(*_: object) -> bool:
        if files(backend) > before:
            refused.append(True)
            raise StorageFailed("No space is left for the catalog")
        return True

    monkeypatch.setattr(intents, "take_over", take_over)
    assert sweep(backend).swept == 1
    assert refused
    assert files(backend) == before


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of a few megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("needs root, to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_to_the_last_byte_has_room_again_after_gc(
    small: Path, armed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # No upkeep in the background: it would fail as well, now and then.
    monkeypatch.setenv("HOLDFAST_SEARCH__FOLD_ROWS", "4096")
    with holdfast.create(small / "kb") as store:
        backend = rooms(store)
        for number in range(6):
            store.write(f"/{number}.md", LONG_TEXT.replace("Heading", f"Title {number}")[:60_000])
        gc(backend)
        before = files(backend)
        armed("table.before_index=enospc,intent.before_abandon=enospc")
        with pytest.raises(StorageFailed):
            store.maintenance.optimize()
        armed("")
        fill(small)
        assert files(backend) > before
        gc(backend)
        assert files(backend) == before
        assert free(small) > 0
        (small / "filler").unlink()
        store.maintenance.optimize()
        gc(backend)
        assert store.maintenance.intents() == []
        report = store.maintenance.verify(deep=True)
        assert (report.problems, report.notes) == ((), ())


def free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_bsize


def fill(folder: Path) -> None:
    """Fill the disk to the last byte."""
    with (folder / "filler").open("ab", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            return
