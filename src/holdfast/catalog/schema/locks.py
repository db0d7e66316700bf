"""The tables of locks, and of those who wait for one."""

import sqlalchemy as sa

from holdfast.catalog.schema.columns import Key, Text, Time, metadata, rows_where

locks: sa.Table = sa.Table(
    "locks",
    metadata,
    sa.Column("token", Key, primary_key=True),
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("path", Text, nullable=False),
    sa.Column("mode", Text, nullable=False),
    sa.Column("holder", Text, nullable=False),
    sa.Column("owner", Text, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("purpose", Text, nullable=False),
    sa.Column("since", Time, nullable=False),
    sa.Column("expires", Time, nullable=False),
    sa.Column("claim", Text),
    sa.Index(None, "branch_id", "path"),
    sa.Index(None, "expires"),
    sa.Index(None, "claim", **rows_where("claim IS NOT NULL")),
)


lock_queue: sa.Table = sa.Table(
    "lock_queue",
    metadata,
    sa.Column("ticket", sa.BigInteger, nullable=False),
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("path", Text, nullable=False),
    sa.Column("mode", Text, nullable=False),
    sa.Column("holder", Text, nullable=False),
    sa.Column("owner", Text, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("purpose", Text, nullable=False),
    sa.Column("since", Time, nullable=False),
    sa.Column("expires", Time, nullable=False),
    sa.PrimaryKeyConstraint("ticket", "path"),
    sa.Index(None, "branch_id", "path"),
    sa.Index(None, "expires"),
)


lock_numbers: sa.Table = sa.Table(
    "lock_numbers",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("boot", Text, nullable=False),
    sa.Column("next_number", sa.BigInteger, nullable=False),
    sa.Column("reserved_until", sa.BigInteger, nullable=False),
)


lock_counts: sa.Table = sa.Table(
    "lock_counts",
    metadata,
    sa.Column("what", Text, primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("longest", sa.Double, nullable=False),
)
