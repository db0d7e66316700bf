"""What an engine says to whoever uses it when it cannot be used any more."""

from holdfast.errors import Unsupported


def forked() -> Unsupported:
    """Return the error of an engine that was opened by the process this one was forked from."""
    return Unsupported("The store was opened before a fork", remedy="Open it anew in each process")


def closed() -> Unsupported:
    """Return the error of an engine that was closed."""
    return Unsupported("The store is closed", remedy="Open it again with holdfast.open()")
