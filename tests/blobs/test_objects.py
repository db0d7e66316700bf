"""The blob stores that Holdfast ships."""

import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.blobs.hashing import content_id, content_id_of
from holdfast.blobs.objects import TEMPORARY, LocalBlobs, ObjectBlobs
from holdfast.blobs.store import CHUNK_BYTES, BlobStore, read_all
from holdfast.errors import StorageFailed
from holdfast.testing import BlobStoreSuite
from tests.support.processes import Child

#: bytes of a blob that nobody would like to find in memory
HUGE = 300 * CHUNK_BYTES


class TestLocalBlobs(BlobStoreSuite):
    """Blobs in a directory."""

    @pytest.fixture
    def blobs(self, tmp_path: Path) -> BlobStore:
        return LocalBlobs(tmp_path / "blobs")


class TestRelaxedLocalBlobs(BlobStoreSuite):
    """Blobs in a directory, without fsync."""

    @pytest.fixture
    def blobs(self, tmp_path: Path) -> BlobStore:
        return LocalBlobs(tmp_path / "blobs", durable=False)


class TestMemoryBlobs(BlobStoreSuite):
    """Blobs that live as long as the process."""

    @pytest.fixture
    def blobs(self) -> BlobStore:
        return ObjectBlobs.in_memory()


def zeros(size: int) -> Iterator[bytes]:
    """Yield zero bytes, a chunk at a time."""
    for _ in range(size // CHUNK_BYTES):
        yield bytes(CHUNK_BYTES)


def test_a_blob_of_any_size_passes_through_a_few_chunks_of_memory(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs", durable=False)
    name, size = content_id_of(zeros(HUGE))
    tracemalloc.start()
    try:
        blobs.put(name, zeros(HUGE))
        assert content_id_of(blobs.stream(name)) == (name, size)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * CHUNK_BYTES


LARGE_WRITE = """
from pathlib import Path

def memory():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])

with holdfast.open(sys.argv[1]) as store:
    store.write("/warm.md", "imports what is imported late")
    before = memory()
    if sys.argv[3] == "path":
        store.write("/huge.bin", Path(sys.argv[2]))
    else:
        with open(sys.argv[2], "rb") as file:
            store.write("/huge.bin", file)
    size = sum(len(piece) for piece in store.stream("/huge.bin"))
    say(size, memory() - before)
"""


@pytest.mark.parametrize("way", ["path", "stream"])
def test_a_large_file_is_written_and_read_without_being_held_in_memory(
    folder: Path, tmp_path: Path, child: Callable[..., Child], way: str
) -> None:
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(HUGE)
    size, grown_kib = map(int, child(LARGE_WRITE, folder, tmp_path / "huge.bin", way).finish().split())
    assert size == HUGE
    assert grown_kib * 1024 < HUGE // 4


def test_a_blob_is_durable_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    real_fsync, real_rename = os.fsync, Path.rename

    def fsync(handle: int) -> None:
        steps.append(f"fsync {Path(f'/proc/self/fd/{handle}').readlink().parent.name}")
        real_fsync(handle)

    def rename(self: Path, target: Path) -> Path:
        steps.append("rename")
        return real_rename(self, target)

    blobs = LocalBlobs(tmp_path / "blobs")
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", rename)
    name = content_id(b"bytes")
    blobs.put(name, [b"bytes"])
    # The file, the new directory's entry in `blobs`, the entry of `blobs`, the name, and the entry of the name.
    folders = [f"fsync {tmp_path.name}", f"fsync {tmp_path.parent.name}"]
    assert steps == [f"fsync {TEMPORARY}", *folders, "rename", "fsync blobs"]


def test_an_fsync_that_fails_is_not_tried_again_and_nothing_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def fails(handle: int) -> None:
        calls.append(handle)
        raise OSError(5, "Input/output error")

    blobs = LocalBlobs(tmp_path / "blobs")
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StorageFailed):
        blobs.put(content_id(b"bytes"), [b"bytes"])
    assert len(calls) == 1
    assert list(blobs.list()) == []


def test_what_a_killed_put_left_is_swept_unless_somebody_may_be_writing_it(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    name = content_id(b"whole")
    blobs.put(name, [b"whole"])
    half = content_id(b"half")
    left = tmp_path / "blobs" / TEMPORARY / f"{half[:16]}-1"
    left.write_bytes(b"ha")
    os.utime(left, (1000, 1000))
    assert [info.content_id for info in blobs.list()] == [name]
    assert blobs.sweep_temporary(keep=[half]) == 0
    assert blobs.sweep_temporary(keep=[name]) == 1
    assert not left.exists()
    assert read_all(blobs, name) == b"whole"


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "blobs")
    name = content_id(b"x")
    (tmp_path / "blobs" / name[:2]).write_text("a file where a directory is needed")
    with pytest.raises(StorageFailed, match=name[2:]):
        blobs.put(name, [b"x"])
    assert list((tmp_path / "blobs" / TEMPORARY).iterdir()) == []
