"""The tables of the graph: its schemas, the log of its rows, and the versions that hold their bases."""

import sqlalchemy as sa

from holdfast.catalog.schema.columns import Key, Text, metadata, rows_where

graph_schemas: sa.Table = sa.Table(
    "graph_schemas",
    metadata,
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    # From this commit on, on what sees it.
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("document", Text, nullable=False),
    sa.PrimaryKeyConstraint("branch_id", "seq"),
    sqlite_with_rowid=False,
)

graph_log: sa.Table = sa.Table(
    "graph_log",
    metadata,
    sa.Column("log_id", Key, primary_key=True),
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("type_id", sa.BigInteger, nullable=False),
    sa.Column("key", Text, nullable=False),
    # The keys of the nodes that an edge goes from and to; the log says them of a removed one too.
    sa.Column("src", Text),
    sa.Column("dst", Text),
    # Values in JSON, by id of property; NULL when the row was removed.
    sa.Column("row", Text),
    sa.UniqueConstraint("branch_id", "type_id", "key", "seq"),
    sa.Index(None, "branch_id", "type_id", "src", "seq", **rows_where("src IS NOT NULL")),
    sa.Index(None, "branch_id", "type_id", "dst", "seq", **rows_where("dst IS NOT NULL")),
    sa.Index(None, "branch_id", "type_id", "seq"),
    sa.Index(None, "branch_id", "seq"),
    sqlite_autoincrement=True,
)

graph_values: sa.Table = sa.Table(
    "graph_values",
    metadata,
    # Of the properties that are looked up by value, what rows of the log have held. Only the newest row of a key holds.
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("property_id", sa.BigInteger, nullable=False),
    sa.Column("value", Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("key", Text, nullable=False),
    sa.PrimaryKeyConstraint("branch_id", "property_id", "value", "seq", "key"),
    sqlite_with_rowid=False,
)

graph_bases: sa.Table = sa.Table(
    "graph_bases",
    metadata,
    sa.Column("base_id", Key, primary_key=True),
    sa.Column("branch_id", sa.BigInteger, nullable=False),
    sa.Column("type_id", sa.BigInteger, nullable=False),
    # It is read from this commit on.
    sa.Column("seq", sa.BigInteger, nullable=False),
    # It holds what the log said up to this one; newer rows of the log come before its own.
    sa.Column("covers", sa.BigInteger, nullable=False),
    # Whether it holds rows that no log has.
    sa.Column("loaded", sa.Boolean, nullable=False),
    sa.Column("table_name", Text, nullable=False),
    sa.Column("version", Text, nullable=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    # Those of one commit hold the same rows, and what is searched of them otherwise.
    sa.UniqueConstraint("branch_id", "type_id", "seq", "table_name"),
    sa.Index(None, "branch_id", "seq"),
    sqlite_autoincrement=True,
)
