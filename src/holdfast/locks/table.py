"""The lock table: every step of a lock's life as one SQL transaction.

Whoever waits comes back with another step; nothing here sleeps, and the clock, the process identity and the question
whether another process is dead are passed in, so that a test can play any schedule.

Leases need not survive a power cut, which ends every process that could hold one, so the steps are not durable. Tokens
must never come twice, so they are set aside durably, a block at a time.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TypeVar

from holdfast.catalog import audit, branches
from holdfast.catalog.branches import Branch
from holdfast.catalog.engine import Connection, Engine
from holdfast.catalog.work import locks
from holdfast.catalog.work.locks import HELD, QUEUED, LockRow
from holdfast.errors import Unsupported
from holdfast.faults import point
from holdfast.host.clock import Clock
from holdfast.host.process import Identity, is_dead
from holdfast.locks import messages
from holdfast.locks.conflicts import IsDead, Obstacles, is_orphan
from holdfast.locks.modes import PathLock

T = TypeVar("T")

#: seconds a waiter's place is kept without a sign of life
PLACE_LEASE = 10.0
#: seconds between two times that an acquire clears away what has expired
CLEAR_EVERY = 1.0
#: expired rows that one acquire clears away, whoever they belonged to
EXPIRED_AT_A_TIME = 20


@dataclass(frozen=True, kw_only=True)
class LockRequest:
    """What one acquire asks for, and for whom."""

    #: what is wanted, asked inside the SQL transaction: what a move needs depends on what stands there
    wants: Callable[[Connection], list[PathLock]]
    #: the handle that will hold it
    holder: str
    #: handles whose locks are not in the way: the holder's own and those around it
    mine: tuple[str, ...]
    #: whether the holder holds something already
    nested: bool
    actor: str
    purpose: str
    #: seconds
    ttl: float
    #: seconds since the epoch
    since: float


@dataclass(frozen=True, slots=True)
class GrantedLock:
    """An acquire that succeeded."""

    rows: tuple[LockRow, ...]


@dataclass(frozen=True, slots=True)
class RefusedLock:
    """An acquire that was refused, with the live locks that stand in its way."""

    #: those who hold, then those who came earlier and wait
    blockers: tuple[LockRow, ...]
    #: the place in the queue, None for one that does not wait
    ticket: int | None


class LockTable:
    """The locks of one branch of one store, as one process sees them."""

    def __init__(
        self, engine: Engine, clock: Clock, branch: Branch, *, owner: Identity, dead: IsDead = is_dead
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._dead = dead
        self.branch = branch
        self.owner = owner
        self._owner_text = owner.to_json()
        self._cleared = 0.0
        # What this opening of the store holds, and the holders whose grant is under way.
        self._ours: set[int] = set()
        self._taking: dict[str, None] = {}
        self._closed = False

    # --- taking

    def grant(
        self, request: LockRequest, *, ticket: int | None = None, wait: bool = False
    ) -> GrantedLock | RefusedLock:
        """Take all that is wanted, or nothing; `wait` keeps a place in the queue for a request that is refused.

        One SQL transaction, so that no order of acquisition can deadlock, and of two contenders one wins.
        """
        try:
            self._taking[request.holder] = None
            outcome = self._numbered(lambda: self._grant(request, ticket, wait))
            if isinstance(outcome, GrantedLock):
                self._ours.update(row.number for row in outcome.rows)
        finally:
            self._taking.pop(request.holder, None)
        point("lock.after_grant" if isinstance(outcome, GrantedLock) else "lock.after_refusal")
        return outcome

    def _grant(self, request: LockRequest, ticket: int | None, wait: bool) -> GrantedLock | RefusedLock:
        with self._engine.write(durable=False) as conn:
            if self._closed:
                raise Unsupported("The store is closed", remedy="Open it again with holdfast.open()")
            branches.check(conn, self.branch)
            wants, now = request.wants(conn), self._clock.now()
            self._clear_expired(conn, now)
            blockers = self._blockers(conn, request, wants, ticket, now, supersede=True)
            if blockers:
                return RefusedLock(tuple(blockers), self._refuse(conn, request, wants, ticket, now, wait))
            if ticket is not None:
                locks.remove(conn, QUEUED, [ticket])
            first = self._numbers(conn, len(wants))
            rows = self._rows(request, wants, first, now, now + request.ttl)
            locks.hold(conn, self.branch, rows)
            locks.count(conn, "acquired", seconds=max(0.0, now - request.since))
            point("lock.before_grant_commit")
        return GrantedLock(tuple(rows))

    def _refuse(
        self, conn: Connection, request: LockRequest, wants: list[PathLock], ticket: int | None, now: float, wait: bool
    ) -> int | None:
        if not wait:
            locks.count(conn, "refused")
            return None
        if ticket is None or not locks.keep_place(conn, ticket, now + PLACE_LEASE):
            ticket = self._numbers(conn, 1)
            rows = self._rows(request, wants, ticket, request.since, now + PLACE_LEASE)
            locks.queue(conn, self.branch, [replace(row, number=ticket) for row in rows])
        return ticket

    def forget(self, holder: str, since: int) -> None:
        """Undo what an acquire of `holder` did that was interrupted, after it held the token `since`."""
        with self._engine.write(durable=False) as conn:
            locks.remove_after(conn, holder, since)

    def look(self, request: LockRequest, ticket: int | None) -> tuple[LockRow, ...]:
        """Return who stands in the way of a waiter, changing nothing: what a waiter asks again and again."""
        with self._engine.read() as conn:
            branches.check(conn, self.branch)
            wants, now = request.wants(conn), self._clock.now()
            return tuple(self._blockers(conn, request, wants, ticket, now, supersede=False))

    def leave(self, ticket: int, *, timed_out: bool) -> None:
        """Give up a place in the queue."""
        with self._engine.write(durable=False) as conn:
            locks.remove(conn, QUEUED, [ticket])
            if timed_out:
                locks.count(conn, "timed_out")

    # --- keeping and giving back

    def renew(self, tokens: Iterable[int], ttl: float) -> set[int]:
        """Extend leases that have not ended; returns the tokens that are still held."""
        with self._engine.write(durable=False) as conn:
            now = self._clock.now()
            kept = locks.renew(conn, tokens, now, now + ttl)
            point("lock.before_renew_commit")
        point("lock.after_renew")
        return kept

    def release(self, tokens: Sequence[int], since: float) -> bool:
        """Give locks back; returns whether all of them were still held and had not expired."""
        with self._engine.write(durable=False) as conn:
            now = self._clock.now()
            kept = locks.give_back(conn, tokens, now) == len(tokens)
            locks.count(conn, "released" if kept else "lost", seconds=max(0.0, now - since))
            point("lock.before_release_commit")
        self._ours.difference_update(tokens)
        point("lock.after_release")
        return kept

    def close(self) -> None:
        """Grant nothing any more, and give back what other threads are in the middle of taking or giving back."""
        self._closed = True
        if not self._ours and not self._taking:
            return
        # Behind every grant that does not know of the end yet: what those took is seen in here.
        with self._engine.write(durable=False) as conn:
            # In this order: whoever is no longer among the first is among the second.
            for holder in list(self._taking):
                locks.remove_after(conn, holder, 0)
            locks.remove(conn, HELD, list(self._ours))
        self._ours.clear()

    def take_away(self, rows: Sequence[LockRow], by: str) -> list[LockRow]:
        """Break locks, by token, and audit it; returns those that were still there."""
        with self._engine.write(durable=False) as conn:
            broken = [row for row in rows if locks.remove(conn, HELD, [row.number])]
            for row in broken:
                detail = f"{by} broke the {row.mode} lock on {row.path} of {messages.holder(row)}"
                audit.write(conn, self._clock.now(), "break_lock", str(row.number), detail)
            locks.count_some(conn, "broken", len(broken))
            point("lock.before_break_commit")
        point("lock.after_break")
        return broken

    # --- handing over

    def hand_over(self, tokens: Sequence[int], ttl: float) -> str | None:
        """Make locks out to whoever shows the claim that is returned; None when they are not all held any more.

        They get new tokens, so that nothing their former holder still does can be published.
        """
        return self._numbered(lambda: self._hand_over(tokens, ttl))

    def _hand_over(self, tokens: Sequence[int], ttl: float) -> str | None:
        claim, holder = uuid.uuid4().hex, uuid.uuid4().hex
        with self._engine.write(durable=False) as conn:
            now = self._clock.now()
            if len(locks.current(conn, tokens, now)) != len(tokens):
                return None
            first = self._numbers(conn, len(tokens))
            for successor, token in enumerate(tokens, start=first):
                locks.make_out(conn, token, successor, holder, claim, now + ttl)
            locks.count(conn, "handed_over")
            point("lock.before_hand_over_commit")
        self._ours.difference_update(tokens)
        point("lock.after_hand_over")
        return claim

    def adopt(self, claim: str, ttl: float) -> list[LockRow]:
        """Take over the locks that a claim was made out for, once; empty when there are none any more."""
        with self._engine.write(durable=False) as conn:
            now = self._clock.now()
            rows = locks.adopt(conn, claim, self._owner_text, now, now + ttl)
            point("lock.before_adopt_commit")
        self._ours.update(row.number for row in rows)
        point("lock.after_adopt")
        return rows

    # --- asked inside the publishing SQL transaction

    def reading(self) -> AbstractContextManager[Connection]:
        """Begin an SQL transaction to ask these questions in, for those who do not publish."""
        return self._engine.read()

    def missing(self, conn: Connection, tokens: Iterable[int]) -> list[int]:
        """Return which tokens are no longer the current, unexpired ones: whoever carries one must not publish (G6)."""
        carried = set(tokens)
        return sorted(carried - locks.current(conn, carried, self._clock.now()))

    def in_the_way(self, conn: Connection, wants: Sequence[PathLock], mine: Sequence[str]) -> list[LockRow]:
        """Return live locks of others that conflict with `wants`."""
        now = self._clock.now()
        return Obstacles(conn, HELD, self.branch, now=now, dead=self._dead, mine=mine).to(wants)

    def is_live(self, row: LockRow) -> bool:
        """Return whether a lock still stands in anybody's way."""
        return row.expires > self._clock.now() and not is_orphan(row.owner, self._dead)

    # --- helpers

    def _blockers(
        self,
        conn: Connection,
        request: LockRequest,
        wants: Sequence[PathLock],
        ticket: int | None,
        now: float,
        *,
        supersede: bool,
    ) -> list[LockRow]:
        def standing(table: str, before: int | None = None) -> list[LockRow]:
            return Obstacles(
                conn,
                table,
                self.branch,
                now=now,
                dead=self._dead,
                mine=request.mine,
                before=before,
                supersede=supersede,
            ).to(wants)

        # Whoever holds something already does not queue: those in the queue may be waiting for exactly that.
        return standing(HELD) if request.nested else standing(HELD) + standing(QUEUED, before=ticket)

    def _clear_expired(self, conn: Connection, now: float) -> None:
        """Clear away, now and then, what has expired and nobody wants: what somebody wants is superseded anyway."""
        if abs(now - self._cleared) < CLEAR_EVERY:
            return
        self._cleared = now
        locks.count_some(conn, "expired", locks.remove_expired(conn, HELD, now, EXPIRED_AT_A_TIME))
        locks.remove_expired(conn, QUEUED, now, EXPIRED_AT_A_TIME)

    def _rows(
        self, request: LockRequest, wants: Sequence[PathLock], first: int, since: float, expires: float
    ) -> list[LockRow]:
        owner = self._owner_text
        return [
            LockRow(
                number=number,
                path=want.path,
                mode=want.mode,
                holder=request.holder,
                owner=owner,
                actor=request.actor,
                purpose=request.purpose,
                since=since,
                expires=expires,
            )
            for number, want in enumerate(wants, start=first)
        ]

    def _numbers(self, conn: Connection, n: int) -> int:
        first = locks.take_numbers(conn, n, self.owner.boot)
        if first is None:
            raise _NumbersUsedUp
        return first

    def _numbered(self, step: Callable[[], T]) -> T:
        """Run a step that takes numbers, again after setting a block of them aside durably if there are too few."""
        while True:
            try:
                return step()
            except _NumbersUsedUp:
                with self._engine.write() as conn:
                    locks.reserve_numbers(conn, self.owner.boot)
                    point("lock.before_reserve_commit")


class _NumbersUsedUp(Exception):
    """A turn that nobody outside sees: a block of numbers must be set aside first."""
