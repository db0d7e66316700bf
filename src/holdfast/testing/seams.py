"""The one way from a store to the rooms behind it, for tests that look at what no user sees."""

from holdfast.backend import Backend
from holdfast.front.store import Store


def rooms(store: Store) -> Backend:
    """Return what the rooms of Holdfast work with in this store: its catalog, blobs, tables and clock.

    For Holdfast's own tests. What it gives changes without notice, and writing through it is under no guarantee.
    """
    return store._backend
