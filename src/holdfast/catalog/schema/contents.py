"""The tables of contents, and of what is derived from them."""

import sqlalchemy as sa

from holdfast.catalog.schema.columns import Text, Time, metadata, rows_where

contents: sa.Table = sa.Table(
    "contents",
    metadata,
    sa.Column("content_id", Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("media_type", Text, nullable=False),
    sa.Column("inline", sa.Boolean, nullable=False),
    sqlite_with_rowid=False,
)


content_counts: sa.Table = sa.Table(
    "content_counts",
    metadata,
    sa.Column("place", Text, primary_key=True),
    sa.Column("n", sa.BigInteger, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
)


inline_bytes: sa.Table = sa.Table(
    "inline_bytes",
    metadata,
    sa.Column("content_id", Text, sa.ForeignKey("contents.content_id"), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)


renditions: sa.Table = sa.Table(
    "renditions",
    metadata,
    sa.Column("content_id", Text, nullable=False),
    sa.Column("kind", Text, nullable=False),
    sa.Column("deriver", Text, nullable=False),
    sa.Column("deriver_version", Text, nullable=False),
    sa.Column("rendered_id", Text, nullable=False),
    sa.Column("title", Text),
    sa.Column("meta", Text, nullable=False, server_default="{}"),
    sa.Column("made", Time, nullable=False),
    sa.PrimaryKeyConstraint("content_id", "kind", "deriver", "deriver_version"),
    # Without those that are stored in what they were made from: Markdown and text are their own renditions.
    sa.Index(None, "rendered_id", **rows_where("rendered_id <> content_id")),
)
