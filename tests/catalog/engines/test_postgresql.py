"""The engine for a fleet is one; and what only a server can do: be gone, be back, and end who stands in the way."""

import functools
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from holdfast.catalog import upgrade
from holdfast.catalog.engine import Engine
from holdfast.errors import Locked, ReadOnly, StorageFailed, StoreNotFound, Unsupported
from holdfast.testing.engines import EngineSuite, Opener
from tests.support import postgres
from tests.support.interrupts import in_time, interrupted
from tests.support.processes import Child

psycopg = pytest.importorskip("psycopg")

from holdfast.catalog.engines import postgresql as rooms  # noqa: E402 - it needs psycopg
from holdfast.catalog.engines.postgresql import PostgresEngine  # noqa: E402


class TestPostgresEngine(EngineSuite):
    @pytest.fixture
    def opener(self, database: str) -> Opener:
        return functools.partial(PostgresEngine, database)


@pytest.fixture
def engine(database: str) -> Iterator[PostgresEngine]:
    """Return an engine on a catalog whose tables are empty."""
    opened = PostgresEngine(database)
    upgrade.create(opened)
    yield opened
    opened.close()


@pytest.fixture
def other(database: str, engine: PostgresEngine) -> Iterator[PostgresEngine]:
    """Return what stands for another process."""
    opened = PostgresEngine(database)
    yield opened
    opened.close()


def put(engine: Engine, name: str = "a") -> None:
    with engine.write() as conn:
        conn.run(
            "INSERT INTO settings (name, value) VALUES (:n, '1') ON CONFLICT (name) DO UPDATE SET value = '2'",
            {"n": name},
        )


def look(engine: Engine) -> list[str]:
    with engine.read() as conn:
        return [row[0] for row in conn.rows("SELECT name FROM settings ORDER BY name")]


def fail(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), engine.write() as conn:
        conn.run("DELETE FROM settings")
        raise ZeroDivisionError


# --- a server that is gone


@pytest.mark.parametrize("first", [look, put])
def test_a_server_that_was_restarted_meanwhile_is_not_noticed(
    engine: PostgresEngine, postgresql: postgres.Server, first: Callable[[Engine], object]
) -> None:
    put(engine, "before")
    # Two connections wait to be used again.
    with engine.read(), engine.read():
        pass
    postgresql.restart()
    first(engine)
    put(engine, "then")
    assert {"before", "then"} <= set(look(engine))


@pytest.mark.parametrize("transaction", ["read", "write"])
def test_a_connection_that_is_lost_in_the_middle_is_named_and_the_next_one_works(
    engine: PostgresEngine, postgresql: postgres.Server, transaction: str
) -> None:
    with pytest.raises(StorageFailed, match="is lost") as refused, getattr(engine, transaction)() as conn:
        conn.rows("SELECT name FROM settings")
        postgresql.restart()
        conn.rows("SELECT name FROM settings")
    assert "what was not committed is not there" in refused.value.remedy
    put(engine)
    assert look(engine) == ["a"]


def test_a_connection_that_is_lost_at_the_commit_leaves_it_open_whether_it_was_made(
    engine: PostgresEngine, postgresql: postgres.Server
) -> None:
    with pytest.raises(StorageFailed, match="may have been made") as refused, engine.write() as conn:
        conn.run("INSERT INTO settings (name, value) VALUES ('a', '1')")
        postgresql.restart()
    assert "idempotency key" in refused.value.remedy
    assert look(engine) == []


def test_an_error_in_the_block_is_not_hidden_by_a_lost_connection(
    engine: PostgresEngine, postgresql: postgres.Server
) -> None:
    with pytest.raises(ZeroDivisionError), engine.write():
        postgresql.restart()
        raise ZeroDivisionError
    put(engine)


# --- waiting for a turn


def test_a_writer_that_waits_too_long_is_told_for_whom(
    engine: PostgresEngine, other: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "TURN_SECONDS", 0.05)
    with (
        engine.write() as conn,
        pytest.raises(Locked, match=f"process {os.getpid()} on {socket.gethostname()}") as late,
    ):
        conn.rows("SELECT 1")
        put(other)
    assert "pg_terminate_backend" in late.value.remedy
    put(other)


