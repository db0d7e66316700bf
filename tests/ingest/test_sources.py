"""A file that was found is opened; what was put in its place meanwhile is not, unless it is a file saved anew."""

import os
from pathlib import Path
from typing import Any

import pytest

from holdfast.front.store import Store
from holdfast.ingest.sources.scan import scan
from tests.support.adding import files_of, tree

SECRET = "# Not for this store"


def between(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Make `change` happen when all was scanned and nothing was read yet."""

    def scanned(*args: Any, **how: Any) -> Any:
        found = list(scan(*args, **how))
        change()
        return iter(found)

    monkeypatch.setattr("holdfast.ingest.sources.discovery.scan", scanned)


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    return tree(tmp_path / "papers", {"a.md": "# Leases", "deep/b.md": "# Fences", "deep/large.txt": "x " * 600_000})


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Return a folder that is not added, with files of the same names."""
    return tree(tmp_path / "outside", {"a.md": SECRET, "b.md": SECRET, "large.txt": "secret " * 300_000})


@pytest.mark.parametrize("name", ["a.md", "deep/large.txt"])
def test_a_file_that_became_a_link_is_not_followed(
    store: Store, papers: Path, outside: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def swap() -> None:
        (papers / name).unlink()
        (papers / name).symlink_to(outside / Path(name).name)

    between(monkeypatch, swap)
    report = store.add(papers, workers=1)
    assert [failure.source for failure in report.failed] == [str(papers / name)]
    assert not any(b"secret" in data.lower() or data == SECRET.encode() for data in files_of(store).values())


def test_a_folder_that_became_a_link_is_not_followed(
    store: Store, papers: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap() -> None:
        (papers / "deep").rename(papers.parent / "was")
        (papers / "deep").symlink_to(outside)

    between(monkeypatch, swap)
    assert len(store.add(papers, workers=1).failed) == 2
    assert list(files_of(store)) == ["/resources/papers/a.md"]


def test_a_named_pipe_in_the_place_of_a_file_is_not_waited_for(
    store: Store, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap() -> None:
        for name in ("a.md", "deep/large.txt"):
            (papers / name).unlink()
            os.mkfifo(papers / name)

    between(monkeypatch, swap)
    report = store.add(papers, workers=1)
    assert (report.added, len(report.failed)) == (1, 2)


def test_a_file_that_was_saved_anew_is_read(store: Store, papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save() -> None:
        (papers / "new").write_text("# Saved anew")
        (papers / "new").replace(papers / "a.md")

    between(monkeypatch, save)
    assert store.add(papers, workers=1).failed == ()
    assert store.read("/resources/papers/a.md") == b"# Saved anew"


def test_a_link_within_the_source_is_read(store: Store, papers: Path) -> None:
    (papers / "link.md").symlink_to("deep/b.md")
    store.add(papers, workers=1)
    assert store.read("/resources/papers/link.md") == b"# Fences"
    assert store.stat("/resources/papers/link.md").source == str(papers / "link.md")
