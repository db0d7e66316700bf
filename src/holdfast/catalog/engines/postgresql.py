"""The engine for a fleet: PostgreSQL, through psycopg.

Reads and writes take a connection each, kept for reuse. A reading is a `REPEATABLE READ` transaction and waits for
nobody. Writers queue for one advisory lock of the database, which the server gives back with the transaction, and so
when a writer's process or host dies (G10); one that stands still in the middle of its turn is ended by the server.

An interrupt at any instant leaves neither the turn taken nor a transaction open (`host/held.py`): a connection whose
transaction did not end in good order is closed, and the server rolls back. A forked child cannot disturb what it
inherits: its copy of each connection leads nowhere.
"""

import os
import socket
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import psycopg

from holdfast.catalog.engine import CatalogDamaged, Params, Row, unshareable
from holdfast.catalog.engines import lifetime, postgresql_errors, schema_work
from holdfast.catalog.engines.addresses import without_password
from holdfast.catalog.engines.postgresql_dialect import adapt_types, in_drivers_style
from holdfast.catalog.engines.postgresql_errors import LOCK_NOT_AVAILABLE, is_lost, translated
from holdfast.errors import Locked, ReadOnly
from holdfast.host import process
from holdfast.host.held import held

if TYPE_CHECKING:
    import sqlalchemy as sa

#: seconds that a writer waits for its turn
TURN_SECONDS = 300.0
#: seconds that a writer may stand still between two statements, before the server ends its transaction
STILL_SECONDS = 120.0
#: connections kept open for reuse; more transactions at once than this open theirs anew
IDLE_CONNECTIONS = 8
#: seconds to wait for a server that does not answer
CONNECT_SECONDS = 15

_NOTHING: dict[str, Any] = {}
#: names the writers' lock among the advisory locks of a database; each schema may hold a catalog of its own
_TURN_CLASS = 1212568899
_TURN = f"{_TURN_CLASS}, hashtext(coalesce(current_schema(), ''))"
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_connections: "weakref.WeakSet[_Raw]" = weakref.WeakSet()


class _Raw(psycopg.Connection[Row]):
    """The driver's connection, as one that can be found again at a fork, and be dropped without a word."""

    def __del__(self, _: Any = None) -> None:
        # After an interrupt nobody is left to close it; what is closed already stays so.
        with suppress(AttributeError):
            self.pgconn.finish()


