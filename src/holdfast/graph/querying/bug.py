"""Cypher by Ladybug: a database file with a table of nodes or relationships for each type."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.errors import HoldfastError, StorageFailed
from holdfast.graph.querying import contents
from holdfast.graph.querying.contents import KEY, ChangedRows
from holdfast.graph.querying.cypher_words import refused_word
from holdfast.graph.querying.limits import MAX_MEMORY, Statement, not_allowed, too_heavy, too_many, too_slow, wrong
from holdfast.host.importing import importing
from holdfast.rows.differences import GraphSide
from holdfast.rows.schema.codec import FROM, TO, key_value
from holdfast.rows.schema.types import PropertyType, TypeSchema, ValueKind
from holdfast.rows.stored import StoredRow

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES: dict[ValueKind, str] = {
    "int": "INT64",
    "float": "DOUBLE",
    "decimal": "DOUBLE",
    "bool": "BOOL",
    "date": "DATE",
    "datetime": "TIMESTAMP_TZ",
}
#: bytes of addresses that one cache may take, far more than it has
_ADDRESSES = 1 << 36
_MARK = "_mark"


class BugCache:
    """A cache of a graph that Ladybug answers from."""

    language = "Cypher"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "graph.lbug"
        self._database: Any = None
        self._conn: Any = None

    def close(self) -> None:
        """Let go of the file."""
        conn, database, self._conn, self._database = self._conn, self._database, None, None
        for each in (conn, database):
            if each is not None:
                each.close()

    def mark(self) -> str:
        """Return what the cache was marked with when it was last written; raises what Ladybug does for a broken one."""
        return str(self._run(f"MATCH (m:{_MARK}) RETURN m.said")[0][0])

    def make(self, side: GraphSide, mark: str) -> None:
        """Fill an empty cache with a graph."""
        for kind in sorted(side.schema.live, key=lambda each: each.kind == "edge"):
            self._run(_declared(side, kind))
            for rows in contents.tables(side, kind):
                self._copy(side, kind, rows)
        self._run(f"CREATE NODE TABLE {_MARK}(id INT64 PRIMARY KEY, said STRING)")
        self._run(f"CREATE (:{_MARK} {{id: 1, said: $said}})", {"said": mark})
        self._run("CHECKPOINT")

    def refresh(self, side: GraphSide, changed: Iterable[ChangedRows], mark: str) -> None:
        """Have the rows that changed be as they are now, in one transaction."""
        there = sorted(changed, key=lambda each: each.kind.kind == "node")
        self._run("BEGIN TRANSACTION")
        for each in there:
            self._remove(side, each)
        for each in reversed(there):
            for row in each.standing:
                self._put(side, each.kind, row)
        self._run(f"MATCH (m:{_MARK}) SET m.said = $said", {"said": mark})
        self._run("COMMIT")

    def ask(self, statement: Statement) -> "pa.Table":
        """Return the answer to one statement that only asks."""
        if (word := refused_word(statement.text)) is not None:
            raise not_allowed(word)
        conn = self._open()
        conn.set_query_timeout(max(1, int(statement.seconds * 1000)))
        # Also what no word tells of can change nothing here.
        conn.execute("BEGIN TRANSACTION READ ONLY")
        try:
            answer = conn.execute(statement.text, dict(statement.parameters))
            if isinstance(answer, list):
                raise not_allowed("A text of several statements")
            if answer.get_num_tuples() > statement.rows:
                raise too_many(statement)
            found: pa.Table = answer.get_as_arrow()
            answer.close()
            return found
        except RuntimeError as error:
            raise _explained(str(error), statement) from error
        finally:
            _end(conn)

    def _open(self) -> Any:
        if self._conn is None:
            with importing():
                import ladybug
            self._database = ladybug.Database(
                str(self._file), buffer_pool_size=MAX_MEMORY, max_num_threads=2, max_db_size=_ADDRESSES
            )
            self._conn = ladybug.Connection(self._database)
        return self._conn

    def _run(self, text: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        answer = self._open().execute(text, dict(parameters or {}))
        try:
            rows: list[Any] = answer.get_all()
            return rows
        finally:
            answer.close()

    def _copy(self, side: GraphSide, kind: TypeSchema, rows: "pa.Table") -> None:
        if not rows.num_rows:
            return
        given = rows.select(_columns(side, kind))
        # Ladybug finds the table by the name of this variable.
        self._open().execute(f"COPY `{kind.name}` FROM given")
        del given

    def _remove(self, side: GraphSide, changed: ChangedRows) -> None:
        kind = changed.kind
        standing = {row.key for row in changed.standing}
        for key in changed.keys:
            if kind.kind == "edge":
                self._remove_edge(side, kind, key)
            elif key not in standing:
                self._run(
                    f"MATCH (n:`{kind.name}` {{`{_primary(kind)}`: $key}}) DETACH DELETE n", {"key": _known(kind, key)}
                )

    def _remove_edge(self, side: GraphSide, kind: TypeSchema, key: str) -> None:
        source, target = side.schema.endpoints(kind)
        src, dst, *_ = json.loads(key)
        self._run(
            f"MATCH (a:`{source.name}` {{`{_primary(source)}`: $src}})-[e:`{kind.name}`]->"
            f"(b:`{target.name}` {{`{_primary(target)}`: $dst}}) WHERE e.`{KEY}` = $key DELETE e",
            {"src": _known(source, src), "dst": _known(target, dst), "key": key},
        )

    def _put(self, side: GraphSide, kind: TypeSchema, row: StoredRow) -> None:
        values = contents.keyed(side, kind, [row]).to_pylist()[0]
        if kind.kind == "node":
            primary = _primary(kind)
            rest = {name: value for name, value in values.items() if name in _columns(side, kind) and name != primary}
            said = ", ".join(f"n.`{name}` = {_given(value, f'v{at}')}" for at, (name, value) in enumerate(rest.items()))
            text = f"MERGE (n:`{kind.name}` {{`{primary}`: $key}})" + (f" SET {said}" if said else "")
            self._run(text, {"key": values[primary], **_parameters(rest.values())})
            return
        source, target = side.schema.endpoints(kind)
        own = {name: value for name, value in values.items() if name not in (FROM, TO)}
        said = ", ".join(f"`{name}`: {_given(value, f'v{at}')}" for at, (name, value) in enumerate(own.items()))
        self._run(
            f"MATCH (a:`{source.name}` {{`{_primary(source)}`: $src}}), "
            f"(b:`{target.name}` {{`{_primary(target)}`: $dst}}) CREATE (a)-[:`{kind.name}` {{{said}}}]->(b)",
            {"src": _known(source, row.src), "dst": _known(target, row.dst), **_parameters(own.values())},
        )


def _primary(node: TypeSchema) -> str:
    """Return the column that nodes are looked up by: their key where it is one text or number."""
    one = node.keys[0]
    return one.name if len(node.keys) == 1 and one.type.kind in ("text", "enum", "int") else KEY


def _known(node: TypeSchema, key: str | None) -> Any:
    return key if _primary(node) == KEY else key_value(node, key)


def _columns(side: GraphSide, kind: TypeSchema) -> list[str]:
    own = [each.name for each in kind.live]
    if kind.kind == "edge":
        return [FROM, TO, *own, KEY]
    return own if _primary(kind) != KEY else [*own, KEY]


def _declared(side: GraphSide, kind: TypeSchema) -> str:
    columns = [f"`{each.name}` {_column(each.type)}" for each in kind.live]
    if kind.kind == "edge":
        source, target = side.schema.endpoints(kind)
        said = ", ".join([f"FROM `{source.name}` TO `{target.name}`", *columns, f"`{KEY}` STRING"])
        return f"CREATE REL TABLE `{kind.name}`({said})"
    columns += [f"`{KEY}` STRING"] if _primary(kind) == KEY else []
    return f"CREATE NODE TABLE `{kind.name}`({', '.join(columns)}, PRIMARY KEY(`{_primary(kind)}`))"


def _column(kind: PropertyType) -> str:
    if kind.kind == "vector":
        return f"FLOAT[{kind.dimensions}]"
    return f"{_column(kind.item)}[]" if kind.item else _TYPES.get(kind.kind, "STRING")


def _given(value: Any, name: str) -> str:
    return "NULL" if value is None else f"${name}" if value != [] else "[]"


def _parameters(values: Iterable[Any]) -> dict[str, Any]:
    return {f"v{at}": value for at, value in enumerate(values) if value is not None and value != []}


def _end(conn: Any) -> None:
    try:
        conn.execute("ROLLBACK")
    except RuntimeError:
        # What failed has ended the transaction already.
        return


def _explained(said: str, statement: Statement) -> HoldfastError:
    if "Interrupted" in said:
        return too_slow(statement)
    if "Buffer manager" in said:
        return too_heavy()
    if "read-only" in said:
        return not_allowed("A statement that writes")
    if "IO exception" in said:
        return StorageFailed(f"The cache for Cypher cannot be read ({said})", remedy="Ask again: it is made anew")
    return wrong("Cypher", said)
