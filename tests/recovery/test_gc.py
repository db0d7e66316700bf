"""Garbage collection: what it takes, what it keeps, and that it may be killed at any point."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.backend import Backend
from holdfast.blobs.hashing import content_id
from holdfast.catalog import contents
from holdfast.catalog.contents import Rendition
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.index.lance.files import all_files
from holdfast.recovery.gc import gc
from holdfast.recovery.litter import remove_blobs
from holdfast.testing.seams import rooms
from tests.support.litter import LONG_TEXT, audited, blob, intend, sql, temporary_file, unpublished_rows
from tests.support.processes import Child

GC_POINTS = [
    "gc.before_forget",
    "publish.before_commit",
    "gc.after_forget",
    "litter.before_blobs",
    "litter.after_blobs",
]


def overwrite(store: Store, data: bytes | str = LONG_TEXT) -> str:
    """Write something and overwrite it in the same transaction; returns the id of what no commit shows."""
    lost = content_id(data if isinstance(data, bytes) else data.encode())
    with store.transaction() as tx:
        tx.write("/once.md", data)
        # Others than before: what leaves everything as it was is no commit.
        tx.write("/once.md", f"instead of {lost}")
    return lost


def known(backend: Backend, wanted: str) -> bool:
    with backend.engine.read() as conn:
        return contents.get(conn, wanted) is not None


def test_a_content_that_no_commit_shows_goes_with_its_rows_and_its_blob(store: Store, backend: Backend) -> None:
    lost = overwrite(store)
    assert backend.blobs.has(lost)
    report = gc(backend)
    assert (report.contents, report.blobs, report.content_bytes) == (1, 1, len(LONG_TEXT.encode()))
    assert not known(backend, lost)
    assert not backend.blobs.has(lost)
    assert store.search("another thing", mode="text") == []
    assert store.maintenance.verify(deep=True).ok
    assert len(audited(store, "gc")) == 1


def test_rows_of_the_tail_go_too(store: Store, backend: Backend) -> None:
    overwrite(store, "a small forgettable note")
    assert gc(backend).contents == 1
    assert store.search("forgettable", mode="text") == []
    assert store.maintenance.verify(deep=True).ok


def test_a_content_that_comes_back_is_found_once(store: Store, backend: Backend) -> None:
    overwrite(store)
    gc(backend)
    store.write("/back.md", LONG_TEXT)
    assert store.maintenance.verify(deep=True).ok


def test_what_any_commit_shows_is_kept(store: Store, backend: Backend) -> None:
    data = os.urandom(70_000)
    first = store.write("/a.bin", data)
    store.write("/page.html", "<html><body><h1>Leases</h1><p>They expire.</p></body></html>")
    store.write("/a.bin", b"other")
    store.remove("/page.html")
    assert gc(backend).contents == 0
    assert store.snapshot(first.id).read("/a.bin") == data
    assert "They expire" in store.snapshot("HEAD~1").read_text("/page.html")


def test_a_rendition_goes_with_the_last_content_that_is_rendered_into_it(store: Store, backend: Backend) -> None:
    with store.transaction() as tx:
        tx.write("/page.html", "<html><body><h1>Leases</h1><p>They expire.</p></body></html>")
        tx.write("/page.html", "short")
    assert gc(backend).contents == 2
    assert store.maintenance.verify(deep=True).ok


def test_no_content_is_left_behind_whose_markdown_is_gone(
    store: Store, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch may begin with a rendition and end before the content it was made from."""
    monkeypatch.setattr("holdfast.recovery.gc.CONTENTS_PER_TURN", 1)
    for number in range(4):
        overwrite_html(store, number)
    faults = pytest.MonkeyPatch()
    seen: list[bool] = []

    def point(name: str) -> None:
        if name == "gc.after_forget":
            seen.append(store.maintenance.verify().ok)

    faults.setattr("holdfast.recovery.gc.point", point)
    assert gc(backend).contents == 8
    faults.undo()
    assert seen
    assert all(seen)


