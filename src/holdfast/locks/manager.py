"""Taking locks, waiting for them, and checking them where a change is published."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

from holdfast import paths
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, Engine, within
from holdfast.catalog.work import locks
from holdfast.catalog.work.locks import HELD, LockRow
from holdfast.errors import HoldfastError, Locked, LockLost, NotADirectory, NotFound, Unsupported
from holdfast.host import process
from holdfast.host.abandoned import WaitAbandoned, is_abandoned
from holdfast.host.clock import Clock
from holdfast.locks import context, messages
from holdfast.locks.bell import Bell
from holdfast.locks.conflicts import IsDead
from holdfast.locks.held_lock import Grant, HeldLock, LockServices, check_ttl
from holdfast.locks.modes import MOVE, POINT, SUBTREE, PathLock, wanted
from holdfast.locks.renewal import Renewer
from holdfast.locks.table import PLACE_LEASE, GrantedLock, LockRequest, LockTable, RefusedLock
from holdfast.tree import walking
from holdfast.tree.committed import CommittedTree

T = TypeVar("T")

#: seconds between two looks of a waiter at what other processes did: the first, and the longest
FIRST_LOOK, LONGEST_LOOK = 0.001, 0.025


class LockManager:
    """The locks of one opened store, and the gatekeeper of what it publishes (`fence` and `admit`)."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        branch: Branch,
        *,
        owner: process.Identity | None = None,
        dead: IsDead = process.is_dead,
        renewer: Renewer[HeldLock] | None = None,
    ) -> None:
        self.table: LockTable = LockTable(engine, clock, branch, owner=owner or process.current(), dead=dead)
        self._clock = clock
        self.keeping: LockServices = LockServices(self.table, renewer or Renewer(), Bell(clock), clock)

    # --- taking

    def acquire(
        self,
        names: Sequence[str],
        *,
        mode: str = POINT,
        timeout: float | None = 0.0,
        ttl: float = 300.0,
        purpose: str = "",
        actor: str = "user",
    ) -> HeldLock:
        """Take all of `names`, or nothing; raises Locked, and LockLost when a lock around this one was lost.

        `timeout` is in seconds: 0 fails at once, None waits without bound. What the locks around this one cover is
        free; for anything more, whoever holds a lock never waits, so that nobody can wait in a circle.
        """
        _check_times(timeout, ttl)
        around = self.inside()
        most = wanted(names, mode)
        covering = [grant for want in most if (grant := _covering(around, want))]
        if len(covering) == len(most):
            return HeldLock(
                self.keeping, (), holder=around[-1].holder, ttl=ttl, around=around, borrowed=_once(covering)
            )
        holder = around[-1].holder if around else uuid.uuid4().hex
        request = LockRequest(
            wants=self._still_wanted(names, mode, around),
            holder=holder,
            mine=_once([holder, *(lock.holder for lock in around)]),
            nested=bool(around),
            actor=actor,
            purpose=purpose,
            ttl=ttl,
            since=self._clock.now(),
        )
        try:
            rows = self._obtain(request, most, timeout).rows
            return HeldLock(self.keeping, rows, holder=holder, ttl=ttl, around=around, borrowed=_once(covering))
        except Locked:
            raise
        except BaseException:
            # Interrupted, perhaps after the commit: a lock that nobody has a handle for would be renewed by nobody, and
            # still stand in everybody's way until its lease ends.
            with suppress(HoldfastError):
                self.table.forget(holder, max((token for lock in around for token in lock.tokens), default=0))
            raise

    def adopt(self, claim: str, ttl: float) -> HeldLock:
        """Take over a lock that was handed over, once; raises LockLost when it was adopted already or has expired."""
        _check_times(None, ttl)
        rows = self.table.adopt(claim, ttl)
        if not rows:
            raise LockLost(f"No lock waits to be adopted under {claim!r}: it has expired, or was adopted", path=claim)
        return HeldLock(self.keeping, rows, holder=rows[0].holder, ttl=ttl)

    def inside(self) -> tuple[HeldLock, ...]:
        """Return this store's locks that the running code is inside of, the outermost first."""
        return tuple(lock for lock in context.inside() if lock.keeping is self.keeping)

    def close(self) -> None:
        """Give back every lock that is still held through this store, and end the renewal."""
        if process.current() != self.table.owner:
            # After a fork: they are the parent's, and so is the thread.
            return
        for lock in self.keeping.renewer.close():
            # What cannot be given back now is not renewed any more, and expires.
            with suppress(HoldfastError):
                lock.release()
        with suppress(HoldfastError):
            self.table.close()

    # --- breaking

    def take_away(self, name: str, *, by: str, force: bool, token: int | None = None) -> list[LockRow]:
        """Break the locks on exactly `name`, only the one of `token` if given; returns what was broken.

        A lock whose holder is alive is broken only with `force`. Raises NotFound or Locked.
        """
        path = paths.parse_new(name)
        with self.table.reading() as conn:
            found = locks.at_paths(conn, HELD, self.table.branch, [path], ("",))
            above = self.table.in_the_way(conn, [PathLock(path)], ())
        rows = [row for row in found if token in (None, row.number)]
        if not rows:
            raise _nothing_to_break(path, above, token)
        alive = [row for row in rows if self.table.is_live(row)]
        if alive and not force:
            raise Locked(
                f"The holder of {path} is alive: {messages.holder(alive[0])}",
                path=path,
                remedy="Ask the holder; or break it with force (`holdfast locks break PATH --force`)",
            )
        broken = self.table.take_away(rows, by)
        self.keeping.bell.ring()
        return broken

    # --- at the commit point

    def fence(self, conn: Connection) -> None:
        """Raise LockLost unless all locks that the running code is inside of are still held (G6)."""
        for lock in self.inside():
            lock.guard(conn)

    def admit(self, conn: Connection, branch: Branch, touched: Callable[[], Iterable[tuple[str, bool]]]) -> None:
        """Raise Locked when others hold a lock on what is about to change: paths, and whether all below is meant.

        Checked inside the publishing SQL transaction, this is what a short lock around every publish would do.
        """
        if branch != self.table.branch or not locks.any_held(conn):
            return
        wants = [PathLock(path, SUBTREE if deep else POINT) for path, deep in touched()]
        blockers = self.table.in_the_way(conn, wants, _once([lock.holder for lock in self.inside()]))
        if blockers:
            raise messages.locked(wants, blockers, waiting=False)

    # --- helpers

    def _still_wanted(
        self, names: Sequence[str], mode: str, around: tuple[HeldLock, ...]
    ) -> Callable[[Connection], list[PathLock]]:
        """Return what asks, inside the SQL transaction, for what is wanted beyond the locks around."""
        source = paths.parse_new(names[0])

        def wants(conn: Connection) -> list[PathLock]:
            for lock in around:
                lock.guard(conn)
            on_a_file = mode == MOVE and _is_file(conn, self.table.branch, source)
            return [want for want in wanted(names, mode, source_is_file=on_a_file) if not _covering(around, want)]

        return wants

    def _obtain(self, request: LockRequest, wants: list[PathLock], timeout: float | None) -> GrantedLock:
        wait = timeout != 0 and not request.nested
        outcome = self.table.grant(request, wait=wait)
        if isinstance(outcome, GrantedLock):
            return outcome
        if outcome.ticket is None:
            raise messages.locked(wants, outcome.blockers, waiting=False, nested=request.nested)
        return _Waiter(self.keeping, request, wants, outcome, timeout).wait()