class PostgresConnection:
    """A `Connection` on one connection of the driver."""

    def __init__(self, raw: "psycopg.Connection[Row]") -> None:
        self.raw = raw

    def rows(self, sql: str, params: Params = _NOTHING) -> list[Row]:
        cursor = self._executed(sql, params)
        return cursor.fetchall() if cursor.description else []

    def row(self, sql: str, params: Params = _NOTHING) -> Row | None:
        cursor = self._executed(sql, params)
        return cursor.fetchone() if cursor.description else None

    def run(self, sql: str, params: Params = _NOTHING) -> int:
        return int(self._executed(sql, params).rowcount)

    def run_many(self, sql: str, params: Iterable[Params]) -> None:
        with self.raw.cursor() as cursor:
            cursor.executemany(in_drivers_style(sql), list(params))

    def tables(self) -> set[str]:
        return {str(row[0]) for row in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")}

    def integrity(self, *, deep: bool) -> list[str]:
        # The server answers for its own files.
        return []

    def sqlalchemy(self) -> "sa.Connection":
        return schema_work.connected("postgresql+psycopg://", self.raw, use_native_hstore=False)

    def _executed(self, sql: str, params: Params) -> Any:
        return self.raw.execute(in_drivers_style(sql), params)


class PostgresEngine:
    """An `Engine` on the database at `address`, a URL as libpq takes it; its tables are in the current schema."""

    def __init__(self, address: str, *, read_only: bool = False, durable: bool = True) -> None:
        self.address = address
        self.place: str = without_password(address)
        self.read_only = read_only
        self._process = os.getpid()
        #: connections that nobody uses: one is taken and put back by one call, so no lock is needed
        self._idle: list[_Raw] = []
        self._waits = threading.local()
        self._closed = False
        self._always_relaxed = not durable
        self._idle.append(self._connect())

    @held
    def read(self) -> Iterator[PostgresConnection]:
        self._check_usable()
        taken: list[_Raw] = []
        ended = False
        with translated(self.place):
            try:
                raw = self._begun(taken, _READING)
                try:
                    yield PostgresConnection(raw)
                except Exception:
                    ended = self._rolled_back(raw)
                    raise
                ended = self._rolled_back(raw)
            finally:
                # Nothing of Python's comes before the connection is given back, or closed.
                if ended:
                    self._idle.append(taken[0])
                elif taken:
                    taken[0].pgconn.finish()
                self._tidy()

    @held
    def write(self, *, durable: bool = True) -> Iterator[PostgresConnection]:
        self._check_usable()
        if self.read_only:
            raise ReadOnly("The store was opened read-only", path=self.place)
        taken: list[_Raw] = []
        ended = False
        with translated(self.place):
            try:
                raw = self._turn(taken, durable and not self._always_relaxed)
                try:
                    yield PostgresConnection(raw)
                except Exception:
                    ended = self._rolled_back(raw)
                    raise
                if os.getpid() != self._process:
                    raise lifetime.forked()
                with postgresql_errors.at_the_commit(self.place):
                    raw.execute("COMMIT")
                ended = True
            finally:
                if ended:
                    self._idle.append(taken[0])
                elif taken:
                    taken[0].pgconn.finish()
                self._tidy()

    @property
    def waited(self) -> float:
        return float(getattr(self._waits, "seconds", 0.0))

    def stopped_writer(self) -> process.Identity | None:
        """Return None: the server ends the turn of a writer that stands still."""
        return None

    def damaged(self, what: str) -> CatalogDamaged:
        return postgresql_errors.damaged(what, self.place)

    def __reduce__(self) -> NoReturn:
        raise unshareable()

    def close(self) -> None:
        if os.getpid() == self._process:
            self._closed = True
            self._tidy()

    def _check_usable(self) -> None:
        if os.getpid() != self._process:
            raise lifetime.forked()
        if self._closed:
            raise lifetime.closed()

    def _turn(self, taken: list[_Raw], durable: bool) -> _Raw:
        """Wait for the writers' turn; raises Locked, and says who has it, when that takes too long."""
        began = time.perf_counter()
        statements = (
            "BEGIN",
            f"SET LOCAL lock_timeout = {round(TURN_SECONDS * 1000)}",
            f"SET LOCAL idle_in_transaction_session_timeout = {round(STILL_SECONDS * 1000)}",
            f"SET LOCAL synchronous_commit = {'on' if durable else 'off'}",
            f"SELECT pg_advisory_xact_lock({_TURN})",
        )
        try:
            raw = self._begun(taken, "; ".join(statements))
        except psycopg.Error as error:
            if error.sqlstate == LOCK_NOT_AVAILABLE:
                raise self._held_too_long() from error
            raise
        self._waits.seconds = self.waited + time.perf_counter() - began
        return raw

    def _begun(self, taken: list[_Raw], begin: str) -> _Raw:
        """Begin a transaction, and have its connection in `taken` before; one that was lost meanwhile is replaced."""
        while self._idle:
            with suppress(IndexError):
                taken.append(self._idle.pop())
            if not taken:
                break
            try:
                taken[0].execute(begin)
                return taken[0]
            except psycopg.Error as error:
                if not is_lost(error):
                    raise
                # Nobody has seen anything of this transaction yet.
                taken.pop().close()
        taken.append(self._connect())
        taken[0].execute(begin)
        return taken[0]

    def _rolled_back(self, raw: _Raw) -> bool:
        """Return whether the transaction is over and the connection as good as new."""
        if os.getpid() != self._process:
            return False
        with suppress(psycopg.Error):
            raw.execute("ROLLBACK")
            return True
        return False

    def _tidy(self) -> None:
        """Close connections that are more than are kept."""
        with suppress(IndexError):
            while len(self._idle) > (0 if self._closed else IDLE_CONNECTIONS):
                self._idle.pop().close()

    def _connect(self) -> _Raw:
        try:
            raw: _Raw = _Raw.connect(
                self.address,
                autocommit=True,
                client_encoding="utf8",
                connect_timeout=CONNECT_SECONDS,
                fallback_application_name=f"holdfast, process {os.getpid()} on {socket.gethostname()}",
            )
        except psycopg.Error as error:
            raise postgresql_errors.unreachable(error, self.place) from error
        _connections.add(raw)
        adapt_types(raw)
        return raw

    def _held_too_long(self) -> Locked:
        sql = f"""SELECT a.application_name, a.pid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.granted AND l.classid = {_TURN_CLASS}
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        with self.read() as conn:
            found = conn.row(sql)
        who = f"{found[0]} (backend {found[1]} of the server)" if found else "another process"
        remedy = "Wait for it, or end it" + (f" (`SELECT pg_terminate_backend({found[1]})`)" if found else "")
        return Locked(f"The store is being written to by {who}", path=self.place, remedy=f"{remedy}: nothing is lost")


def _in_child() -> None:
    """Have what was inherited lead nowhere: closing it would end the parent's session on the server."""
    for raw in list(_connections):
        with suppress(psycopg.Error, OSError):
            ends = socket.socketpair()
            os.dup2(ends[0].fileno(), raw.fileno())
            for end in ends:
                end.close()


os.register_at_fork(after_in_child=_in_child)
