"""The Lance tables that hold the bases of the graph."""

from holdfast.backend import Backend
from holdfast.catalog.graph.bases import Base
from holdfast.errors import CorruptStore
from holdfast.rows.stored import BaseReader


def open_base(backend: Backend, base: Base) -> BaseReader:
    """Return a reader of the rows that a base holds."""
    raise CorruptStore(f"The table {base.table} of the graph cannot be read", path=base.table)
