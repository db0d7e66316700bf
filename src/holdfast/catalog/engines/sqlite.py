"""The embedded engine: one SQLite file in WAL mode.

Reads take a connection of their own each, kept for reuse, and never wait. Writes share one connection behind the
turnstile. `synchronous=FULL` fsyncs the log at every commit (G2).

An interrupt at any instant leaves neither the turn taken nor an SQL transaction open (`host/held.py`). A forked child
neither uses nor closes what it inherits: SQLite would take the child's connection for the parent's.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from holdfast.catalog.engine import CatalogDamaged, Params, Row, unshareable
from holdfast.catalog.engines import forks, immutable_reader, lifetime, schema_work
from holdfast.catalog.engines.forks import Raw
from holdfast.catalog.engines.turnstile import Turnstile, stopped_holder
from holdfast.errors import HoldfastError, Locked, ReadOnly, StorageFailed, StoreNotFound, Unsupported
from holdfast.host import disk, process
from holdfast.host.held import held

if TYPE_CHECKING:
    import sqlalchemy as sa

#: last resort only: writers queue at the turnstile, so SQLite's own wait is met at checkpoints and recovery
BUSY_TIMEOUT_MS = 60_000
#: read connections kept open for reuse; more threads than this open theirs anew
IDLE_READERS = 8
#: pages of SQLite's cache for each connection, in KiB
CACHE_KIB = 16_384
#: pages of the log after which a commit copies it into the database file; in a large store the rows of one added file
#: lie on ten pages of their own, and SQLite's thousand would have every group of an add pay for its pages twice
LOG_PAGES = 4000

_NOTHING: dict[str, Any] = {}
#: what the driver raises: `explain` says what it means
FAILURES = (sqlite3.Error, UnicodeEncodeError, UnicodeDecodeError)


class SqliteConnection:
    """A `Connection` on one SQLite handle."""

    __slots__ = ("raw",)

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw: sqlite3.Connection = raw

    def rows(self, sql: str, params: Params = _NOTHING) -> list[Row]:
        return self.raw.execute(sql, params).fetchall()

    def row(self, sql: str, params: Params = _NOTHING) -> Row | None:
        row: Row | None = self.raw.execute(sql, params).fetchone()
        return row

    def run(self, sql: str, params: Params = _NOTHING) -> int:
        return self.raw.execute(sql, params).rowcount

    def run_many(self, sql: str, params: Iterable[Params]) -> None:
        # Of what a commit may write, most commits write little; SQLite would prepare the statement all the same.
        if params or not isinstance(params, list):
            self.raw.executemany(sql, params)

    def tables(self) -> set[str]:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'"
        return {str(row[0]) for row in self.rows(sql)}

    def integrity(self, *, deep: bool) -> list[str]:
        rows = self.rows("PRAGMA integrity_check" if deep else "PRAGMA quick_check")
        return [str(row[0]) for row in rows if row[0] != "ok"]

    def sqlalchemy(self) -> "sa.Connection":
        return schema_work.connected("sqlite://", self.raw)


class SqliteEngine:
    """An `Engine` on the file `path`, which must exist unless `create` is given."""

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False, durable: bool = True) -> None:
        if not create and not path.exists():
            raise CatalogDamaged(f"The catalog {path} is missing", path=str(path))
        _keep_the_log(path)
        self.path = path
        self.place: str = str(path)
        self.read_only = read_only
        self._process = os.getpid()
        #: connections that nobody reads with: one is taken and put back by one call, so no lock is needed
        self._idle: list[Raw] = []
        self._waits = threading.local()
        self._closed = False
        self._always_relaxed = not durable
        #: whether the writer's connection fsyncs its commits; None when that is not known
        self._durable: bool | None = True
        self._turn_file = path.with_name("catalog.turn")
        try:
            self._turnstile = None if read_only else Turnstile(self._turn_file)
            if create:
                # SQLite would leave the group out, whatever the umask says; its log gets the rights of this file.
                disk.make_file(path)
        except OSError as error:
            raise disk.explain(error, str(path.parent)) from error
        try:
            self._writer = None if read_only else self._connect_writer()
        except BaseException as error:
            if self._turnstile is not None:
                self._turnstile.close()
            if isinstance(error, FAILURES):
                raise explain(error, path) from error
            raise
        forks.register(self)

    @held
    def read(self) -> Iterator[SqliteConnection]:
        self._check_usable()
        try:
            try:
                raw = self._take_reader()
            except sqlite3.Error as error:
                with immutable_reader.reading(self.path, self._turn_file, error) as other:
                    other.execute("BEGIN")
                    yield SqliteConnection(other)
                return
            try:
                raw.execute("BEGIN")
                yield SqliteConnection(raw)
            finally:
                if not raw.inherited:
                    raw.rollback()
                self._give_back(raw)
        except FAILURES as error:
            raise explain(error, self.path) from error

    @held
    def write(self, *, durable: bool = True) -> Iterator[SqliteConnection]:
        self._check_usable()
        if self._turnstile is None:
            raise ReadOnly("The store was opened read-only", path=str(self.path.parent))
        began = time.perf_counter()
        try:
            with self._turnstile.turn():
                raw = self._ready_to_write(durable and not self._always_relaxed)
                try:
                    raw.execute("BEGIN IMMEDIATE")
                    self._waits.seconds = self.waited + time.perf_counter() - began
                    yield SqliteConnection(raw)
                    if raw.inherited:
                        raise lifetime.forked()
                    raw.execute("COMMIT")
                finally:
                    # Nothing to roll back after a commit. Whoever was forked in the block leaves the parent's alone.
                    if not raw.inherited:
                        raw.rollback()
                    raw.user = None
        except FAILURES as error:
            raise explain(error, self.path) from error

    @property
    def waited(self) -> float:
        return float(getattr(self._waits, "seconds", 0.0))

    def stopped_writer(self) -> process.Identity | None:
        """Return the process that was stopped while it writes, if one was."""
        return stopped_holder(self._turn_file)

    def damaged(self, what: str) -> CatalogDamaged:
        return CatalogDamaged(what, path=self.place)

    def __reduce__(self) -> NoReturn:
        raise unshareable()

    def close(self) -> None:
        if os.getpid() != self._process:
            return
        self._closed = True
        self._close_idle()
        if self._turnstile is not None:
            # Another thread may be in the middle of a commit: it ends before its connection does.
            self._turnstile.close(self._close_writer)

    def rest(self) -> None:
        """Close every connection that nobody uses; the next use opens one."""
        if self._turnstile is not None:
            self._turnstile.between_turns(self._close_writer)
        self._close_idle()

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _check_usable(self) -> None:
        if os.getpid() != self._process:
            raise lifetime.forked()
        if self._closed:
            raise lifetime.closed()

    def _ready_to_write(self, durable: bool) -> Raw:
        """Return the connection that writes, as it must be before a transaction, however the last one was left."""
        if self._writer is None:
            # After a fork, or as the disk was full when the store was opened: there may be space by now.
            self._writer, self._durable = self._connect(), None
        raw = self._writer
        raw.user = threading.get_ident()
        if raw.in_transaction:
            raw.rollback()
        if durable != self._durable:
            self._durable = None
            raw.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        return raw

    def _take_reader(self) -> Raw:
        try:
            raw = self._idle.pop()
        except IndexError:
            raw = self._connect()
        raw.user = threading.get_ident()
        if raw.in_transaction:
            raw.rollback()
        return raw

    def _give_back(self, raw: Raw) -> None:
        raw.user = None
        if len(self._idle) < IDLE_READERS:
            self._idle.append(raw)
            if self._closed:
                self._close_idle()
        else:
            raw.close()

    def _connect_writer(self) -> Raw | None:
        """Return the connection that writes; None when the disk is so full that only reading can be tried."""
        try:
            return self._connect()
        except sqlite3.Error as error:
            if not immutable_reader.is_full(error, self.path):
                raise
            return None

    def _connect(self) -> Raw:
        address = self.path.absolute().as_uri() + ("?mode=ro" if self.read_only else "")
        raw = forks.connect(self.path, address, isolation_level=None, check_same_thread=False, cached_statements=512)
        try:
            raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            raw.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            if self.read_only:
                # It is the first statement that opens the log: it must not fail in the middle of a reading.
                raw.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
            else:
                raw.execute("PRAGMA journal_mode=WAL")
                raw.execute("PRAGMA synchronous=FULL")
                raw.execute("PRAGMA fullfsync=ON")
                raw.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
                raw.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            raw.close()
            raise
        return raw


def _keep_the_log(path: Path) -> None:
    """Raise CatalogDamaged where the catalog was cut to nothing: SQLite would remove its log, which may hold it all."""
    log = path.with_name(path.name + "-wal")
    with suppress(FileNotFoundError):
        if path.stat().st_size == 0 < log.stat().st_size:
            raise CatalogDamaged(f"The catalog {path} is empty, and its log is not", path=str(path))


def explain(error: sqlite3.Error | UnicodeEncodeError | UnicodeDecodeError, path: Path) -> HoldfastError:
    """Return the HoldfastError that says what a failure of SQLite's driver on the catalog at `path` means."""
    if isinstance(error, UnicodeEncodeError):
        # Half a character, as the command line makes of bytes that are no UTF-8.
        return Unsupported(f"{error.object!r} is not valid Unicode", remedy="Write it in UTF-8")
    if isinstance(error, UnicodeDecodeError):
        # The driver decodes names and messages by itself, and damaged ones are not always UTF-8.
        return CatalogDamaged(f"The catalog {path} is damaged ({error.reason})", path=str(path))
    return _explain_sqlite(error, path)


