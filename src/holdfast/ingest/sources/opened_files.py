"""Opening the files that a scan found: those, and no others that were put in their place meanwhile.

A file may be replaced between scan and reading, as many programs save by doing so. But no link is followed on the way,
and nothing is waited for: neither a link to elsewhere nor a named pipe gets in by being put where a document was.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from holdfast.blobs.store import CHUNK_BYTES

#: device and inode
Identity = tuple[int, int]

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
#: a folder is only passed through, which takes less than the right to list it
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW


def opened(path: Path, identity: Identity | None) -> BinaryIO:
    """Open a regular file for reading; with the `identity` that it had in the scan, follow no link to it.

    Raises OSError, also when something else than a file is there by now.
    """
    descriptor = os.open(path, _READ) if identity is None else _descriptor(path, identity)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file any more", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def pieces(path: Path, identity: Identity | None) -> Iterator[bytes]:
    """Yield the bytes of a file that was found; raises OSError."""
    with opened(path, identity) as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def _descriptor(path: Path, identity: Identity) -> int:
    descriptor = os.open(path, _READ | os.O_NOFOLLOW)
    status = os.fstat(descriptor)
    if (status.st_dev, status.st_ino) == identity:
        return descriptor
    # Another file by now. It may have been saved anew, or a folder above it may have become a link to elsewhere.
    os.close(descriptor)
    return _without_links(path)


def _without_links(path: Path) -> int:
    """Open an absolute path without links in it, name by name."""
    *folders, name = path.parts[1:]
    folder = os.open(path.parts[0], _PASS)
    try:
        for each in folders:
            below = os.open(each, _PASS, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(name, _READ | os.O_NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)
