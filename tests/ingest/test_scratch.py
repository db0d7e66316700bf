"""Scratch folders: nobody's is touched while its owner lives, and none is left for good."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.ingest.scratch import scratch
from tests.processes import Child


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, child: Callable[..., Child]) -> None:
    other = child(
        """
        import tempfile
        from pathlib import Path
        from holdfast.ingest.scratch import scratch
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
