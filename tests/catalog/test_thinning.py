"""Rows that are kept for the curious stay bounded by themselves, and none goes that somebody at work needs."""

import pytest

from holdfast.catalog import audit, intents, pins
from holdfast.catalog.engine import Connection
from holdfast.front.store import Store
from holdfast.testing.seams import rooms
from tests.support.postgres import ENGINES

DAY = 86_400.0


@pytest.fixture(params=ENGINES)
def catalog(request: pytest.FixtureRequest) -> str:
    """Run each test on both databases."""
    return str(request.param)


def count(conn: Connection, table: str) -> int:
    row = conn.row(f"SELECT count(*) FROM {table}")
    assert row is not None
    return int(row[0])


def begun(conn: Connection, number: int, at: float) -> str:
    intents.begin(
        conn,
        intents.NewIntent(
            intent_id=f"i{number:05}",
            kind="publish",
            actor="user",
            owner="{}",
            staged={},
            started=at,
            lease_until=at + 60,
        ),
    )
    return f"i{number:05}"


def test_intents_that_ended_are_kept_up_to_a_number_and_the_others_always(store: Store) -> None:
    with rooms(store).engine.write() as conn:
        begun(conn, 90_000, 0.0)
        intents.set_aside(conn, begun(conn, 90_001, 0.0), "no rights", 0.0)
        for number in range(intents.KEPT + 50):
            intents.finish(conn, begun(conn, number, float(number)), intents.COMMITTED, float(number))
        assert count(conn, "intents") == intents.KEPT + 2
        assert intents.newest(conn, 1)[0].started == intents.KEPT + 49
        assert intents.counts(conn) == {intents.ACTIVE: 1, intents.SET_ASIDE: 1}


def test_intents_that_others_ended_are_kept_up_to_a_number(store: Store) -> None:
    with rooms(store).engine.write() as conn:
        for number in range(intents.KEPT + 50):
            assert intents.end_swept(conn, begun(conn, number, float(number)), intents.ACTIVE, float(number))
        assert count(conn, "intents") == intents.KEPT


def test_the_audit_keeps_the_newest_of_each_kind(store: Store) -> None:
    with rooms(store).engine.write() as conn:
        audit.write(conn, 0.0, "sweep", "the only one", "")
        for number in range(audit.KEPT + 50):
            audit.write(conn, float(number), "break_lock", str(number), "")
        assert count(conn, "audit") == audit.KEPT + 1
        assert audit.newest_of(conn, "sweep") is not None
        assert audit.newest(conn, 1)[0].subject == str(audit.KEPT + 49)


def test_pins_long_past_go_but_not_the_newest_nor_what_a_live_writer_may_have_begun_upon(store: Store) -> None:
    now = rooms(store).clock.now()
    with rooms(store).engine.write() as conn:
        before = count(conn, "pins")
        for version in range(pins.KEPT + 50):
            pins.move(conn, "t", version, now - 2 * DAY)
        assert count(conn, "pins") == before + pins.KEPT + 50, "their time is not up"
        writer = begun(conn, 1, now - 3 * DAY)
        pins.move(conn, "t", 7_000, now)
        assert count(conn, "pins") == before + pins.KEPT + 51, "a writer is at work"
        intents.finish(conn, writer, intents.COMMITTED, now)
        pins.move(conn, "t", 7_001, now)
        assert count(conn, "pins") == before + pins.KEPT + 3
        assert pins.current(conn, ("t",))["t"].version == 7_001
        assert "t" in pins.names(conn)


def test_the_counts_of_contents_follow_what_is_written_and_forgotten(store: Store) -> None:
    """They are kept with each change, so that nobody has to look at all contents for them."""
    store.write("/small.md", "pelican")
    store.write("/large.bin", bytes(100_000))
    with store.transaction() as tx:
        tx.write("/again.md", "never published")
        tx.write("/again.md", "pelican")
    store.maintenance.gc()
    with rooms(store).engine.read() as conn:
        rows = conn.rows("SELECT inline, count(*), sum(size) FROM contents GROUP BY inline")
    assert store.status().contents == {"inline" if row[0] else "blobs": (row[1], row[2]) for row in rows}
