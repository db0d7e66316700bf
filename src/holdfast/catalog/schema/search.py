"""The tables of the search rows: where they are, those that are not in Lance yet, and which versions are read."""

import sqlalchemy as sa

from holdfast.catalog.schema.columns import Key, Text, Time, metadata, rows_where

searchable: sa.Table = sa.Table(
    "searchable",
    metadata,
    sa.Column("embedder", Text, nullable=False),
    sa.Column("content_id", Text, nullable=False),
    sa.Column("place", Text, nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    # 1 while the rows have no vectors yet.
    sa.Column("waits", sa.Integer, nullable=False, server_default="0"),
    sa.PrimaryKeyConstraint("embedder", "content_id"),
    sa.Index("ix_searchable_waiting", "embedder", "waits", "chunks", **rows_where("waits = 1")),
    # No index of places: whoever goes through the contents of one goes through nearly all, and in a large store each
    # index of hashes is one more page to be written for every file that is added.
    sqlite_with_rowid=False,
)


tail: sa.Table = sa.Table(
    "tail",
    metadata,
    sa.Column("row_id", Key, primary_key=True),
    sa.Column("embedder", Text, nullable=False),
    sa.Column("content_id", Text, nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("heading", Text, nullable=False),
    sa.Column("text", Text, nullable=False),
    sa.Column("terms", Text, nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("end", sa.BigInteger, nullable=False),
    sa.Column("page", sa.Integer),
    sa.Column("vector", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("embedder", "content_id", "ordinal"),
    sqlite_autoincrement=True,
)


pins: sa.Table = sa.Table(
    "pins",
    metadata,
    sa.Column("pin_id", Key, primary_key=True),
    sa.Column("table_name", Text, nullable=False),
    sa.Column("version", Text, nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("superseded_at", Time),
    sa.Index("uq_pins_current", "table_name", unique=True, **rows_where("superseded_at IS NULL")),
    sa.Index(None, "table_name", "pin_id"),
    sqlite_autoincrement=True,
)
