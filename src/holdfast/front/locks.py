"""The locks of a store: who holds what, who waits, and taking a lock away."""

from collections.abc import Callable, Iterable, Sequence

from holdfast import paths
from holdfast.arguments import checks_arguments
from holdfast.backend import Backend
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.locks import observer
from holdfast.locks.held_lock import HeldLock
from holdfast.locks.lock import Lock
from holdfast.locks.manager import LockManager
from holdfast.locks.observer import LockInfo, LockStats
from holdfast.locks.renewal import Renewer


@checks_arguments
class Locks:
    """All locks of a store, as `store.locks`; one is taken with `store.lock`."""

    def __init__(self, manager: LockManager, actor: str, address: str) -> None:
        self._manager = manager
        self._actor = actor
        self._address = address

    def __repr__(self) -> str:
        return f"<Locks of {self._address}>"

    def list(
        self, *, under: str = paths.ROOT, limit: int | None = None, after: str | None = None
    ) -> Sequence[LockInfo]:
        """Return what is held at or below `under`, in order of path.

        At most `limit` paths, and only those that come after the path `after`: where one left off.
        """
        last = "" if after is None else paths.parse(after)
        found = observer.held(self._manager.table, paths.parse(under))
        return [info for info in found if info.path > last][:limit]

    def waiting(self) -> Sequence[LockInfo]:
        """Return what is waited for, in order of arrival."""
        return observer.waiting(self._manager.table)

    def stats(self) -> LockStats:
        """Return the locks in numbers: those of now, and what was counted since the store was made."""
        return observer.stats(self._manager.table)

    def adopt(self, claim: str, *, ttl: float = 300) -> Lock:
        """Take over a lock that its holder handed over (`lock.hand_over()`), once; raises LockLost when it is gone."""
        return Lock(self._manager.adopt(claim, ttl))

    def revoke(self, path: str, *, force: bool = False, token: int | None = None) -> Sequence[LockInfo]:
        """Take away the locks on exactly `path`, only the one with `token` if given; returns what was taken away.

        Without `force`, only from a holder that is dead or whose lease has ended. Raises NotFound or Locked.
        """
        rows = self._manager.take_away(path, by=self._actor, force=force, token=token)
        return [observer.info(row, "broken") for row in rows]


class LockManagers:
    """The lock managers of an opened store, one for each branch, and their say in every publish."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._by_branch: dict[int, LockManager] = {}
        backend.hooks.publish_guards.append(self)

    def of(self, branch: Branch) -> LockManager:
        """Return what takes the locks of a branch."""
        if branch.id not in self._by_branch:
            renewer: Renewer[HeldLock] = Renewer(report=self._backend.note_trouble)
            made = LockManager(self._backend.engine, self._backend.clock, branch, renewer=renewer)
            # Of two threads that make one at the same time, both go on with the first.
            self._by_branch.setdefault(branch.id, made)
        return self._by_branch[branch.id]

    def fence(self, conn: Connection) -> None:
        """Raise LockLost unless all locks that the running code is inside of are still held (G6)."""
        for manager in list(self._by_branch.values()):
            manager.fence(conn)

    def admit(self, conn: Connection, branch: Branch, touched: Callable[[], Iterable[tuple[str, bool]]]) -> None:
        """Raise Locked when others hold a lock on what is about to change on a branch."""
        self.of(branch).admit(conn, branch, touched)

    def close(self) -> None:
        """Give back every lock that is still held, and end the renewals."""
        for manager in list(self._by_branch.values()):
            manager.close()
