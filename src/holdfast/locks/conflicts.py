"""Who stands in the way of what is wanted, among those who are still alive.

A lease that has ended stands in nobody's way, nor does a lock of a process that is known to be dead: on this host that
is known at once, on another one only its lease tells.
"""

from collections.abc import Callable, Sequence

from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection
from holdfast.catalog.work import locks
from holdfast.catalog.work.locks import HELD, LockRow
from holdfast.host.process import Identity
from holdfast.locks.modes import SUBTREE, PathLock, ancestors

IsDead = Callable[[Identity], bool | None]


class Obstacles:
    """One look at held locks or at the queue, at one instant.

    `before` looks at lower numbers only: those who came earlier. `supersede` clears the dead away on the way.
    """

    def __init__(
        self,
        conn: Connection,
        table: str,
        branch: Branch,
        *,
        now: float,
        dead: IsDead,
        mine: Sequence[str],
        before: int | None = None,
        supersede: bool = False,
    ) -> None:
        self._conn = conn
        self._table = table
        self._branch = branch
        self._now = now
        self._dead = dead
        # An IN list may not be empty, and no holder has an empty name.
        self._mine = tuple(mine) or ("",)
        self._before = before
        self._supersede = supersede
        self._verdicts: dict[str, bool] = {}

    def to(self, wants: Sequence[PathLock]) -> list[LockRow]:
        """Return live rows of others that conflict with `wants`: some of them, if not all, when there are any."""
        named = {want.path for want in wants}
        above = {path for want in wants for path in ancestors(want.path)} - named
        rows = locks.at_paths(self._conn, self._table, self._branch, [*named, *above], self._mine)
        found = self._living([row for row in rows if row.path in named or row.mode == SUBTREE])
        for want in wants:
            if not found and want.mode == SUBTREE:
                found = self._below(want.path)
        return found

    def _below(self, path: str) -> list[LockRow]:
        after = None
        while True:
            rows = locks.below(self._conn, self._table, self._branch, path, self._mine, after=after)
            found = self._living(rows)
            if found or len(rows) < locks.BELOW_AT_A_TIME:
                return found
            after = rows[-1]

    def _living(self, rows: list[LockRow]) -> list[LockRow]:
        if self._before is not None:
            rows = [row for row in rows if row.number < self._before]
        expired = [row for row in rows if row.expires <= self._now]
        held = [row for row in rows if row.expires > self._now]
        orphaned = [row for row in held if self._is_orphaned(row)]
        if self._supersede and (expired or orphaned):
            locks.remove(self._conn, self._table, {row.number for row in expired + orphaned})
            if self._table == HELD:
                locks.count_some(self._conn, "expired", len(expired))
                locks.count_some(self._conn, "orphaned", len(orphaned))
        return [row for row in held if row not in orphaned] if orphaned else held

    def _is_orphaned(self, row: LockRow) -> bool:
        if row.owner not in self._verdicts:
            self._verdicts[row.owner] = is_orphan(row.owner, self._dead)
        return self._verdicts[row.owner]


def is_orphan(owner: str, dead: IsDead) -> bool:
    """Return whether the process that a lock belongs to is known to be dead.

    An owner that cannot be read may well live, and a lock that was handed over has none: their leases tell.
    """
    try:
        return owner != "" and dead(Identity.from_json(owner)) is True
    except ValueError:
        return False
