"""Garbage collection against a live writer, stepped through: at each instant of a write, each part of a collection.

The writer stores bytes that the collection is about to remove. Whatever the order, the write succeeds, what it wrote
can be read, and the collection can be finished.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest

from holdfast import faults
from holdfast.backend import Backend
from holdfast.blobs.hashing import content_id
from holdfast.front.store import Store
from holdfast.recovery.gc import gc
from holdfast.recovery.sweep import sweep
from holdfast.testing.seams import rooms
from tests.support.instants import At
from tests.support.litter import LONG_TEXT, blob

#: instants of a write outside of its SQL transaction, where somebody else may come in between
INSTANTS = [
    "intent.before_begin",
    "intent.after_begin",
    "blob.before_write",
    "blob.before_rename",
    "blob.before_dir_fsync",
    "publish.before_lock",
    "publish.after_commit",
]
DATA = {"binary": b"\0\1" * 50_000, "rows": LONG_TEXT.encode()}
FILE = {"binary": "/again.bin", "rows": "/again.md"}


def collect(backend: Backend) -> None:
    gc(backend)


def forget_only(backend: Backend) -> None:
    """Forget contents, and die before their blobs are removed."""
    faults.arm("gc.after_forget=error")
    with suppress(OSError):
        gc(backend)
    faults.arm("")


def die_removing(backend: Backend) -> None:
    """Die in the middle of removing blobs: one is gone, its note is not."""
    faults.arm("litter.after_blobs=error")
    with suppress(OSError):
        gc(backend)
    faults.arm("")


PARTS: list[Callable[[Backend], None]] = [collect, forget_only, die_removing]


def unreferenced(store: Store, kind: str) -> None:
    """Make a known content that no commit shows: written and overwritten in one transaction."""
    with store.transaction() as tx:
        tx.write(FILE[kind].replace("again", "once"), DATA[kind])
        tx.write(FILE[kind].replace("again", "once"), b"something else")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("instant", INSTANTS)
def test_a_forgotten_content_comes_back(
    instant: str,
    part: Callable[[Backend], None],
    store: Store,
    backend: Backend,
    at: At,
) -> None:
    """The writer stages before the collection or after it, never in a state between the two."""
    unreferenced(store, "binary")
    part(backend)
    if part is not forget_only:
        assert rooms(store).blobs.size(content_id(DATA["binary"])) is None
    passed = at(instant, lambda: gc(backend))
    store.write("/again.bin", DATA["binary"])
    assert passed
    check(store, "binary")


@pytest.mark.parametrize("kind", ["binary", "rows"])
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("instant", ["publish.before_lock", "publish.after_commit"])
def test_a_content_that_a_writer_relies_on_is_forgotten_under_it(
    instant: str,
    part: Callable[[Backend], None],
    kind: str,
    store: Store,
    backend: Backend,
    at: At,
) -> None:
    unreferenced(store, kind)
    passed = at(instant, lambda: part(backend))
    store.write(FILE[kind], DATA[kind])
    assert passed
    check(store, kind)


@pytest.mark.parametrize("instant", INSTANTS)
def test_an_orphan_blob_is_collected_while_a_writer_stores_the_same_bytes(
    instant: str, store: Store, backend: Backend, at: At
) -> None:
    blob(backend, DATA["binary"])
    passed = at(instant, lambda: gc(backend))
    store.write("/again.bin", DATA["binary"])
    assert passed
    check(store, "binary")


def test_the_blob_of_a_forgotten_content_is_left_to_the_writer_that_stores_it_anew(
    store: Store, backend: Backend, at: At
) -> None:
    unreferenced(store, "binary")
    forget_only(backend)
    turns: list[None] = []
    at("blob.before_write", lambda: turns.append(None))
    store.write("/again.bin", DATA["binary"])
    assert len(turns) == 1
    gc(backend)
    check(store, "binary")


def test_a_content_is_referred_to_while_it_is_about_to_be_forgotten(
    store: Store, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreferenced(store, "rows")

    def point(name: str) -> None:
        if name == "gc.before_forget" and not store.exists("/again.md"):
            store.write("/again.md", LONG_TEXT)

    monkeypatch.setattr("holdfast.recovery.gc.point", point)
    assert gc(backend).contents == 0
    check(store, "rows")


def test_another_writer_appends_to_the_table_while_rows_are_being_forgotten(
    store: Store, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreferenced(store, "rows")
    other = LONG_TEXT.replace("Heading", "Title")

    def point(name: str) -> None:
        if name == "gc.before_forget" and not store.exists("/other.md"):
            store.write("/other.md", other)

    monkeypatch.setattr("holdfast.recovery.gc.point", point)
    assert gc(backend).contents == 1
    assert store.read_text("/other.md") == other
    assert store.maintenance.verify(deep=True).ok


def test_rows_are_forgotten_while_another_writer_is_about_to_publish_its_append(
    store: Store, backend: Backend, at: At
) -> None:
    unreferenced(store, "rows")
    passed = at("publish.before_lock", lambda: gc(backend))
    store.write("/other.md", LONG_TEXT.replace("Heading", "Title"))
    assert passed
    assert store.maintenance.verify(deep=True).ok
    assert store.search("Title 7", limit=1)[0].path == "/other.md"


def test_a_sweep_during_a_write_takes_nothing_from_it(store: Store, backend: Backend, at: At) -> None:
    for instant in ("intent.after_begin", "blob.before_dir_fsync", "publish.before_lock"):
        at(instant, lambda: sweep(backend))
        store.write("/again.md", LONG_TEXT + instant)
    assert store.maintenance.verify(deep=True).ok


def check(store: Store, kind: str) -> None:
    """Check that what was written is there, that nothing is wrong, and that no more is left to collect."""
    assert store.read(FILE[kind]) == DATA[kind]
    assert store.maintenance.verify(deep=True).ok
    store.maintenance.gc()
    assert store.read(FILE[kind]) == DATA[kind]
    report = store.maintenance.verify(deep=True)
    assert report.ok
    assert report.notes == ()
    assert store.maintenance.gc(dry_run=True).blobs == 0
