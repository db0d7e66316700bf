"""What an exception out of Lance means: damaged files, a disk that refuses, or an interrupt."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOENT
from os import strerror

from holdfast.errors import CorruptStore, HoldfastError, StorageFailed
from holdfast.host import disk

_OS_ERROR = re.compile(r"os error (\d+)")
#: how Lance names what a signal's handler raised while it ran
_RAISED_INSIDE = re.compile(r"External error: ([\w.<>]+): (.*)", re.DOTALL)


@contextmanager
def reading(table: str, version: int) -> Iterator[None]:
    """Turn what Lance raises while it reads into CorruptStore, unless it was the disk or an interrupt."""
    try:
        yield
    except BaseException as error:
        if not _is_from_lance(error):
            raise
        raise _cause(error, table) or CorruptStore(
            f"{_named(table)} cannot be read at version {version}: {_first_line(error)}", path=table
        ) from error


@contextmanager
def writing(table: str) -> Iterator[None]:
    """Turn what Lance, or a fault point, raises while it writes into StorageFailed (or what `disk.explain` says)."""
    try:
        yield
    except BaseException as error:
        if not _is_from_lance(error):
            raise
        raise _cause(error, table) or StorageFailed(
            f"{_named(table)} could not be written: {_first_line(error)}", path=table
        ) from error


def _named(table: str) -> str:
    """Return what messages call a table."""
    return f"The table {table} of rows of the graph" if table.startswith("graph-") else f"The search table {table}"


def _is_from_lance(error: BaseException) -> bool:
    # A panic in Rust is a BaseException of a class that cannot be imported.
    return type(error).__name__ == "PanicException" or (
        isinstance(error, OSError | ValueError | RuntimeError) and not isinstance(error, HoldfastError)
    )


def _cause(error: BaseException, table: str) -> BaseException | None:
    """Return the interrupt, or the disk's refusal, that it stands for; None where the cause is another."""
    return _interrupt(error) or _refused(error, table)


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


def _interrupt(error: BaseException) -> BaseException | None:
    """Return what a signal's handler raised while Lance ran, which keeps of it a name and a text only."""
    found = _RAISED_INSIDE.search(str(error))
    kind = _kind_named(found[1]) if found else None
    if found is None or kind is None:
        return None
    text = found[2]
    if kind is SystemExit:
        return SystemExit(int(text) if text.isdecimal() else text or None)
    # Not called: nobody knows what its `__init__` asks for.
    return kind.__new__(kind, *filter(None, [text]))


def _kind_named(name: str) -> type[BaseException] | None:
    kinds: list[type[BaseException]] = [BaseException]
    for kind in kinds:
        if kind.__qualname__ == name:
            return kind
        # An exception group is more than a name and a text.
        kinds.extend(each for each in kind.__subclasses__() if not issubclass(each, BaseExceptionGroup))
    return None


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0][:300]
