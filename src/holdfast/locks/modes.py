"""What a lock can cover, and when two locks stand in each other's way.

`point` covers one path, existing or not; `subtree` a path and all below it. The whole conflict table is `conflicts`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast import paths
from holdfast.errors import TooLarge, Unsupported

#: what of a path a lock is for
LockMode = Literal["point", "subtree", "move"]
POINT, SUBTREE, MOVE = "point", "subtree", "move"

#: paths of one acquire; they are taken in one SQL transaction that everybody else waits for
MAX_PATHS = 10_000


@dataclass(frozen=True, slots=True, order=True)
class PathLock:
    """One path that somebody wants to lock, or has locked."""

    #: as `paths.parse` returns it
    path: str
    #: point | subtree
    mode: str = POINT


def conflicts(one: PathLock, other: PathLock) -> bool:
    """Return whether two holders cannot have these at the same time."""
    if one.path == other.path:
        return True
    if one.mode == SUBTREE and paths.is_within(other.path, one.path):
        return True
    return other.mode == SUBTREE and paths.is_within(one.path, other.path)


def covers(held: PathLock, wanted: PathLock) -> bool:
    """Return whether whoever holds `held` needs nothing more to have `wanted`."""
    if held.mode == SUBTREE:
        return paths.is_within(wanted.path, held.path)
    return held == wanted


def ancestors(path: str) -> Iterator[str]:
    """Yield the directories above a parsed path, the nearest first, the root last."""
    while path != paths.ROOT:
        path = paths.split(path)[0]
        yield path


def wanted(names: Sequence[str], mode: str, *, source_is_file: bool = False) -> list[PathLock]:
    """Return what an acquire of `names` asks for, without what another part of it covers, in order of path.

    `move` takes a source and a destination: the source (with all below it, unless it is a file), the destination, and
    the directory that gains it. Raises InvalidPath, TooLarge for more than MAX_PATHS, Unsupported for an unknown mode
    or a number of paths that the mode has no use for.
    """
    _check(names, mode)
    parsed = [paths.parse_new(name) for name in names]
    if mode == MOVE:
        source, target = parsed
        return reduced(
            [PathLock(source, POINT if source_is_file else SUBTREE), PathLock(target), PathLock(paths.split(target)[0])]
        )
    return reduced(PathLock(path, mode) for path in parsed)


def reduced(wants: Iterable[PathLock]) -> list[PathLock]:
    """Return `wants` without those that another one of them covers, in order of path."""
    asked = set(wants)
    trees = {want.path for want in asked if want.mode == SUBTREE}
    return sorted(
        want
        for want in asked
        if trees.isdisjoint(ancestors(want.path)) and (want.mode == SUBTREE or want.path not in trees)
    )


def _check(names: Sequence[str], mode: str) -> None:
    if mode not in (POINT, SUBTREE, MOVE):
        raise Unsupported(f"There is no lock mode {mode!r}", remedy="Use point, subtree or move")
    if not names:
        raise Unsupported("A lock needs at least one path", remedy="Name what to lock")
    if mode == MOVE and len(names) != 2:
        raise Unsupported("A move locks two paths: its source and its destination", remedy="Name exactly these")
    if len(names) > MAX_PATHS:
        raise TooLarge(
            f"One acquire may name up to {MAX_PATHS} paths, not {len(names)}", remedy="Lock a directory with `subtree`"
        )
