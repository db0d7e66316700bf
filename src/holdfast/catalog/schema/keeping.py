"""The tables of the store's settings, what is being staged, and what recovery did by itself."""

import sqlalchemy as sa

from holdfast.catalog.schema.columns import Key, Text, Time, metadata

settings: sa.Table = sa.Table(
    "settings",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("value", Text, nullable=False),
)


intents: sa.Table = sa.Table(
    "intents",
    metadata,
    sa.Column("intent_id", Text, primary_key=True),
    sa.Column("kind", Text, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("owner", Text, nullable=False),
    sa.Column("staged", Text, nullable=False),
    sa.Column("state", Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("error", Text),
    sa.Column("started", Time, nullable=False),
    sa.Column("lease_until", Time, nullable=False),
    sa.Column("ended", Time),
    sa.Index(None, "state", "ended"),
    sa.Index(None, "started"),
)


audit: sa.Table = sa.Table(
    "audit",
    metadata,
    sa.Column("audit_id", Key, primary_key=True),
    sa.Column("at", Time, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("subject", Text, nullable=False),
    sa.Column("detail", Text, nullable=False),
    sa.UniqueConstraint("kind", "subject"),
    sa.Index(None, "kind", "audit_id"),
    sqlite_autoincrement=True,
)
