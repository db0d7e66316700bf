"""Scratch folders: nobody's is touched while its owner lives, and none is left for good."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from holdfast.host import process
from holdfast.ingest.sources import scratch as scratch_room
from holdfast.ingest.sources.scratch import scratch
from tests.support.interrupts import in_time
from tests.support.processes import Child


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, child: Callable[..., Child]) -> None:
    other = child(
        """
        import tempfile
        from pathlib import Path
        from holdfast.ingest.sources.scratch import scratch
        tempfile.tempdir = sys.argv[1]
        folder = scratch()
        (Path(folder.name) / "1").write_text("half a download")
        say(folder.name)
        hear()
        """,
        tmp_path,
    )
    left = Path(other.hear())
    with scratch():
        assert (left / "1").exists()
    other.kill()
    with scratch() as mine:
        assert not left.exists()
        assert Path(mine).is_dir()
    assert list(tmp_path.iterdir()) == []


def test_what_says_nothing_of_its_owner_is_left_alone(tmp_path: Path) -> None:
    strange = tmp_path / "holdfast-scratch-strange"
    strange.mkdir()
    with scratch():
        assert strange.exists()
    (strange / "owner.json").write_text("{}")
    with scratch():
        assert strange.exists()


@pytest.fixture
def dead(child: Callable[..., Child]) -> process.Identity:
    """Return who a process was that has ended."""
    return process.Identity.from_json(
        child("from holdfast.host import process; say(process.current().to_json())").finish()
    )


@pytest.mark.parametrize("what", ["a pipe", "a link to it"])
def test_nothing_that_another_puts_in_the_way_is_waited_for(what: str, tmp_path: Path) -> None:
    strange = tmp_path / "holdfast-scratch-strange"
    strange.mkdir()
    os.mkfifo(tmp_path / "pipe")
    if what == "a pipe":
        (tmp_path / "pipe").rename(strange / "owner.json")
    else:
        (strange / "owner.json").symlink_to(tmp_path / "pipe")
    in_time(lambda: scratch().cleanup())
    assert strange.exists()


@pytest.mark.parametrize("whose", ["folder", "file"])
def test_a_folder_of_another_user_is_left_alone(
    whose: str, tmp_path: Path, dead: process.Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = tmp_path / "holdfast-scratch-strange"
    strange.mkdir()
    (strange / "owner.json").write_text(dead.to_json())
    real = os.fstat

    def anothers(number: int) -> object:
        found = real(number)
        other = stat.S_ISDIR(found.st_mode) == (whose == "folder")
        return SimpleNamespace(st_uid=found.st_uid + other, st_mode=found.st_mode)

    with monkeypatch.context() as only:
        only.setattr(scratch_room, "os", SimpleNamespace(**{**vars(os), "fstat": anothers}))
        scratch().cleanup()
    assert strange.exists()
    scratch().cleanup()
    assert not strange.exists()


def test_a_folder_whose_owner_is_told_by_a_link_is_left_alone(tmp_path: Path, dead: process.Identity) -> None:
    strange = tmp_path / "holdfast-scratch-strange"
    strange.mkdir()
    (tmp_path / "elsewhere.json").write_text(dead.to_json())
    (strange / "owner.json").symlink_to(tmp_path / "elsewhere.json")
    scratch().cleanup()
    assert strange.exists()
