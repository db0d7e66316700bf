"""Locks in words: what the errors and the lists say about a holder."""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

from holdfast.catalog.work.locks import LockRow
from holdfast.errors import Locked
from holdfast.host.process import Identity
from holdfast.locks.modes import PathLock, conflicts


def time(seconds: float) -> str:
    """Return a time in UTC, to the second."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        # Whatever stands in the row, it can be told of, and broken.
        return "a time that cannot be read"


def process(owner: str) -> str:
    """Return which process an owner is, in words."""
    if not owner:
        return "handed over, not yet adopted"
    try:
        return str(Identity.from_json(owner))
    except ValueError:
        return "a process that cannot be read"


def holder(row: LockRow) -> str:
    """Return who holds a lock, since when, for what and until when."""
    purpose = f" for {row.purpose!r}" if row.purpose else ""
    return f"{row.actor} ({process(row.owner)}) since {time(row.since)}{purpose}, until {time(row.expires)}"


def locked(wants: Sequence[PathLock], blockers: Sequence[LockRow], *, waiting: bool, nested: bool = False) -> Locked:
    """Return the error that says who stands in the way of `wants`; there is at least one of each."""
    first = blockers[0]
    held = PathLock(first.path, first.mode)
    path = next((want.path for want in wants if conflicts(want, held)), wants[0].path)
    where = "" if first.path == path else f" by a {first.mode} lock on {first.path}"
    more = f", and {len(blockers) - 1} more" if len(blockers) > 1 else ""
    remedy = ""
    if nested:
        remedy = "Whoever holds a lock cannot wait for another: release it, then take all paths in one acquire"
    elif not waiting:
        remedy = f"Wait for the holder (timeout=SECONDS), or `holdfast locks break {shlex.quote(first.path)} --force`"
    return Locked(f"{path} is locked{where}: {holder(first)}{more}", path=path, remedy=remedy)
