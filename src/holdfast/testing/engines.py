"""What every engine of the catalog must do: subclass `EngineSuite`, give it a fixture `opener`, and run pytest."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from multiprocessing import get_context

import pytest

from holdfast.catalog import upgrade
from holdfast.catalog.engine import Connection, Engine, in_list
from holdfast.errors import HoldfastError, ReadOnly, Unsupported

#: opens the catalog of a test; the same each time, and picklable, so that other processes can open it too
Opener = Callable[..., Engine]

#: texts, among them what one of the databases does not keep by itself
_TEXTS = ("", "plain", "per%cent %s %(name)s :name", 'quo\'te "double"', "a\0b", "\0", "\U0010ffff0", "\U0010ffff1\0")
_NUMBERS = (0, 1, -1, 2**15, 2**31, 2**63 - 1, -(2**63))
#: seconds after which something that waits is taken to wait for ever
_PATIENCE = 60
_SPAWN = get_context("spawn")


class _Stop(BaseException):
    """What is raised by a signal's handler: no `except Exception` sees it."""


def _put(conn: Connection, name: str, value: str = "1") -> None:
    conn.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        {"name": name, "value": value},
    )


def _names(conn: Connection) -> list[str]:
    return [row[0] for row in conn.rows("SELECT name FROM settings ORDER BY name")]


def _value(conn: Connection, name: str) -> str | None:
    row = conn.row("SELECT value FROM settings WHERE name = :name", {"name": name})
    return None if row is None else str(row[0])


def _count_up(opener: Opener, times: int) -> None:
    """Add one to a number, in so many transactions that read it and write it."""
    engine = opener()
    for _ in range(times):
        with engine.write() as conn:
            _put(conn, "n", str(int(_value(conn, "n") or 0) + 1))
    engine.close()


def _die_writing(opener: Opener) -> None:
    with opener().write() as conn:
        _put(conn, "half")
        os._exit(0)