def _explain_sqlite(error: sqlite3.Error, path: Path) -> HoldfastError:
    name = getattr(error, "sqlite_errorname", "") or ""
    # The driver's own complaint about text has no name.
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")) or "decode to UTF-8" in str(error):
        return CatalogDamaged(f"The catalog {path} is damaged ({error})", path=str(path))
    if name == "SQLITE_ERROR" and str(error).startswith(("no such table", "no such column")):
        return CatalogDamaged(f"The catalog {path} is not whole ({error})", path=str(path))
    if name.startswith("SQLITE_READONLY"):
        return ReadOnly(f"The catalog {path} cannot be written ({error})", path=str(path))
    if immutable_reader.is_full(error, path):
        remedy = "Free some space, then repeat the command"
        return StorageFailed(f"No space is left for the catalog {path}", path=str(path), remedy=remedy)
    if name.startswith("SQLITE_IOERR"):
        return StorageFailed(f"The catalog {path} could not be written or read ({error})", path=str(path))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        remedy = "Close the program that has the catalog open besides Holdfast (an SQL shell, a backup), and try again"
        return Locked(f"Another program keeps the catalog {path} locked", path=str(path), remedy=remedy)
    if name.startswith("SQLITE_CANTOPEN"):
        with suppress(OSError):
            if path.exists():
                return ReadOnly(f"The catalog {path} cannot be opened ({error})", path=str(path))
        return StoreNotFound(f"There is no catalog at {path}", path=str(path))
    return HoldfastError(f"The catalog {path} refused a statement: {error}", path=str(path))
