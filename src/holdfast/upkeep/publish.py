"""Publishing new versions of search tables, for upkeep: the pins move only if nobody moved them meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from holdfast.backend import Backend
from holdfast.catalog import intents, pins
from holdfast.catalog.engine import Connection
from holdfast.errors import Conflict, CorruptStore
from holdfast.faults import point
from holdfast.publish.intention import intending

T = TypeVar("T")

#: runs of one piece of upkeep that loses races, before it is left for later
RUNS = 3


class Overtaken(Exception):
    """Somebody else published a version of the table first: what was staged on the old one is litter."""


@contextmanager
def staging(backend: Backend, kind: str) -> Iterator[str]:
    """Hold an intent of `kind` on the search tables; one that does not end in a publish is marked swept."""
    with intending(backend, kind, "upkeep", tables=True) as intent_id:
        yield intent_id


def pinned(conn: Connection, backend: Backend) -> dict[str, int]:
    """Return the current versions of the search tables by name; raises CorruptStore when one has none."""
    found = pins.current(conn, backend.tables.names)
    if missing := set(backend.tables.names) - found.keys():
        raise CorruptStore(f"No version of {sorted(missing)[0]} is pinned", path=sorted(missing)[0])
    return {name: pin.version for name, pin in found.items()}


def move_pins(conn: Connection, backend: Backend, intent_id: str, old: dict[str, int], new: dict[str, int]) -> None:
    """Pin the versions in `new`, inside a write transaction; raises Overtaken when they are not built on the pins."""
    current = pinned(conn, backend)
    for name, version in new.items():
        if current[name] != old[name]:
            raise Overtaken
        if version != old[name]:
            pins.move(conn, name, version, backend.clock.now())
    if not intents.finish(conn, intent_id, intents.COMMITTED, backend.clock.now()):
        raise Conflict("What was staged has been swept, because its owner was taken for dead")
    point("upkeep.before_commit")


def at_pinned(backend: Backend, table: str, look: Callable[[int], T]) -> T:
    """Return what `look` makes of the pinned version of a table; again where that was replaced, and removed, meanwhile.

    Raises Overtaken when that happens RUNS times.
    """
    for _ in range(RUNS):
        with backend.engine.read() as conn:
            version = pinned(conn, backend)[table]
        try:
            return look(version)
        except CorruptStore:
            with backend.engine.read() as conn:
                if pinned(conn, backend)[table] == version:
                    raise
    raise Overtaken


def persistently(run: Callable[[], bool]) -> bool:
    """Call `run` again when it was overtaken, at most RUNS times; returns what it returned, False when it never won."""
    for _ in range(RUNS):
        try:
            return run()
        except Overtaken:
            continue
    return False
