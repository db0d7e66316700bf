"""The catalog's tables, one schema for SQLite and PostgreSQL. docs/architecture.md explains them with a picture.

Versioned rows carry `from_seq` and `to_seq`: they are true at commit s when from_seq <= s < to_seq, and `FOREVER` means
"until further notice". Indexes on versioned rows end in `to_seq`, so that a look-up at or near the head skips all that
ended before, however long the history is (G9).
"""

from holdfast.catalog.schema import contents, graph, keeping, locks, properties, search, tree, work
from holdfast.catalog.schema.columns import metadata

__all__ = ["contents", "graph", "keeping", "locks", "metadata", "properties", "search", "tree", "work"]