def test_a_writer_that_stands_still_is_ended_by_the_server(
    engine: PostgresEngine, other: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "STILL_SECONDS", 0.05)
    with pytest.raises(StorageFailed), engine.write() as conn:
        conn.run("INSERT INTO settings (name, value) VALUES ('half', '1')")
        monkeypatch.undo()
        # It gets its turn when the server has ended this one's.
        in_time(lambda: put(other, "other"))
    assert look(engine) == ["other"]


def test_two_schemas_of_one_database_keep_nobody_waiting(
    engine: PostgresEngine, database: str, postgresql: postgres.Server
) -> None:
    with engine.write() as conn:
        conn.run("CREATE SCHEMA second")
    second = PostgresEngine(f"{database}&options=-csearch_path%3Dsecond")
    with engine.write():
        in_time(lambda: upgrade.create(second))
        in_time(lambda: put(second, "second"))
    assert (look(engine), look(second)) == ([], ["second"])
    second.close()


# --- interrupts and forks


@pytest.mark.parametrize("action", [put, fail, look])
def test_an_interrupt_at_any_instant_of_a_transaction_stands_in_nobodys_way(
    action: Callable[[Engine], object], engine: PostgresEngine, other: PostgresEngine
) -> None:
    def everybody() -> None:
        for each in (other, engine):
            put(each)
            assert look(each) == ["a"]

    put(engine)
    at = 0
    while interrupted(lambda: action(engine), at := at + 1):
        in_time(everybody)
    assert at > 20


FORKED_IN_A_WRITE = """
import os
from holdfast.catalog.engines.postgresql import PostgresEngine
engine = PostgresEngine(sys.argv[1])
with engine.read(), engine.read():
    pass
with engine.write() as conn:
    conn.run("INSERT INTO settings (name, value) VALUES ('mine', '1')")
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
    else:
        for transaction in (engine.read, engine.write):
            try:
                with transaction():
                    say("used")
            except holdfast.HoldfastError as error:
                say(error.message)
        anew = PostgresEngine(sys.argv[1])
        with anew.read() as other:
            say(other.row("SELECT count(*) FROM settings"))
        engine.close()
        anew.close()
        # Ended as a program ends, with all that Python does then.
        sys.exit()
    conn.run("INSERT INTO settings (name, value) VALUES ('too', '1')")
"""


def test_what_a_forked_child_does_is_not_felt_by_its_parent(
    engine: PostgresEngine, database: str, child: Callable[..., Child]
) -> None:
    said = child(FORKED_IN_A_WRITE, database).finish().splitlines()
    # The block that it was forked in is the parent's to end, and it says so.
    assert said == ["The store was opened before a fork"] * 2 + ["(0,)"]
    assert look(engine) == ["mine", "too"]


# --- what the server refuses


def test_more_transactions_at_once_than_connections_are_kept(engine: PostgresEngine) -> None:
    with ThreadPoolExecutor(rooms.IDLE_CONNECTIONS * 2) as pool:
        assert not any(pool.map(lambda _: look(engine), range(rooms.IDLE_CONNECTIONS * 4)))
    assert len(engine._idle) <= rooms.IDLE_CONNECTIONS


def test_a_database_that_is_not_there_is_no_store(database: str) -> None:
    with pytest.raises(StoreNotFound, match="no database") as refused:
        PostgresEngine(database.replace("/kb_", "/none_"))
    assert "createdb" in refused.value.remedy


def test_a_user_who_may_only_read_is_told_so(
    engine: PostgresEngine, database: str, postgresql: postgres.Server
) -> None:
    role = f"reader_{postgres.name_of(database)}"
    with engine.write() as conn:
        conn.run(f"CREATE ROLE {role} LOGIN")
        conn.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    reader = PostgresEngine(database.replace("holdfast@", f"{role}@"))
    assert look(reader) == []
    with pytest.raises(ReadOnly):
        put(reader)
    reader.close()


def test_without_psycopg_an_address_names_the_extra(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from pathlib import Path

    from holdfast.catalog.engines import choosing

    monkeypatch.delitem(sys.modules, "holdfast.catalog.engines.postgresql")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Unsupported, match="psycopg") as refused:
        choosing.opened(Path("unused"), database)
    assert "holdfast[fleet]" in refused.value.remedy
