"""The port between the catalog's questions and a database.

A question is SQL text with `:name` parameters, the style that SQLite's own driver and `sqlalchemy.text` both take, in
the dialect that SQLite and PostgreSQL share (docs/architecture.md says why the hot statements are text and the schema
is SQLAlchemy Core).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from holdfast.errors import CorruptStore, Unsupported
from holdfast.host.process import Identity

if TYPE_CHECKING:
    import sqlalchemy as sa

Row = tuple[Any, ...]
Params = Mapping[str, Any]

#: ids in one IN list: below SQLite's oldest limit of 999 variables, with room for the other parameters
IN_LIST = 500


class CatalogDamaged(CorruptStore):
    """The catalog's own file is damaged, cut or gone: it holds what nothing else does."""

    # A log that is not the backup's own would be applied to it.
    default_remedy = (
        "Restore catalog.db from a backup, after moving it and its -wal and -shm files aside: nothing else can bring"
        " back what it held"
    )


class Connection(Protocol):
    """One SQL transaction under way."""

    def rows(self, sql: str, params: Params = ...) -> list[Row]:
        """Run one statement and return all its rows."""
        ...

    def row(self, sql: str, params: Params = ...) -> Row | None:
        """Run one statement and return its first row."""
        ...

    def run(self, sql: str, params: Params = ...) -> int:
        """Run one statement and return how many rows it touched."""
        ...

    def run_many(self, sql: str, params: Iterable[Params]) -> None:
        """Run one statement for each set of parameters."""
        ...


#: gives a connection for one question
Read = Callable[[], AbstractContextManager[Connection]]


def within(conn: Connection) -> Read:
    """Return a reader that asks its questions in the SQL transaction of `conn`."""
    context = nullcontext(conn)
    return lambda: context


class EngineConnection(Connection, Protocol):
    """A connection as an engine gives it: with what each database has words of its own for."""

    def tables(self) -> set[str]:
        """Return the names of the catalog's tables, in whatever state it is."""
        ...

    def integrity(self, *, deep: bool) -> list[str]:
        """Return what the database says is wrong with its own files, where it can tell."""
        ...

    def sqlalchemy(self) -> "sa.Connection":
        """Return SQLAlchemy's connection inside this transaction, to make and migrate tables with."""
        ...


class Engine(Protocol):
    """Where the catalog lives."""

    #: the catalog's file, or its address without a password, as messages name it
    place: str
    #: whether it refuses to write
    read_only: bool

    def read(self) -> AbstractContextManager[EngineConnection]:
        """Begin a transaction that sees one state of the catalog for as long as it lasts, and blocks nobody."""
        ...

    def write(self, *, durable: bool = True) -> AbstractContextManager[EngineConnection]:
        """Begin the one writing transaction, after waiting for its turn; commits at the end, rolls back on any error.

        `durable=False` may lose the transaction at a power cut (never at a process's death): enough for leases.
        """
        ...

    @property
    def waited(self) -> float:
        """Return the seconds that this thread has waited for its turns to write, since the engine was made."""
        ...

    def stopped_writer(self) -> Identity | None:
        """Return the process that was stopped while it writes, if one was and others wait for it."""
        ...

    def damaged(self, what: str) -> CatalogDamaged:
        """Return the error that says `what` is wrong with the catalog, and where its backup would be."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


def unshareable() -> Unsupported:
    """Return what pickling or copying a part of an open store raises, whatever was asked to be pickled or copied."""
    remedy = "Hand over its address, and open it where it is needed: holdfast.open(store.address)"
    return Unsupported("An open store, and what belongs to it, cannot be pickled or copied", remedy=remedy)


def in_list(values: Sequence[Any], prefix: str = "v") -> tuple[str, dict[str, Any]]:
    """Return the text `:v0, :v1, ...` and its parameters, for an IN (...) of at most IN_LIST values.

    Of no values it is `NULL`, which nothing is in, and about which no NOT IN may ask.
    """
    params = {f"{prefix}{i}": value for i, value in enumerate(values)}
    # SQLite alone knows an empty list.
    return ", ".join(f":{name}" for name in params) or "NULL", params


def batches(values: Iterable[Any], size: int = IN_LIST) -> Iterator[list[Any]]:
    """Cut `values` into lists of at most `size`."""
    batch: list[Any] = []
    for value in values:
        batch.append(value)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def rows_among(conn: Connection, sql: str, values: Iterable[Any], params: Params | None = None) -> Iterator[Row]:
    """Yield the rows of a statement that says `IN (:ids)`, asked about any number of values, a batch at a time."""
    for batch in batches(values):
        marks, named = in_list(batch)
        yield from conn.rows(sql.replace(":ids", marks), {**named, **(params or {})})


def run_among(conn: Connection, sql: str, values: Iterable[Any], params: Params | None = None) -> int:
    """Run a statement that says `IN (:ids)` for any number of values, a batch at a time; returns the rows touched."""
    touched = 0
    for batch in batches(values):
        marks, named = in_list(batch)
        touched += conn.run(sql.replace(":ids", marks), {**named, **(params or {})})
    return touched
