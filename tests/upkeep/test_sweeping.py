"""When a long-lived store sweeps: before the first write after a peer was seen to be dead, and when it closes."""

from collections.abc import Callable
from pathlib import Path

import holdfast
from holdfast.catalog import intents
from holdfast.front.store import Store
from holdfast.host import process
from holdfast.testing.seams import rooms
from tests.support.processes import Child

DIES = "holdfast.open(sys.argv[1]).write('/big.bin', bytes(200_000))"


def active(store: Store) -> list[intents.Intent]:
    with rooms(store).engine.read() as conn:
        return intents.in_state(conn, intents.ACTIVE)


def test_the_first_write_after_a_peer_was_seen_dead_sweeps_first(folder: Path, child: Callable[..., Child]) -> None:
    with holdfast.open(folder) as store:
        assert child(DIES, folder, faults="publish.before_lock=kill").ended_by_kill()
        [left] = active(store)
        store.write("/unaware.md", "nobody has looked yet")
        assert active(store) == [left]
        assert process.is_dead(process.Identity.from_json(left.owner)) is True
        store.write("/aware.md", "now it is known")
        assert active(store) == []
        assert list(rooms(store).blobs.list()) == []


def test_closing_after_a_commit_sweeps(folder: Path, child: Callable[..., Child]) -> None:
    with holdfast.open(folder) as store:
        assert child(DIES, folder, faults="publish.before_lock=kill").ended_by_kill()
        store.mkdir("/changed")
    with holdfast.open(folder, read_only=True) as store:
        assert active(store) == []