class _Waiter:
    """One acquire that waits for its turn, in order of arrival."""

    def __init__(
        self,
        keeping: LockServices,
        request: LockRequest,
        wants: list[PathLock],
        refused: RefusedLock,
        timeout: float | None,
    ) -> None:
        self.keeping = keeping
        self._request = request
        self._wants = wants
        self._refused = refused
        self._deadline = None if timeout is None else request.since + timeout
        self._place_until = keeping.clock.now() + PLACE_LEASE / 2

    def wait(self) -> GrantedLock:
        """Return once it is granted; raises Locked when the time is over. The place in the queue is given up."""
        timed_out = False
        try:
            while True:
                outcome = self._try_when_free()
                if isinstance(outcome, GrantedLock):
                    return outcome
                self._refused = outcome
                timed_out = self._deadline is not None and self.keeping.clock.now() >= self._deadline
                if timed_out:
                    raise messages.locked(self._wants, outcome.blockers, waiting=True)
        except BaseException:
            assert self._refused.ticket is not None
            self.keeping.table.leave(self._refused.ticket, timed_out=timed_out)
            # Whoever stood behind this place may be the next in turn.
            self.keeping.bell.ring()
            raise

    def _try_when_free(self) -> GrantedLock | RefusedLock:
        """Sleep until nobody is in the way, or the time is over, or the place needs a sign of life; then try."""
        table, clock, bell = self.keeping.table, self.keeping.clock, self.keeping.bell
        blockers, pause = self._refused.blockers, FIRST_LOOK
        while True:
            heard = bell.rings
            if is_abandoned():
                raise WaitAbandoned
            found = table.look(self._request, self._refused.ticket)
            # Whatever moves means that the next move may be near, but not yet mine while many are before me: a queue
            # whose every member looks all the time leaves nothing for the one who holds the lock.
            pause = min(pause * 1.5 if found == blockers else FIRST_LOOK * len(found), LONGEST_LOOK)
            blockers, now = found, clock.now()
            if not found or now >= self._place_until or (self._deadline is not None and now >= self._deadline):
                self._place_until = now + PLACE_LEASE / 2
                return table.grant(self._request, ticket=self._refused.ticket, wait=True)
            bell.wait(heard, pause if self._deadline is None else min(pause, self._deadline - now))


def _covering(around: Iterable[HeldLock], want: PathLock) -> Grant | None:
    return next((grant for lock in around if (grant := lock.covering(want))), None)


def _once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


def _check_times(timeout: float | None, ttl: float) -> None:
    if timeout is not None and not timeout >= 0:
        raise Unsupported(f"A timeout cannot be {timeout} seconds", remedy="0 fails at once, None waits without bound")
    check_ttl(ttl)


def _nothing_to_break(path: str, above: list[LockRow], token: int | None) -> NotFound:
    which = f" with the token {token}" if token is not None else ""
    remedy = f"It is covered by the lock on {above[0].path}: break that one" if above else "See `holdfast locks list`"
    return NotFound(f"Nobody holds a lock on {path}{which}", path=path, remedy=remedy)


def _is_file(conn: Connection, branch: Branch, path: str) -> bool:
    """Return whether a file stands at a parsed path at the head of `branch`."""
    try:
        entry = walking.find(CommittedTree.at_head(within(conn), branch), path)
    except NotADirectory:
        return False
    return entry is not None and not entry.is_dir
