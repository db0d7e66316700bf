"""The one way from a store to the rooms behind it, for tests that look at what no user sees."""

from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.backend import Backend
from holdfast.catalog.branches import MAIN
from holdfast.front.store import Store
from holdfast.publish.committing import CommitOptions
from holdfast.publish.transaction import InternalTransaction, begin


def rooms(store: Store) -> Backend:
    """Return what the rooms of Holdfast work with in this store: its catalog, blobs, tables and clock.

    For Holdfast's own tests. What it gives changes without notice, and writing through it is under no guarantee.
    """
    return store._backend


@contextmanager
def internal_transaction(store: Store, message: str = "") -> Iterator[InternalTransaction]:
    """Begin a transaction as Holdfast's own rooms have them, committed at the end; for Holdfast's own tests."""
    tx = begin(rooms(store), CommitOptions(MAIN, message))
    yield tx
    if not tx.ended:
        tx.commit()
