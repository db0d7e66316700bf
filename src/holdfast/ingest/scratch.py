"""Scratch folders, where what was fetched or taken out of the store lies until a converter has read it.

A process that is killed leaves its own behind; the next one that needs one removes it.
"""

import shutil
import tempfile
from pathlib import Path

from holdfast import process

_PREFIX = "holdfast-scratch-"
#: in each folder: who made it
_OWNER = "owner.json"


def scratch() -> "tempfile.TemporaryDirectory[str]":
    """Return a new folder in the system's place for temporary files; those of dead processes there are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _is_left_behind(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = tempfile.TemporaryDirectory(prefix=_PREFIX)
    (Path(folder.name) / _OWNER).write_text(process.current().to_json())
    return folder


def _is_left_behind(folder: Path) -> bool:
    try:
        owner = process.Identity.from_json((folder / _OWNER).read_text())
    except (OSError, ValueError):
        return False
    # None is for somebody whose life cannot be told from here, who may well be at work.
    return process.is_dead(owner) is True
