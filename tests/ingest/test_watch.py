"""Following a folder: real changes, noticed by the operating system."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import InvalidPath, NotFound
from holdfast.front.store import Store
from holdfast.ingest.items import Item
from holdfast.ingest.preparing.dispatch import Preparers
from holdfast.ingest.report import AddReport

#: looks at the clock after which a change that was not noticed is a failed test
LOOKS = 200


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("first")
    return folder


@pytest.fixture
def follow(store: Store) -> Callable[..., Iterator[AddReport]]:
    """Return a function that follows a folder, and gives up after many looks."""

    def start(*sources: Path, **how: Any) -> Iterator[AddReport]:
        looks = count()
        return iter(store.watch(*sources, stop=lambda: next(looks) > LOOKS, **how))

    return start


def changed(reports: Iterator[AddReport]) -> AddReport:
    """Return the next report of an add that changed anything."""
    return next(report for report in reports if report.commits)


def test_what_is_there_is_added_first_and_changes_follow(
    store: Store, notes: Path, follow: Callable[..., Iterator[AddReport]]
) -> None:
    reports = follow(notes)
    assert next(reports).added == 1

    (notes / "b.md").write_text("second")
    assert changed(reports).added == 1

    (notes / "a.md.tmp").write_text("rewritten")
    (notes / "a.md.tmp").rename(notes / "a.md")
    changed(reports)
    assert store.read("/resources/notes/a.md") == b"rewritten"

    (notes / "b.md").rename(notes / "c.md")
    changed(reports)
    assert [path for path in store.glob("/resources/notes/*") if "tmp" not in path] == [
        "/resources/notes/a.md",
        "/resources/notes/c.md",
    ]

    (notes / "c.md").unlink()
    assert changed(reports).removed == 1
    assert not store.exists("/resources/notes/c.md")


def test_prune_false_keeps_what_vanishes(store: Store, notes: Path, follow: Callable[..., Iterator[AddReport]]) -> None:
    reports = follow(notes, prune=False)
    next(reports)
    (notes / "a.md").unlink()
    (notes / "b.md").write_text("second")
    changed(reports)
    assert store.exists("/resources/notes/a.md")


def test_a_single_file_is_followed_through_saves_that_replace_it(
    store: Store, notes: Path, follow: Callable[..., Iterator[AddReport]]
) -> None:
    reports = follow(notes / "a.md")
    next(reports)
    (notes / "other.md").write_text("not asked for")
    (notes / "new").write_text("replaced")
    (notes / "new").rename(notes / "a.md")
    changed(reports)
    assert store.read("/resources/a.md") == b"replaced"
    assert not store.exists("/resources/other.md")


def test_a_store_inside_the_folder_does_not_notice_itself(tmp_path: Path, store: Store, notes: Path) -> None:
    inside = Path(shutil.copytree(Path(store.address), notes / "kb"))
    from holdfast.front.opening import open_store

    with open_store(inside) as opened:
        looks = count()
        reports = list(opened.watch(notes, stop=lambda: next(looks) > 3))
    assert [report.added for report in reports] == [1]


def test_a_folder_that_is_not_there_is_an_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        next(iter(store.watch(tmp_path / "nowhere")))


def test_a_url_cannot_be_watched(store: Store) -> None:
    with pytest.raises(InvalidPath, match=r"http://127\.0\.0\.1/a\.md is a URL"):
        next(store.watch("http://127.0.0.1/a.md?token=secret"))


def test_a_file_that_failed_is_not_tried_again_before_it_has_changed(
    store: Store, notes: Path, follow: Callable[..., Iterator[AddReport]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    give = Preparers.give

    def noted(self: Preparers, item: Item) -> None:
        tried.append(item.name)
        give(self, item)

    monkeypatch.setattr(Preparers, "give", noted)
    (notes / "bad.ipynb").write_text("no notebook")
    reports = follow(notes, workers=1)
    assert [failure.code for failure in next(reports).failed] == ["conversion_failed"]
    (notes / "b.md").write_text("second")
    assert [failure.code for failure in changed(reports).failed] == ["conversion_failed"]
    assert tried.count("bad.ipynb") == 1
    (notes / "bad.ipynb").write_text('{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}')
    assert changed(reports).failed == ()
    assert tried.count("bad.ipynb") == 2