def overwrite_html(store: Store, number: int) -> None:
    with store.transaction() as tx:
        tx.write("/page.html", f"<html><body><h1>Lease {number}</h1><p>It expires.</p></body></html>")
        tx.write("/page.html", f"short {number}")


def test_a_rendition_of_a_rendition_that_is_kept_is_kept(store: Store, backend: Backend) -> None:
    kept = content_id(b"the kept one")
    middle, last = overwrite(store, b"the middle one"), overwrite(store, b"the last one")
    store.write("/kept.md", "the kept one")
    with backend.engine.write() as conn:
        made = [
            Rendition(content_id=kept, kind="a", deriver="test", deriver_version="1", rendered_id=middle, title=None),
            Rendition(content_id=middle, kind="b", deriver="test", deriver_version="1", rendered_id=last, title=None),
        ]
        contents.insert_renditions(conn, made, 0.0)
    gc(backend)
    assert known(backend, middle)
    assert known(backend, last)


def test_a_blob_without_a_content_goes_unless_somebody_stores_it(store: Store, backend: Backend) -> None:
    orphan, staged = blob(backend, b"1" * 100), blob(backend, b"2" * 100)
    intend(backend, process.current(), blobs=[staged])
    assert gc(backend).blobs == 1
    assert (backend.blobs.has(orphan), backend.blobs.has(staged)) == (False, True)


def test_the_blob_of_a_content_stays_as_long_as_the_content_is_known(store: Store, backend: Backend) -> None:
    lost = overwrite(store, os.urandom(70_000))
    assert remove_blobs(backend, [lost]) == 0
    assert backend.blobs.has(lost)


def test_a_blob_that_the_tree_refers_to_stays_though_the_catalog_lost_its_content(
    store: Store, backend: Backend
) -> None:
    store.write("/a.bin", os.urandom(70_000))
    held = str(store.stat("/a.bin").content_id)
    sql(store, "DELETE FROM contents WHERE content_id = :id", id=held)
    gc(backend)
    assert backend.blobs.has(held)


def test_files_that_no_version_refers_to_go(store: Store, backend: Backend) -> None:
    before = {name for name, _ in all_files(backend.tables.live.table)}
    unpublished_rows(backend)
    temporary = temporary_file(backend)
    report = gc(backend)
    assert (report.files, report.held) == (3, 0)
    assert {name for name, _ in all_files(backend.tables.live.table)} <= before
    assert not Path(temporary).exists()


def test_files_that_a_live_writer_may_have_made_are_held(store: Store, backend: Backend) -> None:
    intend(backend, process.current(), tables=list(backend.tables.names))
    unpublished_rows(backend)
    report = gc(backend)
    assert (report.files, report.held) == (0, 3)


def test_a_dry_run_changes_nothing_and_says_what_would_go(store: Store, backend: Backend) -> None:
    lost = overwrite(store)
    orphan = blob(backend, b"1" * 100)
    report = gc(backend, dry_run=True)
    assert (report.contents, report.blobs) == (1, 2)
    assert known(backend, lost)
    assert backend.blobs.has(lost)
    assert backend.blobs.has(orphan)
    assert audited(store, "gc") == []


def test_many_contents_go_in_several_turns(store: Store, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.recovery.gc.CONTENTS_PER_TURN", 2)
    for number in range(7):
        overwrite(store, b"note %d" % number)
    assert gc(backend).contents == 7
    assert gc(backend).contents == 0


@pytest.mark.parametrize("point", GC_POINTS)
def test_a_collection_killed_at_any_point_is_done_by_the_next(
    point: str, folder: Path, child: Callable[..., Child]
) -> None:
    with holdfast.open(folder) as store:
        lost = overwrite(store)
    assert child("holdfast.open(sys.argv[1]).maintenance.gc()", folder, faults=f"{point}=kill").ended_by_kill()
    with holdfast.open(folder) as store:
        assert store.maintenance.verify(deep=True).ok
        store.maintenance.gc()
        assert not known(rooms(store), lost)
        assert not rooms(store).blobs.has(lost)
        report = store.maintenance.verify(deep=True)
        assert report.ok
        assert report.notes == ()
