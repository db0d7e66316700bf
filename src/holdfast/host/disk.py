"""Making files on a local disk survive a power cut.

A new file is durable when its bytes and the directory entry that names it are both fsynced. An fsync that fails is
never tried again: the kernel may have dropped the pages and would report success (docs/guarantees.md, durability).

A lock on a file (`flock`) belongs to the open file, which a forked child shares: it would keep the lock of a parent
that was killed. So files that are locked are opened here, and closed in every child at once.
"""

import errno
import fcntl
import os
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from holdfast.errors import HoldfastError, ReadOnly, StorageFailed
from holdfast.host.held import held
from holdfast.host.weak import members

#: what a file is made with, of which the umask takes its part
_FILE_MODE = 0o666

_locked: "weakref.WeakSet[LockedFile]" = weakref.WeakSet()


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


def settle_tree(root: Path) -> None:
    """Force every file and directory in `root`, and its name, to the disk; what vanishes meanwhile is passed over."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            _settle(Path(folder, name), fsync_file)
        _settle(Path(folder), fsync_dir)
    fsync_dir(root.parent)


def _settle(path: Path, fsync: Callable[[Path], None]) -> None:
    try:
        fsync(path)
    except HoldfastError:
        if path.exists():
            raise


def make_dir(path: Path) -> None:
    """Make a directory and its missing parents, each durable before the next."""
    if path.is_dir():
        return
    make_dir(path.parent)
    path.mkdir(exist_ok=True)
    fsync_dir(path.parent)


def make_file(path: Path) -> None:
    """Make an empty file, with the rights that the umask leaves, unless it is there."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE))


class LockedFile:
    """An open file or directory that is locked, or is about to be: whoever closes it, or dies, gives the lock back."""

    #: the file's number; None before it is open, where an interrupt may come, and once it is closed
    number: int | None = None

    def __init__(self, path: Path, flags: int = os.O_RDONLY) -> None:
        self.number = os.open(path, flags | os.O_CLOEXEC, _FILE_MODE)
        _locked.add(self)

    def __del__(self) -> None:
        number, self.number = self.number, None
        if number is not None:
            os.close(number)


@held
def locked(path: Path, how: int) -> Iterator[None]:
    """Hold a lock on a file or a directory for the block: `fcntl.LOCK_EX` or LOCK_SH, waited for."""
    file = LockedFile(path)
    assert file.number is not None
    try:
        fcntl.flock(file.number, how)
        yield
    finally:
        number, file.number = file.number, None
        if number is not None:
            os.close(number)


def _close_what_is_locked() -> None:
    # Closed, not unlocked: unlocking would be for the parent as well.
    for file in members(_locked):
        number, file.number = file.number, None
        if number is not None:
            os.close(number)


os.register_at_fork(after_in_child=_close_what_is_locked)


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