class EngineSuite:
    """The behaviour of an engine.

    Subclasses provide a pytest fixture `opener`: a function that opens one and the same catalog each time it is
    called, passes on `read_only=` and `durable=`, and can be pickled. The catalog has no tables yet.
    """

    @pytest.fixture
    def open_engine(self, opener: Opener) -> Iterator[Callable[..., Engine]]:
        """Return a function that opens the catalog, with its tables, and closes it at the end."""
        with ExitStack() as stack:
            made = opener()
            upgrade.create(made)
            made.close()

            def opened(**how: bool) -> Engine:
                engine = opener(**how)
                stack.callback(engine.close)
                return engine

            yield opened

    @pytest.fixture
    def engine(self, open_engine: Callable[..., Engine]) -> Engine:
        """Return an engine on a catalog whose tables are empty."""
        return open_engine()

    # --- transactions

    def test_what_is_written_is_there_for_everybody(self, engine: Engine, open_engine: Callable[..., Engine]) -> None:
        with engine.write() as conn:
            _put(conn, "a")
            assert _names(conn) == ["a"]
        for each in (engine, open_engine()):
            with each.read() as conn:
                assert _names(conn) == ["a"]

    @pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt, _Stop, GeneratorExit])
    def test_a_transaction_that_fails_has_changed_nothing_and_the_next_one_works(
        self, engine: Engine, kind: type[BaseException]
    ) -> None:
        with pytest.raises(kind), engine.write() as conn:
            _put(conn, "a")
            raise kind
        with engine.write() as conn:
            assert _names(conn) == []
            _put(conn, "b")
        with engine.read() as conn:
            assert _names(conn) == ["b"]

    def test_a_statement_that_is_refused_undoes_its_transaction(self, engine: Engine) -> None:
        with pytest.raises(HoldfastError), engine.write() as conn:
            _put(conn, "a")
            conn.run("INSERT INTO settings (name, value) VALUES ('b', NULL)")
        with engine.write() as conn:
            assert _names(conn) == []

    @pytest.mark.parametrize("kind", [ZeroDivisionError, _Stop])
    def test_a_reading_that_fails_is_over(self, engine: Engine, kind: type[BaseException]) -> None:
        with pytest.raises(kind), engine.read() as conn:
            assert _names(conn) == []
            raise kind
        with engine.write() as conn:
            _put(conn, "a")
        with engine.read() as conn:
            assert _names(conn) == ["a"]

    @pytest.mark.parametrize("durable", [True, False])
    def test_a_transaction_may_be_less_durable_and_is_as_visible(self, engine: Engine, durable: bool) -> None:
        for name in ("a", "b"):
            with engine.write(durable=durable) as conn:
                _put(conn, name)
        with engine.read() as conn:
            assert _names(conn) == ["a", "b"]

    def test_an_engine_may_be_less_durable_altogether(self, open_engine: Callable[..., Engine]) -> None:
        relaxed = open_engine(durable=False)
        with relaxed.write() as conn:
            _put(conn, "a")
        with relaxed.read() as conn:
            assert _names(conn) == ["a"]

    # --- who sees what

    def test_a_reading_sees_one_state_for_as_long_as_it_lasts(self, engine: Engine) -> None:
        with engine.write() as conn:
            _put(conn, "a")
        with engine.read() as reader:
            assert _names(reader) == ["a"]
            with engine.write() as conn:
                _put(conn, "b")
            assert _names(reader) == ["a"]
            with engine.read() as another:
                assert _names(another) == ["a", "b"]
            assert _names(reader) == ["a"]

    def test_what_is_not_committed_is_seen_by_nobody_else(self, engine: Engine) -> None:
        with engine.write() as conn:
            _put(conn, "a")
            with engine.read() as reader:
                assert _names(reader) == []

    def test_a_long_reading_keeps_no_writer_waiting(self, engine: Engine, open_engine: Callable[..., Engine]) -> None:
        with engine.read() as reader:
            assert _names(reader) == []
            with ThreadPoolExecutor(1) as pool:
                pool.submit(self._write_one, open_engine(), "a").result(_PATIENCE)

    @staticmethod
    def _write_one(engine: Engine, name: str) -> None:
        with engine.write() as conn:
            _put(conn, name)

    # --- one writer at a time

    @pytest.mark.parametrize("shared", [True, False], ids=["one engine", "an engine each"])
    def test_threads_write_one_after_the_other(
        self, engine: Engine, open_engine: Callable[..., Engine], shared: bool
    ) -> None:
        engines = [engine if shared else open_engine() for _ in range(4)]

        def count(each: Engine) -> None:
            for _ in range(25):
                with each.write() as conn:
                    _put(conn, "n", str(int(_value(conn, "n") or 0) + 1))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(count, engines))
        with engine.read() as conn:
            assert _value(conn, "n") == "100"

    def test_processes_write_one_after_the_other(self, engine: Engine, opener: Opener) -> None:
        writers = [_SPAWN.Process(target=_count_up, args=(opener, 25)) for _ in range(2)]
        for writer in writers:
            writer.start()
        _count_up(opener, 25)
        for writer in writers:
            writer.join(_PATIENCE)
            assert writer.exitcode == 0
        with engine.read() as conn:
            assert _value(conn, "n") == "75"

    def test_a_writer_waits_for_the_one_before_it(self, engine: Engine) -> None:
        order: list[str] = []
        begun = threading.Event()

        def second() -> None:
            begun.set()
            with engine.write() as conn:
                order.append(_value(conn, "a") or "nothing")

        with engine.write() as conn:
            thread = threading.Thread(target=second)
            thread.start()
            begun.wait(_PATIENCE)
            _put(conn, "a", "the first one's")
            order.append("first")
        thread.join(_PATIENCE)
        assert order == ["first", "the first one's"]
        assert engine.waited >= 0

    def test_a_writer_that_dies_keeps_nobody_out_and_leaves_nothing(self, engine: Engine, opener: Opener) -> None:
        writer = _SPAWN.Process(target=_die_writing, args=(opener,))
        writer.start()
        writer.join(_PATIENCE)
        with engine.write() as conn:
            assert _names(conn) == []
        assert engine.stopped_writer() is None

    # --- statements

    def test_a_statement_says_how_many_rows_it_touched(self, engine: Engine) -> None:
        with engine.write() as conn:
            conn.run_many(
                "INSERT INTO settings (name, value) VALUES (:name, '1')", [{"name": str(n)} for n in range(10)]
            )
            conn.run_many("INSERT INTO settings (name, value) VALUES (:name, '1')", [])
            assert conn.run("UPDATE settings SET value = '2' WHERE name < :n", {"n": "5"}) == 5
            assert conn.run("DELETE FROM settings WHERE name = 'none'") == 0
            assert conn.run("INSERT INTO settings (name, value) VALUES ('0', '3') ON CONFLICT DO NOTHING") == 0
            assert len(conn.rows("DELETE FROM settings RETURNING name, value")) == 10
            assert conn.row("SELECT 1 FROM settings") is None

    @pytest.mark.parametrize("text", _TEXTS)
    def test_text_comes_back_as_it_was_given(self, engine: Engine, text: str) -> None:
        with engine.write() as conn:
            _put(conn, text, text)
            assert conn.rows("SELECT name, value FROM settings WHERE name = :t", {"t": text}) == [(text, text)]

    def test_half_a_character_is_refused(self, engine: Engine) -> None:
        with pytest.raises(Unsupported, match="Unicode"), engine.write() as conn:
            _put(conn, "\ud800")

    @pytest.mark.parametrize("number", _NUMBERS)
    def test_numbers_are_whole_ones_of_64_bits(self, engine: Engine, number: int) -> None:
        with engine.write() as conn:
            conn.run("INSERT INTO content_counts (place, n, size) VALUES ('a', :n, :n), ('b', 0, 0)", {"n": number})
            assert conn.row("SELECT n FROM content_counts WHERE size = :n AND place = 'a'", {"n": number}) == (number,)
            assert conn.rows("SELECT n FROM content_counts WHERE n IN (SELECT CAST(:n AS BIGINT))", {"n": number})
            total = conn.row("SELECT sum(n), coalesce(max(n), 0) FROM content_counts")
            assert total is not None
            assert (total[0], type(total[0])) == (number, int)

    def test_times_and_bytes_come_back_as_they_were_given(self, engine: Engine) -> None:
        data = bytes(range(256))
        with engine.write() as conn:
            content = "INSERT INTO contents (content_id, size, media_type, inline) VALUES ('c', 256, 'x/y', :yes)"
            conn.run(content, {"yes": True})
            conn.run("INSERT INTO inline_bytes (content_id, data) VALUES ('c', :data)", {"data": data})
            conn.run("INSERT INTO sessions (session_id, branch_id, created) VALUES ('s', 1, :at)", {"at": 1e9 + 1 / 3})
            found = conn.row("SELECT data, length(data) FROM inline_bytes")
            assert found is not None
            assert (bytes(found[0]), found[1]) == (data, 256)
            assert conn.row("SELECT created FROM sessions") == (1e9 + 1 / 3,)
            flag = conn.row("SELECT inline FROM contents WHERE inline")
            assert flag is not None
            assert flag[0] == True  # noqa: E712 - one database has no other word for it than 1

    def test_text_is_sorted_byte_for_byte(self, engine: Engine) -> None:
        names = ["a", "B", "é", "~", "_", "a b", "a-b", "ab", "Z", "日本", "\U0001f600", "/x/y", "/x0"]
        with engine.write() as conn:
            for name in names:
                _put(conn, name)
            assert _names(conn) == sorted(names, key=str.encode)
            below = conn.rows("SELECT name FROM settings WHERE name >= :a AND name < :b", {"a": "/x/", "b": "/x0"})
            assert below == [("/x/y",)]

    def test_a_list_may_be_empty(self, engine: Engine) -> None:
        marks, params = in_list([])
        with engine.read() as conn:
            assert conn.rows(f"SELECT name FROM settings WHERE name IN ({marks})", params) == []

    def test_new_rows_have_numbers_that_grow(self, engine: Engine) -> None:
        sql = """INSERT INTO audit (at, kind, subject, detail) VALUES (1.0, 'gc', :n, '') RETURNING audit_id"""
        given = []
        for number in range(3):
            with suppress(_Stop), engine.write() as conn:
                row = conn.row(sql, {"n": str(number)})
                assert row is not None
                given.append(row[0])
        assert given == sorted(set(given))
        assert given[0] > 0

    # --- making and migrating

    def test_a_catalog_begins_without_tables(self, opener: Opener) -> None:
        engine = opener()
        with engine.read() as conn:
            assert conn.tables() == set()
            assert upgrade.revision(conn) is None
        engine.close()

    def test_a_fresh_catalog_has_what_all_migrations_make(self, opener: Opener) -> None:
        engine = opener()
        with pytest.raises(_Stop), engine.write() as conn:
            upgrade.migrate(conn, None)
            migrated = conn.tables()
            raise _Stop
        with engine.read() as conn:
            assert conn.tables() == set(), "a migration is undone with its transaction"
        upgrade.create(engine)
        upgrade.bring_up(engine)
        with engine.read() as conn:
            assert conn.tables() == migrated
            assert upgrade.revision(conn) == upgrade.HEAD
            assert conn.integrity(deep=True) == []
        engine.close()

    # --- refusals

    def test_reading_only_is_reading_only(self, engine: Engine, open_engine: Callable[..., Engine]) -> None:
        with engine.write() as conn:
            _put(conn, "a")
        reader = open_engine(read_only=True)
        assert reader.read_only
        with reader.read() as conn:
            assert _names(conn) == ["a"]
        with pytest.raises(ReadOnly), reader.write():
            pass

    def test_a_closed_engine_says_so_and_may_be_closed_again(self, engine: Engine) -> None:
        engine.close()
        for transaction in (engine.read, engine.write):
            with pytest.raises(Unsupported, match="closed"), transaction():
                pass
        engine.close()

    @pytest.mark.parametrize("sql", ["SELECT 1 FROM nowhere", "SELECT nothing FROM settings", "no SQL at all"])
    def test_what_the_database_refuses_is_an_error_of_holdfast_that_names_the_catalog(
        self, engine: Engine, sql: str
    ) -> None:
        for transaction in (engine.read, engine.write):
            with pytest.raises(HoldfastError) as refused, transaction() as conn:
                conn.rows(sql)
            assert engine.place in refused.value.message

    def test_a_catalog_without_tables_is_damaged_in_its_own_words(self, opener: Opener) -> None:
        engine = opener()
        with pytest.raises(HoldfastError, match="has no tables") as refused:
            upgrade.bring_up(engine)
        assert refused.value.code == "corrupt_store"
        assert "backup" in refused.value.remedy
        engine.close()
