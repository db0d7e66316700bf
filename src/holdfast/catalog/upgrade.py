"""Making a catalog, and bringing an older one up to this version.

The revision in the catalog is compared by one plain query, so that opening a current store imports neither SQLAlchemy
nor Alembic. A migration runs in one SQL transaction behind the turnstile: a crash in it leaves the old catalog.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.catalog.engine import CatalogDamaged, Connection
from holdfast.catalog.engines.sqlite import SqliteEngine
from holdfast.errors import ReadOnly, StoreTooNew
from holdfast.faults import point
from holdfast.host import disk

if TYPE_CHECKING:
    import sqlalchemy as sa

#: revisions in order; the last is what this version reads and writes
REVISIONS = ("0001",)
HEAD = REVISIONS[-1]


def create(engine: SqliteEngine) -> None:
    """Make all tables in an empty catalog, at the newest revision, in one transaction."""
    with engine.write() as conn, _sqlalchemy_on(conn.raw) as connection:
        from holdfast.catalog.schema import metadata

        metadata.create_all(connection)
        _stamp(conn, HEAD)


def bring_up(engine: SqliteEngine) -> None:
    """Migrate an older catalog; raises StoreTooNew for one from a newer Holdfast, CorruptStore for none at all."""
    with engine.read() as conn:
        found = revision(conn)
    if found == HEAD:
        return
    _check_known(found, engine.path)
    if engine.read_only:
        raise ReadOnly(
            f"The store at {engine.path.parent} needs an upgrade from revision {found} to {HEAD}",
            path=str(engine.path.parent),
            remedy="Open it once for writing",
        )
    with engine.write() as writer:
        found = revision(writer)
        if found != HEAD:
            migrate(writer, found)


def revision(conn: Connection) -> str | None:
    """Return the catalog's revision, or None when it has no tables."""
    if "alembic_version" not in conn.tables():
        return None
    row = conn.row("SELECT version_num FROM alembic_version")
    return str(row[0]) if row else None


def is_bare(conn: Connection) -> bool:
    """Return whether a catalog holds no more than `init` writes: one commit, and nothing in any other table."""
    made = {"alembic_version", "settings", "pins", "branches", "commits", "entries"}
    if conn.row("SELECT 1 FROM commits LIMIT 1 OFFSET 1"):
        return False
    return not any(conn.row(f"SELECT 1 FROM {name} LIMIT 1") for name in conn.tables() - made)


def _check_known(found: str | None, path: Path) -> None:
    if found is None:
        raise CatalogDamaged(f"The catalog {path} has no tables", path=str(path))
    if found not in REVISIONS:
        raise StoreTooNew(
            f"The store at {path.parent} has catalog revision {found}; this Holdfast knows up to {HEAD}",
            path=str(path.parent),
        )


def migrate(conn: Connection, found: str | None) -> None:
    """Run every migration after `found`, inside the transaction that `conn` has open."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from holdfast.catalog import migrations

    with _as_catalog_errors(), _sqlalchemy_on(conn.raw) as connection:  # type: ignore[attr-defined]
        operations = Operations(MigrationContext.configure(connection))
        start = REVISIONS.index(found) + 1 if found else 0
        for name in REVISIONS[start:]:
            point("migrate.before_step")
            migrations.upgrade(name, operations)
            _stamp(conn, name)


@contextmanager
def _as_catalog_errors() -> Iterator[None]:
    """Take SQLAlchemy's wrapping off the driver's errors, so that the engine can say what they mean."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        raise (error.orig or error) from error
    except OSError as error:
        raise disk.explain(error, "The catalog") from error


def _stamp(conn: Connection, name: str) -> None:
    conn.run("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    conn.run("DELETE FROM alembic_version")
    conn.run("INSERT INTO alembic_version (version_num) VALUES (:name)", {"name": name})


def _sqlalchemy_on(raw: object) -> "sa.Connection":
    """Return a SQLAlchemy connection on an open SQLite handle, inside the transaction it already has."""
    import sqlalchemy as sa

    engine = sa.create_engine("sqlite://", creator=lambda: raw, poolclass=sa.StaticPool)
    # The transaction is ours: SQLAlchemy must neither begin, commit nor roll it back, nor reset the handle.
    for hook in ("do_begin", "do_commit", "do_rollback", "do_close"):
        setattr(engine.dialect, hook, lambda *_: None)
    return engine.connect()
