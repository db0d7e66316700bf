"""The tables of properties: the JSON objects that entries name, and what filters find in them."""

import sqlalchemy as sa

from holdfast.catalog.schema.columns import Text, metadata, rows_where
from holdfast.catalog.values import FOREVER

properties: sa.Table = sa.Table(
    "properties",
    metadata,
    sa.Column("properties_id", Text, primary_key=True),
    sa.Column("json", Text, nullable=False),
    sqlite_with_rowid=False,
)

property_values: sa.Table = sa.Table(
    "property_values",
    metadata,
    sa.Column("properties_id", Text, nullable=False),
    sa.Column("key", Text, nullable=False),
    # Its kind and itself, so that the order of texts is that of values.
    sa.Column("value", Text, nullable=False),
    # When the last entry that names these properties ended; so that a question about a head passes over the past.
    sa.Column("to_seq", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("properties_id", "key", "value"),
    sa.Index("ix_property_values_standing", "key", "value", "properties_id", **rows_where(f"to_seq = {FOREVER}")),
    sa.Index("ix_property_values_ended", "key", "to_seq", **rows_where(f"to_seq < {FOREVER}")),
    sqlite_with_rowid=False,
)
