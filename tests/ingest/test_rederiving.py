"""What is derived anew is derived as by an add: a document that harms its parser harms nothing else."""

from pathlib import Path

import pytest

from holdfast.front.store import Store
from holdfast.ingest.preparing import worker_pool
from tests.support.litter import sql

#: put into each worker: a converter that fares ill with one page
HARM = """
import os, signal
from holdfast.ingest.converters.html import HtmlConverter
whole = HtmlConverter.convert
def convert(self, document, limits):
    if b"harmful" in document.read():
        {deed}
    return whole(self, document, limits)
HtmlConverter.convert = convert
"""
CRASH, HANG = "os.kill(os.getpid(), signal.SIGSEGV)", "signal.pause()"
PAGE = "<h1>Leases</h1><p>harmful words</p>"


@pytest.fixture
def pages(store: Store) -> Store:
    """Return a store with a page that will do harm, one that will not, and a note."""
    (Path(store.address) / "holdfast.toml").write_text("[ingest]\njobs = 1\n")
    store.write("/bad.html", PAGE)
    store.write("/good.html", "<h1>Fences</h1><p>harmless words</p>")
    store.write("/note.md", "some words")
    return store


def harm(monkeypatch: pytest.MonkeyPatch, deed: str) -> None:
    start = worker_pool.START.replace("main(int", f"{HARM.format(deed=deed)}\nmain(int")
    monkeypatch.setattr(worker_pool, "START", start)


def found(store: Store) -> list[str]:
    return sorted({hit.path for hit in store.search("words", mode="text", limit=20)})


def test_a_page_that_crashes_its_parser_fails_alone_when_it_is_reindexed(
    pages: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm(monkeypatch, CRASH)
    report = pages.maintenance.reindex(everything=True)
    assert (report.checked, report.renewed, report.interrupted) == (3, 2, False)
    ((source, code, reason),) = [(failure.source, failure.code, failure.reason) for failure in report.failed]
    assert (source, code) == ("/bad.html", "crashed")
    assert "SIGSEGV" in reason
    # It keeps what it has.
    assert found(pages) == ["/bad.html", "/good.html", "/note.md"]
    assert pages.maintenance.verify(deep=True).problems == ()


def test_a_page_that_hangs_its_parser_is_given_up_when_its_time_is_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (Path(store.address) / "holdfast.toml").write_text("[ingest]\njobs = 1\nmax_file_seconds = 0.5\n")
    store.write("/bad.html", PAGE)
    store.write("/note.md", "some words")
    harm(monkeypatch, HANG)
    report = store.maintenance.reindex(everything=True)
    assert [(failure.source, failure.code) for failure in report.failed] == [("/bad.html", "timed_out")]
    assert report.renewed == 1


def test_a_stop_is_heard_while_a_parser_hangs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (Path(store.address) / "holdfast.toml").write_text("[ingest]\njobs = 1\n")
    store.write("/bad.html", PAGE)
    harm(monkeypatch, HANG)
    looks = iter((False, False, True))
    report = store.maintenance.reindex(everything=True, stop=lambda: next(looks))
    assert (report.renewed, report.failed, report.interrupted) == (0, (), True)


def test_a_repair_names_the_page_that_crashes_its_parser_and_mends_the_others(
    pages: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql(pages, "DELETE FROM searchable")
    sql(pages, "DELETE FROM tail")
    with monkeypatch.context() as patch:
        harm(patch, CRASH)
        report = pages.maintenance.repair()
    bad = pages.stat("/bad.html").content_id
    assert [*report.failed] == [bad]
    assert "SIGSEGV" in report.failed[str(bad)]
    assert found(pages) == ["/good.html", "/note.md"]
    assert pages.maintenance.repair().failed == {}
    assert found(pages) == ["/bad.html", "/good.html", "/note.md"]
    assert pages.maintenance.verify(deep=True).problems == ()


def test_the_media_type_that_is_stored_decides_and_not_the_name(pages: Store) -> None:
    with pages.transaction() as tx:
        tx.write("/page.txt", "<h1>Terms</h1>", media_type="text/html")
    pages.maintenance.reindex(everything=True)
    assert pages.read_text("/page.txt").strip() == "# Terms"
