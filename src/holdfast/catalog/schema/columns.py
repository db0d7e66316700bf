"""What all tables of the catalog are made of: their registry, the types of their columns, partial indexes."""

from typing import Any

import sqlalchemy as sa

metadata: sa.MetaData = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

#: a 64-bit key that SQLite may alias to its rowid
Key: sa.BigInteger = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
#: text that is compared byte for byte on both engines, and so sorted in one order, whatever the database's language is
Text: sa.Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
#: seconds since the epoch
Time: sa.Double[float] = sa.Double()


def rows_where(condition: str) -> dict[str, Any]:
    """Return the arguments that make an index partial on both databases."""
    return {f"{dialect}_where": sa.text(condition) for dialect in ("sqlite", "postgresql")}
