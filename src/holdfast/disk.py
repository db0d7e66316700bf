"""Making files on a local disk survive a power cut.

A new file is durable when its bytes and the directory entry that names it are both fsynced. An fsync that fails is
never tried again: the kernel may have dropped the pages and would report success (docs/guarantees.md, durability).
"""

import errno
import fcntl
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from holdfast.errors import HoldfastError, ReadOnly, StorageFailed


def fsync_file(path: Path) -> None:
    """Force a file's bytes to the disk; raises StorageFailed when the disk refuses."""
    _fsync(path, os.O_RDONLY)


def fsync_dir(path: Path) -> None:
    """Force a directory's entries to the disk; raises StorageFailed when the disk refuses."""
    _fsync(path, os.O_RDONLY | os.O_DIRECTORY)


def fsync_tree(files: Iterable[Path], root: Path) -> None:
    """Force files, and every directory from theirs up to `root`, to the disk."""
    directories: set[Path] = set()
    for file in files:
        fsync_file(file)
        directories.update(parent for parent in file.parents if parent.is_relative_to(root))
    for directory in sorted(directories, key=lambda d: len(d.parts), reverse=True):
        fsync_dir(directory)


def make_dir(path: Path) -> None:
    """Make a directory and its missing parents, each durable before the next."""
    if path.is_dir():
        return
    make_dir(path.parent)
    path.mkdir(exist_ok=True)
    fsync_dir(path.parent)


def explain(error: OSError, what: str) -> HoldfastError:
    """Return the HoldfastError that says what an OSError on `what` means to the user."""
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return ReadOnly(f"{what} cannot be written ({error.strerror})", path=what)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFailed(
            f"No space is left for {what}", path=what, remedy="Free some space, then repeat the command"
        )
    return StorageFailed(f"{what} could not be written or read ({error})", path=what)


def fsync_handle(handle: int) -> None:
    """Force an open file to the disk, through the drive's own cache too."""
    if sys.platform == "darwin":
        # There fsync stops at the drive's cache, which a power cut empties.
        fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    else:
        os.fsync(handle)


def _fsync(path: Path, flags: int) -> None:
    try:
        handle = os.open(path, flags | os.O_CLOEXEC)
        try:
            fsync_handle(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise explain(error, str(path)) from error
