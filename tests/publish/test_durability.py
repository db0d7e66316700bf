"""Whatever a commit refers to is on disk before the commit is (G2): seen by watching every fsync and every publish."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import holdfast
from holdfast.catalog import pins
from holdfast.front.store import Store
from holdfast.index.lance.files import alive_files
from holdfast.publish import publication
from holdfast.testing.seams import rooms


class Ledger:
    """Which files and directories were fsynced. A file is known by its inode: a rename does not make it another."""

    def __init__(self) -> None:
        self.synced: dict[tuple[int, int], int] = {}

    def fsync(self, handle: int) -> None:
        status = os.fstat(handle)
        self.synced[(status.st_dev, status.st_ino)] = status.st_mtime_ns

    def missing(self, files: set[Path]) -> list[str]:
        """Return which of `files` would be lost: not fsynced since they changed, or named by no fsynced directory."""
        lost = [file for file in files if self._synced_at(file) != file.stat().st_mtime_ns]
        return [str(path) for path in [*lost, *(f.parent for f in files if self._synced_at(f.parent) is None)]]

    def named_in(self, directory: Path) -> bool:
        """Return whether the names in a directory were made durable."""
        return self._synced_at(directory) is not None

    def _synced_at(self, path: Path) -> int | None:
        status = path.stat()
        return self.synced.get((status.st_dev, status.st_ino))


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    ledger = Ledger()
    real = os.fsync

    def watched(handle: int) -> None:
        ledger.fsync(handle)
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    return ledger


def needed(store: Store, born: set[str]) -> set[Path]:
    """Return the files that the catalog refers to now and that were not there when the store was made."""
    backend = rooms(store)
    found: set[Path] = set()
    for table in (backend.tables.live, backend.tables.history):
        with backend.engine.read() as conn:
            version = pins.current(conn, (table.name,))[table.name].version
        found |= {table.table.path / name for name in alive_files(table.table, [version])}
    found |= {path for path in (Path(store.address) / "blobs").rglob("*") if path.is_file()}
    return {path for path in found if str(path) not in born}


@pytest.fixture
def watched(folder: Path, ledger: Ledger) -> Iterator[tuple[Store, Ledger, set[str]]]:
    born = {str(path) for path in folder.rglob("*")}
    with holdfast.open(folder) as store:
        yield store, ledger, born


def test_a_large_blob_is_durable_before_its_commit(
    watched: tuple[Store, Ledger, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, ledger, born = watched
    seen: list[list[str]] = []

    def look(name: str) -> None:
        if name == "publish.before_commit":
            seen.append(ledger.missing({p for p in needed(store, born) if "blobs" in p.parts}))

    monkeypatch.setattr(publication, "point", look)
    store.write("/big.bin", os.urandom(300_000))
    assert seen == [[]]
    assert ledger.synced


def test_the_folder_of_a_blob_is_durable_though_who_made_it_died_before_it_was(folder: Path, ledger: Ledger) -> None:
    with holdfast.open(folder) as store:
        blobs = folder / "blobs"
        for prefix in range(256):
            # Made by somebody who did not come to fsync it.
            (blobs / f"{prefix:02x}").mkdir()
        ledger.synced.clear()
        store.write("/big.bin", os.urandom(300_000))
    assert ledger.named_in(blobs)
    assert ledger.named_in(folder)


def test_what_a_relaxed_process_stored_is_durable_when_another_relies_on_it(folder: Path, ledger: Ledger) -> None:
    data = os.urandom(300_000)
    with holdfast.open(folder, durability="relaxed") as relaxed, holdfast.open(folder) as store:
        relaxed.write("/theirs.bin", data)
        (blob,) = (path for path in (folder / "blobs").rglob("*") if path.is_file())
        assert ledger.missing({blob})
        store.write("/mine.bin", data)
        assert ledger.missing({blob}) == []
        assert ledger.named_in(folder / "blobs")


@pytest.mark.parametrize(
    "follow",
    [
        lambda store: store.write("/mine.md", "a word of mine"),
        lambda store: store.copy("/theirs.bin", "/mine.bin"),
        lambda store: store.move("/theirs.bin", "/mine.bin"),
        lambda store: store.maintenance.optimize(),
        lambda store: store.write("/many.md", "\n\n".join(f"# Part {n}\n\nword{n}" for n in range(400))),
    ],
    ids=["write", "copy", "move", "fold", "stage"],
)
def test_a_durable_commit_follows_nothing_that_a_relaxed_process_left_in_memory(
    follow: Callable[[Store], object], folder: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    born = {str(path) for path in folder.rglob("*")}
    with holdfast.open(folder, durability="relaxed") as relaxed:
        relaxed.write("/theirs.bin", os.urandom(300_000))
        relaxed.write("/theirs.md", "\n\n".join(f"# Section {i}\n\n" + f"word{i} " * 150 for i in range(400)))
        relaxed.maintenance.optimize()
        relaxed.write("/tail.md", "a word in the tail")
    missing: list[list[str]] = []
    with holdfast.open(folder) as store:
        assert ledger.missing(needed(store, born))
        look = partial(needed, store, born)
        monkeypatch.setattr(
            publication,
            "point",
            lambda name: missing.append(ledger.missing(look())) if name == "publish.before_commit" else None,
        )
        follow(store)
        assert missing
        assert missing[0] == []
        monkeypatch.undo()
        # Once is enough.
        calls = len(ledger.synced)
        store.mkdir("/nothing-to-settle")
        assert len(ledger.synced) == calls


def test_what_a_relaxed_process_publishes_while_it_is_settled_is_settled_by_the_next(
    folder: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holdfast.open(folder, durability="relaxed") as relaxed, holdfast.open(folder) as store:
        relaxed.write("/first.bin", os.urandom(300_000))
        settle = rooms(store).tables.settle

        def overtaken() -> None:
            settle()
            relaxed.write("/second.bin", os.urandom(300_000))

        with monkeypatch.context() as patch:
            patch.setattr(rooms(store).tables, "settle", overtaken)
            store.mkdir("/one")
        blobs = {path for path in (folder / "blobs").rglob("*") if path.is_file()}
        assert len(blobs) == 2
        assert ledger.missing(blobs)
        store.mkdir("/two")
        assert ledger.missing(blobs) == []


def test_staged_search_rows_are_durable_before_their_commit(watched: tuple[Store, Ledger, set[str]]) -> None:
    store, ledger, born = watched
    store.write("/big.md", "\n\n".join(f"# Section {i}\n\n" + f"word{i} " * 150 for i in range(400)))
    files = needed(store, born)
    assert any(path.parent.name == "data" for path in files)
    assert ledger.missing(files) == []


def test_a_fold_and_its_index_are_durable_before_the_pin(
    watched: tuple[Store, Ledger, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, ledger, born = watched
    synced: list[int] = []
    monkeypatch.setattr(publication, "point", lambda name: synced.append(len(ledger.synced)))
    for number in range(5):
        store.write(f"/{number}.md", f"lease number {number}")
    store.maintenance.optimize()
    files = needed(store, born)
    assert any("_indices" in path.parts for path in files)
    assert ledger.missing(files) == []
    # Nothing but the catalog, which fsyncs without Python's help, came after the last pin was about to be committed.
    assert synced[-1] == len(ledger.synced)


def test_an_fsync_that_fails_publishes_nothing_and_is_not_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def failing(handle: int) -> None:
        calls.append(os.fstat(handle).st_ino)
        raise OSError(5, "Input/output error")

    before = store.commit_at().id
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(holdfast.StorageFailed):
            store.write("/big.bin", b"x" * 300_000)
    assert len(calls) == 1
    assert store.commit_at().id == before
    assert not store.exists("/big.bin")
    store.write("/big.bin", b"x" * 300_000)
    assert store.read("/big.bin") == b"x" * 300_000
