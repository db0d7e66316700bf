"""A lock that is held, with all that the rooms below the front door ask of it; users see it as a `Lock`."""

from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.catalog.engine import Connection
from holdfast.catalog.work.locks import LockRow
from holdfast.errors import LockLost, Unsupported
from holdfast.host.clock import Clock
from holdfast.locks import messages
from holdfast.locks.bell import Bell
from holdfast.locks.modes import PathLock, covers
from holdfast.locks.renewal import Renewer
from holdfast.locks.table import LockTable

#: seconds of a lease: a shorter one could not be renewed in time on a busy machine, a longer one outlives any purpose
SHORTEST_TTL, LONGEST_TTL = 0.1, 7 * 86_400.0


@dataclass(frozen=True)
class LockServices:
    """What every lock of one opened store shares."""

    table: LockTable
    renewer: Renewer["HeldLock"]
    bell: Bell
    clock: Clock


@dataclass(frozen=True, slots=True)
class Grant:
    """One path that a lock covers, and the token that proves it."""

    want: PathLock
    token: int


class HeldLock:
    """One or more paths held under a lease, renewed in the background until `release`."""

    def __init__(
        self,
        keeping: LockServices,
        rows: Iterable[LockRow],
        *,
        holder: str,
        ttl: float,
        around: tuple["HeldLock", ...] = (),
        borrowed: tuple[Grant, ...] = (),
    ) -> None:
        self._keeping = keeping
        own = sorted(rows, key=lambda row: row.path)
        self._own = tuple(Grant(PathLock(row.path, row.mode), row.number) for row in own)
        self._borrowed = borrowed
        #: the handle it belongs to, shared with locks nested in it
        self.holder = holder
        self._around = around
        #: seconds
        self.ttl = ttl
        #: when it was taken, and when its lease ends unless renewed, in seconds since the epoch
        self.since: float = keeping.clock.now()
        self.expires: float = self.since + ttl
        self._ended = ""
        #: whether giving it back was interrupted: its renewal does that at the next turn
        self._left = False
        if self._own:
            keeping.renewer.add(self)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The paths it covers with their tokens, those of an outer lock that it relies on among them."""
        return self._own + self._borrowed

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths it covers, in order."""
        return tuple(sorted({grant.want.path for grant in self.grants}))

    @property
    def tokens(self) -> tuple[int, ...]:
        """Its fencing tokens: higher than those of every earlier lock, never given twice."""
        return tuple(grant.token for grant in self.grants)

    @property
    def token(self) -> int:
        """Its highest fencing token, for systems outside that fence by one number."""
        return max(self.tokens)

    @property
    def keeping(self) -> LockServices:
        """What it shares with the other locks of the store it belongs to."""
        return self._keeping

    def covering(self, want: PathLock) -> Grant | None:
        """Return the grant that makes a further lock for `want` unnecessary."""
        return next((grant for grant in self.grants if covers(grant.want, want)), None)

    @property
    def held(self) -> bool:
        """Whether it is held at this instant; by the next one it may be lost, which only the publish can tell."""
        if self._ended:
            return False
        # Asked of the catalog: in here one only knows what was true at the last renewal.
        with self._keeping.table.reading() as conn:
            return not self._keeping.table.missing(conn, self.tokens)

    def guard(self, conn: Connection) -> None:
        """Raise LockLost unless every token is current and unexpired; runs inside the publishing SQL transaction."""
        self.check_unended()
        missing = self._keeping.table.missing(conn, self.tokens)
        if missing:
            raise self._lost(conn, missing[0])

    def check(self) -> None:
        """Raise LockLost unless the lock is held now; call it between the steps of work outside the store."""
        with self._keeping.table.reading() as conn:
            self.guard(conn)

    def renew(self) -> bool:
        """Extend the lease now; False once it is lost. The background thread does this at a third of the ttl."""
        now = self._keeping.clock.now()
        tokens = [grant.token for grant in self._own]
        if self._left:
            self._left = False
            self._keeping.table.release(tokens, self.since)
        if self._ended or len(self._keeping.table.renew(tokens, self.ttl)) < len(tokens):
            return False
        self.expires = now + self.ttl
        return True

    def release(self) -> bool:
        """Release the lock; returns whether it was held to the end. A second release does nothing."""
        if self._ended:
            return False
        self._ended = "released"
        if not self._own:
            return True
        try:
            kept = self._keeping.table.release([grant.token for grant in self._own], self.since)
        except BaseException:
            self._left = True
            raise
        self._keeping.renewer.remove(self)
        self._keeping.bell.ring()
        return kept

    def hand_over(self, ttl: float | None = None) -> str:
        """Hand the lock over, once, to whoever gives the returned claim to `store.locks.adopt`: a job, another process.

        This handle has ended with that. Unadopted, the lock expires after `ttl` seconds (its own ttl, unless told).
        Raises LockLost when it is no longer held, Unsupported for a lock that is nested in another.
        """
        ttl = self.ttl if ttl is None else ttl
        check_ttl(ttl)
        if self._borrowed or not self._own or self._around:
            raise Unsupported(
                f"The lock on {self._name} is nested in another one", remedy="Hand over the outermost lock"
            )
        claim = None
        if not self._ended:
            claim = self._keeping.table.hand_over([grant.token for grant in self._own], ttl)
        if claim is None:
            self.check()
            raise LockLost(f"The lock on {self._name} is no longer held", path=self.grants[0].want.path)
        self._ended = "handed over"
        self._keeping.renewer.remove(self)
        return claim

    def check_unended(self) -> None:
        """Raise LockLost once it was released or handed over through this handle."""
        if self._ended:
            raise LockLost(f"The lock on {self._name} was {self._ended}", path=self.grants[0].want.path)

    def __repr__(self) -> str:
        return f"<Lock {self._name} tokens={self.tokens}{' ' + self._ended if self._ended else ''}>"

    @property
    def _name(self) -> str:
        first, more = self.paths[0], len(self.paths) - 1
        return f"{first} and {more} more" if more else first

    def _lost(self, conn: Connection, token: int) -> LockLost:
        want = next(grant.want for grant in self.grants if grant.token == token)
        others = self._keeping.table.in_the_way(conn, [want], [self.holder])
        if others:
            cause = f"it is held by {messages.holder(others[0])}"
        elif self.expires <= self._keeping.clock.now():
            cause = f"its lease ended at {messages.time(self.expires)}"
        else:
            cause = "it was broken, or taken over and given back"
        trouble = self._keeping.renewer.trouble
        because = f" (renewing it failed: {trouble})" if trouble else ""
        return LockLost(f"The lock on {want.path} (token {token}) was lost: {cause}{because}", path=want.path)


def check_ttl(ttl: float) -> None:
    """Raise Unsupported unless a lease may last for so many seconds."""
    if not SHORTEST_TTL <= ttl <= LONGEST_TTL:
        raise Unsupported(f"A ttl cannot be {ttl} seconds", remedy=f"Use {SHORTEST_TTL} to {LONGEST_TTL:.0f} seconds")
