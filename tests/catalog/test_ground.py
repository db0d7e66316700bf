"""What a change stands on: looked at once, and lost for good."""

import pytest

from holdfast.catalog.branches import MAIN
from holdfast.catalog.engine import Connection
from holdfast.catalog.history.ground import Ground
from holdfast.errors import Conflict
from holdfast.front.store import Store
from holdfast.testing.seams import rooms


def test_no_commit_is_looked_at_twice(store: Store) -> None:
    asked: list[tuple[int, int]] = []
    ground = Ground(MAIN, 3, lambda conn, after, head: asked.append((after, head)))
    with rooms(store).engine.read() as conn:
        for head in (5, 5, 9):
            ground.check(conn, head)
    assert asked == [(3, 5), (5, 5), (5, 9)]


def test_what_was_lost_ahead_is_told_in_the_turn_and_not_before(store: Store) -> None:
    asked: list[int] = []

    def lost(conn: Connection, after: int, head: int) -> None:
        asked.append(head)
        raise Conflict("gone")

    ground = Ground(MAIN, 0, lost)
    with rooms(store).engine.read() as conn:
        ground.look_ahead(conn)
        with pytest.raises(Conflict, match="gone"):
            ground.check(conn, 9)
    assert len(asked) == 1
