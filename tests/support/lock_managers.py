"""The lock manager behind a store, and the process that managers of tests say they are."""

from holdfast.catalog.branches import MAIN
from holdfast.front.locks import LockManagers
from holdfast.front.store import Store
from holdfast.host.process import Identity
from holdfast.locks.manager import LockManager
from holdfast.testing.seams import rooms

HERE = Identity("here", "boot-1", 1, "then")


def manager_of(store: Store) -> LockManager:
    """Return the lock manager that fences what this store publishes."""
    (managers,) = (guard for guard in rooms(store).hooks.publish_guards if isinstance(guard, LockManagers))
    return managers.of(MAIN)
