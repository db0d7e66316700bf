"""What an exception out of Lance means: damaged files, or a disk that refuses."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOENT
from os import strerror

from holdfast.errors import CorruptStore, HoldfastError, StorageFailed
from holdfast.host import disk

_OS_ERROR = re.compile(r"os error (\d+)")


@contextmanager
def reading(table: str, version: int) -> Iterator[None]:
    """Turn what Lance raises while it reads into CorruptStore, or StorageFailed if the disk refused."""
    try:
        yield
    except BaseException as error:
        if not _is_from_lance(error):
            raise
        raise _refused(error, table) or CorruptStore(
            f"The search table {table} cannot be read at version {version}: {_first_line(error)}", path=table
        ) from error


@contextmanager
def writing(table: str) -> Iterator[None]:
    """Turn what Lance, or a fault point, raises while it writes into StorageFailed (or what `disk.explain` says)."""
    try:
        yield
    except BaseException as error:
        if not _is_from_lance(error):
            raise
        raise _refused(error, table) or StorageFailed(
            f"The search table {table} could not be written: {_first_line(error)}", path=table
        ) from error


def _is_from_lance(error: BaseException) -> bool:
    # A panic in Rust is a BaseException of a class that cannot be imported.
    return type(error).__name__ == "PanicException" or (
        isinstance(error, OSError | ValueError | RuntimeError) and not isinstance(error, HoldfastError)
    )


def _refused(error: BaseException, table: str) -> HoldfastError | None:
    """Return the error of a disk that refused; None where the cause is another."""
    if isinstance(error, OSError) and error.errno:
        number = error.errno
    else:
        found = _OS_ERROR.search(str(error))
        number = int(found[1]) if found else 0
    if number in (0, ENOENT):
        return None
    return disk.explain(OSError(number, strerror(number)), table)


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0][:300]
