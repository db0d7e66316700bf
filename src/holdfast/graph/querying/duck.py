"""SQL by DuckDB: a database file with a table for each type, opened to be read only."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.errors import HoldfastError, StorageFailed
from holdfast.graph.querying import contents
from holdfast.graph.querying.contents import KEY, ChangedRows
from holdfast.graph.querying.limits import MAX_MEMORY, Statement, not_allowed, too_heavy, too_many, too_slow, wrong
from holdfast.host.importing import importing
from holdfast.rows.differences import GraphSide

if TYPE_CHECKING:
    import pyarrow as pa

#: kinds of statements that only ask
_ASKING = ("SELECT", "EXPLAIN")
_BATCH = 10_000
#: what keeps a statement to the tables of the cache
_CONFIG = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": f"{MAX_MEMORY // 1024**2}MiB",
    "temp_directory": "",
}


class DuckCache:
    """A cache of a graph that DuckDB answers from."""

    language = "SQL"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "graph.duckdb"
        self._asked: Any = None

    def close(self) -> None:
        """Let go of the file."""
        asked, self._asked = self._asked, None
        if asked is not None:
            asked.close()

    def mark(self) -> str:
        """Return what the cache was marked with when it was last written; raises what DuckDB does for a broken one."""
        found = self._open().execute("SELECT said FROM _rows.mark").fetchone()
        return str(found[0])

    def make(self, side: GraphSide, mark: str) -> None:
        """Fill an empty cache with a graph."""
        with self._writing() as conn:
            conn.execute("CREATE SCHEMA _rows")
            for kind in side.schema.live:
                table = f'_rows."{kind.id}"'
                for number, rows in enumerate(contents.tables(side, kind)):
                    conn.register("given", rows)
                    conn.execute(f"INSERT INTO {table} FROM given" if number else f"CREATE TABLE {table} AS FROM given")
                    conn.unregister("given")
                conn.execute(f'CREATE VIEW "{kind.name}" AS SELECT * EXCLUDE ({KEY}) FROM {table}')
            conn.execute("CREATE TABLE _rows.mark AS SELECT $1 AS said", [mark])

    def refresh(self, side: GraphSide, changed: Iterable[ChangedRows], mark: str) -> None:
        """Have the rows that changed be as they are now, in one transaction."""
        with self._writing() as conn:
            conn.execute("BEGIN")
            for each in changed:
                table = f'_rows."{each.kind.id}"'
                conn.execute(f"DELETE FROM {table} WHERE {KEY} IN (SELECT unnest($1))", [list(each.keys)])
                if each.standing:
                    conn.register("given", contents.keyed(side, each.kind, list(each.standing)))
                    conn.execute(f"INSERT INTO {table} FROM given")
                    conn.unregister("given")
            conn.execute("UPDATE _rows.mark SET said = $1", [mark])
            conn.execute("COMMIT")

    def ask(self, statement: Statement) -> "pa.Table":
        """Return the answer to one statement that only asks."""
        duckdb = _duckdb()
        conn = self._open().cursor()
        watch = threading.Timer(statement.seconds, conn.interrupt)
        watch.daemon = True
        try:
            _check(duckdb, statement.text)
            watch.start()
            return _rows(conn.sql(statement.text, params=dict(statement.parameters) or None), statement)
        except duckdb.Error as error:
            raise _explained(duckdb, error, statement) from error
        finally:
            watch.cancel()
            conn.close()

    def _open(self) -> Any:
        if self._asked is None:
            self._asked = _duckdb().connect(str(self._file), read_only=True, config=dict(_CONFIG))
            self._asked.execute("SET TimeZone = 'UTC'")
            # The cache is open by now. Of all files DuckDB would let statements read that one, with its old rows.
            self._asked.execute("SET disabled_filesystems = 'LocalFileSystem'")
            self._asked.execute("SET lock_configuration = true")
        return self._asked

    def _writing(self) -> Any:
        # A file is open either to be read or to be written.
        self.close()
        return _duckdb().connect(str(self._file), config={"temp_directory": ""})


def _duckdb() -> Any:
    with importing():
        import duckdb
    return duckdb


def _check(duckdb: Any, text: str) -> None:
    found = duckdb.extract_statements(text)
    if len(found) != 1:
        raise not_allowed("A text of several statements" if found else "A text of no statement")
    kind = found[0].type.name
    if kind not in _ASKING:
        raise not_allowed(kind)


def _rows(answer: Any, statement: Statement) -> "pa.Table":
    with importing():
        import pyarrow as pa

    if answer is None:
        return pa.table({})
    reader = answer.to_arrow_reader(_BATCH)
    batches, count = [], 0
    for batch in reader:
        batches.append(batch)
        count += batch.num_rows
        if count > statement.rows:
            raise too_many(statement)
    return pa.Table.from_batches(batches, reader.schema)


def _explained(duckdb: Any, error: Exception, statement: Statement) -> HoldfastError:
    if isinstance(error, duckdb.InterruptException):
        return too_slow(statement)
    if isinstance(error, duckdb.OutOfMemoryException):
        return too_heavy()
    if isinstance(error, duckdb.PermissionException):
        return not_allowed("Reaching files, the network or extensions")
    if isinstance(error, duckdb.IOException):
        return StorageFailed(f"The cache for SQL cannot be read ({error})", remedy="Ask again: it is made anew")
    return wrong("SQL", str(error))
