"""Making a catalog, and bringing an older one up to this version.

The revision in the catalog is compared by one plain query, so that opening a current store imports neither SQLAlchemy
nor Alembic. A migration runs in one SQL transaction behind the turnstile: a crash in it leaves the old catalog.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.catalog.engine import Connection, Engine, EngineConnection
from holdfast.errors import ReadOnly, StoreTooNew
from holdfast.faults import point
from holdfast.host import disk

#: revisions in order; the last is what this version reads and writes
REVISIONS = ("0001",)
HEAD = REVISIONS[-1]


def create(engine: Engine) -> None:
    """Make all tables in an empty catalog, at the newest revision, in one transaction."""
    with engine.write() as conn, _as_catalog_errors(), conn.sqlalchemy() as connection:
        from holdfast.catalog.schema import metadata

        metadata.create_all(connection)
        _stamp(conn, HEAD)


def bring_up(engine: Engine) -> None:
    """Migrate an older catalog; raises StoreTooNew for one from a newer Holdfast, CorruptStore for none at all."""
    with engine.read() as conn:
        found = revision(conn)
    if found == HEAD:
        return
    _check_known(found, engine)
    if engine.read_only:
        raise ReadOnly(
            f"The catalog {engine.place} needs an upgrade from revision {found} to {HEAD}",
            path=engine.place,
            remedy="Open it once for writing",
        )
    with engine.write() as writer:
        found = revision(writer)
        if found != HEAD:
            migrate(writer, found)


def revision(conn: EngineConnection) -> str | None:
    """Return the catalog's revision, or None when it has no tables."""
    if "alembic_version" not in conn.tables():
        return None
    row = conn.row("SELECT version_num FROM alembic_version")
    return str(row[0]) if row else None


def is_bare(conn: EngineConnection) -> bool:
    """Return whether a catalog holds no more than `init` writes: one commit, and nothing in any other table."""
    made = {"alembic_version", "settings", "pins", "branches", "commits", "entries"}
    if conn.row("SELECT 1 FROM commits LIMIT 1 OFFSET 1"):
        return False
    return not any(conn.row(f"SELECT 1 FROM {name} LIMIT 1") for name in conn.tables() - made)


def _check_known(found: str | None, engine: Engine) -> None:
    if found is None:
        raise engine.damaged(f"The catalog {engine.place} has no tables")
    if found not in REVISIONS:
        what = f"The catalog {engine.place} has revision {found}; this Holdfast knows up to {HEAD}"
        raise StoreTooNew(what, path=engine.place)


def migrate(conn: EngineConnection, found: str | None) -> None:
    """Run every migration after `found`, inside the transaction that `conn` has open."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    from holdfast.catalog import migrations

    with _as_catalog_errors(), conn.sqlalchemy() as connection:
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
