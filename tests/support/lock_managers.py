"""The lock manager behind a store."""

from holdfast.front.store import Store
from holdfast.locks.manager import LockManager
from holdfast.testing.seams import rooms


def manager_of(store: Store) -> LockManager:
    """Return the lock manager that fences what this store publishes."""
    (manager,) = (guard for guard in rooms(store).hooks.publish_guards if isinstance(guard, LockManager))
    return manager
