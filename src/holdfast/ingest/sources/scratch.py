"""Scratch folders, where what was fetched or taken out of the store lies until a converter has read it.

A process that is killed leaves its own behind; the next one that needs one removes it.
"""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from holdfast.host import process

_PREFIX = "holdfast-scratch-"
#: in each folder: who made it
_OWNER = "owner.json"
#: bytes of it that are read
_MOST = 4096


def scratch() -> "tempfile.TemporaryDirectory[str]":
    """Return a new folder in the system's place for temporary files; those of dead processes there are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _is_left_behind(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = tempfile.TemporaryDirectory(prefix=_PREFIX)
    (Path(folder.name) / _OWNER).write_text(process.current().to_json())
    return folder


def _read_own(folder: Path) -> str:
    """Return what stands in a folder of this user's: in a place that all share, anything may be put in one's way."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        file = os.open(_OWNER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle)
        with os.fdopen(file, "rb") as opened:
            for each in (os.fstat(handle), os.fstat(file)):
                if each.st_uid != os.getuid():
                    raise PermissionError(str(folder))
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise ValueError(str(folder))
            return opened.read(_MOST).decode()
    finally:
        os.close(handle)


def _is_left_behind(folder: Path) -> bool:
    try:
        owner = process.Identity.from_json(_read_own(folder))
    except (OSError, ValueError):
        return False
    # None is for somebody whose life cannot be told from here, who may well be at work.
    return process.is_dead(owner) is True
