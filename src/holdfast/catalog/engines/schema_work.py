"""SQLAlchemy inside a transaction that an engine has begun: for making tables and migrating them, and nothing else."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa


def connected(url: str, raw: object, **how: Any) -> "sa.Connection":
    """Return a SQLAlchemy connection on a driver's open one, inside the transaction that it has."""
    import sqlalchemy as sa

    engine = sa.create_engine(url, creator=lambda: raw, poolclass=sa.StaticPool, **how)
    # The transaction is ours: SQLAlchemy must neither begin, commit nor roll it back, nor reset the handle.
    for hook in ("do_begin", "do_commit", "do_rollback", "do_close"):
        setattr(engine.dialect, hook, lambda *_: None)
    return engine.connect()
