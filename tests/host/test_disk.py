"""Files that are locked: what becomes of those that could not be had."""

import gc
from pathlib import Path

import pytest

from holdfast.host import disk


def test_a_file_that_could_not_be_opened_is_given_up_in_silence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        disk.LockedFile(tmp_path / "missing")
    # What is raised while an object ends is no error of anybody's, and a warning on a user's terminal.
    gc.collect()
