"""A lock as its holder sees it: what `store.lock` returns."""

from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType

from holdfast.arguments import checks_arguments
from holdfast.host.clock import utc
from holdfast.locks import context
from holdfast.locks.held_lock import HeldLock


@checks_arguments
class Lock:
    """One or more paths held under a lease, renewed in the background until `release`.

    `with` makes it the lock that operations in the block use, and releases it at the end. What is published under it is
    refused with LockLost once any of its tokens is no longer the current, unexpired one (G6).
    """

    def __init__(self, held: HeldLock) -> None:
        self._held = held

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths it covers, in order."""
        return self._held.paths

    @property
    def tokens(self) -> tuple[int, ...]:
        """Its fencing tokens: higher than those of every earlier lock, never given twice."""
        return self._held.tokens

    @property
    def token(self) -> int:
        """Its highest fencing token, for systems outside that fence by one number."""
        return max(self.tokens)

    @property
    def holder(self) -> str:
        """The handle it belongs to, shared with locks nested in it."""
        return self._held.holder

    @property
    def ttl(self) -> float:
        """Seconds that its lease lasts after each renewal."""
        return self._held.ttl

    @property
    def since(self) -> datetime:
        """When it was taken."""
        return utc(self._held.since)

    @property
    def expires(self) -> datetime:
        """When its lease ends unless it is renewed."""
        return utc(self._held.expires)

    @property
    def held(self) -> bool:
        """Whether it is held at this instant; by the next one it may be lost, which only the publish can tell."""
        return self._held.held

    def check(self) -> None:
        """Raise LockLost unless the lock is held now; call it between the steps of work outside the store."""
        self._held.check()

    def renew(self) -> bool:
        """Extend the lease now; False once it is lost. The background thread does this at a third of the ttl."""
        return self._held.renew()

    def release(self) -> bool:
        """Release the lock; returns whether it was held to the end. A second release does nothing."""
        return self._held.release()

    def hand_over(self, ttl: float | None = None) -> str:
        """Hand the lock over, once, to whoever gives the returned claim to `store.locks.adopt`: a job, another process.

        This handle has ended with that. Unadopted, the lock expires after `ttl` seconds (its own ttl, unless told).
        Raises LockLost when it is no longer held, Unsupported for a lock that is nested in another.
        """
        return self._held.hand_over(ttl)

    def used(self) -> AbstractContextManager[None]:
        """Return a context in which operations use this lock, without releasing it at the end: for other threads."""
        return context.using(self._held)

    def __enter__(self) -> "Lock":
        self._held.check_unended()
        context.enter(self._held)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        context.leave(self._held)
        self.release()

    def __repr__(self) -> str:
        return repr(self._held)
